// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"testing"
)

func TestEveryErrcodeIsExplained(t *testing.T) {
	t.Parallel()
	for code, e := range errcodes {
		for _, text := range []bilingual{e.meaning, e.remedy} {
			if text.en == "" || text.zh == "" || text.en == text.zh {
				t.Errorf("errcode %d: %+v", code, text)
			}
		}
	}
	if Known(999999) || !Known(60020) || !Known(0) {
		t.Error("Known does not know")
	}
}

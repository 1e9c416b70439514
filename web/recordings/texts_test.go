// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page/pagetest"
)

func TestTextsAreTranslated(t *testing.T) {
	t.Parallel()
	pagetest.CheckTexts(t, texts, "")
}

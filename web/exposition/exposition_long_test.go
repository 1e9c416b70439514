//go:build long

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"testing"
	"time"
)

func TestManyScrapesWhileTheInventoryChanges(t *testing.T) {
	t.Parallel()
	n := scrapeWhileChanging(t, 64, time.Minute)
	t.Logf("%d scrapes", n)
	if n < 64 {
		t.Error("these are few")
	}
}

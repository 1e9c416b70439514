// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package preflight

import "testing"

func TestAtMost(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]text{
		0:       {"at most 0.0%", "至多 0.0%"},
		0.00048: {"below 0.1%", "低于 0.1%"},
		0.001:   {"at most 0.1%", "至多 0.1%"},
		1.2:     {"at most 120.0%", "至多 120.0%"},
	} {
		if got := atMost(share); got != want {
			t.Errorf("%v: %+v, want %+v", share, got, want)
		}
	}
}

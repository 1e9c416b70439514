// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// An oversized ID is that of nobody. It is not polled, and a line says how many there are,
// without showing them.
func TestOversizedUsersAreNoTargets(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		long, longer := strings.Repeat("u", 257), strings.Repeat("v", 40_000)
		var text bytes.Buffer
		r := newRig(t, corpOf(wecomtest.DefaultAgentID, discoverBoth), log.NewSyncLogger(log.NewLogfmtLogger(&text)))
		r.Restore([]string{"qi", longer})
		r.expect(0, "qi")
		r.scope("li", long, longer, long[:256])
		r.server.Put(meeting(longer, time.Now().Add(-time.Hour)), meeting("li", time.Now().Add(-time.Hour)))
		r.run()
		r.expect(time.Second, "li", long[:256])
		for _, want := range []string{"discover=members oversized=2 max_bytes=256", "discover=activity oversized=1 max_bytes=256"} {
			if n := strings.Count(text.String(), want); n != 1 {
				t.Errorf("%q is in the log %d times, want once:\n%.3000s", want, n, text.String())
			}
		}
		if strings.Contains(text.String(), "uuuu") || strings.Contains(text.String(), "vvvv") {
			t.Errorf("an ID is in the log:\n%.3000s", text.String())
		}
	})
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestEveryCallIsALineAtDebug(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 999999, Times: 1})
		server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Status: 502, Times: 1,
			Match: func(req wecomtest.Request) bool { return req.Target == "wang" },
		})
		r := rig.Start(t, server, rig.ConfigOf("li", "wang"))
		r.Wait(time.Minute)
		r.Stop()
		calls := 0
		for line := range strings.Lines(r.Log.String()) {
			if !strings.HasPrefix(line, `level=debug corp=acme msg="called WeCom" `) {
				continue
			}
			calls++
			for _, never := range []string{"://", "cgi-bin", "token=", wecomtest.DefaultSecret} {
				if strings.Contains(line, never) {
					t.Errorf("a line has %q: %s", never, line)
				}
			}
		}
		if want := server.Count("gettoken") + server.Count(rig.ListEndpoint); calls != want {
			t.Errorf("%d lines of %d calls:\n%s", calls, want, r.Log)
		}
		for _, want := range []string{
			`target="userid=li" errcode=999999 took=0s`, `target="userid=wang" errcode=http took=0s`,
		} {
			if want = `msg="called WeCom" endpoint=meeting/record/list ` + want; !strings.Contains(r.Log.String(), want) {
				t.Errorf("the log lacks %s:\n%s", want, r.Log)
			}
		}
	})
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestManyTargetsThatFail has 300 targets fail, and later 30 others.
func TestManyTargetsThatFail(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{
			Endpoint: rig.ListEndpoint, Errcode: 60111,
			Match: func(req wecomtest.Request) bool { return strings.HasPrefix(req.Target, "gone") },
		})
		users := func(n int) []string {
			list := append(make([]string, 0, n+1), "li")
			for i := range n {
				list = append(list, fmt.Sprintf("gone%d", i))
			}
			return list
		}
		r := rig.Start(t, server, rig.ConfigOf(users(300)...))
		expect := func(shown int, summary string) {
			t.Helper()
			text := r.Log.String()
			if n := strings.Count(text, "target is failing"); n != shown {
				t.Errorf("%d warnings, want %d", n, shown)
			}
			if !strings.Contains(text, summary) {
				t.Errorf("the log lacks %q:\n%s", summary, text)
			}
		}
		atWarn := func() int { return strings.Count(r.Log.String(), "level=warn") }
		r.Wait(time.Minute / 2)
		expect(300, "")
		if n := atWarn(); n != 20 {
			t.Errorf("%d lines at warn within half a minute, want 20 and no summary", n)
		}
		r.Wait(5 * time.Minute)
		expect(300, `more=280 remedy="see the /targets page"`)
		if n := atWarn(); n != 21 {
			t.Errorf("%d lines at warn, want 20 and one of how many more", n)
		}
		r.Wait(90 * time.Minute)
		r.Reload(rig.ConfigOf(users(330)...))
		r.Wait(5 * time.Minute)
		expect(630, "more=10 ")
	})
}

// TestSecretFileThatIsGone is told of at once and hourly, and polls go on.
func TestSecretFileThatIsGone(t *testing.T) {
	t.Parallel()
	file, write := rig.ChangingFile(t, "secret", wecomtest.DefaultSecret)
	rig.Virtually(t, func(t *testing.T) {
		cfg := rig.ConfigOf("li")
		cfg.Corps[0].Secret = secret.FromFile(file)
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), cfg)
		r.Wait(time.Minute)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		told := func(want int) {
			t.Helper()
			if n := strings.Count(r.Log.String(), "the app secret cannot be read"); n != want {
				t.Errorf("%d lines, want %d:\n%s", n, want, r.Log)
			}
		}
		r.Wait(time.Minute)
		told(1)
		r.Wait(3 * time.Hour)
		told(4)
		r.Expect(map[string]string{`wecom_up`: "1"})
		write(wecomtest.DefaultSecret)
		r.Wait(2 * time.Hour)
		told(4)
		if want := "the app secret can be read again"; strings.Count(r.Log.String(), want) != 1 {
			t.Errorf("the log lacks %q:\n%s", want, r.Log)
		}
	})
}

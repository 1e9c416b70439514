// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	exposedOfWang = `wecom_recording_exposed_files{host="wang"}`
	exposedOfZhao = `wecom_recording_exposed_files{host="zhao"}`
	acceptedFiles = "wecom_recording_accepted_files"
	overdueOfWang = `wecom_recording_retention_exceeded_files{host="wang"}`
	overdueOfZhao = `wecom_recording_retention_exceeded_files{host="zhao"}`

	overdueOfUnknown = `wecom_recording_retention_exceeded_files{host="unknown"}`
)

// accepting has a configuration read what is accepted from a file, as Load does.
func accepting(t *testing.T, cfg *config.Config, path string) *config.Config {
	t.Helper()
	entries, err := config.ReadAcceptedFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Corps[0].Policy.AcceptedFile, cfg.Corps[0].Policy.Accepted = path, entries
	return cfg
}

func TestAcceptedFileIsReadAgain(t *testing.T) {
	t.Parallel()
	path, write := rig.ChangingFile(t, "accepted.yml", "- {id: r4, reason: training}")
	rig.Virtually(t, func(t *testing.T) {
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), accepting(t, rig.ConfigOf("li", "wang"), path))
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{
			exposedOfWang: "0", exposedOfZhao: "1", acceptedFiles: "1", overdueOfWang: "-",
			`wecom_recording_shared_files{host="wang"}`:                                                          "2",
			`wecom_recording_sharing_files{audience="anyone",download="allowed",expiry="never",password="none"}`: "1",
		})

		write("- {id: r6-file, reason: town hall}\n- {id: gone, reason: a}\n- {id: never, reason: b}\n")
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{exposedOfWang: "1", exposedOfZhao: "0", acceptedFiles: "1"})

		write("- {id: r4, reason: training}\n- {id: r6}\n")
		r.Wait(20 * time.Second)
		r.Expect(map[string]string{exposedOfWang: "1", exposedOfZhao: "0", acceptedFiles: "1"})

		write("[]")
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{exposedOfWang: "1", exposedOfZhao: "1", acceptedFiles: "0"})

		r.Reload(rig.ConfigOf("li", "wang"))
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{exposedOfWang: "1", exposedOfZhao: "1", acceptedFiles: "-"})
		for text, want := range map[string]int{
			"the accepted file cannot be used":             1,
			`ids=2 first="gone; never"`:                    1,
			"the accepted file can be used again":          1,
			"the accepted file no longer accepts anything": 1,
		} {
			if got := strings.Count(r.Log.String(), text); got != want {
				t.Errorf("%q is logged %d times, want %d:\n%s", text, got, want, r.Log)
			}
		}
	})
}

func TestReloadReadsTheAcceptedFileWhateverItsTimes(t *testing.T) {
	t.Parallel()
	path, write := rig.ChangingFile(t, "accepted.yml", "- {id: r4, reason: training}")
	rig.Virtually(t, func(t *testing.T) {
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), accepting(t, rig.ConfigOf("li", "wang"), path))
		r.Wait(10 * time.Second)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		write("- {id: r6, reason: training}")
		if err := os.Chtimes(path, time.Time{}, info.ModTime()); err != nil {
			t.Fatal(err)
		}
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{exposedOfWang: "0", exposedOfZhao: "1"})
		r.Reload(accepting(t, rig.ConfigOf("li", "wang"), path))
		r.Wait(5 * time.Second)
		r.Expect(map[string]string{exposedOfWang: "1", exposedOfZhao: "0"})
	})
}

// TestPolicyIsKeptByTheClock stops WeCom, so that no poll changes anything.
func TestPolicyIsKeptByTheClock(t *testing.T) {
	t.Parallel()
	path, _ := rig.ChangingFile(t, "accepted.yml", "- {id: r4, reason: training, until: 2026-03-02}")
	rig.Virtually(t, func(t *testing.T) {
		// It is 01:00 on 2026-03-02. The oldest file was started 20 days ago, by a host that is not known.
		cfg := accepting(t, rig.ConfigOf("li", "wang"), path)
		cfg.Corps[0].Policy.Retention = 20*rig.Day + 2*time.Hour
		server := rig.WorldOf(wecomtest.Config{})
		r := rig.Start(t, server, cfg)
		r.Wait(10 * time.Second)
		r.Expect(map[string]string{exposedOfWang: "0", acceptedFiles: "1", overdueOfUnknown: "0", overdueOfZhao: "0"})
		server.Fail(wecomtest.Fault{Status: 502})

		r.Wait(2*time.Hour - 11*time.Second)
		r.Expect(map[string]string{overdueOfUnknown: "0"})
		r.Wait(6 * time.Second)
		r.Expect(map[string]string{overdueOfUnknown: "1", overdueOfWang: "0"})

		r.Wait(time.Until(time.Date(2026, 3, 2, 23, 59, 59, 0, time.UTC)))
		r.Expect(map[string]string{exposedOfWang: "0", acceptedFiles: "1"})
		r.Wait(6 * time.Second)
		r.Expect(map[string]string{exposedOfWang: "1", acceptedFiles: "0"})
		if got := strings.Count(r.Log.String(), "acceptances have ended"); got != 1 {
			t.Errorf("the end is logged %d times, want once:\n%s", got, r.Log)
		}
	})
}

// TestPolicyHoldsFromTheFirstView restarts with what is stored: nothing that is accepted is
// exposed for a moment.
func TestPolicyHoldsFromTheFirstView(t *testing.T) {
	t.Parallel()
	path, _ := rig.ChangingFile(t, "accepted.yml", "- {id: r4, reason: training}\n- {id: r6, reason: town hall}")
	dir := t.TempDir()
	rig.Virtually(t, func(t *testing.T) {
		cfg := func() *config.Config { return rig.Storing(dir, accepting(t, rig.ConfigOf("li", "wang"), path)) }
		server := rig.WorldOf(wecomtest.Config{})
		r := rig.Start(t, server, cfg())
		r.StopAfter(10 * time.Second)
		again := rig.Start(t, server, cfg())
		again.Expect(map[string]string{exposedOfWang: "0", exposedOfZhao: "0", acceptedFiles: "2"})
	})
}

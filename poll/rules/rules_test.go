// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const day = 24 * time.Hour

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// A bench has the rules of an inventory with the exposed recordings r1 and r2, of one file
// each, and the file that they read.
type bench struct {
	*Rules

	t    *testing.T
	inv  *inventory.Inventory
	path string
	log  bytes.Buffer
	time time.Time
}

func newBench(t *testing.T, content string, shards int) *bench {
	t.Helper()
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "accepted.yml"), time: noon}
	b.write(content)
	b.inv = inventory.New(31*day, noon)
	l := &inventory.Listing{
		Target: wecom.Target{Selector: wecom.ByUserID, ID: "li"}, Span: wecom.Window{Start: noon.Add(-31 * day), End: noon},
		At: noon, Succeeded: true,
	}
	for _, id := range []string{"r1", "r2"} {
		start := wecom.InstantOf(noon.Add(-day))
		l.Add([]wecom.Recording{{ID: id, Host: "li", MeetingStart: start, State: wecom.StateCompleted, Files: []wecom.File{
			{ID: id + "-file", Start: start, Sharing: wecom.Sharing{On: true}},
		}}})
	}
	b.inv.Apply(l)
	now := func() time.Time { return b.time }
	b.Rules = New(b.inv, b.load(), config.Shard{Total: shards}, now, log.NewLogfmtLogger(&b.log))
	return b
}

func (b *bench) write(content string) {
	b.t.Helper()
	if err := os.WriteFile(b.path, []byte(content), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// load returns the configuration that has read the file.
func (b *bench) load() config.Policy {
	b.t.Helper()
	entries, err := config.ReadAcceptedFile(b.path)
	if err != nil {
		b.t.Fatal(err)
	}
	return config.Policy{AcceptedFile: b.path, Accepted: entries}
}

// look lets so many looks at the file happen, and returns the messages that they log, with
// their IDs and errors.
func (b *bench) look(n int) []string {
	b.t.Helper()
	for range n {
		b.update()
		b.report(b.t.Context())
	}
	shown := regexp.MustCompile(`level=(\w+) msg="([^"]*)"|(?:ids|entries_before)=\d+|first=(?:"[^"]*"|\S+)`)
	var lines []string
	for line := range strings.Lines(b.log.String()) {
		lines = append(lines, strings.Join(shown.FindAllString(line, -1), " "))
	}
	b.log.Reset()
	return lines
}

func (b *bench) want(looks int, accepted int32, lines ...string) {
	b.t.Helper()
	if diff := cmp.Diff(lines, b.look(looks)); diff != "" {
		b.t.Errorf("log (-want +got):\n%s", diff)
	}
	if got := b.inv.View(b.time, 0).Total.Accepted; got != accepted {
		b.t.Errorf("%d accepted files, want %d", got, accepted)
	}
}

func TestFileIsReadAgain(t *testing.T) {
	t.Parallel()
	const broken = `level=warn msg="the accepted file cannot be used; its last entries are kept"`
	b := newBench(t, "- {id: r1, reason: a}", 1)
	b.want(0, 1)
	b.want(3, 1)

	b.write("- {id: r1, reason: a}\n- {id: r2-file, reason: b}")
	b.want(1, 1)
	b.want(1, 2)

	b.write("- {id: r1, reason: a}\n- {id: r1, reason: twice}")
	b.want(3, 2, broken)
	b.write("- {id: r1, reason: a}\n- {id: r1, reason: still twice, until: no}")
	b.want(3, 2, broken)
	if err := os.Remove(b.path); err != nil {
		t.Fatal(err)
	}
	b.want(3, 2, broken)

	b.write("- {id: r1, reason: a}")
	b.want(2, 1, `level=info msg="the accepted file can be used again"`)
	b.write("")
	b.want(2, 0, `level=warn msg="the accepted file no longer accepts anything" entries_before=1`)
}

func TestReloadTakesWhatWasRead(t *testing.T) {
	t.Parallel()
	b := newBench(t, "- {id: r1, reason: a}", 1)
	b.want(3, 1)
	info, err := os.Stat(b.path)
	if err != nil {
		t.Fatal(err)
	}
	b.write("- {id: rx, reason: a}")
	if err := os.Chtimes(b.path, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	b.want(3, 1)
	b.ApplyConfig(b.load(), config.Shard{Total: 1})
	b.want(1, 0)
	b.ApplyConfig(config.Policy{Retention: time.Hour}, config.Shard{Total: 1})
	b.want(1, 0)
	if v := b.inv.View(noon, 0); v.Policy.Accepting() || v.Total.Overdue != 2 {
		t.Errorf("%+v, %d overdue files, want 2", v.Policy, v.Total.Overdue)
	}
}

func TestDemoAcceptsWithoutAFile(t *testing.T) {
	t.Parallel()
	b := newBench(t, "- {id: r1, reason: a}", 1)
	c := b.load()
	c.AcceptedFile = ""
	b.ApplyConfig(c, config.Shard{Total: 1})
	if err := os.Remove(b.path); err != nil {
		t.Fatal(err)
	}
	b.want(3, 1)
}

func TestUnmatchedIDsAreReportedOnce(t *testing.T) {
	t.Parallel()
	const msg = `level=warn msg="the accepted file has IDs that match no known recording or file" `
	b := newBench(t, "- {id: r1, reason: a}\n- {id: x1, reason: a}\n- {id: x2, reason: a}", 1)
	b.want(3, 1)
	b.inv.SetReady()
	b.want(3, 1, msg+`ids=2 first="x1; x2"`)
	b.write("- {id: r1, reason: a}\n- {id: x1, reason: a}\n- {id: r2, reason: a}\n" +
		"- {id: x6, reason: a}\n- {id: x5, reason: a}\n- {id: x4, reason: a}\n- {id: x3, reason: a}\n")
	b.want(3, 2, msg+`ids=4 first="x3; x4; x5"`)
	b.write("- {id: r1, reason: another}\n- {id: x1, reason: a}")
	b.want(3, 1)

	// A recording that is removed later is no mistake in the file.
	b.inv.Drop(wecom.Target{Selector: wecom.ByUserID, ID: "li"}, noon)
	b.want(3, 0)
}

func TestShardsDoNotReportUnmatchedIDs(t *testing.T) {
	t.Parallel()
	b := newBench(t, "- {id: x1, reason: a}", 2)
	b.inv.SetReady()
	b.want(3, 0)
}

func TestEndedAcceptancesAreReportedOnce(t *testing.T) {
	t.Parallel()
	const msg = `level=info msg="acceptances have ended; files that are still open to anyone count as exposed again" `
	b := newBench(t, "- {id: r2, reason: a, until: 2026-03-02}\n- {id: r1-file, reason: a, until: 2026-03-04}\n"+
		"- {id: r1, reason: a, until: 2026-03-01}\n- {id: x, reason: a, until: 2026-03-02}", 1)
	b.want(1, 2, msg+`ids=1 first="r1 (2026-03-01)"`)
	b.time = noon.Add(12*time.Hour - 1)
	b.want(1, 2)
	b.time = noon.Add(12 * time.Hour)
	b.want(2, 1, msg+`ids=2 first="r2 (2026-03-02); x (2026-03-02)"`)

	b.write("- {id: r2, reason: a, until: 2026-03-03}")
	b.want(3, 1)
	b.time = noon.Add(36 * time.Hour)
	b.want(2, 0, msg+`ids=1 first="r2 (2026-03-03)"`)

	b.write("[]")
	b.want(2, 0, `level=warn msg="the accepted file no longer accepts anything" entries_before=1`)
	b.write("- {id: r2, reason: a, until: 2026-03-03}")
	b.want(2, 0, msg+`ids=1 first="r2 (2026-03-03)"`)
}

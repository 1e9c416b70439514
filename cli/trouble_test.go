// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestTroubles(t *testing.T) {
	t.Parallel()
	begun := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	refused := &wecom.APIError{Endpoint: "gettoken", Code: 60020}
	noRoute := errors.New("no route")
	blocks := []wecom.Block{{Endpoint: "meeting/record/list", Until: begun.Add(time.Minute), Err: errors.New("errcode 45009")}}
	var b strings.Builder
	reports := newTroubles(&progress{w: &b})
	reports.begun = begun
	for _, step := range []struct {
		name   string
		after  time.Duration
		status poll.Status
		want   string
	}{
		{
			name:  "no answer yet",
			after: answerPatience - 1,
		},
		{
			name:  "no answer for a while",
			after: answerPatience,
			want:  "no answer from WeCom after 5s: still waiting",
		},
		{
			name:  "still none",
			after: 2 * answerPatience,
		},
		{
			name:   "an outage",
			status: poll.Status{Outage: noRoute},
			want:   "no route: trying again for up to 1m30s",
		},
		{
			name:   "it goes on",
			status: poll.Status{Outage: noRoute},
		},
		{
			name:   "all is well",
			after:  time.Hour,
			status: poll.Status{Called: true},
		},
		{
			name:   "another outage",
			status: poll.Status{Called: true, Outage: noRoute},
			want:   "no route: trying again for up to 1m30s",
		},
		{
			name:   "one that nobody waits for",
			status: poll.Status{Called: true, Outage: refused},
		},
		{
			name:   "a closed endpoint",
			status: poll.Status{Called: true, Blocks: blocks},
			want:   "meeting/record/list is closed until 2026-03-02T12:01:00Z: errcode 45009",
		},
		{
			name:   "it stays closed",
			status: poll.Status{Called: true, Blocks: blocks},
		},
	} {
		b.Reset()
		step.status.Name = "acme"
		reports.report([]poll.Status{{Name: "globex", Called: true}, step.status}, begun.Add(step.after))
		want := ""
		if step.want != "" {
			want = "wecom_recording_exporter: corp acme: " + step.want + "\n"
		}
		if b.String() != want {
			t.Errorf("%s: %q, want %q", step.name, &b, want)
		}
	}
}

// TestListWithoutNetwork waits for the end of an outage, and says so while it does.
func TestListWithoutNetwork(t *testing.T) {
	t.Parallel()
	_, flags := serveCompany(t)
	args := slices.Concat([]string{"list", "--target.userid=li", "--wecom.api-url=http://" + freeAddress(t)}, flags[1:])
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	reader, stderr := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, args, io.Discard, stderr)
		stderr.Close()
	}()
	line := make([]byte, 1024)
	n, err := reader.Read(line)
	if want := []byte(": trying again for up to 1m30s\n"); err != nil || !bytes.HasSuffix(line[:n], want) {
		t.Errorf("%q, %v, want one that ends in %q", line[:n], err, want)
	}
	stop()
	rest, err := io.ReadAll(reader)
	if want := []byte("no target can be listed"); err != nil || !bytes.Contains(rest, want) {
		t.Errorf("%q, %v, want %q", rest, err, want)
	}
	if status := <-ended; status != int(errInterrupted) {
		t.Errorf("exit status %d, want %d", status, errInterrupted)
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// sharedAs is how the ledger describes each of the sharings.
var sharedAs = []*ledger.Sharing{
	nil,
	{Audience: recording.Company},
	{Exposed: true},
	{Password: recording.PasswordSet},
	{Password: recording.PasswordSet, Download: recording.DownloadAllowed},
	{
		Audience: recording.Attendees, Password: recording.PasswordSet, Download: recording.DownloadAllowed,
		Expire: wecom.InstantOf(sharingEnd),
	},
}

// note notes a change that an exporter must list, beside what it counts.
func (c *company) note(change string, s *subject, f *subjectFile, before, after int) {
	if !c.counting {
		return
	}
	key, file := s.id, ""
	if f != nil {
		key, file = f.id, f.id
	}
	for kind := range ledger.Kind(ledger.NumKinds) {
		if kind.String() == change {
			c.changes[key] = append(c.changes[key], ledger.Change{
				Kind: kind, Recording: s.id, File: file, Host: s.host,
				Before: sharedAs[before], After: sharedAs[after],
			})
		}
	}
}

// storedChanges returns what is in the store that a program left which was killed, the oldest
// first. It compares them with what was counted.
func storedChanges(t *testing.T, dir string) []poll.Change {
	t.Helper()
	state, err := os.ReadFile(filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	there := t.TempDir()
	if err := os.WriteFile(filepath.Join(there, "state.db"), state, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := rig.Storing(there, rig.ConfigOf("nobody"))
	cfg.Corps[0].Name = "default"
	m, err := poll.NewManager(cfg, poll.Options{Logger: log.NewNopLogger(), Transport: rig.Away})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m.Run(ctx)
	}()
	var changes []poll.Change
	for q := (poll.ChangeQuery{Limit: 100}); ; {
		page, next, err := m.Changes(t.Context(), &q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page {
			changes = append([]poll.Change{page[i]}, changes...)
		}
		if q.Before = next; next == 0 {
			break
		}
	}
	var kinds, counted [ledger.NumKinds]uint64
	for i := range changes {
		kinds[changes[i].Kind]++
		if want := uint32(i + 1); changes[i].Number != want {
			t.Fatalf("number %d, want %d", changes[i].Number, want)
		}
	}
	view := m.View().Corps[0]
	copy(counted[:], view.SharingChanges[:])
	if counted[ledger.Removed] = view.Removed; kinds != counted {
		t.Fatalf("%v changes by kind, counted %v", kinds, counted)
	}
	return changes
}

// compareChanges compares changes with what has happened to each recording and file, in that
// order, and with those that were stored before. In the end, none may be missing.
func (c *company) compareChanges(t *testing.T, before, after []poll.Change, end bool) {
	t.Helper()
	if len(after) < len(before) {
		t.Fatalf("%d changes, and %d before", len(after), len(before))
	}
	if diff := cmp.Diff(before, after[:len(before)]); len(before) > 0 && diff != "" {
		t.Fatalf("earlier changes (-before +after):\n%s", diff)
	}
	got := map[string][]ledger.Change{}
	for _, change := range after {
		key := change.File
		if key == "" {
			key = change.Recording
		}
		if change.At == 0 || change.Start == 0 {
			t.Errorf("%+v has no times", change)
		}
		change.At, change.Start = 0, 0
		got[key] = append(got[key], change.Change)
	}
	n := 0
	for key, changes := range got {
		want := c.changes[key]
		if len(changes) > len(want) {
			t.Fatalf("%s: %d changes, want %d at the most", key, len(changes), len(want))
		}
		if diff := cmp.Diff(want[:len(changes)], changes); diff != "" {
			t.Fatalf("%s (-happened +stored):\n%s", key, diff)
		}
	}
	for _, want := range c.changes {
		n += len(want)
	}
	if end && n != len(after) {
		t.Fatalf("%d changes are stored, and %d have happened", len(after), n)
	}
}

// TestKillAmidChanges kills the program ten times while the sharing of a company changes all the
// time. What is stored then are exactly the changes that were counted, each as it was made.
func TestKillAmidChanges(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	dir := t.TempDir()
	env, args := c.credentials(), c.args(dir)
	counters := map[string]float64{}
	x := launch(t, freeAddress(t), env, args...)
	observed := func() { t.Helper(); c.awaitObserved(t, x, counters) }
	observed()
	var before []poll.Change
	for range killRounds {
		life := time.Duration(c.dice.Int64N(int64(longestLife)))
		for range 30 {
			c.happen()
			<-time.After(life / 30)
		}
		awaitWrite(filepath.Join(dir, "state.db"), longestLife)
		x.kill(t)
		after := storedChanges(t, dir)
		c.compareChanges(t, before, after, false)
		before = after
		x = launch(t, x.address, env, args...)
		observed()
	}
	x.kill(t)
	after := storedChanges(t, dir)
	c.compareChanges(t, before, after, true)
	t.Log(fmt.Sprint(len(after), " changes"))
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// withCorps returns a configuration of two corps, which poll the same users of one WeCom.
func withCorps(dir string) *config.Config {
	cfg := rig.Storing(dir, rig.ConfigOf("li", "wang"))
	second := cfg.Corps[0]
	second.Name = "second"
	cfg.Corps = append(cfg.Corps, second)
	return cfg
}

// share has recordings of li be shared, with a password or without one.
func share(server *wecomtest.Server, n int, password string) {
	start := time.Date(2026, 3, 2, 1, 0, 5, 0, time.UTC) // soon after the birth of the ledgers
	for i := range n {
		r := rig.Recorded(fmt.Sprint("c", i), "li", time.Since(start), wecomtest.Share{On: true, Password: password})
		server.Put(r)
	}
}

// changeLines collects what Options.Changes is called with.
type changeLines struct {
	mu    sync.Mutex
	lines []string
}

func lineOf(c *poll.Change) string {
	return fmt.Sprintf("%d %s %s %s %s", c.Number, c.Corp, c.Kind, c.Recording, c.Host)
}

func (l *changeLines) add(_ *poll.View, changes []poll.Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range changes {
		l.lines = append(l.lines, lineOf(&changes[i]))
	}
}

// allChanges returns all changes that a query selects, page by page, the newest first.
func allChanges(t *testing.T, m *poll.Manager, q poll.ChangeQuery) []string {
	t.Helper()
	var lines []string
	for {
		page, next, err := m.Changes(t.Context(), &q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page {
			lines = append(lines, lineOf(&page[i]))
		}
		if len(page) > q.Limit || next != 0 && (len(page) != q.Limit || next != page[len(page)-1].Number) {
			t.Fatalf("a page of %d changes, next %d", len(page), next)
		}
		if next == 0 {
			return lines
		}
		q.Before = next
	}
}

// TestChangesOfTwoCorps pages through them, with a store and without, and compares them with what
// a subscriber was given.
func TestChangesOfTwoCorps(t *testing.T) {
	t.Parallel()
	for name, stored := range map[string]bool{"stored": true, "in memory": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				dir := ""
				if stored {
					dir = t.TempDir()
				}
				server := rig.WorldOf(wecomtest.Config{})
				var log changeLines
				r := rig.StartWith(t, withCorps(dir), poll.Options{Transport: server, Changes: log.add, Titles: true})
				r.Wait(10 * time.Second)
				share(server, 5, "")
				r.Wait(6 * time.Minute)
				share(server, 5, "secret")
				r.Wait(6 * time.Minute)
				server.Remove("c0")
				r.Wait(6 * time.Minute)
				m := r.Manager

				log.mu.Lock()
				want := slices.Clone(log.lines)
				log.mu.Unlock()
				slices.Reverse(want)
				if len(want) != 2*(5+5+1) {
					t.Errorf("%d lines, want 22", len(want))
				}
				for _, limit := range []int{1, 2, 7, 22, 1000} {
					if diff := cmp.Diff(want, allChanges(t, m, poll.ChangeQuery{Limit: limit})); diff != "" {
						t.Errorf("by %d (-subscriber +pages):\n%s", limit, diff)
					}
				}
				for i, line := range want {
					if !strings.HasPrefix(line, fmt.Sprint(len(want)-i, " ")) {
						t.Errorf("line %d from the end: %q", i, line)
					}
				}
				expect := func(what string, q poll.ChangeQuery, want int) {
					t.Helper()
					q.Limit = 3
					if got := allChanges(t, m, q); len(got) != want {
						t.Errorf("%s: %d changes, want %d: %q", what, len(got), want, got)
					}
				}
				expect("one corp", poll.ChangeQuery{Corp: "second"}, 11)
				expect("no corp", poll.ChangeQuery{Corp: "third"}, 0)
				expect("narrowed", poll.ChangeQuery{Kind: new(ledger.Narrowed)}, 10)
				expect("a recording", poll.ChangeQuery{Recording: "c0"}, 6)
				expect("exposed", poll.ChangeQuery{Exposed: new(true)}, 10)
				expect("until", poll.ChangeQuery{Until: time.Now().Add(-12 * time.Minute)}, 10)
				expect("since", poll.ChangeQuery{Since: time.Now().Add(-12 * time.Minute)}, 12)
				expect("other hosts", poll.ChangeQuery{MatchHost: func(host string, _ bool) bool { return host != "li" }}, 0)
				page, _, err := m.Changes(t.Context(), &poll.ChangeQuery{Kind: new(ledger.Removed), Limit: 1})
				if err != nil || page[0].Title != "" || page[0].File != "" || page[0].Before != nil || page[0].After != nil {
					t.Errorf("%+v, %v", page, err)
				}
				page, _, err = m.Changes(t.Context(), &poll.ChangeQuery{Recording: "c1", Limit: 1})
				if err != nil || page[0].Title == "" || page[0].Before == nil || !page[0].Before.Exposed || page[0].After.Exposed {
					t.Errorf("%+v, %v", page, err)
				}
			})
		})
	}
}

// TestChangesAreNotShownBeforeTheyAreStored asks for changes before a number that none has yet,
// while the disk takes two seconds for each write. They are those of the newest page: a change
// that is shown before it is stored could get another number after a crash.
func TestChangesAreNotShownBeforeTheyAreStored(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		cfg := rig.Storing(t.TempDir(), rig.ConfigOf("li"))
		cfg.Poll.Interval = time.Second
		r := rig.Start(t, server, cfg)
		r.Wait(10 * time.Second)
		disk := &slowDisk{}
		disk.delay.Store(int64(2 * time.Second))
		r.Manager.WrapStore(func(s store.Store) store.Store {
			disk.Store = s
			return disk
		})
		defer func() { // A write under way must end before the test.
			disk.delay.Store(0)
			r.Wait(5 * time.Second)
		}()
		share(server, 3, "")
		shown := []string{}
		for range 100 {
			r.Wait(100 * time.Millisecond)
			shown = allChanges(t, r.Manager, poll.ChangeQuery{Limit: 10})
			ahead := allChanges(t, r.Manager, poll.ChangeQuery{Limit: 10, Before: math.MaxInt32})
			if diff := cmp.Diff(shown, ahead); diff != "" {
				t.Fatalf("the newest (-before any number +before a number that none has):\n%s", diff)
			}
		}
		if len(shown) != 3 {
			t.Errorf("%d changes, want 3", len(shown))
		}
	})
}

func TestChangesSince(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		born := time.Now()
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), withCorps(dir))
		r.Wait(10 * time.Second)
		want := []poll.CorpSince{{Corp: "acme", Since: born}, {Corp: "second", Since: born}}
		if got := r.Manager.ChangesSince(); !cmp.Equal(want, got) {
			t.Errorf("%v, want %v", got, want)
		}
		r.Stop()
		r = rig.Start(t, rig.Away, withCorps(dir))
		if got := r.Manager.ChangesSince(); !cmp.Equal(want, got) {
			t.Errorf("after a restart %v, want %v", got, want)
		}
	})
}

// TestNumbersGoOnAfterARestart though none of the corps that have changes is configured any more.
func TestNumbersGoOnAfterARestart(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := rig.WorldOf(wecomtest.Config{})
		r := rig.Start(t, server, withCorps(dir))
		r.Wait(10 * time.Second)
		share(server, 5, "")
		r.Wait(6 * time.Minute)
		r.Stop()

		third := withCorps(dir)
		third.Corps = third.Corps[:1]
		third.Corps[0].Name = "third"
		var log changeLines
		r = rig.StartWith(t, third, poll.Options{Transport: server, Changes: log.add})
		r.Wait(10 * time.Second)
		share(server, 1, "secret")
		r.Wait(6 * time.Minute)
		want := []string{
			"11 third enabled c0 li", "12 third enabled c1 li", "13 third enabled c2 li", "14 third enabled c3 li",
			"15 third enabled c4 li", "16 third narrowed c0 li",
		}
		if !slices.Equal(log.lines, want) {
			t.Errorf("%q, want %q", log.lines, want)
		}
		r.Reload(withCorps(dir)) // They notice it now.
		r.Wait(6 * time.Minute)
		want = slices.Concat(want, []string{"17 acme narrowed c0 li", "18 second narrowed c0 li"})
		if !slices.Equal(log.lines, want) {
			t.Errorf("%q, want %q in the end", log.lines, want)
		}
		if got := allChanges(t, r.Manager, poll.ChangeQuery{Limit: 5}); len(got) != 12 {
			t.Errorf("%d changes, want 12: %q", len(got), got)
		}
	})
}

// TestChangesOfACorpThatLeaves are handed over, though it is stored after it has left.
func TestChangesOfACorpThatLeaves(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := rig.WorldOf(wecomtest.Config{})
		var log changeLines
		r := rig.StartWith(t, withCorps(dir), poll.Options{Transport: server, Changes: log.add})
		r.Wait(10 * time.Second)
		share(server, 5, "")
		one := withCorps(dir)
		one.Corps = one.Corps[:1]
		for range 100 * 6 {
			time.Sleep(600 * time.Millisecond)
			if server.Count(rig.ListEndpoint) > 4 {
				break
			}
		}
		r.Reload(one)
		r.Wait(6 * time.Minute)
		r.Reload(withCorps(dir))
		r.Wait(6 * time.Minute)
		if got, want := allChanges(t, r.Manager, poll.ChangeQuery{Limit: 5}), slices.Clone(log.lines); len(got) != 10 {
			t.Errorf("%d changes, want 10: %q", len(got), got)
		} else if slices.Reverse(want); !slices.Equal(got, want) {
			t.Errorf("%q, want what was handed over, %q", got, want)
		}
	})
}

// TestChangesOfADamagedStore are an error until it is made again, and nothing panics.
func TestChangesOfADamagedStore(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(path string) error{
		"deleted": os.Remove,
		"cut off": func(path string) error { return os.Truncate(path, 0) },
		"garbage": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("x", 1<<16)), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				dir := t.TempDir()
				server := rig.WorldOf(wecomtest.Config{})
				var log changeLines
				r := rig.StartWith(t, rig.Storing(dir, rig.ConfigOf("li")), poll.Options{Transport: server, Changes: log.add})
				r.Wait(10 * time.Second)
				share(server, 5, "")
				r.Wait(6 * time.Minute)
				if err := lose(filepath.Join(dir, "state.db")); err != nil {
					t.Fatal(err)
				}
				page, _, err := r.Manager.Changes(t.Context(), &poll.ChangeQuery{Limit: 9})
				if err == nil && len(page) != 5 { // A file that is deleted is still open.
					t.Errorf("%d changes, and no error", len(page))
				}
				share(server, 2, "secret")
				r.Wait(6 * time.Minute)
				got := allChanges(t, r.Manager, poll.ChangeQuery{Limit: 9})
				if want := []string{"7 acme narrowed c1 li", "6 acme narrowed c0 li"}; !slices.Equal(got, want) {
					t.Errorf("%q, want %q", got, want)
				}
				if n := strings.Count(r.Log.String(), "lost_changes=5"); n != 1 {
					t.Errorf("%d lines say that 5 changes are lost; log:\n%s", n, r.Log)
				}
				if since := r.Manager.ChangesSince()[0].Since; time.Since(since) > 10*time.Minute {
					t.Errorf("all there since %s", since)
				}
				if len(log.lines) != 7 {
					t.Errorf("%d lines, want 7: %q", len(log.lines), log.lines)
				}
			})
		})
	}
}

func TestChangesThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		r := rig.Start(t, server, rig.Storing(t.TempDir(), rig.ConfigOf("li")))
		r.Wait(10 * time.Second)
		share(server, 5, "")
		r.Wait(6 * time.Minute)
		gone := errors.New("the reader is gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(gone)
		if _, _, err := r.Manager.Changes(ctx, &poll.ChangeQuery{Limit: 9}); !errors.Is(err, gone) {
			t.Errorf("%v, want %v", err, gone)
		}
		r.Stop() // The store is closed.
		if page, _, err := r.Manager.Changes(t.Context(), &poll.ChangeQuery{Limit: 9}); err == nil {
			t.Errorf("%d changes of a store that is closed", len(page))
		}
	})
}

// TestChangesRetention drops changes in time, and after another configuration.
func TestChangesRetention(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir, server := t.TempDir(), rig.WorldOf(wecomtest.Config{})
		cfg := rig.Storing(dir, rig.ConfigOf("li"))
		cfg.ChangesRetention = 2 * rig.Day
		r := rig.Start(t, server, cfg)
		r.Wait(10 * time.Second)
		share(server, 5, "")
		r.Wait(rig.Day)
		share(server, 5, "secret")
		r.Wait(rig.Day - time.Hour)
		expect := func(want int) {
			t.Helper()
			if got := allChanges(t, r.Manager, poll.ChangeQuery{Limit: 100}); len(got) != want {
				t.Errorf("%d changes, want %d: %q", len(got), want, got)
			}
		}
		expect(10)
		r.Wait(2*time.Hour + 10*time.Minute)
		expect(5)
		if since := r.Manager.ChangesSince()[0].Since; time.Since(since) < 2*rig.Day || time.Since(since) > 2*rig.Day+time.Hour+10*time.Minute {
			t.Errorf("all there since %s", since)
		}
		shorter := rig.Storing(dir, rig.ConfigOf("li"))
		shorter.ChangesRetention = time.Hour
		r.Reload(shorter)
		r.Wait(6 * time.Minute)
		expect(0)
	})
}

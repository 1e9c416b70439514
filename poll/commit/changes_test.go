// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package commit_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/changelog"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/commit"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
)

// expectShown compares the newest change that may be shown, and whether all up to it can be read.
func (b *bench) expectShown(what string, want uint32) {
	b.t.Helper()
	if got := b.Changes().Visible(); got != want {
		b.t.Errorf("%s: shown up to %d, want %d", what, got, want)
	}
	n := 0
	for _, p := range b.parts {
		q := &inventory.ChangeQuery{Filter: changelog.Filter{Before: want + 1}, Limit: 100}
		found, err := p.Inventory.Changes(b.t.Context(), q, func(load func(*store.Group) error) error {
			return b.Read(b.t.Context(), p.Group, load)
		})
		if err != nil {
			b.t.Errorf("%s: %v", what, err)
		}
		n += len(found)
	}
	if n != int(want) {
		b.t.Errorf("%s: %d changes, want %d", what, n, want)
	}
}

// The two parts have one change each at first, and after each further list.

func TestChangesAreShownWhenTheyAreStored(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		b.store.delay.Store(int64(2 * time.Second))
		done := make(chan struct{})
		go func() {
			defer close(done)
			b.commit(b.t.Context())
		}()
		<-time.After(time.Second)
		if got := b.Changes().Visible(); got != 0 {
			b.t.Errorf("shown up to %d while it is written", got)
		}
		<-done
		b.store.delay.Store(0)
		b.expectShown("stored", 2)
		b.change()
		b.expectShown("not stored", 2)
		b.commit(b.t.Context())
		b.expectShown("stored", 4)
		b.close(b.t.Context())
	})
}

func TestChangesWithASlowDisk(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		b.commit(b.t.Context())
		b.change()
		b.store.delay.Store(int64(12 * time.Second))
		b.commit(b.t.Context())
		for want := uint32(4); want < 10; want += 2 {
			if got := b.Changes().Visible(); got != want {
				b.t.Errorf("shown up to %d, want %d", got, want)
			}
			b.change()
			b.commit(b.t.Context())
		}
		b.store.delay.Store(0)
		<-time.After(12 * time.Second)
		b.commit(b.t.Context())
		synctest.Wait()
		b.commit(b.t.Context())
		b.expectShown("in the end", 10)
		b.close(b.t.Context())
	})
}

func TestChangesWithADiskThatFails(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		full := error(syscall.ENOSPC)
		b.store.fails.Store(&full)
		b.commit(b.t.Context())
		b.expectShown("not stored", 2)
		b.change()
		b.commit(b.t.Context())
		b.expectShown("again", 4)
		b.store.fails.Store(nil)
		<-time.After(time.Minute)
		b.change()
		b.commit(b.t.Context())
		b.expectShown("stored", 6)
		b.close(b.t.Context())
	})
}

func TestChangesOfARefusedPart(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		acme := "acme"
		b.store.refuses.Store(&acme)
		for want := uint32(2); want < 10; want += 2 {
			b.commit(b.t.Context())
			b.expectShown("refused", want)
			b.change()
		}
		b.close(b.t.Context())
	})
}

func TestChangesOfALostStore(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		b.commit(b.t.Context())
		b.change()
		if err := os.Truncate(filepath.Join(b.dir, "state.db"), 8192); err != nil {
			b.t.Fatal(err)
		}
		b.commit(b.t.Context())
		if n := b.logs("lost_changes=1 "); n != 2 || b.logs("lost_changes") != 2 {
			b.t.Errorf("log:\n%s", &b.log)
		}
		// The first change of each part is lost.
		b.change()
		b.commit(b.t.Context())
		if got := b.Changes().Visible(); got != 6 {
			b.t.Errorf("shown up to %d, want 6", got)
		}
		for _, p := range b.parts {
			stored, err := b.Load(p.Group)
			if err != nil {
				b.t.Fatal(err)
			}
			if since := rig.LargeNow.Add(time.Millisecond); !stored.ChangesSince().Equal(since) {
				b.t.Errorf("all there since %s, want %s", stored.ChangesSince(), since)
			}
		}
		b.close(b.t.Context())
	})
}

func TestChangesWithoutAStore(t *testing.T) {
	t.Parallel()
	c := commit.New(store.InMemory(), log.NewNopLogger())
	inv := rig.Large(1, 1)
	inv.NumberChanges(c.Changes(), "acme", time.Now())
	parts := []*commit.Part{{Group: "acme", Inventory: inv, Logger: log.NewNopLogger()}}
	c.Commit(t.Context(), time.Now(), parts)
	if got := c.Changes().Visible(); got != 1 {
		t.Errorf("shown up to %d, want 1", got)
	}
	inv.Apply(rig.LargeListing(inv, 1, 1, 3))
	c.CommitLast(t.Context(), time.Now(), parts)
	if got := c.Changes().Visible(); got != 2 {
		t.Errorf("at the end, shown up to %d, want 2", got)
	}
}

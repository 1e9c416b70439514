// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package commit_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/commit"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A sickStore takes its time, and fails, as a test wants it.
type sickStore struct {
	store.Store

	delay   atomic.Int64          // of each write and read
	fails   atomic.Pointer[error] // what a write returns after the delay
	refuses atomic.Pointer[string]
	writes  atomic.Int64 // that have begun
	running atomic.Int64
	refused atomic.Int64 // batches
	closed  atomic.Bool
}

func (s *sickStore) wait() { <-time.After(time.Duration(s.delay.Load())) }

func (s *sickStore) Commit(now time.Time, batches []store.Batch) error {
	s.writes.Add(1)
	if s.running.Add(1) > 1 {
		panic("two writes at once")
	}
	defer s.running.Add(-1)
	s.wait()
	if err := s.fails.Load(); err != nil {
		return *err
	}
	refused := store.RefusedError{Groups: map[string]error{}}
	var others []store.Batch
	for _, b := range batches {
		if group := s.refuses.Load(); group != nil && *group == b.Group {
			refused.Groups[b.Group] = errors.New("key too large")
			s.refused.Add(1)
		} else {
			others = append(others, b)
		}
	}
	if err := s.Store.Commit(now, others); err != nil || len(refused.Groups) == 0 {
		return err
	}
	return &refused
}

func (s *sickStore) Read(name string, load func(*store.Group) error) (bool, error) {
	s.wait()
	return s.Store.Read(name, load)
}

func (s *sickStore) Close() error {
	s.closed.Store(true)
	return s.Store.Close()
}

// A bench is a committer with two parts, on a store that a test makes sick.
type bench struct {
	*commit.Committer

	t     *testing.T
	dir   string
	store *sickStore
	log   rig.Buffer
	parts []*commit.Part
	lists int
}

// virtually runs a test on a bench in virtual time.
func virtually(t *testing.T, test func(b *bench)) {
	t.Helper()
	rig.Virtually(t, func(t *testing.T) {
		b := &bench{t: t, dir: t.TempDir()}
		opened, err := store.Open(b.dir, store.Options{
			Logger: log.NewNopLogger(), Load: func([]*store.Group) error { return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		b.store = &sickStore{Store: opened}
		logger := log.NewLogfmtLogger(&b.log)
		b.Committer = commit.New(b.store, logger)
		for _, corp := range []string{"acme", "beta"} {
			inv := rig.Large(1, 1)
			inv.Track()
			inv.NumberChanges(b.Changes(), corp, time.Now())
			b.parts = append(b.parts, &commit.Part{Group: corp, Inventory: inv, Logger: log.With(logger, "corp", corp)})
			inv.MarkUnsaved()
		}
		test(b)
	})
}

// change has another recording listed for each part.
func (b *bench) change() {
	b.lists++
	for _, p := range b.parts {
		p.Inventory.Apply(rig.LargeListing(p.Inventory, b.lists, 1, wecom.StateCompleted))
	}
}

// commit commits, and returns how long that took.
func (b *bench) commit(ctx context.Context) time.Duration {
	start := time.Now()
	waited := b.Commit(ctx, start, b.parts)
	if took := time.Since(start); took != waited {
		b.t.Errorf("it took %s, and says that it waited %s", took, waited)
	}
	return waited
}

// stored returns how many recordings are stored of each part.
func (b *bench) stored() (numbers [2]int) {
	b.t.Helper()
	for i, p := range b.parts {
		inv, err := b.Load(p.Group)
		if err != nil {
			b.t.Fatal(err)
		}
		if inv != nil {
			numbers[i] = inv.Status().Recordings
		}
	}
	return numbers
}

// logs returns how many lines of the log hold a text.
func (b *bench) logs(text string) (n int) {
	for line := range strings.Lines(b.log.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

func (b *bench) close(ctx context.Context) {
	b.t.Helper()
	if err := b.Close(ctx); err != nil {
		b.t.Error(err)
	}
}

const (
	slow   = "writing the store takes more than 3s"
	inTime = "can be written in time again"
)

func TestSlowDisk(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		t := b.t
		b.store.delay.Store(int64(12 * time.Second))
		if got := b.commit(t.Context()); got != commit.Patience {
			t.Errorf("the first commit takes %s, want %s", got, commit.Patience)
		}
		// Nobody waits any more, and changes do not pile up as writes.
		for range 8 {
			b.change()
			if got := b.commit(t.Context()); got != 0 {
				t.Errorf("a commit behind it takes %s", got)
			}
			<-time.After(time.Second)
		}
		if n := b.store.writes.Load(); n != 1 || b.Status().Successful {
			t.Errorf("%d writes, status %+v", n, b.Status())
		}
		<-time.After(2 * time.Second)
		got := b.commit(t.Context())
		synctest.Wait()
		if got != 0 || b.store.writes.Load() != 2 || b.Status().Successful {
			t.Errorf("the next commit takes %s, %d writes, status %+v", got, b.store.writes.Load(), b.Status())
		}
		b.store.delay.Store(0)
		<-time.After(13 * time.Second)
		b.change()
		for range 2 {
			b.commit(t.Context())
			synctest.Wait()
		}
		if !b.Status().Successful || b.logs(slow) != 1 || b.logs(inTime) != 1 {
			t.Errorf("status %+v, log:\n%s", b.Status(), &b.log)
		}
		if got := b.stored(); got != [2]int{10, 10} {
			t.Errorf("%v recordings are stored, want 10 of each", got)
		}
		b.close(t.Context())
	})
}

// TestSlowWriteThatFails has what was not stored be stored later.
func TestSlowWriteThatFails(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		t := b.t
		b.store.delay.Store(int64(12 * time.Second))
		full := error(syscall.ENOSPC)
		b.store.fails.Store(&full)
		b.commit(t.Context())
		b.change()
		<-time.After(12 * time.Second)
		b.store.delay.Store(0)
		b.store.fails.Store(nil)
		b.commit(t.Context())
		synctest.Wait()
		b.commit(t.Context())
		if got := b.stored(); got != [2]int{2, 2} || !b.Status().Successful {
			t.Errorf("%v recordings are stored, want 2 of each; status %+v", got, b.Status())
		}
		b.close(t.Context())
	})
}

func TestEndOfWaiting(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		t := b.t
		b.store.delay.Store(int64(2 * time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got := b.commit(ctx); got != time.Second || b.logs(slow) != 0 {
			t.Errorf("it takes %s after the context has ended at 1 s; log:\n%s", got, &b.log)
		}
		b.change()
		start := time.Now()
		b.CommitLast(t.Context(), start, b.parts)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("the last commit takes %s, want the rest of the write before and its own", took)
		}
		b.close(t.Context())
	})
}

func TestEndWithAHangingDisk(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		t := b.t
		b.store.delay.Store(int64(12 * time.Second))
		b.commit(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), commit.Patience)
		defer cancel()
		start := time.Now()
		b.CommitLast(ctx, start, b.parts)
		if err := b.Close(ctx); !errors.Is(err, commit.ErrSlow) {
			t.Errorf("closing returns %v, want ErrSlow", err)
		}
		if took := time.Since(start); took != commit.Patience {
			t.Errorf("the end takes %s", took)
		}
		<-time.After(12 * time.Second)
		if !b.store.closed.Load() {
			t.Error("it is not closed when the disk has answered")
		}
	})
}

// TestLastCommitAfterDamage has the store made again at the end, even if nothing has changed.
func TestLastCommitAfterDamage(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		t := b.t
		b.commit(t.Context())
		path := filepath.Join(b.dir, "state.db")
		if err := os.Truncate(path, 8192); err != nil {
			t.Fatal(err)
		}
		b.CommitLast(t.Context(), time.Now(), b.parts)
		if got := b.stored(); got != [2]int{1, 1} {
			t.Errorf("%v recordings are stored, want one of each", got)
		}
		b.close(t.Context())
	})
}

// TestRefusedPart has what one corp holds be refused, which costs the other nothing.
func TestRefusedPart(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		t := b.t
		acme := "acme"
		b.store.refuses.Store(&acme)
		start := time.Now()
		for time.Since(start) < time.Minute {
			b.change()
			b.commit(t.Context())
			<-time.After(time.Second)
		}
		if got := b.stored(); got != [2]int{0, 61} || b.Status().Successful {
			t.Errorf("%v recordings are stored, want none and 61; status %+v", got, b.Status())
		}
		if n := b.store.refused.Load(); n != 5 { // at 0, 2, 6, 14 and 30 s
			t.Errorf("it is tried %d times", n)
		}
		if b.logs("this corp cannot be stored") != 1 || b.logs("corp=acme") != 1 || b.logs("corp=beta") != 0 {
			t.Errorf("log:\n%s", &b.log)
		}
		b.store.refuses.Store(nil)
		<-time.After(time.Minute)
		b.commit(t.Context())
		if got := b.stored(); got != [2]int{61, 61} || !b.Status().Successful || b.logs("stored again") != 1 {
			t.Errorf("%v recordings are stored, want 61 of each; status %+v; log:\n%s", got, b.Status(), &b.log)
		}
		b.close(t.Context())
	})
}

// TestCorpThatLeaves has a corp leave while the disk hangs, and another one return.
func TestCorpThatLeaves(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		t := b.t
		b.store.delay.Store(int64(12 * time.Second))
		b.commit(t.Context())
		b.change()
		all := b.parts
		for _, p := range all {
			b.Leave(p)
		}
		b.parts = nil
		inv, err := b.Load("beta")
		if err != nil || inv != all[1].Inventory {
			t.Errorf("the corp that returns has not what it had (%v)", err)
		}
		b.Return("beta")
		b.parts = []*commit.Part{{Group: "beta", Inventory: inv, Logger: log.NewNopLogger()}}
		<-time.After(12 * time.Second)
		b.store.delay.Store(0)
		for range 2 {
			b.commit(t.Context())
			synctest.Wait()
		}
		b.parts = all
		if inv, err = b.Load("acme"); err != nil || inv == all[0].Inventory {
			t.Errorf("the corp that left is kept though it is stored (%v)", err)
		}
		if got := b.stored(); got != [2]int{2, 2} {
			t.Errorf("%v recordings are stored, want 2 of each", got)
		}
		b.close(t.Context())
	})
}

func TestSlowRead(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		t := b.t
		b.commit(t.Context())
		b.store.delay.Store(int64(12 * time.Second))
		for _, want := range []time.Duration{commit.Patience, 0, 0} {
			start := time.Now()
			inv, err := b.Load("acme")
			if took := time.Since(start); took != want || inv != nil || !errors.Is(err, commit.ErrSlow) {
				t.Errorf("it returns %v and %v after %s, want ErrSlow after %s", inv, err, took, want)
			}
		}
		<-time.After(12 * time.Second)
		b.store.delay.Store(0)
		if inv, err := b.Load("acme"); err != nil || inv == nil {
			t.Errorf("it returns %v and %v", inv, err)
		}
		if inv, err := b.Load("unknown"); err != nil || inv != nil {
			t.Errorf("nothing is stored, and it returns %v and %v", inv, err)
		}
		b.close(t.Context())
	})
}

// TestSlowReadOfAPart has a reader of changes go on when the disk does not answer, and the next
// one wait for it no longer.
func TestSlowReadOfAPart(t *testing.T) {
	t.Parallel()
	virtually(t, func(b *bench) {
		t := b.t
		b.commit(t.Context())
		b.store.delay.Store(int64(12 * time.Second))
		var read atomic.Int64
		load := func(*store.Group) error {
			read.Add(1)
			return nil
		}
		for _, test := range []struct {
			client time.Duration // how long it waits
			took   time.Duration
			err    error
		}{
			{client: time.Minute, took: commit.Patience, err: commit.ErrSlow},
			{client: time.Second, took: time.Second, err: context.DeadlineExceeded},
			{client: time.Minute, took: commit.Patience, err: commit.ErrSlow},
		} {
			ctx, end := context.WithTimeout(t.Context(), test.client)
			start := time.Now()
			err := b.Read(ctx, "acme", load)
			if took := time.Since(start); took != test.took || !errors.Is(err, test.err) {
				t.Errorf("it returns %v after %s, want %v after %s", err, took, test.err, test.took)
			}
			end()
		}
		<-time.After(12 * time.Second)
		if n := read.Load(); n != 1 {
			t.Errorf("the group was read %d times, want once for the first call", n)
		}
		b.store.delay.Store(0)
		if err := b.Read(t.Context(), "acme", load); err != nil || read.Load() != 2 {
			t.Errorf("it returns %v when the disk answers", err)
		}
		b.close(t.Context())
	})
}

// TestNoStore has nothing be tracked or written.
func TestNoStore(t *testing.T) {
	t.Parallel()
	c := commit.New(store.InMemory(), log.NewNopLogger())
	part := &commit.Part{Group: "acme", Inventory: inventory.New(time.Hour, time.Now()), Logger: log.NewNopLogger()}
	c.Leave(part)
	if inv, err := c.Load("acme"); inv != nil || err != nil {
		t.Errorf("a corp that left is kept: %v, %v", inv, err)
	}
	c.Commit(t.Context(), time.Now(), []*commit.Part{part})
	c.CommitLast(t.Context(), time.Now(), []*commit.Part{part})
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

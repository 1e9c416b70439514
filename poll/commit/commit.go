// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package commit stores what has changed of the corps. Nobody waits for a slow disk: a write
// goes on in the background, one at a time, and what changes meanwhile is stored after it.
package commit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/backoff"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/changelog"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
)

// Patience is how long anybody waits for the disk. It leaves two of the 5 s in which the
// process must end, and of the 8 s in which a change is served enough for another publication.
const Patience = 3 * time.Second

// ErrSlow means that the disk takes longer than Patience.
var ErrSlow = errors.New("the disk of --storage.path takes more than 3s to respond")

// retryRange is how soon that of a corp which the store refused is tried again: each attempt
// encodes all that is not stored.
var retryRange = backoff.Range{First: 2 * time.Second, Max: time.Minute}

// A Part is what the store keeps of one corp.
type Part struct {
	Group     string
	Inventory *inventory.Inventory
	Logger    log.Logger

	refused backoff.Backoff
}

// A Committer writes parts to a store. Commit, CommitLast and Close must not be called at the
// same time; the other methods may be.
type Committer struct {
	store   store.Store
	logger  log.Logger
	changes changelog.Sequence
	pending *write        // nil: no write is under way
	reading chan struct{} // holds a value while a group is read whole
	paging  chan struct{} // holds a value while a part of a group is read

	mu      sync.Mutex
	slow    bool    // the last write took longer than Patience, or does so
	refused int     // parts that the store refused
	left    []*Part // of corps that are gone, and not stored yet
}

// New returns a committer to a store.
func New(s store.Store, logger log.Logger) *Committer {
	return &Committer{store: s, logger: logger, reading: make(chan struct{}, 1), paging: make(chan struct{}, 1)}
}

// Commit stores what has changed of the parts. It waits up to Patience, or until the context
// ends, and not at all for a disk that was slow the last time. It does nothing while the
// write before is under way. The time that it waited is returned.
func (c *Committer) Commit(ctx context.Context, now time.Time, parts []*Part) (waited time.Duration) {
	if !c.store.Keeps() || !c.settle(now) || !c.store.Due(now) {
		c.showAll(parts)
		return 0
	}
	if !c.begin(now, parts, false) {
		c.showRefused(parts)
		return 0
	}
	if c.isSlow() {
		c.showAll(parts)
		return 0
	}
	start := time.Now()
	if wait(ctx, c.pending, Patience) {
		c.settle(now)
		c.showRefused(parts)
	} else if ctx.Err() == nil {
		c.noteSlow()
		c.showAll(parts)
	}
	return time.Since(start)
}

// Changes returns the sequence that numbers the changes of all corps. It shows those that are
// stored, and those that stay in memory because the store cannot be written now.
func (c *Committer) Changes() *changelog.Sequence { return &c.changes }

// Read calls load with what is stored of a group. It waits up to Patience, or until the context
// ends. After an error load may still be called: when the disk answers.
func (c *Committer) Read(ctx context.Context, group string, load func(*store.Group) error) error {
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	done := make(chan error, 1)
	select {
	case c.paging <- struct{}{}:
		go func() {
			_, err := c.store.Read(group, load)
			<-c.paging
			done <- err
		}()
	case <-timer.C: // The disk still owes an answer to an earlier call.
		return ErrSlow
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return ErrSlow
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// showAll shows all changes that were noticed, though they are not stored.
func (c *Committer) showAll(parts []*Part) {
	for _, p := range parts {
		p.Inventory.GiveNumbers()
	}
	c.changes.Show(c.changes.Last())
}

// showRefused shows the changes of parts that the store refuses: they stay in memory alone. No
// write is under way.
func (c *Committer) showRefused(parts []*Part) {
	refused := slices.DeleteFunc(slices.Clone(parts), func(p *Part) bool { return !p.refused.Failing() })
	if len(refused) > 0 {
		c.showAll(refused)
	}
}

// CommitLast stores what has changed of the parts until the context ends: also after a write
// that failed. It reads the store first, and makes it again if it was damaged.
func (c *Committer) CommitLast(ctx context.Context, now time.Time, parts []*Part) {
	if !c.store.Keeps() {
		c.showAll(parts)
		return
	}
	if !wait(ctx, c.pending, Patience) {
		return
	}
	c.settle(now)
	c.begin(now, parts, true)
	if wait(ctx, c.pending, Patience) {
		c.settle(now)
	}
}

// A write is one commit. Its goroutine ends with it.
type write struct {
	parts   []*Part // all that there were
	left    []*Part // those of them whose corps were gone already, so that nothing changes any more
	taken   []taken
	batches []store.Batch
	done    chan struct{}

	// To be read when done is closed.
	took   time.Duration
	newest uint32 // the number of the newest change that is in it
	err    error
}

// A taken is what a write holds of a part.
type taken struct {
	part  *Part
	batch *inventory.Batch
}

// wait waits for a write, if there is one, and reports whether it has ended.
func wait(ctx context.Context, w *write, limit time.Duration) bool {
	if w == nil {
		return true
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-w.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// begin starts a write of what has changed, if anything has, and reports whether it did.
func (c *Committer) begin(now time.Time, parts []*Part, last bool) bool {
	c.mu.Lock()
	left := slices.Clone(c.left)
	c.mu.Unlock()
	w := &write{parts: slices.Concat(parts, left), left: left, done: make(chan struct{})}
	for _, p := range w.parts {
		if last || !now.Before(p.refused.Until()) {
			w.take(p)
		}
	}
	if len(w.batches) == 0 && !last {
		return false
	}
	w.newest = c.changes.Last()
	c.pending = w
	go func() {
		defer close(w.done)
		start := time.Now()
		w.run(c, now, last)
		w.took = time.Since(start)
	}()
	return true
}

// take takes what has changed of a part.
func (w *write) take(p *Part) {
	batch, changed, err := p.Inventory.TakeBatch(p.Group)
	if err != nil {
		level.Error(p.Logger).Log("msg", "the state cannot be stored", "err", err)
	}
	if changed {
		w.taken, w.batches = append(w.taken, taken{p, batch}), append(w.batches, batch.Batch)
	}
}

// run writes the batches. If something else has changed the store, everything is written.
func (w *write) run(c *Committer, now time.Time, last bool) {
	if last {
		w.err = c.store.Verify()
	}
	if w.err == nil {
		w.err = c.store.Commit(now, w.batches)
	}
	if errors.Is(w.err, store.ErrLost) {
		w.taken, w.batches = nil, nil
		for _, p := range w.parts {
			if lost := p.Inventory.MarkUnsaved(); lost > 0 {
				level.Error(p.Logger).Log("msg", "the list of changes was lost with the store and starts over; counters carry "+
					"on", "lost_changes", lost,
					"remedy", "leave the store file alone while the exporter is running",
					"remedy_zh", "exporter 运行期间请勿改动状态文件")
			}
			w.take(p)
		}
		w.newest = c.changes.Last()
		w.err = c.store.Rebuild(now, w.batches)
	}
	w.batches = nil // to save memory
}

// settle takes in the result of the write that was begun last, and reports whether none is
// under way any more. What was not stored is put back, to be stored later.
func (c *Committer) settle(now time.Time) bool {
	w := c.pending
	if w == nil {
		return true
	}
	select {
	case <-w.done:
	default:
		return false
	}
	c.pending = nil
	refused, isRefused := errors.AsType[*store.RefusedError](w.err)
	for _, t := range w.taken {
		err := w.err // The store has logged it.
		if isRefused {
			err = refused.Groups[t.part.Group]
		}
		if err != nil {
			t.batch.PutBack()
		} else {
			t.batch.Release()
		}
		if err == nil || isRefused {
			t.part.noteRefused(now, err)
		}
	}
	c.changes.Show(w.newest)
	c.noteEnd(w, w.err == nil || isRefused)
	return true
}

// noteRefused notes whether the store refused a part, while others were stored.
func (p *Part) noteRefused(now time.Time, err error) {
	was := p.refused.Failing()
	switch {
	case err == nil && was:
		p.refused.Reset()
		level.Info(p.Logger).Log("msg", "the state of this corp can be stored again")
	case err != nil:
		p.refused.Fail(now, retryRange)
		if !was {
			level.Error(p.Logger).Log("msg", "the state of this corp cannot be stored; keeping it in memory and trying "+
				"again; other corps are stored", "err", err,
				"remedy", "please report this line, with the names removed; new counts of this corp are lost when the process "+
					"exits",
				"remedy_zh", "请去掉其中的名称，反馈这行日志；进程退出后，该企业这段时间的计数会丢失")
		}
	}
}

// noteEnd notes the end of a write.
func (c *Committer) noteEnd(w *write, stored bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = slices.DeleteFunc(c.left, func(p *Part) bool {
		return stored && !p.refused.Failing() && slices.Contains(w.left, p)
	})
	c.refused = 0
	for _, p := range w.parts {
		if p.refused.Failing() {
			c.refused++
		}
	}
	if c.slow && stored && w.took <= Patience {
		c.slow = false
		level.Info(c.logger).Log("msg", "the store can be written in time again")
	}
}

// noteSlow notes that a write takes longer than Patience.
func (c *Committer) noteSlow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slow = true
	level.Error(c.logger).Log("msg", "writing the store takes more than 3s; continuing in memory and writing in the "+
		"background",
		"remedy", "check whether the disk is overloaded or broken, or name a directory on another disk with --storage.path",
		"remedy_zh", "请检查磁盘是否过载或损坏，或用 --storage.path 指定其他磁盘上的目录")
}

func (c *Committer) isSlow() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slow
}

// Status returns how the last write went. One that takes longer than Patience has failed so
// far, and so has one of which a part was refused.
func (c *Committer) Status() store.Status {
	status := c.store.Status()
	c.mu.Lock()
	defer c.mu.Unlock()
	status.Successful = status.Successful && !c.slow && c.refused == 0
	return status
}

// Leave keeps the part of a corp that was removed until it is stored.
func (c *Committer) Leave(p *Part) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.store.Keeps() {
		c.left = append(c.left, p)
	}
}

// Return stops keeping the part of a group: its corp is configured again.
func (c *Committer) Return(group string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = slices.DeleteFunc(c.left, func(p *Part) bool { return p.Group == group })
}

// Load returns the inventory of a group; nil if nothing was stored of it. It returns ErrSlow
// if the disk takes too long.
func (c *Committer) Load(group string) (*inventory.Inventory, error) {
	c.mu.Lock()
	for _, p := range c.left {
		if p.Group == group {
			c.mu.Unlock()
			return p.Inventory, nil
		}
	}
	c.mu.Unlock()
	select {
	case c.reading <- struct{}{}:
	default: // The disk still owes an answer to an earlier call.
		return nil, ErrSlow
	}
	type result struct {
		inventory *inventory.Inventory
		err       error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		_, r.err = c.store.Read(group, func(g *store.Group) (err error) {
			r.inventory, err = inventory.Load(g)
			return err
		})
		<-c.reading
		done <- r
	}()
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.inventory, r.err
	case <-timer.C:
		return nil, ErrSlow
	}
}

// Close closes the store. It returns ErrSlow if that has not happened when the context ends,
// which happens then when the disk answers.
func (c *Committer) Close(ctx context.Context) error {
	pending := c.pending
	closed := make(chan error, 1)
	go func() {
		if pending != nil {
			<-pending.done
		}
		closed <- c.store.Close()
	}()
	select {
	case err := <-closed:
		return err
	case <-ctx.Done():
		return ErrSlow
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package rules keeps the policy of a corp's inventory that of the configuration and of the
// accepted file, which it reads again when it changes.
package rules

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/accepted"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/reread"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
)

const (
	checkInterval = time.Second // between two checks of the file
	shownIDs      = 3           // in a log line
)

// Rules keep the policy of one corp.
type Rules struct {
	inventory *inventory.Inventory
	now       func() time.Time // by the clock that decides for the corp
	logger    log.Logger
	wake      chan struct{} // holds one value if the configuration has changed

	mu      sync.Mutex
	config  config.Policy
	shard   config.Shard
	changed bool // the configuration has changed since the last update

	// What follows is for New and then Run alone.
	file      *reread.File[[]accepted.Entry] // nil: there is none
	policy    *policy.Policy
	unchecked bool                 // unmatched is that of an earlier policy
	unmatched []string             // the IDs that match nothing, as they were reported
	ended     map[string]time.Time // last days of the acceptances that were reported to have ended
	nextEnd   time.Time            // when to look for ended ones again; zero: never
}

// New returns the rules of a corp, and gives its inventory the policy of the configuration,
// without reading the file.
func New(
	inv *inventory.Inventory, c config.Policy, shard config.Shard, now func() time.Time, logger log.Logger,
) *Rules {
	r := &Rules{
		inventory: inv,
		now:       now,
		logger:    logger,
		wake:      make(chan struct{}, 1),
		config:    c,
		shard:     shard,
		changed:   true,
		policy:    &policy.Policy{},
	}
	r.update()
	return r
}

// ApplyConfig replaces the configuration, which has the content of the file too.
func (r *Rules) ApplyConfig(c config.Policy, shard config.Shard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.config, r.shard, r.changed = c, shard, true
	select {
	case r.wake <- struct{}{}:
	default: // It is about to wake up.
	}
}

// Run keeps the policy up to date until the context ends.
func (r *Rules) Run(ctx context.Context) {
	ticker := time.NewTicker(checkInterval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		r.update()
		r.report(ctx)
		select {
		case <-ticker.C:
		case <-r.wake:
		case <-ctx.Done():
		}
	}
}

// update reads the file if it has changed, and gives the inventory the policy.
func (r *Rules) update() {
	r.mu.Lock()
	c, changed := r.config, r.changed
	r.changed = false
	r.mu.Unlock()
	switch {
	case changed:
		r.file = nil
		if c.AcceptedFile != "" {
			r.file = reread.New(c.AcceptedFile, config.ReadAcceptedFile)
			r.file.Content = c.Accepted
		}
	case r.file == nil || !r.refresh(c.AcceptedFile):
		return
	}
	entries := c.Accepted
	if r.file != nil {
		entries = r.file.Content
	}
	p := &policy.Policy{Retention: c.Retention, Accepted: acceptances(entries)}
	if p.Equal(r.policy) {
		return
	}
	r.policy, r.unchecked = p, true
	r.nextEnd = r.now()
	maps.DeleteFunc(r.ended, func(id string, _ time.Time) bool { return p.Accepted[id] == nil })
	r.inventory.SetPolicy(p)
}

// refresh reads the file if it has changed, and logs what is new about it. It reports whether the
// file was read.
func (r *Rules) refresh(path string) bool {
	had := len(r.file.Content)
	found := r.file.Check(false)
	if found.Err != nil {
		level.Warn(r.logger).Log("msg", "the accepted file cannot be used; its last entries are kept",
			"file", path, "err", found.Err, "remedy", "correct the file; it is read again within seconds",
			"remedy_zh", "请更正该文件；更正后数秒内自动重读")
	}
	if found.Recovered {
		level.Info(r.logger).Log("msg", "the accepted file can be used again", "file", path)
	}
	if had > 0 && len(r.file.Content) == 0 {
		level.Warn(r.logger).Log("msg", "the accepted file no longer accepts anything", "file", path, "entries_before", had)
	}
	return found.Read
}

// acceptances returns the entries by ID; nil if they are nil, which is no rule.
func acceptances(entries []accepted.Entry) map[string]*policy.Acceptance {
	if entries == nil {
		return nil
	}
	all := make(map[string]*policy.Acceptance, len(entries))
	for _, e := range entries {
		all[e.ID] = &policy.Acceptance{Reason: e.Reason, Until: e.Until}
	}
	return all
}

// report logs, once each, which acceptances have ended and which IDs match nothing.
func (r *Rules) report(ctx context.Context) {
	r.reportEnded()
	r.mu.Lock()
	isWhole := r.shard.Total <= 1
	r.mu.Unlock()
	// What a shard does not hold, another may.
	if r.unchecked && isWhole && r.inventory.Status().Ready {
		r.reportUnmatched(ctx)
	}
}

func (r *Rules) reportEnded() {
	now := r.now()
	if r.nextEnd.IsZero() || now.Before(r.nextEnd) {
		return
	}
	r.nextEnd = time.Time{}
	var ended []string
	for _, id := range slices.Sorted(maps.Keys(r.policy.Accepted)) {
		a := r.policy.Accepted[id]
		if a.IsInForce(now) {
			if end := a.Ends(); !end.IsZero() && (r.nextEnd.IsZero() || end.Before(r.nextEnd)) {
				r.nextEnd = end
			}
			continue
		}
		if last, reported := r.ended[id]; reported && last.Equal(a.Until) {
			continue
		}
		if r.ended == nil {
			r.ended = map[string]time.Time{}
		}
		r.ended[id] = a.Until
		ended = append(ended, id+" ("+a.Date()+")")
	}
	if len(ended) > 0 {
		level.Info(r.logger).Log("msg", "acceptances have ended; files that are still open to anyone count as exposed again",
			"ids", len(ended), "first", first(ended))
	}
}

func (r *Rules) reportUnmatched(ctx context.Context) {
	ids, err := r.inventory.Unmatched(ctx, r.now())
	if err != nil {
		return // The corp is being stopped.
	}
	r.unchecked = false
	added := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		_, known := slices.BinarySearch(r.unmatched, id)
		return known
	})
	r.unmatched = ids
	if len(added) > 0 {
		level.Warn(r.logger).Log("msg", "the accepted file has IDs that match no known recording or file",
			"ids", len(added), "first", first(added),
			"remedy", "correct the IDs, or remove IDs of recordings that were deleted or have left the lookback",
			"remedy_zh", "请更正这些 ID；录制已删除或已超出回溯期的，请移除")
	}
}

// first returns the first IDs of many.
func first(ids []string) string { return strings.Join(ids[:min(len(ids), shownIDs)], "; ") }

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"strings"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	// startsOverlap is how far consecutive spans overlap, since WeCom may list a meeting
	// late.
	startsOverlap = 10 * time.Minute
	// historyRetry is how long to wait if older spans cannot be read.
	historyRetry = 15 * time.Minute
)

// activity is who started meetings within the lookback. The newest span is read first,
// then older ones back to the start of the lookback.
type activity struct {
	starts     map[string]wecom.Start // the latest of each user, by user ID in lower case
	newest     time.Time              // the end of the newest span that was read; zero: none was
	oldest     time.Time              // the start of the oldest one; zero: none was read
	historyDue time.Time              // not before then are older spans read; zero: never tried
}

func (a *activity) isFound() bool { return !a.historyDue.IsZero() }

// findActivity reads who started meetings since it was last called, and before what was
// read first, as far back as the lookback reaches.
func (d *Discovery) findActivity(ctx context.Context) error {
	knewClock := d.client.KnowsClock()
	now := d.client.Now().Truncate(time.Second)
	d.mu.Lock()
	span := wecom.Window{Start: d.activity.newest.Add(-startsOverlap), End: now}
	lookback := d.settings.lookback
	d.mu.Unlock()
	if oldest := now.Add(-min(lookback, wecom.MaxActivity)); span.Start.Before(oldest) {
		span.Start = oldest
	}
	starts, oversized, err := d.client.Starts(ctx, span)
	if !knewClock && d.client.Correction() != 0 && ctx.Err() == nil {
		return d.findActivity(ctx)
	}
	if err != nil {
		return err
	}
	d.logOversized("activity", oversized)
	d.addStarts(starts, span)
	d.findHistory(ctx, now)
	return nil
}

// findHistory reads older spans. If that fails, newer ones are read all the same, and
// the older ones again after a while.
func (d *Discovery) findHistory(ctx context.Context, now time.Time) {
	for span, due := d.unread(now); due; span, due = d.unread(now) {
		starts, oversized, err := d.client.Starts(ctx, span)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			level.Warn(d.logger).Log("msg", "cannot list who started meetings that long ago; "+
				"users without later meetings are not found", "before", span.End.UTC().Format(time.RFC3339), "err", err,
				"remedy", "if it persists, name these users as targets",
				"remedy_zh", "如果持续出现，请将这些成员直接配置为目标")
			d.historyTried(now.Add(historyRetry))
			return
		}
		d.logOversized("activity", oversized)
		d.addStarts(starts, span)
	}
	d.historyTried(now)
}

// unread returns the next older span to read, and whether that is due.
func (d *Discovery) unread(now time.Time) (span wecom.Window, due bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	span = wecom.Window{Start: now.Add(-d.settings.lookback), End: d.activity.oldest}
	if oldest := span.End.Add(-wecom.MaxActivity); span.Start.Before(oldest) {
		span.Start = oldest
	}
	return span, span.End.After(span.Start) && !now.Before(d.activity.historyDue)
}

// historyTried notes that older spans were read or tried, and when they are due again.
func (d *Discovery) historyTried(due time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.settings.targets.DiscoverActivity {
		return
	}
	if !d.activity.isFound() {
		d.version++
	}
	if due.After(d.activity.historyDue) {
		d.activity.historyDue = due
	}
}

// addStarts takes in who started meetings in a span.
func (d *Discovery) addStarts(starts []wecom.Start, span wecom.Window) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.settings.targets.DiscoverActivity {
		return // It was switched off meanwhile.
	}
	a := &d.activity
	if a.starts == nil {
		a.starts = map[string]wecom.Start{}
	}
	if span.End.After(a.newest) {
		a.newest = span.End
	}
	if a.oldest.IsZero() || span.Start.Before(a.oldest) {
		a.oldest = span.Start
	}
	for _, s := range starts {
		key := strings.ToLower(s.UserID)
		if known, ok := a.starts[key]; !ok || s.At.After(known.At) {
			a.starts[key] = s
			d.version++
		}
	}
	for key, s := range a.starts {
		if s.At.Before(a.newest.Add(-d.settings.lookback)) {
			delete(a.starts, key)
			d.version++
		}
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	membersInterval = time.Hour
	// How soon a discovery that failed is tried again.
	firstDiscoveryRetry   = time.Minute
	longestDiscoveryRetry = 15 * time.Minute
	lookBackRetry         = 15 * time.Minute

	// How far looks at who started meetings overlap, since WeCom may tell of a
	// meeting late.
	startsOverlap = 10 * time.Minute

	discoverMembers  = "members"
	discoverActivity = "activity"
)

// A discovery finds users to ask for. It is safe for concurrent use.
type discovery struct {
	client   *wecom.Client
	agentID  int64
	wanted   config.Targets
	lookback time.Duration
	interval time.Duration // between looks at who started meetings
	outage   func() bool   // tells whether the corp waits for the end of one
	logger   log.Logger

	mu          sync.Mutex
	members     []string
	membersRead time.Time              // zero: never
	starts      map[string]wecom.Start // the latest of each user, by folded ID
	looked      time.Time              // until when meetings were looked for; zero: never
	reached     time.Time              // from when on they were; zero: never
	lookBackDue time.Time              // not before is it tried to reach the lookback; zero: it never was
	version     uint64                 // grows when any of these change
}

func newDiscovery(client *wecom.Client, c config.Corp, poll config.Poll, outage func() bool, logger log.Logger) *discovery {
	return &discovery{
		client: client, agentID: c.AgentID, wanted: c.Targets, lookback: poll.Lookback, interval: poll.Interval,
		outage: outage, logger: logger, starts: map[string]wecom.Start{},
	}
}

// run keeps the discovery up to date until the context ends.
func (d *discovery) run(ctx context.Context) {
	var running sync.WaitGroup
	if d.wanted.DiscoverMembers {
		running.Go(func() { d.repeat(ctx, discoverMembers, membersInterval, d.findMembers) })
	}
	if d.wanted.DiscoverActivity {
		running.Go(func() { d.repeat(ctx, discoverActivity, d.interval, d.findStarts) })
	}
	running.Wait()
}

// repeat calls find at an interval, and after a failure as soon or as late as a poll
// is tried again. While there is an outage it waits as long as it can: a target that
// would end the outage may be yet to be found. What was found before stays.
func (d *discovery) repeat(ctx context.Context, what string, interval time.Duration, find func(context.Context) error) {
	logger := log.With(d.logger, "discover", what)
	lastErr := ""
	retry := time.Duration(0)
	for {
		for waited := time.Duration(0); d.outage() && waited < longestDiscoveryRetry; waited += secretCheckInterval {
			if !d.sleep(ctx, secretCheckInterval, false) {
				return
			}
		}
		err := find(ctx)
		wait := interval
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			retry = min(max(2*retry, firstDiscoveryRetry), longestDiscoveryRetry)
			wait = retry
			if err.Error() != lastErr {
				lastErr = err.Error()
				level.Error(logger).Log("msg", "cannot find targets; those found before stay", "err", err,
					"remedy", wecom.Remedy(err, wecom.English), "remedy_zh", wecom.Remedy(err, wecom.Chinese))
			}
		default:
			if lastErr != "" {
				level.Info(logger).Log("msg", "targets are found again")
			}
			lastErr, retry = "", 0
		}
		if !d.sleep(ctx, wait, err != nil) {
			return
		}
	}
}

// sleep waits, and tells whether the context goes on. After a failure it wakes
// early if there is another secret.
func (d *discovery) sleep(ctx context.Context, wait time.Duration, failed bool) bool {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	check := time.NewTicker(secretCheckInterval)
	defer check.Stop()
	if !failed {
		check.Stop()
	}
	for {
		select {
		case <-check.C:
			if d.client.SecretChanged() {
				return true
			}
		case <-deadline.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

func (d *discovery) findMembers(ctx context.Context) error {
	members, err := d.client.Members(ctx, d.agentID)
	if err != nil {
		return err
	}
	for _, refused := range members.Refused {
		level.Warn(d.logger).Log("msg", "some of the visible scope cannot be read; the rest is used", "err", refused,
			"remedy", wecom.Remedy(refused, wecom.English), "remedy_zh", wecom.Remedy(refused, wecom.Chinese))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.membersRead.IsZero() || len(d.members) != len(members.UserIDs) {
		level.Info(d.logger).Log("msg", "found the members in the app's visible scope", "members", len(members.UserIDs))
	}
	d.members, d.membersRead = members.UserIDs, time.Now()
	d.version++
	return nil
}

func (d *discovery) findStarts(ctx context.Context) error {
	now := time.Now().Truncate(time.Second)
	d.mu.Lock()
	span := wecom.Window{Start: d.looked.Add(-startsOverlap), End: now}
	d.mu.Unlock()
	if oldest := now.Add(-min(d.lookback, wecom.MaxActivity)); span.Start.Before(oldest) {
		span.Start = oldest
	}
	starts, err := d.client.Starts(ctx, span)
	if err != nil {
		return err
	}
	d.note(starts, span)
	d.lookBack(ctx, now)
	return nil
}

// lookBack finds who started meetings within the lookback, but before the time that
// was looked at already. Where that fails, what is known of later ones goes on, and
// it is tried again some time later.
func (d *discovery) lookBack(ctx context.Context, now time.Time) {
	for span, due := d.unseen(now); due; span, due = d.unseen(now) {
		starts, err := d.client.Starts(ctx, span)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			level.Warn(d.logger).Log("msg", "it is not known who started meetings that long ago; who did not later is not found",
				"before", span.End.UTC().Format(time.RFC3339), "err", err, "remedy", "if it stays so, name these users as targets",
				"remedy_zh", "若持续出现，请将这些成员直接配置为目标")
			d.lookedBack(now.Add(lookBackRetry))
			return
		}
		d.note(starts, span)
	}
	d.lookedBack(now)
}

// unseen returns the next span to look back at, if there is one and it is time.
func (d *discovery) unseen(now time.Time) (span wecom.Window, due bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	span = wecom.Window{Start: now.Add(-d.lookback), End: d.reached}
	if oldest := span.End.Add(-wecom.MaxActivity); span.Start.Before(oldest) {
		span.Start = oldest
	}
	return span, span.End.After(span.Start) && !now.Before(d.lookBackDue)
}

// lookedBack notes that it was tried to reach the lookback, which need not be tried
// again before the given time.
func (d *discovery) lookedBack(due time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lookBackDue.IsZero() {
		d.version++
	}
	if due.After(d.lookBackDue) {
		d.lookBackDue = due
	}
}

// note takes in who started meetings in a span.
func (d *discovery) note(starts []wecom.Start, span wecom.Window) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if span.End.After(d.looked) {
		d.looked = span.End
	}
	if d.reached.IsZero() || span.Start.Before(d.reached) {
		d.reached = span.Start
	}
	for _, s := range starts {
		key := strings.ToLower(s.UserID)
		if known, ok := d.starts[key]; !ok || s.At.After(known.At) {
			d.starts[key] = s
			d.version++
		}
	}
	for key, s := range d.starts {
		if s.At.Before(d.looked.Add(-d.lookback)) {
			delete(d.starts, key)
			d.version++
		}
	}
}

// current returns the version of what was found.
func (d *discovery) current() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.version
}

// found returns the users to ask for, and when each last started a meeting, by
// folded ID. Who has left the visible scope is not among them, but who started a
// meeting since that was last looked at is.
func (d *discovery) found() (userIDs []string, starts map[string]time.Time, version uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	userIDs = slices.Clone(d.members)
	starts = make(map[string]time.Time, len(d.starts))
	for _, s := range slices.SortedFunc(maps.Values(d.starts), func(a, b wecom.Start) int { return cmp.Compare(a.UserID, b.UserID) }) {
		starts[strings.ToLower(s.UserID)] = s.At
		if !d.wanted.DiscoverMembers || s.At.After(d.membersRead) {
			userIDs = append(userIDs, s.UserID)
		}
	}
	return userIDs, starts, d.version
}

// complete tells whether everything was found at least once.
func (d *discovery) complete() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return (!d.wanted.DiscoverMembers || !d.membersRead.IsZero()) && (!d.wanted.DiscoverActivity || !d.lookBackDue.IsZero())
}

// inherit takes over what another discovery of the same app found.
func (d *discovery) inherit(old *discovery) {
	old.mu.Lock()
	defer old.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.wanted.DiscoverMembers && d.agentID == old.agentID {
		d.members, d.membersRead = old.members, old.membersRead
	}
	if d.wanted.DiscoverActivity {
		d.starts, d.looked, d.reached, d.lookBackDue = maps.Clone(old.starts), old.looked, old.reached, old.lookBackDue
	}
	d.version++
}

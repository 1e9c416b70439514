// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package discovery knows whom to poll: targets that the configuration names, those in
// target files, members that the app may see, and people who started a meeting recently.
package discovery

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Discovery knows whom to poll for one corp. Its methods may be called from several
// goroutines, but for Update, which one goroutine calls.
type Discovery struct {
	client *wecom.Client
	events Events
	logger log.Logger
	files  *files

	membersFinder, activityFinder *finder
	returned                      uint64 // the version that Update returned last

	mu       sync.Mutex
	settings settings
	version  uint64 // grows with every change of what Update returns
	reread   bool   // files are read again, whether they have changed or not
	members  members
	activity activity
	// departments are those of the members. They stay until members are discovered as it is
	// configured now.
	departments *Departments
	// carried are users that were targets before a restart or under another
	// configuration. They stay until the discovery has succeeded as it is configured now.
	carried []string
}

// settings are what the configuration says of the discovery.
type settings struct {
	targets  config.Targets
	agentID  int64
	lookback time.Duration
	interval time.Duration // of finding out who started meetings
	// departments are names for departments.
	departments map[int64]string
}

func settingsOf(c config.Corp, poll config.Poll) settings {
	return settings{
		targets:     c.Targets,
		agentID:     c.AgentID,
		lookback:    poll.Lookback,
		interval:    poll.Interval,
		departments: c.Departments,
	}
}

// Events are what a discovery has to do with the corp that it is for.
type Events struct {
	// HasOutage reports whether calls are pointless now, because the corp waits for the end
	// of an outage.
	HasOutage func() bool
	// Tried is called after each attempt to discover users; nil is a success.
	Tried func(err error)
}

// New returns a discovery.
func New(client *wecom.Client, c config.Corp, poll config.Poll, events Events, logger log.Logger) *Discovery {
	d := &Discovery{
		client:   client,
		events:   events,
		logger:   logger,
		files:    newFiles(logger),
		settings: settingsOf(c, poll),
		version:  1,
	}
	d.membersFinder = newFinder("members", d.findMembers, func(s *settings) (time.Duration, bool) {
		return membersInterval, s.targets.DiscoverMembers
	})
	d.activityFinder = newFinder("activity", d.findActivity, func(s *settings) (time.Duration, bool) {
		return s.interval, s.targets.DiscoverActivity
	})
	return d
}

// Run keeps the discovery up to date until the context ends.
func (d *Discovery) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { d.repeat(ctx, d.membersFinder) })
	running.Go(func() { d.repeat(ctx, d.activityFinder) })
	running.Wait()
}

// ApplyConfig goes on with another configuration. Users that were discovered stay until
// the discovery has succeeded as it is configured now, if it is still wanted at all.
func (d *Discovery) ApplyConfig(c config.Corp, poll config.Poll) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before, was, now := d.users(), d.settings, settingsOf(c, poll)
	d.settings, d.reread = now, true
	d.version++
	if !now.targets.DiscoverMembers || now.agentID != was.agentID {
		d.members = members{}
		d.membersFinder.tried.Store(false)
	}
	if !now.targets.DiscoverMembers {
		d.departments = nil
	} else if d.departments != nil {
		d.setDepartments(d.departments.ids)
	}
	if !now.targets.DiscoverActivity {
		d.activity = activity{}
		d.activityFinder.tried.Store(false)
	}
	d.carried = nil
	if !d.knowsWhoLeft() {
		d.carried = before
	}
	if now.targets.DiscoverMembers != was.targets.DiscoverMembers || now.agentID != was.agentID {
		d.membersFinder.wakeUp()
	}
	if now.targets.DiscoverActivity != was.targets.DiscoverActivity || now.interval != was.interval ||
		now.lookback > was.lookback {
		d.activityFinder.wakeUp()
	}
}

// Retry has what failed last tried again now, because calls take another way to WeCom.
func (d *Discovery) Retry() {
	for _, f := range []*finder{d.membersFinder, d.activityFinder} {
		if f.failing.Load() {
			f.wakeUp()
		}
	}
}

// Restore has users stay targets until the discovery has succeeded, as they were targets
// before a restart. Oversized IDs, as an earlier version may have kept, are left out.
func (d *Discovery) Restore(userIDs []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range userIDs {
		if len(id) <= wecom.MaxUserIDBytes {
			d.carried = append(d.carried, id)
		}
	}
	d.version++
}

// Found is whom to poll.
type Found struct {
	Targets []wecom.Target // each once; user IDs that differ in case alone are the same
	// Starts holds when users last started a meeting, by user ID in lower case.
	Starts map[string]time.Time
}

// Update reads the target files that have changed, and returns whom to poll and whether
// that may have changed since the last call.
func (d *Discovery) Update() (f Found, changed bool) {
	for {
		// What is found is taken first, so that files are read for the same configuration.
		d.mu.Lock()
		targets, version, reread := d.settings.targets, d.version, d.reread
		d.reread = false
		var users []string
		if changed = changed || version != d.returned; changed {
			users, f.Starts = d.users(), d.startTimes()
		}
		d.mu.Unlock()
		filesChanged := d.files.refresh(targets, reread)
		if changed {
			d.returned = version
			f.Targets = d.files.merge(targets, users)
			return f, true
		}
		if changed = filesChanged; !changed {
			return Found{}, false
		}
	}
}

// startTimes returns when users last started a meeting, by user ID in lower case. The lock is
// held.
func (d *Discovery) startTimes() map[string]time.Time {
	times := make(map[string]time.Time, len(d.activity.starts))
	for key, s := range d.activity.starts {
		times[key] = s.At
	}
	return times
}

// Complete reports whether everything that is to be discovered was found at least once.
func (d *Discovery) Complete() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.complete()
}

func (d *Discovery) complete() bool {
	wanted := &d.settings.targets
	return (!wanted.DiscoverMembers || d.members.isFound()) && (!wanted.DiscoverActivity || d.activity.isFound())
}

// knowsWhoLeft reports whether a user who was not found is no target any more. The lock is
// held.
func (d *Discovery) knowsWhoLeft() bool { return d.complete() && !d.members.partial }

// Tried reports whether everything that is to be discovered was tried at least once, with
// success or without.
func (d *Discovery) Tried() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	wanted := &d.settings.targets
	return (!wanted.DiscoverMembers || d.membersFinder.tried.Load()) &&
		(!wanted.DiscoverActivity || d.activityFinder.tried.Load())
}

// Failing reports whether the last attempt of a discovery failed.
func (d *Discovery) Failing() bool {
	return d.membersFinder.failing.Load() || d.activityFinder.failing.Load()
}

// KnowsActivity reports whether users who start meetings are found: activity is discovered, and
// its last attempt did not fail, or the last success is not long ago. Before the first attempt
// it is taken to succeed.
func (d *Discovery) KnowsActivity() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !d.settings.targets.DiscoverActivity:
		return false
	case !d.activityFinder.failing.Load():
		return true
	default:
		return d.client.Now().Sub(d.activity.newest) <= 2*d.settings.interval
	}
}

// Known reports whether it is known whom to poll: from before, or from the discovery, if
// everything was tried and anything was found.
func (d *Discovery) Known() bool {
	tried := d.Tried()
	d.mu.Lock()
	defer d.mu.Unlock()
	anyFound := d.members.isFound() || d.activity.isFound()
	return len(d.carried) > 0 || d.complete() || tried && anyFound
}

// users returns the users to poll: those in the visible scope, and those who started a
// meeting after it was read. Users who have left the scope are not polled. The lock is held.
func (d *Discovery) users() []string {
	userIDs := slices.Clone(d.members.userIDs)
	starts := slices.SortedFunc(maps.Values(d.activity.starts), func(a, b wecom.Start) int {
		return cmp.Compare(a.UserID, b.UserID)
	})
	for _, s := range starts {
		if !d.settings.targets.DiscoverMembers || s.At.After(d.members.found) {
			userIDs = append(userIDs, s.UserID)
		}
	}
	if !d.knowsWhoLeft() {
		userIDs = append(userIDs, d.carried...)
	}
	return userIDs
}

// A targetList collects targets, each once.
type targetList struct {
	targets []wecom.Target
	known   map[wecom.Target]bool
}

func (l *targetList) add(selector wecom.Selector, ids []string) {
	if l.known == nil {
		l.known = map[wecom.Target]bool{}
	}
	for _, id := range ids {
		t := wecom.Target{Selector: selector, ID: id}
		key := t
		if selector == wecom.ByUserID {
			key.ID = strings.ToLower(id)
		}
		if !l.known[key] {
			l.known[key] = true
			l.targets = append(l.targets, t)
		}
	}
}

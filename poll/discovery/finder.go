// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/backoff"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/reminder"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// secretCheckInterval lies between two looks, during an outage, for another secret.
const secretCheckInterval = time.Second

// retryRange is how soon a discovery that failed is tried again.
var retryRange = backoff.Range{First: time.Minute, Max: 15 * time.Minute}

// A finder repeats one kind of discovery.
type finder struct {
	name string
	find func(context.Context) error
	// wanted returns the interval, and whether this kind is wanted at all.
	wanted func(*settings) (interval time.Duration, wanted bool)

	tried   atomic.Bool   // there was an attempt, as it is configured now
	failing atomic.Bool   // the last attempt failed
	wake    chan struct{} // holds one value if there is reason to try again now
}

func newFinder(
	name string, find func(context.Context) error, wanted func(*settings) (time.Duration, bool),
) *finder {
	return &finder{name: name, find: find, wanted: wanted, wake: make(chan struct{}, 1)}
}

func (f *finder) wakeUp() {
	select {
	case f.wake <- struct{}{}:
	default: // It is about to wake up.
	}
}

// repeat calls f.find at its interval, and after a failure with a backoff. During an
// outage it waits as long as it would at most after a failure: a target that would
// end the outage may yet have to be found. What was found before stays.
func (d *Discovery) repeat(ctx context.Context, f *finder) {
	logger := log.With(d.logger, "discover", f.name)
	var remind reminder.Reminder
	var retry backoff.Backoff
	for {
		interval, wanted := d.wants(f)
		if !wanted {
			select {
			case <-f.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if !d.waitOutOutage(ctx, f) {
			return
		}
		err := f.find(ctx)
		if ctx.Err() != nil {
			return
		}
		f.failing.Store(err != nil)
		f.tried.Store(true)
		d.events.Tried(err)
		wait := interval
		switch {
		case err != nil:
			wait = retry.Fail(time.Now(), retryRange)
			if remind.Due(err.Error(), time.Now()) {
				level.Error(logger).Log("msg", "cannot discover targets; those discovered before are kept", "err", err,
					"remedy", wecom.Remedy(err, wecom.English), "remedy_zh", wecom.Remedy(err, wecom.Chinese))
			}
		default:
			if remind.Reset() {
				level.Info(logger).Log("msg", "targets can be discovered again")
			}
			retry.Reset()
		}
		if !d.sleep(ctx, f, wait, err != nil) {
			return
		}
	}
}

func (d *Discovery) wants(f *finder) (interval time.Duration, wanted bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return f.wanted(&d.settings)
}

// waitOutOutage waits while there is an outage, but not for ever. It reports whether the
// context goes on.
func (d *Discovery) waitOutOutage(ctx context.Context, f *finder) bool {
	for waited := time.Duration(0); d.events.HasOutage() && waited < retryRange.Max; waited += secretCheckInterval {
		if !d.sleep(ctx, f, secretCheckInterval, false) {
			return false
		}
	}
	return true
}

// sleep waits, and reports whether the context goes on. It ends early if the finder is
// woken up or, after a failure, if there is another secret.
func (d *Discovery) sleep(ctx context.Context, f *finder, wait time.Duration, failed bool) bool {
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
		case <-f.wake:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

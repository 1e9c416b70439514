// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestWhatIsReadyIsServed(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), rig.ConfigOf("li", "wang"))
		for !r.Collector.Ready() {
			r.Wait(time.Millisecond)
		}
		r.Expect(map[string]string{`wecom_recording_files{host="wang"}`: "2", `wecom_recordings{host="li",state="recording"}`: "1"})
	})
}

// A fullDisk is a store that cannot be written while it is full.
type fullDisk struct {
	store.Store

	isFull, failed atomic.Bool
}

func (d *fullDisk) Commit(now time.Time, batches []store.Batch) error {
	if len(batches) > 0 && d.isFull.Load() {
		d.failed.Store(true)
		return syscall.ENOSPC
	}
	d.failed.Store(false)
	return d.Store.Commit(now, batches)
}

func (d *fullDisk) Status() store.Status {
	status := d.Store.Status()
	status.Successful = status.Successful && !d.failed.Load()
	return status
}

func TestWritesThatFail(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := rig.WorldOf(wecomtest.Config{})
		r := rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li", "wang")))
		r.Wait(10 * time.Second)
		ok := `wecom_recording_exporter_storage_last_write_successful`
		r.Expect(map[string]string{ok: "1"})

		full := &fullDisk{}
		full.isFull.Store(true)
		r.Manager.WrapStore(func(s store.Store) store.Store {
			full.Store = s
			return full
		})
		for i := range 2000 {
			server.Put(rig.Recorded(fmt.Sprintf("new%d", i), "li", time.Hour))
		}
		r.Wait(10 * time.Minute)
		r.Expect(map[string]string{ok: "0", `wecom_recordings_discovered_total{host="li"}`: "2000"})
		full.isFull.Store(false)
		r.Wait(2 * time.Minute)
		r.Expect(map[string]string{ok: "1"})
		r.Stop()
		after := rig.Start(t, rig.Away, rig.Storing(dir, rig.ConfigOf("li", "wang")))
		after.Expect(map[string]string{`wecom_recordings_discovered_total{host="li"}`: "2000"})
	})
}

// TestLastWrite has the store fail shortly before the end. What is known is written once more
// all the same.
func TestLastWrite(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := rig.WorldOf(wecomtest.Config{})
		r := rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li", "wang")))
		waiting := &impatientStore{}
		r.Manager.WrapStore(func(s store.Store) store.Store {
			waiting.Store = s
			return waiting
		})
		r.Wait(10 * time.Second)
		r.Stop()
		after := rig.Start(t, rig.Away, rig.Storing(dir, rig.ConfigOf("li", "wang")))
		after.Expect(map[string]string{`wecom_recording_files{host="wang"}`: "2"})
	})
}

// An impatientStore always has to wait after a commit that failed.
type impatientStore struct{ store.Store }

func (*impatientStore) Due(time.Time) bool { return false }

// A slowDisk is a store that takes its time to write.
type slowDisk struct {
	store.Store

	delay atomic.Int64
}

func (d *slowDisk) Commit(now time.Time, batches []store.Batch) error {
	<-time.After(time.Duration(d.delay.Load()))
	return d.Store.Commit(now, batches)
}

// TestSlowDisk has each write take 24 s, for two times an fsync of 12 s. What is found is served
// within 8 s, and reloads and the end take no longer than 5 s.
func TestSlowDisk(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir := t.TempDir()
		server := rig.WorldOf(wecomtest.Config{})
		both := rig.ConfigOf("li", "wang")
		both.Poll.Interval, both.Poll.IdleInterval = time.Second, time.Second
		one := *both
		other := both.Corps[0]
		other.Name = "other"
		both.Corps = append(both.Corps[:1:1], other)
		one.Corps = both.Corps[1:]
		r := rig.Start(t, server, rig.Storing(dir, both))
		r.Wait(10 * time.Second)
		slow := &slowDisk{}
		slow.delay.Store(int64(24 * time.Second))
		r.Manager.WrapStore(func(s store.Store) store.Store {
			slow.Store = s
			return slow
		})
		for i := range 30 {
			server.Put(rig.Recorded(fmt.Sprint("new", i), "li", time.Hour))
			r.Wait(8 * time.Second)
			r.Expect(map[string]string{`wecom_recordings_discovered_total{host="li"}`: strconv.Itoa(i + 1)})
		}
		r.Expect(map[string]string{`wecom_recording_exporter_storage_last_write_successful`: "0"})
		known := r.Manager.Inventory()
		for _, cfg := range []*config.Config{&one, both, &one, both} {
			start := time.Now()
			r.Reload(rig.Storing(dir, cfg))
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("a reload takes %s", took)
			}
			r.Wait(8 * time.Second)
		}
		all := map[string]string{
			`wecom_recordings_discovered_total{host="li"}`:              "30",
			`wecom_recordings_discovered_total{corp="other",host="li"}`: "30",
		}
		r.Expect(all)
		if r.Manager.Inventory() != known {
			t.Error("a corp that left and returned has lost what was not stored yet")
		}
		start := time.Now()
		r.Stop()
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the end takes %s", took)
		}
		time.Sleep(time.Minute)
		after := rig.Start(t, server, rig.Storing(dir, both))
		after.Wait(10 * time.Second)
		after.Expect(all)
	})
}

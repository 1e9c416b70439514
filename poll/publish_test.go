// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

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

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestSnapshotIsRestored(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		dir, restored := t.TempDir(), t.TempDir()
		server := rig.WorldOf(wecomtest.Config{})
		x := rig.Start(t, server, rig.Storing(dir, rig.ConfigOf("li", "wang")))
		x.Wait(10 * time.Second)
		server.Put(rig.Recorded("before", "li", 2*time.Hour))
		x.Wait(5 * time.Minute)
		want := inventoryOnly(x.Exposition())
		name, err := x.Manager.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		server.Put(rig.Recorded("after", "li", 3*time.Hour))
		x.Wait(5 * time.Minute)
		discovered := `wecom_recordings_discovered_total{host="li"}`
		x.Expect(map[string]string{discovered: "2"})
		x.Stop()
		data, err := os.ReadFile(filepath.Join(dir, "snapshots", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(restored, "state.db"), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}

		away := rig.Start(t, rig.Away, rig.Storing(restored, rig.ConfigOf("li", "wang")))
		if diff := cmp.Diff(want, inventoryOnly(away.Exposition())); diff != "" {
			t.Errorf("served after it was restored (-at the snapshot +after):\n%s", diff)
		}
		away.Stop()
		again := rig.Start(t, server, rig.Storing(restored, rig.ConfigOf("li", "wang")))
		again.Wait(5 * time.Minute)
		again.Expect(map[string]string{discovered: "2"})
	})
}

// A slowStore has snapshots that take until their context ends.
type slowStore struct {
	store.Store

	begun int
}

// Snapshot implements store.Store.
func (s *slowStore) Snapshot(ctx context.Context, _ time.Time) (string, error) {
	s.begun++
	<-ctx.Done()
	return "", context.Cause(ctx)
}

// TestSnapshotsEnd has one snapshot at a time. It ends with the client, or with the exporter.
func TestSnapshotsEnd(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		x := rig.Start(t, rig.WorldOf(wecomtest.Config{}), rig.ConfigOf("li"))
		var slow *slowStore
		x.Manager.WrapStore(func(s store.Store) store.Store {
			slow = &slowStore{Store: s}
			return slow
		})
		gone, leave := context.WithCancel(t.Context())
		results := make([]chan error, 3)
		for i, ctx := range []context.Context{gone, t.Context(), t.Context()} {
			results[i] = make(chan error, 1)
			go func() {
				_, err := x.Manager.Snapshot(ctx)
				results[i] <- err
			}()
			synctest.Wait()
		}
		if slow.begun != 1 {
			t.Errorf("%d snapshots at once", slow.begun)
		}
		leave()
		if err := <-results[0]; !errors.Is(err, context.Canceled) {
			t.Errorf("its client is gone: %v", err)
		}
		synctest.Wait()
		if slow.begun != 2 {
			t.Errorf("%d snapshots after the first one", slow.begun)
		}
		x.Stop()
		for _, result := range results[1:] {
			if err := <-result; err == nil || err.Error() != "the exporter is stopping" {
				t.Errorf("the exporter ends: %v", err)
			}
		}
	})
}

func TestSnapshotWithoutAStore(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		x := rig.Start(t, rig.WorldOf(wecomtest.Config{}), rig.ConfigOf("li"))
		if _, err := x.Manager.Snapshot(t.Context()); !errors.Is(err, poll.ErrNoStore) {
			t.Errorf("error %v", err)
		}
	})
}

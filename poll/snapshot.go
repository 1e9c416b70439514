// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
)

// ErrNoStore means that no store is configured.
var ErrNoStore = store.ErrNotConfigured

// Snapshot writes a consistent copy of the store into the directory "snapshots" beside it, and
// returns its name there. Whoever calls meanwhile waits. The error is [ErrNoStore] if there
// is none. The copy ends with the context, and with [Manager.Run].
func (m *Manager) Snapshot(ctx context.Context) (name string, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-m.ending:
			cancel(errEnded)
		case <-ctx.Done():
		}
	}()
	select {
	case m.copying <- struct{}{}:
		defer func() { <-m.copying }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	return m.store.Snapshot(ctx, time.Now())
}

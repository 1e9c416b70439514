// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// snapshotTimeout leaves the rest of writeTimeout for the answer.
const snapshotTimeout = writeTimeout - 5*time.Second

// serveSnapshot answers POST /-/snapshot with the name of a snapshot of the store.
func (o Options) serveSnapshot(w http.ResponseWriter, r *http.Request) {
	if o.Snapshot == nil {
		http.Error(w, "Snapshots are forbidden: start the exporter with --web.enable-lifecycle to allow them.",
			http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), snapshotTimeout)
	defer cancel()
	name, err := o.Snapshot(ctx)
	switch {
	case errors.Is(err, poll.ErrNoStore):
		http.Error(w, "There is no store to copy: start the exporter with --storage.path to keep one.", http.StatusConflict)
	case err != nil:
		level.Error(o.Logger).Log("msg", "no snapshot was written", "err", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		level.Info(o.Logger).Log("msg", "a snapshot of the store was written", "name", name)
		fmt.Fprintln(w, name)
	}
}

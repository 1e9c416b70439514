// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

func TestServeSnapshot(t *testing.T) {
	t.Parallel()
	answer := func(name string, err error) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			if _, ok := ctx.Deadline(); !ok {
				return "", errors.New("it may take for ever")
			}
			return name, err
		}
	}
	for name, test := range map[string]struct {
		method   string
		header   []string
		snapshot func(context.Context) (string, error)
		status   int
		body     string
	}{
		"written":               {"POST", nil, answer("state-1.db", nil), 200, "state-1.db\n"},
		"forbidden":             {"POST", nil, nil, 403, "--web.enable-lifecycle"},
		"no store":              {"POST", nil, answer("", fmt.Errorf("x: %w", poll.ErrNoStore)), 409, "--storage.path"},
		"a full disk":           {"POST", nil, answer("", errors.New("no space left")), 500, "no space left"},
		"another method":        {"GET", nil, answer("state-1.db", nil), 405, ""},
		"a page of another one": {"POST", []string{"Sec-Fetch-Site", "cross-site"}, answer("state-1.db", nil), 403, "another origin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := optionsOf(&fake{})
			o.Snapshot = test.snapshot
			w := serve(t, o, test.method, "/-/snapshot", test.header...)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) {
				t.Errorf("status %d, want %d; body:\n%s", w.Code, test.status, w.Body)
			}
		})
	}
	o := optionsOf(&fake{})
	o.Starting, o.Snapshot = true, answer("state-1.db", nil)
	if w := serve(t, o, http.MethodPost, "/-/snapshot"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("while the store is read: status %d", w.Code)
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestPprof takes every profile of an exporter with secrets on its command line and
// in its environment.
func TestPprof(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{Secret: markSecret}, markedRecording())
	x := run(t, append(s.credentials(), "WECOM_API_SECRET="+markSecret), target, "--web.enable-pprof",
		"--wecom.proxy-url=http://me:"+markProxy+"@"+freeAddress(t))
	x.awaitStatus(t, "/-/healthy", http.StatusOK)
	x.awaitLog(t, "gettoken") // A call was tried.
	for _, path := range []string{
		"", "allocs", "block", "goroutine", "heap", "mutex", "threadcreate", "symbol", "profile?seconds=1", "trace?seconds=1",
		"allocs?debug=1", "goroutine?debug=1", "goroutine?debug=2", "heap?debug=1", "heap?seconds=1",
	} {
		a := x.get(t, "/debug/pprof/"+path)
		if a.status != http.StatusOK || len(a.body) == 0 {
			t.Errorf("%s: status %d with %d bytes", path, a.status, len(a.body))
		}
		content := a.body
		if r, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
			if content, err = io.ReadAll(r); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		wantNoMark(t, path, string(content), []string{"MARK"})
	}
	a := x.get(t, "/debug/pprof/cmdline")
	if a.status != http.StatusNotFound {
		t.Errorf("cmdline: status %d, want 404", a.status)
	}
	wantNoMark(t, "cmdline", string(a.body), []string{"MARK"})
}

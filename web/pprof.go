// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/http/pprof"
)

// addPprof adds the profiles of the Go runtime, behind a limit of requests at once. A profile
// that takes long extends the time to write its answer by itself.
func addPprof(mux *http.ServeMux, limit func(http.Handler) http.Handler) {
	handle := func(pattern string, handler http.HandlerFunc) { mux.Handle(pattern, limit(handler)) }
	handle("GET "+pathPprof, func(w http.ResponseWriter, _ *http.Request) {
		// The redirect of the mux would leave the prefix of a proxy.
		w.Header().Set("Location", "pprof/")
		w.WriteHeader(http.StatusPermanentRedirect)
	})
	handle("GET "+pathPprof+"/", pprof.Index)
	handle("GET "+pathPprof+"/profile", pprof.Profile)
	handle("GET "+pathPprof+"/trace", pprof.Trace)
	handle("GET "+pathPprof+"/symbol", pprof.Symbol)
	handle("POST "+pathPprof+"/symbol", pprof.Symbol)
	handle("GET "+pathPprof+"/cmdline", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "The command line is not shown: --wecom.proxy-url may hold a password.", http.StatusNotFound)
	})
}

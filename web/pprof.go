// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/http/pprof"
)

// addPprof adds the profiles of the Go runtime. A profile that takes long extends the
// time to write its answer by itself.
func addPprof(mux *http.ServeMux) {
	mux.HandleFunc("GET "+pathPprof, func(w http.ResponseWriter, _ *http.Request) {
		// The redirect of the mux would leave the prefix of a proxy.
		w.Header().Set("Location", "pprof/")
		w.WriteHeader(http.StatusPermanentRedirect)
	})
	mux.HandleFunc("GET "+pathPprof+"/", pprof.Index)
	mux.HandleFunc("GET "+pathPprof+"/profile", pprof.Profile)
	mux.HandleFunc("GET "+pathPprof+"/trace", pprof.Trace)
	mux.HandleFunc("GET "+pathPprof+"/symbol", pprof.Symbol)
	mux.HandleFunc("POST "+pathPprof+"/symbol", pprof.Symbol)
	mux.HandleFunc("GET "+pathPprof+"/cmdline", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "The command line is not shown: --wecom.proxy-url may hold a password.", http.StatusNotFound)
	})
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import "net/http"

const (
	headerPolicy       = "Content-Security-Policy"
	headerFrameOptions = "X-Frame-Options"

	// The pages have styles, and forms that ask for another page.
	policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"
	// policyOfFrames needs no X-Frame-Options beside it: each browser that knows
	// form-action knows this too, and it wins over that header.
	policyOfFrames = "; frame-ancestors 'none'"
)

// withHeaders adds headers for browsers to every answer of a handler, errors included.
// Those that --web.config.file sets are there already and stay as they are.
func withHeaders(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		if header[headerPolicy] == nil {
			header.Set(headerPolicy, policy)
			if header[headerFrameOptions] == nil { // It would have no effect.
				header.Set(headerPolicy, policy+policyOfFrames)
			}
		}
		if header["X-Content-Type-Options"] == nil {
			header.Set("X-Content-Type-Options", "nosniff")
		}
		header.Set("Referrer-Policy", "no-referrer")
		handler.ServeHTTP(w, r)
	})
}

// notStored is for answers that hold titles of meetings: no cache and no browser
// stores them.
func notStored(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		handler(w, r)
	}
}

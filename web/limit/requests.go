// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package limit keeps clients from taking what others need: by many requests at once, or by
// not reading.
package limit

import (
	"fmt"
	"net/http"
)

// Requests returns what limits handlers to so many requests at once, all of them
// together. Others are answered with 503. The limit 0 means none.
func Requests(limit int, requests string) func(http.Handler) http.Handler {
	if limit == 0 {
		return func(handler http.Handler) http.Handler { return handler }
	}
	inFlight := make(chan struct{}, limit)
	busy := fmt.Sprintf("Too many %s at once: --web.max-requests allows %d. Try again later.", requests, limit)
	return func(handler http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case inFlight <- struct{}{}:
				defer func() { <-inFlight }()
				handler.ServeHTTP(w, r)
			default:
				http.Error(w, busy, http.StatusServiceUnavailable)
			}
		})
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

const (
	// turnTimeout is how long a request waits for its turn. Whoever reads the page has other
	// things to do, and the server takes a client for gone after 10 s.
	turnTimeout = 5 * time.Second
	// longestRest bounds the time between two turns, which is that of the first of them.
	longestRest = time.Second
)

// Turns has work done in turns, so much of it at a time. After each turn there is a rest as
// long as that was: without it, clients in a loop would keep a processor busy, and polls and
// scrapes would wait for it, or for the garbage collector. Turns are safe for concurrent use.
type Turns struct {
	slots chan struct{}
}

// NewTurns returns turns for so much work at a time.
func NewTurns(n int) *Turns { return &Turns{slots: make(chan struct{}, n)} }

// Take waits for a turn, for 5 s at the most, and reports whether it came. The caller must
// end it then.
func (t *Turns) Take(ctx context.Context) (end func(), ok bool) {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	select {
	case t.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, false
	}
	begun := time.Now()
	return func() {
		time.AfterFunc(min(time.Since(begun), longestRest), func() { <-t.slots })
	}, true
}

// Handler has a handler make its answers in turns. An answer is written when it is whole and
// its turn is over, so that a client that reads slowly holds up nobody. Requests whose turn
// does not come are answered with 503.
func (t *Turns) Handler(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &wholeAnswer{ResponseWriter: w, status: http.StatusOK}
		if !t.make(answer, r, handler) {
			Busy(w)
			return
		}
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body.Bytes()) // It fails only if the client has gone.
	})
}

// make has the handler make an answer, and reports whether its turn came.
func (t *Turns) make(answer *wholeAnswer, r *http.Request, handler http.Handler) bool {
	end, ok := t.Take(r.Context())
	if !ok {
		return false
	}
	defer end()
	handler.ServeHTTP(answer, r)
	return true
}

// Busy answers a request whose turn did not come in time.
func Busy(w http.ResponseWriter) {
	http.Error(w, "This request has waited too long for others to be answered: try again later.",
		http.StatusServiceUnavailable)
}

// A wholeAnswer keeps an answer. Its header is that of the ResponseWriter.
type wholeAnswer struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (a *wholeAnswer) WriteHeader(status int) { a.status = status }

// Write implements io.Writer.
func (a *wholeAnswer) Write(p []byte) (int, error) { return a.body.Write(p) }

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// errDropped is the error of RoundTrip for a reset connection.
var errDropped = errors.New("connection reset by peer")

// RoundTrip implements http.RoundTripper for any host, without a network and on the goroutine of the
// caller. Tests with virtual time need it, since goroutines that wait for a socket stop the clock of
// testing/synctest. A broken connection is an error, and so is a context that ends.
func (s *Server) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	defer func() { _ = r.Body.Close() }() // A RoundTripper must.
	aborted := serve(s, w, r)
	if err := r.Context().Err(); err != nil {
		return nil, fmt.Errorf("answer without a network: %w", err)
	}
	if aborted && w.body.Len() == 0 {
		return nil, fmt.Errorf("answer without a network: %w", errDropped)
	}

	resp := &http.Response{
		Status:        fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.header,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
		Request:       r,
	}
	if w.next != nil {
		resp.ContentLength = -1
		resp.Body = io.NopCloser(&pieceReader{next: w.next})
	}
	if aborted {
		resp.ContentLength = -1
		resp.Body = io.NopCloser(io.MultiReader(&w.body, brokenReader{}))
	}

	return resp, nil
}

// serve calls the handler and reports whether it aborted the connection.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(p)
		}
	}()
	h.ServeHTTP(w, r)

	return false
}

// recorder records a response. That of net/http/httptest would bring its flags into every binary.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	next   func() ([]byte, error) // Returns the next piece of a body that comes in pieces.
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) { w.status = status }

func (w *recorder) Write(b []byte) (int, error) {
	return w.body.Write(b)
}

// pieceReader is a body that comes in pieces.
type pieceReader struct {
	next func() ([]byte, error)
	rest []byte
}

func (r *pieceReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		var err error
		if r.rest, err = r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]

	return n, nil
}

// brokenReader is the end of a body that was cut off.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

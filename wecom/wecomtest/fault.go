// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is a way to misbehave. The first fields select the calls that it strikes. Of the others one
// must be set; Delay and Header can be combined with any. At most one fault strikes a call, the first one set
// that matches, and none does if the limits of the API refuse the call.
type Fault struct {
	Endpoint string             // Empty is any.
	Match    func(Request) bool // Nil is all; Errcode is not set yet.
	After    int                // How many matching calls to spare first.
	Times    int                // How many to strike then; 0 is until removed.

	Delay  time.Duration // Responds late, or not at all if the caller gives up before.
	Header http.Header   // Headers of the response, in place of its own.

	// The response of WeCom with this errcode to any call. An empty Errmsg is WeCom's text.
	Errcode int
	Errmsg  string

	Status      int    // This HTTP status with an HTML page, or with Body.
	Body        []byte // This body; Status 0 is 200.
	Hang        bool   // No response before the caller gives up.
	Gzip        bool   // The right response, packed with gzip though nobody asked for it.
	CutAfter    int    // The right response, cut off after so many bytes, with the Content-Length of the whole.
	Drop        bool   // A reset connection and no response.
	Redirect    string // A redirect to this URL.
	Oversize    int64  // A well-formed response of so many bytes.
	EchoSecrets bool   // The 502 of a proxy that shows the whole URL, with its secrets.

	Pieces int           // The right response in so many pieces.
	Pause  time.Duration // Before each of the Pieces.

	RepeatCursor bool          // Lists return the same page with the same cursor for ever.
	EndlessPages bool          // Lists return the same page with a new cursor for ever.
	ClockSkew    time.Duration // How far the server's clock is ahead.
}

// Fail sets a fault until remove is called. remove may be called more than once.
func (s *Server) Fail(f Fault) (remove func()) {
	return s.faults.add(f)
}

// faults has its own lock, so that a Match may call methods of the server.
type faults struct {
	mu   sync.Mutex
	list []*armed
}

type armed struct {
	Fault

	matched, struck int
}

func (x *faults) add(f Fault) (remove func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	a := &armed{Fault: f}
	x.list = append(x.list, a)

	return func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.list = slices.DeleteFunc(x.list, func(other *armed) bool { return other == a })
	}
}

// take returns the fault that strikes a call, or nil.
func (x *faults) take(r Request) *Fault {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, a := range x.list {
		if a.Endpoint != "" && a.Endpoint != r.Endpoint || a.Match != nil && !a.Match(r) {
			continue
		}
		if a.matched++; a.matched <= a.After || a.Times > 0 && a.struck >= a.Times {
			continue
		}
		a.struck++

		return &a.Fault
	}

	return nil
}

// replaces reports whether the fault replaces the whole response.
func (f *Fault) replaces() bool {
	return f.Errcode != 0 || f.Status != 0 || f.Body != nil || f.Hang || f.Drop || f.Redirect != "" ||
		f.Oversize > 0 || f.EchoSecrets
}

// paging is how a fault changes the cursors of a list.
type paging int

const (
	pagingTrue paging = iota
	pagingRepeats
	pagingEndless
)

func (f *Fault) paging() paging {
	switch {
	case f.RepeatCursor:
		return pagingRepeats
	case f.EndlessPages:
		return pagingEndless
	default:
		return pagingTrue
	}
}

// misbehave sends the response of a fault that replaces the right one.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, c *call, f *Fault) {
	c.Errcode = NoErrcode
	if f.Errcode != 0 {
		c.Errcode = f.Errcode
	}
	s.record(c.Request)

	switch {
	case f.Errcode != 0:
		setDefault(w, "Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(s.refusal(c, f.Errcode, f.Errmsg))
	case f.Body != nil:
		if f.Status != 0 {
			w.WriteHeader(f.Status)
		}
		_, _ = w.Write(f.Body)
	case f.Status != 0:
		writePage(w, f.Status, fmt.Sprintf("%d %s", f.Status, http.StatusText(f.Status)))
	case f.Hang:
		<-r.Context().Done()
	case f.Drop:
		drop(w)
	case f.Redirect != "":
		w.Header().Set("Location", f.Redirect)
		w.WriteHeader(http.StatusFound)
	case f.Oversize > 0:
		writeOversize(w, f.Oversize)
	case f.EchoSecrets:
		target := *r.URL
		target.Scheme, target.Host = "https", r.Host
		writePage(w, http.StatusBadGateway, "502 Bad Gateway: GET "+target.String())
	}
}

// setDefault sets a header of the response that no fault has set.
func setDefault(w http.ResponseWriter, name, value string) {
	if w.Header().Get(name) == "" {
		w.Header().Set(name, value)
	}
}

func writePage(w http.ResponseWriter, status int, text string) {
	const page = "<html>\r\n<head><title>%[1]s</title></head>\r\n<body><h1>%[1]s</h1></body>\r\n</html>\r\n"
	setDefault(w, "Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, page, html.EscapeString(text))
}

// writeOversize writes valid JSON, so that only its size is wrong.
func writeOversize(w http.ResponseWriter, size int64) {
	const (
		head = `{"errcode":0,"errmsg":"ok","has_more":false,"next_cursor":"","record_meetings":[],"padding":"`
		tail = `"}`
	)
	size = max(size, int64(len(head)+len(tail)))
	setDefault(w, "Content-Type", "application/json; charset=utf-8")
	setDefault(w, "Content-Length", strconv.FormatInt(size, 10))
	_, _ = io.WriteString(w, head)
	chunk := strings.Repeat("x", 32<<10)
	for left := size - int64(len(head)+len(tail)); left > 0; {
		n, err := io.WriteString(w, chunk[:min(left, int64(len(chunk)))])
		if err != nil {
			return // The caller stopped reading.
		}
		left -= int64(n)
	}
	_, _ = io.WriteString(w, tail)
}

// pack returns a body as gzip.
func pack(body []byte) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(body) // A buffer never fails.
	_ = w.Close()

	return packed.Bytes()
}

// trickle sends a body in pieces, with a pause before each, until the caller gives up.
func trickle(ctx context.Context, w http.ResponseWriter, body []byte, f *Fault) {
	pieces := slices.Collect(slices.Chunk(body, max(1, (len(body)+f.Pieces-1)/f.Pieces)))
	next := func() ([]byte, error) {
		if len(pieces) == 0 {
			return nil, io.EOF
		}
		if !wait(ctx, f.Pause) {
			return nil, fmt.Errorf("answer in pieces: %w", context.Cause(ctx))
		}
		piece := pieces[0]
		pieces = pieces[1:]

		return piece, nil
	}
	if rec, ok := w.(*recorder); ok {
		rec.next = next // RoundTrip returns before the body has come.

		return
	}
	for {
		_ = http.NewResponseController(w).Flush()
		piece, err := next()
		if err != nil {
			return
		}
		_, _ = w.Write(piece) // The caller may have gone away.
	}
}

// cut sends a part of a body and breaks the connection.
func cut(w http.ResponseWriter, body []byte) {
	_, _ = w.Write(body)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// drop resets the connection: without lingering, the kernel sends RST and not FIN.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// wait reports whether the time passed before the caller gave up.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

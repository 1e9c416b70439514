// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

const (
	// ProgressTimeout is how long a client may take to accept a part of an answer.
	ProgressTimeout = 5 * time.Second
	// ProgressSize is the size of such a part in bytes.
	ProgressSize = 32 << 10
	// sendBuffer is the size of the kernel's buffer in bytes. By default it grows to 4 MiB, and
	// a write waits until a third of it is free: a slow client would not seem to read.
	sendBuffer = 128 << 10
)

// SendBuffer limits the kernel's buffer for a connection. It is a ConnContext of http.Server.
func SendBuffer(ctx context.Context, conn net.Conn) context.Context {
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	if buffered, ok := conn.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = buffered.SetWriteBuffer(sendBuffer) // Without it, slow clients are ended too early.
	}
	return ctx
}

// Progress ends the answers of a handler to clients that stop reading, or that are slower than
// the whole may take: each would hold a connection, and a scrape one of the few that --web.max-requests allows.
func Progress(handler http.Handler, whole time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(&progressWriter{
			ResponseWriter: w,
			controller:     http.NewResponseController(w),
			end:            time.Now().Add(whole),
		}, r)
	})
}

// A progressWriter writes in parts, each of which has a deadline.
type progressWriter struct {
	http.ResponseWriter

	controller *http.ResponseController
	end        time.Time // of the whole answer
}

// Write implements io.Writer.
func (w *progressWriter) Write(p []byte) (n int, err error) {
	for {
		deadline := time.Now().Add(ProgressTimeout)
		if deadline.After(w.end) {
			deadline = w.end
		}
		// It fails only if there is no connection, as in tests.
		_ = w.controller.SetWriteDeadline(deadline)
		part := p[:min(len(p), ProgressSize)]
		m, err := w.ResponseWriter.Write(part)
		n, p = n+m, p[len(part):]
		if err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// Unwrap is for http.ResponseController.
func (w *progressWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

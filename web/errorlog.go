// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	stdlog "log"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// newErrorLog returns what an http.Server logs its errors to.
func newErrorLog(logger log.Logger) *stdlog.Logger {
	return stdlog.New(errorWriter{logger}, "", 0)
}

// An errorWriter makes a line of each error of an http.Server. Almost all of them are
// about clients: a probe that opens a TCP connection and closes it, or plain HTTP on
// a port with TLS. These are of level debug; a panic is of level error.
type errorWriter struct{ logger log.Logger }

// Write implements io.Writer.
func (w errorWriter) Write(p []byte) (int, error) {
	text := bytes.TrimSpace(p)
	logger := level.Debug(w.logger)
	if bytes.HasPrefix(text, []byte("http: panic")) || bytes.HasPrefix(text, []byte("http2: panic")) {
		logger = level.Error(w.logger)
	}
	logger.Log("msg", "serving a connection failed", "err", string(text))
	return len(p), nil
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	idleTimeout    = 10 * time.Second // without a byte
	attemptTimeout = time.Minute      // of one HTTP exchange in any case

	// maxDeclared is for how many bytes memory is taken before they come. A page of 20
	// recordings has 20 KiB.
	maxDeclared = 1 << 20
)

var (
	errIdle            = errors.New("no data arrived for too long")
	errSlow            = errors.New("the attempt took too long")
	errUnknownEncoding = errors.New("unknown Content-Encoding")
)

// A watchdog ends an attempt after idleTimeout without a byte, and after
// attemptTimeout in any case.
type watchdog struct {
	idle, whole *time.Timer
}

// watch returns the context of an attempt. Its cause is errIdle or errSlow if the
// watchdog ended it. The caller must call stop in the end.
func watch(ctx context.Context) (attempt context.Context, w *watchdog, stop func()) {
	attempt, cancel := context.WithCancelCause(ctx)
	w = &watchdog{
		idle:  time.AfterFunc(idleTimeout, func() { cancel(errIdle) }),
		whole: time.AfterFunc(attemptTimeout, func() { cancel(errSlow) }),
	}
	return attempt, w, func() {
		w.idle.Stop()
		w.whole.Stop()
		cancel(nil)
	}
}

// heard notes that something came.
func (w *watchdog) heard() { w.idle.Reset(idleTimeout) }

// An incoming is the body of a response as it comes in.
type incoming struct {
	next     io.Reader
	declared int64 // bytes, by Content-Length; -1 if it has none
	watch    *watchdog
	size     int   // bytes read
	err      error // why no more can be read, except for io.EOF
}

func (in *incoming) Read(p []byte) (int, error) {
	n, err := in.next.Read(p)
	if n > 0 {
		in.watch.heard()
	}
	in.size += n
	if !errors.Is(err, io.EOF) {
		in.err = err
	}
	return n, err
}

// unpack returns a reader of a body without its Content-Encoding. The error is
// errUnknownEncoding, or that of a body that is not in this encoding.
func unpack(body io.Reader, encoding string) (io.Reader, error) {
	encoding = strings.ToLower(strings.TrimSpace(encoding))
	if encoding == "" || encoding == "identity" {
		return body, nil
	}
	packed := bufio.NewReader(body)
	head, err := packed.Peek(2)
	if len(head) == 0 && errors.Is(err, io.EOF) {
		return packed, nil // There is no body, whatever the header says.
	}
	var unpacked io.Reader
	switch encoding {
	case "gzip", "x-gzip":
		unpacked, err = gzip.NewReader(packed)
	case "deflate":
		// RFC 9110 means zlib by it, but some send the bare stream.
		if len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8+int(head[1]))%31 == 0 {
			unpacked, err = zlib.NewReader(packed)
		} else {
			unpacked, err = flate.NewReader(packed), nil
		}
	default:
		return nil, errUnknownEncoding
	}
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", encoding, err)
	}
	return unpacked, nil
}

// readAll reads all of a body whose length in bytes is known, or else not positive. It takes
// the memory at once, unless that is much: a server may declare what it never sends.
func readAll(body io.Reader, length int64) ([]byte, error) {
	if length <= 0 || length > maxDeclared {
		return io.ReadAll(body)
	}
	b := bytes.NewBuffer(make([]byte, 0, length+bytes.MinRead)) // ReadFrom needs room to find the end.
	_, err := b.ReadFrom(body)
	return b.Bytes(), err
}

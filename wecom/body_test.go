// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// packed returns a body in the encoding of a writer.
func packed(t *testing.T, body string, encoding func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	w := encoding(&b)
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGzip(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }

func asZlib(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }

func asFlate(w io.Writer) io.WriteCloser {
	f, err := flate.NewWriter(w, flate.DefaultCompression)
	if err != nil {
		panic(err)
	}
	return f
}

func TestPackedAnswers(t *testing.T) {
	t.Parallel()
	const list = `{"errcode":0,"record_list":[{"meeting_record_id":"r","state":3}]}`
	bomb := packed(t, `{"errcode":0,"x":"`+strings.Repeat("x", maxBody)+`"}`, asGzip)
	for name, test := range map[string]struct {
		encoding string
		status   int
		body     []byte
		want     string // the error; "" if there is none
		kind     ResponseErrorKind
	}{
		"gzip":                  {encoding: "gzip", body: packed(t, list, asGzip)},
		"gzip, in other words":  {encoding: " X-GZIP", body: packed(t, list, asGzip)},
		"deflate":               {encoding: "deflate", body: packed(t, list, asZlib)},
		"deflate without zlib":  {encoding: "deflate", body: packed(t, list, asFlate)},
		"identity":              {encoding: "identity", body: []byte(list)},
		"gzip in two members":   {encoding: "gzip", body: append(packed(t, list[:9], asGzip), packed(t, list[9:], asGzip)...)},
		"gzip with odd padding": {encoding: "gzip", body: packed(t, " \n"+list+"\n ", asGzip)},

		"an encoding nobody knows": {
			encoding: "br", body: []byte("\x0b"),
			want: `HTTP status 200: the Content-Encoding of the answer is unknown: "br"`, kind: KindDecode,
		},
		"two encodings": {
			encoding: "gzip, br", body: []byte("\x0b"),
			want: `HTTP status 200: the Content-Encoding of the answer is unknown: "gzip, br"`, kind: KindDecode,
		},
		"no gzip": {
			encoding: "gzip", body: []byte(list),
			want: `HTTP status 200: not an answer from WeCom but 65 bytes of application/json: its Content-Encoding is broken`, kind: KindDecode,
		},
		"gzip with a wrong checksum": {
			encoding: "gzip", body: append(packed(t, list, asGzip)[:80:80], 1, 2, 3, 4, 5, 6, 7, 8),
			want: `HTTP status 200: not an answer from WeCom but 88 bytes of application/json: its Content-Encoding is broken`, kind: KindDecode,
		},
		"half of it": {
			encoding: "gzip", body: packed(t, list, asGzip)[:30],
			want: `cut off after 30 bytes: unexpected EOF`, kind: KindTransport,
		},
		"nothing": {
			encoding: "gzip",
			want:     `HTTP status 200: not an answer from WeCom but 0 bytes of application/json: not JSON`, kind: KindDecode,
		},
		"an error page": {
			encoding: "gzip", status: http.StatusForbidden, body: packed(t, "<html><title>Blocked</title>", asGzip),
			want: `HTTP status 403: not an answer from WeCom but 28 bytes of application/json, titled "Blocked": not JSON`, kind: KindHTTP,
		},
		"a bomb": {
			encoding: "gzip", body: bomb,
			want: `HTTP status 200: not an answer from WeCom but more than 16 MiB of application/json`, kind: KindDecode,
		},
		"a long body of many members that are empty": {
			encoding: "gzip", body: bytes.Repeat(packed(t, "", asGzip), maxBody/20),
			want: `HTTP status 200: not an answer from WeCom but more than 16 MiB of application/json`, kind: KindDecode,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				if test.body == nil {
					test.body = []byte{}
				}
				server.Fail(wecomtest.Fault{
					Endpoint: listEndpoint,
					Header:   http.Header{"Content-Encoding": {test.encoding}, "Content-Type": {"application/json"}},
					Status:   test.status,
					Body:     test.body,
				})
				client, _ := clientOf(t, server)
				got, err := recordingsOf(t.Context(), client, anyone, lastMonth())
				if test.want == "" {
					if err != nil || len(got) != 1 {
						t.Errorf("recordings %v, error %v", got, err)
					}
					return
				}
				respErr, ok := errors.AsType[*ResponseError](err)
				if !ok || respErr.Kind != test.kind || !strings.HasSuffix(err.Error(), ": "+test.want) && !strings.HasSuffix(err.Error(), test.want) {
					t.Errorf("error %v; want %s, of kind %v", err, test.want, test.kind)
				}
				if Remedy(err, English) == "" || Remedy(err, Chinese) == "" {
					t.Error("no remedy")
				}
			})
		})
	}
}

// A gateway may pack every answer, that of gettoken included.
func TestEveryAnswerIsPacked(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(wecomtest.Recording{ID: "r", Creator: "li", MeetingStart: lastMonth().End.Add(-1)})
		server.Fail(wecomtest.Fault{Gzip: true})
		client, _ := clientOf(t, server)
		if got, err := recordingsOf(t.Context(), client, anyone, lastMonth()); err != nil || len(got) != 1 {
			t.Errorf("recordings %v, error %v", got, err)
		}
	})
}

func TestReadAll(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("x", 4000)
	for name, test := range map[string]struct {
		length int64
		most   int // of memory, in bytes
	}{
		"known":                {length: 4000, most: 4000 + bytes.MinRead},
		"not known":            {length: -1, most: 8000},
		"none":                 {length: 0, most: 8000},
		"shorter than it is":   {length: 1, most: 16_000},
		"longer than it is":    {length: 5000, most: 5000 + bytes.MinRead},
		"longer than believed": {length: maxDeclared + 1, most: 8000},
		"longer than allowed":  {length: math.MaxInt64, most: 8000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readAll(strings.NewReader(body), test.length)
			if string(got) != body || err != nil {
				t.Errorf("%d bytes, error %v; want %d", len(got), err, len(body))
			}
			if cap(got) > test.most {
				t.Errorf("it takes %d bytes, want at most %d", cap(got), test.most)
			}
			broken := io.MultiReader(strings.NewReader(body), iotest.ErrReader(errIdle))
			if got, err := readAll(broken, test.length); string(got) != body || !errors.Is(err, errIdle) {
				t.Errorf("broken: %d bytes, error %v; want %d, %v", len(got), err, len(body), errIdle)
			}
		})
	}
}

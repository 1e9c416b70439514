// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"golang.org/x/sync/errgroup"
)

// A body is the start of a response that is the same for many. What comes behind
// it may be new each time, and the whole is one valid response in its encoding.
type body struct {
	start    []byte
	encoding promhttp.Compression

	// A gzip member ends with the checksum and the size of all that is in it.
	checksum, size uint32
}

// gzipHeader begins a gzip member without a name or a time; see RFC 1952, 2.3.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}

// newBody encodes families in a variant.
func newBody(v variant, families []*dto.MetricFamily) (*body, error) {
	format, _ := canonical(v.format)
	text, err := encodeParts(format, families)
	if err != nil {
		return nil, err
	}
	b := &body{encoding: v.encoding}
	var out bytes.Buffer
	switch v.encoding {
	case promhttp.Gzip:
		err = b.deflate(&out, text)
	case promhttp.Zstd:
		err = compressZstd(&out, text)
	default:
		err = writeParts(&out, text)
	}
	if err != nil {
		return nil, err
	}
	b.start = bytes.Clone(out.Bytes()) // It is kept, and the buffer may be twice as large.
	return b, nil
}

// bytesPerMetric is about what a metric takes, so that buffers need not grow often.
const bytesPerMetric = 96

// encodeParts encodes each family, several at once: a scrape waits for it.
func encodeParts(format expfmt.Format, families []*dto.MetricFamily) ([]bytes.Buffer, error) {
	parts := make([]bytes.Buffer, len(families))
	var encoding errgroup.Group
	encoding.SetLimit(runtime.GOMAXPROCS(0))
	for i, family := range families {
		encoding.Go(func() error {
			parts[i].Grow(len(family.GetMetric()) * bytesPerMetric)
			return encode(&parts[i], format, families[i:i+1], false)
		})
	}
	return parts, encoding.Wait()
}

func writeParts(w io.Writer, parts []bytes.Buffer) error {
	for i := range parts {
		if _, err := w.Write(parts[i].Bytes()); err != nil {
			return fmt.Errorf("compressing: %w", err)
		}
	}
	return nil
}

// encode writes families in a format, and what ends it if they are the last.
func encode(w io.Writer, format expfmt.Format, families []*dto.MetricFamily, last bool) error {
	encoder := expfmt.NewEncoder(w, format, expfmt.WithCreatedLines())
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return fmt.Errorf("encoding %s: %w", family.GetName(), err)
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok && last {
		if err := closer.Close(); err != nil {
			return fmt.Errorf("ending the exposition: %w", err)
		}
	}
	return nil
}

// deflate writes the start of a gzip member that ends between two bytes, so that
// another deflate stream can go on there.
func (b *body) deflate(out *bytes.Buffer, text []bytes.Buffer) error {
	out.Write(gzipHeader)
	compressor, err := flate.NewWriter(out, flate.BestSpeed)
	if err != nil {
		return fmt.Errorf("compressing: %w", err)
	}
	if err := writeParts(compressor, text); err != nil {
		return err
	}
	for i := range text {
		b.sum(text[i].Bytes())
	}
	if err := compressor.Flush(); err != nil {
		return fmt.Errorf("compressing: %w", err)
	}
	return nil
}

func (b *body) sum(p []byte) {
	b.checksum = crc32.Update(b.checksum, crc32.IEEETable, p)
	b.size += uint32(len(p))
}

func compressZstd(out *bytes.Buffer, text []bytes.Buffer) error {
	compressor, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("compressing: %w", err)
	}
	if err := writeParts(compressor, text); err != nil {
		return err
	}
	if err := compressor.Close(); err != nil {
		return fmt.Errorf("compressing: %w", err)
	}
	return nil
}

// frames makes single frames of what comes behind the start, which is short.
var frames = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<17), zstd.WithLowerEncoderMem(true))
})

// finish writes what comes behind the start so that the response ends with the
// rest.
func (b *body) finish(out *bytes.Buffer, rest []byte) error {
	switch b.encoding {
	case promhttp.Gzip:
		if err := flate.StatelessDeflate(out, rest, true, nil); err != nil {
			return fmt.Errorf("compressing: %w", err)
		}
		whole := *b
		whole.sum(rest)
		out.Write(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(out.AvailableBuffer(), whole.checksum), whole.size))
	case promhttp.Zstd:
		// A response may be several frames; see RFC 8878, 3.1.
		compressor, err := frames()
		if err != nil {
			return fmt.Errorf("compressing: %w", err)
		}
		out.Write(compressor.EncodeAll(rest, out.AvailableBuffer()))
	default:
		out.Write(rest)
	}
	return nil
}

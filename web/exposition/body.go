// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"golang.org/x/sync/errgroup"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector/textformat"
)

// A body is the encoded start of a response, shared by many responses. Each of
// them appends its end (see finish), so that the whole is one valid response.
type body struct {
	start    []byte
	encoding promhttp.Compression

	// The trailer of a gzip member holds the checksum and size of its whole content.
	checksum, size uint32
	// packed are the sections that the start was put together of; nil: it was not.
	packed map[textformat.Section]*packed
}

// gzipHeader is the header of a gzip member without a name or a time; see RFC 1952, 2.3.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}

// newBody encodes a snapshot as v, so many parts at once. What an earlier body of the same variant
// has compressed is not compressed again; it may be nil.
func newBody(v variant, snapshot *collector.Snapshot, earlier *body, atOnce int) (*body, error) {
	format, isText := textFormats[v.format]
	if isText && v.encoding == promhttp.Gzip {
		return newPackedBody(format, snapshot.Sections(), earlier, atOnce)
	}
	var text []bytes.Buffer
	var err error
	if isText {
		text, err = writeSections(format, snapshot.Sections(), atOnce)
	} else {
		text, err = encodeFamilies(expfmt.NewFormat(v.format), snapshot.Gather(), atOnce)
	}
	if err != nil {
		return nil, err
	}
	return compress(v.encoding, text)
}

// textFormats are the formats that package textformat writes.
var textFormats = map[expfmt.FormatType]textformat.Format{
	expfmt.TypeTextPlain: textformat.Text, expfmt.TypeOpenMetrics: textformat.OpenMetrics,
}

// compress returns the body of a text in parts.
func compress(encoding promhttp.Compression, text []bytes.Buffer) (b *body, err error) {
	b = &body{encoding: encoding}
	var out bytes.Buffer
	switch encoding {
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
	b.start = bytes.Clone(out.Bytes()) // The buffer may be twice as large.
	return b, nil
}

// bytesPerMetric is the typical encoded size of a metric. Buffers of that size seldom grow.
const bytesPerMetric = 96

// encodeFamilies encodes each family into a separate buffer, so many at once. A scrape waits
// for it.
func encodeFamilies(format expfmt.Format, families []*dto.MetricFamily, atOnce int) ([]bytes.Buffer, error) {
	parts := make([]bytes.Buffer, len(families))
	var encoding errgroup.Group
	encoding.SetLimit(atOnce)
	for i, family := range families {
		encoding.Go(func() error {
			parts[i].Grow(len(family.GetMetric()) * bytesPerMetric)
			return encode(&parts[i], format, families[i:i+1], false)
		})
	}
	return parts, encoding.Wait()
}

// writeSections writes the text of sections, so many parts at once. A scrape waits for it.
func writeSections(format textformat.Format, sections []textformat.Section, atOnce int) ([]bytes.Buffer, error) {
	runs := slices.Collect(slices.Chunk(sections, sectionsPerRun))
	parts := make([]bytes.Buffer, len(runs))
	var writing errgroup.Group
	writing.SetLimit(atOnce)
	for i, run := range runs {
		writing.Go(func() (err error) {
			var text []byte
			for _, section := range run {
				if text, err = section.AppendText(text, format); err != nil {
					return err
				}
			}
			parts[i] = *bytes.NewBuffer(text)
			return nil
		})
	}
	return parts, writing.Wait()
}

func writeParts(w io.Writer, parts []bytes.Buffer) error {
	for i := range parts {
		if _, err := w.Write(parts[i].Bytes()); err != nil {
			return fmt.Errorf("compressing: %w", err)
		}
	}
	return nil
}

// encode writes families in a format. If they are the last of a response, it also
// writes the end marker of the format, if there is one.
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

// deflate writes a gzip header and a deflate stream that ends in a sync flush, so
// that another stream can be appended.
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

// compressZstd writes a frame without its last block, so that blocks can be
// appended. It has no checksum, which would be that of the whole content.
func compressZstd(out *bytes.Buffer, text []bytes.Buffer) error {
	compressor, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		return fmt.Errorf("compressing: %w", err)
	}
	if err := writeParts(compressor, text); err != nil {
		return err
	}
	if err := compressor.Flush(); err != nil {
		return fmt.Errorf("compressing: %w", err)
	}
	if out.Len() == 0 {
		out.Write(zstdFrameHeader) // Flush writes nothing if there is nothing to compress.
	}
	return nil
}

// zstdFrameHeader is the header of a frame with a window of 1 MiB and neither a
// content size nor a checksum; see RFC 8878, 3.1.1.1.
var zstdFrameHeader = []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 10 << 3}

// zstdBlockSize is the largest content of a block; see RFC 8878, 3.1.1.2.4.
const zstdBlockSize = 128 << 10

// appendZstdBlocks appends the last blocks of a frame, which hold rest as it is. Compressed
// ones would depend on the state that the blocks before them leave.
func appendZstdBlocks(out, rest []byte) []byte {
	for {
		content := rest[:min(len(rest), zstdBlockSize)]
		rest = rest[len(content):]
		header := uint32(len(content)) << 3 // The two bits below the size are the type: raw.
		if len(rest) == 0 {
			header |= 1 // the last block
		}
		out = append(out, byte(header), byte(header>>8), byte(header>>16))
		out = append(out, content...)
		if len(rest) == 0 {
			return out
		}
	}
}

// finish writes what has to follow the start so that the content of the response
// ends with rest.
func (b *body) finish(out *bytes.Buffer, rest []byte) error {
	switch b.encoding {
	case promhttp.Gzip:
		if err := flate.StatelessDeflate(out, rest, true, nil); err != nil {
			return fmt.Errorf("compressing: %w", err)
		}
		whole := *b
		whole.sum(rest)
		trailer := binary.LittleEndian.AppendUint32(out.AvailableBuffer(), whole.checksum)
		out.Write(binary.LittleEndian.AppendUint32(trailer, whole.size))
	case promhttp.Zstd:
		out.Write(appendZstdBlocks(out.AvailableBuffer(), rest))
	default:
		out.Write(rest)
	}
	return nil
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector/textformat"
)

// A packed is a section in deflate, up to a sync flush. Such pieces follow each other in one
// stream, so when a section changes, only its piece is compressed again.
//
// The compressor of a piece knows the last line before it and nothing else. Without that line, a
// body would be a fifth larger than one that is compressed as a whole; with it, a thirtieth.
type packed struct {
	deflated       []byte
	checksum, size uint32 // of the text
	before         []byte // the last line before the section
	last           []byte // its own last line
}

// sectionsPerRun is how many sections are written or packed one after the other. A run is long
// enough to be worth a goroutine.
const sectionsPerRun = 64

// newPackedBody puts a body together of packed sections, so many runs of them at once. It takes
// from an earlier body what has not changed.
func newPackedBody(
	format textformat.Format, sections []textformat.Section, earlier *body, atOnce int,
) (*body, error) {
	var known map[textformat.Section]*packed
	if earlier != nil {
		known = earlier.packed
	}
	pieces := make([]*packed, len(sections))
	var packing errgroup.Group
	packing.SetLimit(atOnce)
	for first := 0; first < len(sections); first += sectionsPerRun {
		end := min(first+sectionsPerRun, len(sections))
		packing.Go(func() error {
			p, err := getPacker(format, known)
			if err != nil {
				return err
			}
			defer packers.Put(p)
			return p.pack(pieces[first:end], sections[first:end], sections[max(first-1, 0):first])
		})
	}
	if err := packing.Wait(); err != nil {
		return nil, err
	}
	b := &body{encoding: promhttp.Gzip, packed: make(map[textformat.Section]*packed, len(sections))}
	length := len(gzipHeader)
	for _, piece := range pieces {
		length += len(piece.deflated)
	}
	b.start = append(make([]byte, 0, length), gzipHeader...)
	for i, piece := range pieces {
		b.start = append(b.start, piece.deflated...)
		b.checksum = combineChecksums(b.checksum, piece.checksum, piece.size)
		b.size += piece.size
		b.packed[sections[i]] = piece
	}
	return b, nil
}

// A packer packs sections, one after the other.
type packer struct {
	format textformat.Format
	known  map[textformat.Section]*packed
	text   []byte
	out    bytes.Buffer
	writer *flate.Writer
}

// packers holds *packer. A compressor takes 1 MiB.
var packers sync.Pool

// getPacker returns a packer; the caller puts it back into packers.
func getPacker(format textformat.Format, known map[textformat.Section]*packed) (*packer, error) {
	p, ok := packers.Get().(*packer)
	if !ok {
		writer, err := flate.NewWriter(nil, flate.BestSpeed)
		if err != nil {
			return nil, fmt.Errorf("compressing: %w", err)
		}
		p = &packer{writer: writer}
	}
	p.format, p.known = format, known
	return p, nil
}

// pack packs sections into pieces. Before is the section before them, if there is one.
func (p *packer) pack(pieces []*packed, sections, before []textformat.Section) (err error) {
	var last []byte
	for _, section := range before {
		if known := p.known[section]; known != nil {
			last = known.last
		} else if last, err = p.write(section); err != nil {
			return err
		} else {
			last = bytes.Clone(lastLine(last))
		}
	}
	for i, section := range sections {
		piece := p.known[section]
		if piece == nil || !bytes.Equal(piece.before, last) {
			if piece, err = p.packOne(section, last); err != nil {
				return err
			}
		}
		pieces[i], last = piece, piece.last
	}
	return nil
}

// write returns the text of a section, which is valid until the next call.
func (p *packer) write(section textformat.Section) ([]byte, error) {
	text, err := section.AppendText(p.text[:0], p.format)
	if err == nil {
		p.text = text
	}
	return text, err
}

func (p *packer) packOne(section textformat.Section, before []byte) (*packed, error) {
	text, err := p.write(section)
	if err != nil {
		return nil, err
	}
	p.out.Reset()
	p.writer.ResetDict(&p.out, before)
	if _, err := p.writer.Write(text); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	if err := p.writer.Flush(); err != nil {
		return nil, fmt.Errorf("compressing: %w", err)
	}
	return &packed{
		deflated: bytes.Clone(p.out.Bytes()),
		checksum: crc32.ChecksumIEEE(text),
		size:     uint32(len(text)),
		before:   before,
		last:     bytes.Clone(lastLine(text)),
	}, nil
}

// lastLine returns the last line of a text, or of a long line what a compressor can use.
func lastLine(text []byte) []byte {
	const longest = 1 << 10
	start := bytes.LastIndexByte(text[:max(len(text)-1, 0)], '\n') + 1
	return text[max(start, len(text)-longest):]
}

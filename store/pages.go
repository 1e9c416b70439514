// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"

	"go.etcd.io/bbolt"
)

// The layout of a bbolt file; see internal/common of go.etcd.io/bbolt. A page has
// a header of its number, flags, number of elements and number of pages that it
// goes on in; the elements follow, each with where its key is.
const (
	pageHeaderSize  = 16
	pageElementSize = 16
	pageFlagsAt     = 8
	pageCountAt     = 10
	pageOverflowAt  = 12

	branchPage = 0x01
	leafPage   = 0x02

	metaPages = 2 // of which the one of the later transaction counts
	metaSize  = 64
	metaMagic = 0xED0CDAED
	metaSumAt = 56 // the FNV-1a hash of what is before it

	bucketElement    = 0x01
	bucketHeaderSize = 16
)

// checkPages returns an error if the pages of a store are not a tree. bbolt itself
// would follow some of them for ever, or panic in a goroutine of its own.
func checkPages(path string, tx *bbolt.Tx) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading the pages: %w", err)
	}
	defer file.Close()
	size := tx.DB().Info().PageSize
	c := pageCheck{file: file, size: int64(size), seen: make([]bool, tx.Size()/int64(size))}
	return c.page(uint64(tx.Cursor().Bucket().RootPage()))
}

// checkMetaPages returns an error if one of the two first pages is damaged.
func checkMetaPages(file *os.File, pageSize int) error {
	meta := make([]byte, metaSize)
	for i := range metaPages {
		if _, err := file.ReadAt(meta, int64(i*pageSize+pageHeaderSize)); err != nil {
			return fmt.Errorf("reading a page: %w", err)
		}
		sum := fnv.New64a()
		_, _ = sum.Write(meta[:metaSumAt])
		if binary.NativeEndian.Uint32(meta) != metaMagic || binary.NativeEndian.Uint64(meta[metaSumAt:]) != sum.Sum64() {
			return errPage
		}
	}
	return nil
}

// A pageCheck looks at each page once.
type pageCheck struct {
	file *os.File
	size int64
	seen []bool
}

var errPage = errors.New("one of its pages is invalid")

func (c *pageCheck) page(number uint64) error {
	const firstPage = metaPages // The ones before are about the whole file.
	if number < firstPage || number >= uint64(len(c.seen)) {
		return errPage
	}
	header := make([]byte, pageHeaderSize)
	at := int64(number) * c.size
	if _, err := c.file.ReadAt(header, at); err != nil {
		return fmt.Errorf("reading a page: %w", err)
	}
	pages := uint64(binary.NativeEndian.Uint32(header[pageOverflowAt:])) + 1
	if binary.NativeEndian.Uint64(header) != number || pages > uint64(len(c.seen))-number {
		return errPage
	}
	for i := range pages {
		if c.seen[number+i] {
			return errPage
		}
		c.seen[number+i] = true
	}
	content := make([]byte, int64(pages)*c.size)
	if _, err := c.file.ReadAt(content, at); err != nil {
		return fmt.Errorf("reading a page: %w", err)
	}
	return c.elements(content)
}

// elements looks at the elements of a page, and at the pages that they lead to.
func (c *pageCheck) elements(page []byte) error {
	if len(page) < pageHeaderSize {
		return errPage
	}
	flags, count := binary.NativeEndian.Uint16(page[pageFlagsAt:]), int(binary.NativeEndian.Uint16(page[pageCountAt:]))
	if flags != leafPage && flags != branchPage || flags == branchPage && count == 0 ||
		len(page) < pageHeaderSize+count*pageElementSize {
		return errPage
	}
	var last []byte
	for i := range count {
		element := page[pageHeaderSize+i*pageElementSize:]
		key, err := c.element(element, flags == branchPage)
		if err != nil {
			return err
		}
		if i > 0 && bytes.Compare(last, key) >= 0 {
			return errPage
		}
		last = key
	}
	return nil
}

// element looks at an element, which its key and value follow somewhere behind,
// and returns its key.
func (c *pageCheck) element(element []byte, isBranch bool) (key []byte, err error) {
	word := func(i int) uint64 { return uint64(binary.NativeEndian.Uint32(element[4*i:])) }
	if isBranch {
		at, end := word(0), word(0)+word(1)
		if end > uint64(len(element)) {
			return nil, errPage
		}
		return element[at:end], c.page(binary.NativeEndian.Uint64(element[8:]))
	}
	at, keyEnd, end := word(1), word(1)+word(2), word(1)+word(2)+word(3)
	if end > uint64(len(element)) {
		return nil, errPage
	}
	key, value := element[at:keyEnd], element[keyEnd:end]
	if word(0)&bucketElement == 0 {
		return key, nil
	}
	if len(value) < bucketHeaderSize {
		return nil, errPage
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return key, c.page(root)
	}
	// A small bucket has its only page in the value. That has no number: bbolt would free the page
	// of that number when the bucket grows.
	inline := value[bucketHeaderSize:]
	if len(inline) < pageHeaderSize || binary.NativeEndian.Uint64(inline) != 0 {
		return nil, errPage
	}
	return key, c.elements(inline)
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// A Distribution is a histogram that can be stored, both as a classic and as a native one.
// The bounds of the classic buckets are no part of it, so other bounds need a migration.
type Distribution struct {
	Count   uint64   `json:"count"`
	Sum     float64  `json:"sum"`
	Buckets []uint64 `json:"buckets"` // by bound, and one above all bounds; not cumulative
	// Zero counts the values up to ZeroThreshold, and Native the others, by index of the
	// bucket in the schema.
	Zero   uint64        `json:"zero"`
	Native map[int]int64 `json:"native"`

	bounds []float64
}

// Bounds of the classic buckets: upper ends, inclusive, rising.
var (
	fileSizeBounds     = []float64{1e6, 1e7, 5e7, 1e8, 2.5e8, 5e8, 1e9, 2.5e9, 5e9, 1e10} // bytes
	fileDurationBounds = []float64{60, 300, 900, 1800, 2700, 3600, 5400, 7200, 14400, 28800}
	transcodingBounds  = []float64{60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 86400}
)

const (
	// NativeSchema is the schema of the native buckets: each ends at 2^(1/8) times its
	// start, about a tenth above.
	NativeSchema = 3
	// ZeroThreshold is the largest value that counts as zero.
	ZeroThreshold = 1e-9

	bucketsPerDoubling = 1 << NativeSchema
)

func newDistribution(bounds []float64) Distribution {
	return Distribution{Buckets: make([]uint64, len(bounds)+1), Native: map[int]int64{}, bounds: bounds}
}

// Bounds returns the upper bounds of the classic buckets but the last, which has none.
func (d *Distribution) Bounds() []float64 { return d.bounds }

// observe counts a value, which must not be negative.
func (d *Distribution) observe(value float64) {
	d.Count++
	d.Sum += value
	bucket, _ := slices.BinarySearch(d.bounds, value)
	d.Buckets[bucket]++
	if value <= ZeroThreshold {
		d.Zero++
		return
	}
	d.Native[int(math.Ceil(math.Log2(value)*bucketsPerDoubling))]++
}

// check returns an error unless the distribution is one that observe can lead to.
func (d *Distribution) check() error {
	classic, native := uint64(0), d.Zero
	for _, n := range d.Buckets {
		classic += n
	}
	negative := false
	for _, n := range d.Native {
		negative = negative || n < 0
		native += uint64(n)
	}
	if len(d.Buckets) != len(d.bounds)+1 || classic != d.Count || native != d.Count || negative || d.Native == nil {
		return fmt.Errorf("a histogram of %d values has %d in %d buckets and %d in native ones",
			d.Count, classic, len(d.Buckets), native)
	}
	return nil
}

// Clone returns a copy that does not change.
func (d *Distribution) Clone() Distribution {
	c := *d
	c.Buckets, c.Native = slices.Clone(d.Buckets), maps.Clone(d.Native)
	return c
}

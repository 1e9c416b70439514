// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A distribution is a histogram that can be stored, and told both as a classic
// and as a native one. The bounds of the classic buckets are not a part of it, so
// that others can be chosen later only with a migration.
type distribution struct {
	Count   uint64        `json:"count"`
	Sum     float64       `json:"sum"`
	Buckets []uint64      `json:"buckets"` // by bound, then one above all bounds; each counts alone
	Zero    uint64        `json:"zero"`
	Native  map[int]int64 `json:"native"` // by index in the schema

	bounds []float64
}

// Bounds of the classic buckets: upper ends, inclusive, rising.
var (
	fileSizeBounds     = []float64{1e6, 1e7, 5e7, 1e8, 2.5e8, 5e8, 1e9, 2.5e9, 5e9, 1e10}
	fileDurationBounds = []float64{60, 300, 900, 1800, 2700, 3600, 5400, 7200, 14400, 28800}
	transcodingBounds  = []float64{60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 86400}
)

const (
	// Each bucket of a native histogram ends at 2^(1/8) times its start, about a
	// tenth above.
	nativeSchema        = 3
	bucketsPerDoubling  = 1 << nativeSchema
	nativeZeroThreshold = 1e-9
)

func newDistribution(bounds []float64) distribution {
	return distribution{Buckets: make([]uint64, len(bounds)+1), Native: map[int]int64{}, bounds: bounds}
}

// observe counts a value, which must not be negative.
func (d *distribution) observe(value float64) {
	d.Count++
	d.Sum += value
	bucket, _ := slices.BinarySearch(d.bounds, value)
	d.Buckets[bucket]++
	if value <= nativeZeroThreshold {
		d.Zero++
	} else {
		d.Native[int(math.Ceil(math.Log2(value)*bucketsPerDoubling))]++
	}
}

// check returns an error unless the distribution is what newDistribution and
// observe make.
func (d *distribution) check() error {
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
		return fmt.Errorf("a histogram of %d values has %d in %d buckets and %d in native ones", d.Count, classic, len(d.Buckets), native)
	}
	return nil
}

// clone returns a copy that does not change.
func (d *distribution) clone() distribution {
	c := *d
	c.Buckets, c.Native = slices.Clone(d.Buckets), maps.Clone(d.Native)
	return c
}

// metric returns the histogram as a metric created at the given time.
func (d *distribution) metric(created time.Time, labels ...*dto.LabelPair) *dto.Metric {
	h := &dto.Histogram{
		SampleCount: new(d.Count), SampleSum: new(d.Sum), CreatedTimestamp: timestamppb.New(created),
		Schema: new(int32(nativeSchema)), ZeroThreshold: new(nativeZeroThreshold), ZeroCount: new(d.Zero),
	}
	below := uint64(0)
	for i, bound := range d.bounds {
		below += d.Buckets[i]
		h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: new(bound), CumulativeCount: new(below)})
	}
	// Spans are runs of buckets, each with its distance from the end of the one
	// before; deltas are the counts' differences from bucket to bucket.
	next, before := 0, int64(0)
	for _, index := range slices.Sorted(maps.Keys(d.Native)) {
		if index != next || h.PositiveSpan == nil {
			h.PositiveSpan = append(h.PositiveSpan, &dto.BucketSpan{Offset: new(int32(index - next)), Length: new(uint32(0))})
		}
		*h.PositiveSpan[len(h.PositiveSpan)-1].Length++
		h.PositiveDelta = append(h.PositiveDelta, d.Native[index]-before)
		next, before = index+1, d.Native[index]
	}
	return &dto.Metric{Label: labels, Histogram: h}
}

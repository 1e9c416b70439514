// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

func distributionOf(bounds []float64, values ...float64) *Distribution {
	d := newDistribution(bounds)
	for _, v := range values {
		d.observe(v)
	}
	return &d
}

// nativeBuckets returns how many values are in each native bucket that has any.
func nativeBuckets(h *dto.Histogram) map[int]int64 {
	buckets := map[int]int64{}
	deltas := h.GetPositiveDelta()
	index, count := int32(0), int64(0)
	for _, span := range h.GetPositiveSpan() {
		index += span.GetOffset()
		for range span.GetLength() {
			if count += deltas[0]; count != 0 {
				buckets[int(index)] = count
			}
			deltas = deltas[1:]
			index++
		}
	}
	return buckets
}

// TestDistributionIsAHistogram compares with what the client library counts of the same
// values.
func TestDistributionIsAHistogram(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var powers []float64
	bounds, sizes := make([]float64, 0, 3*len(fileSizeBounds)), make([]float64, 0, 2000)
	for exponent := -20; exponent <= 50; exponent++ {
		power := math.Ldexp(1, exponent)
		powers = append(powers, power, power*(1+1e-9), power*(1-1e-9), power*1.5)
	}
	for range cap(sizes) {
		sizes = append(sizes, math.Floor(math.Exp(random.Float64()*30)))
	}
	for _, bound := range fileSizeBounds {
		bounds = append(bounds, bound, bound-1, bound+1)
	}
	for name, values := range map[string][]float64{
		"nothing":          nil,
		"zeros":            {0, 0, ZeroThreshold},
		"zeros and others": {0, 3600, 0},
		"one":              {1},
		"less than one":    {0.001, 0.5, ZeroThreshold * 1.01},
		"neighbors":        {1, 1.05, 1.1, 1.2, 1.1, 1.05},
		"far apart":        {1e-3, 1, 1e15},
		"powers of two":    powers,
		"bounds":           bounds,
		"sizes":            sizes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reference := prometheus.NewHistogram(prometheus.HistogramOpts{
				Name: "reference", Help: "Of the same values.", Buckets: fileSizeBounds,
				NativeHistogramBucketFactor: 1.1, NativeHistogramZeroThreshold: ZeroThreshold,
			})
			for _, v := range values {
				reference.Observe(v)
			}
			var metric dto.Metric
			if err := reference.Write(&metric); err != nil {
				t.Fatal(err)
			}
			h := metric.GetHistogram()
			want := Distribution{
				Count: h.GetSampleCount(), Sum: h.GetSampleSum(), Zero: h.GetZeroCount(), Native: nativeBuckets(h),
			}
			below := uint64(0)
			for _, b := range h.GetBucket() {
				want.Buckets = append(want.Buckets, b.GetCumulativeCount()-below)
				below = b.GetCumulativeCount()
			}
			want.Buckets = append(want.Buckets, want.Count-below)
			got := distributionOf(fileSizeBounds, values...)
			if diff := cmp.Diff(&want, got, cmpopts.IgnoreUnexported(Distribution{})); diff != "" {
				t.Errorf("distribution (-client library +got):\n%s", diff)
			}
			if h.GetSchema() != NativeSchema {
				t.Errorf("the client library has schema %d", h.GetSchema())
			}
		})
	}
}

func TestBoundsAreInclusive(t *testing.T) {
	t.Parallel()
	d := distributionOf([]float64{10, 20}, 0, 10, 10.5, 20, 20.5, 1e9)
	if diff := cmp.Diff([]uint64{2, 2, 2}, d.Buckets); diff != "" {
		t.Errorf("buckets (-want +got):\n%s", diff)
	}
}

func TestDistributionIsStored(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]float64{
		"nothing": nil, "zero": {0}, "values": {0, 0.1, 1.0 / 3, 1e6, 5e9, 1e12},
	} {
		want := distributionOf(fileSizeBounds, values...)
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got := newDistribution(fileSizeBounds)
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if err := got.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(*want, got, cmp.AllowUnexported(Distribution{})); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
	}
}

func TestDamagedDistribution(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"more values than in buckets": `{"count":1}`,
		"no native buckets":           `{"native":null}`,
		"other classic buckets":       `{"count":1,"buckets":[1],"zero":1}`,
		"too few in native buckets":   `{"count":2,"buckets":[1,1,0],"zero":1}`,
		"too many in native buckets":  `{"count":2,"buckets":[1,1,0],"zero":1,"native":{"1":2}}`,
		"too few in classic buckets":  `{"count":2,"buckets":[1,0,0],"native":{"1":2}}`,
	} {
		l := New(noon)
		l.FileSizes.bounds = []float64{10, 20}
		l.FileSizes.Buckets = make([]uint64, 3)
		if err := l.Check(); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), &l.FileSizes); err != nil {
			t.Fatal(err)
		}
		if l.Check() == nil {
			t.Errorf("%s: %+v passes for a distribution", name, l.FileSizes)
		}
	}
}

func TestACloneDoesNotChange(t *testing.T) {
	t.Parallel()
	d := distributionOf([]float64{10}, 5)
	c := d.Clone()
	d.observe(5)
	d.observe(50)
	if diff := cmp.Diff(*distributionOf([]float64{10}, 5), c, cmp.AllowUnexported(Distribution{})); diff != "" {
		t.Errorf("clone (-want +got):\n%s", diff)
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

func distributionOf(bounds []float64, values ...float64) *distribution {
	d := newDistribution(bounds)
	for _, v := range values {
		d.observe(v)
	}
	return &d
}

// nativeBuckets returns how many values are in each native bucket that has any.
// Two histograms that are alike may have different spans, as a span may go over
// empty buckets.
func nativeBuckets(t *testing.T, h *dto.Histogram) map[int32]int64 {
	t.Helper()
	buckets := map[int32]int64{}
	deltas := h.GetPositiveDelta()
	index, count := int32(0), int64(0)
	for i, span := range h.GetPositiveSpan() {
		if i > 0 && span.GetOffset() <= 0 {
			t.Errorf("span %d begins %d after the one before", i, span.GetOffset())
		}
		index += span.GetOffset()
		for range span.GetLength() {
			if len(deltas) == 0 {
				t.Fatal("the spans have more buckets than there are deltas")
			}
			if count += deltas[0]; count != 0 {
				buckets[index] = count
			}
			deltas = deltas[1:]
			index++
		}
	}
	if len(deltas) != 0 {
		t.Errorf("%d deltas are in no span", len(deltas))
	}
	return buckets
}

// TestDistributionIsAHistogram compares with what the client library makes of the
// same values.
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
		"zeros":            {0, 0, nativeZeroThreshold},
		"zeros and others": {0, 3600, 0},
		"one":              {1},
		"less than one":    {0.001, 0.5, nativeZeroThreshold * 1.01},
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
				NativeHistogramBucketFactor: 1.1, NativeHistogramZeroThreshold: nativeZeroThreshold,
			})
			for _, v := range values {
				reference.Observe(v)
			}
			var metric dto.Metric
			if err := reference.Write(&metric); err != nil {
				t.Fatal(err)
			}
			d := distributionOf(fileSizeBounds, values...)
			want, got := metric.GetHistogram(), d.metric(noon, pair(labelCorp, "acme"))
			if diff := cmp.Diff(nativeBuckets(t, want), nativeBuckets(t, got.GetHistogram())); diff != "" {
				t.Errorf("native buckets (-want +got):\n%s", diff)
			}
			type rest struct {
				Count, Zero uint64
				Sum, Below  float64
				Schema      int32
				Buckets     map[float64]uint64
			}
			restOf := func(h *dto.Histogram) rest {
				r := rest{h.GetSampleCount(), h.GetZeroCount(), h.GetSampleSum(), h.GetZeroThreshold(), h.GetSchema(), map[float64]uint64{}}
				for _, b := range h.GetBucket() {
					r.Buckets[b.GetUpperBound()] = b.GetCumulativeCount()
				}
				return r
			}
			if diff := cmp.Diff(restOf(want), restOf(got.GetHistogram())); diff != "" {
				t.Errorf("histogram (-want +got):\n%s", diff)
			}
			if created := got.GetHistogram().GetCreatedTimestamp().AsTime(); !created.Equal(noon) || got.GetLabel()[0].GetValue() != "acme" {
				t.Errorf("created at %s, with labels %v", created, got.GetLabel())
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
	for name, values := range map[string][]float64{"nothing": nil, "zero": {0}, "values": {0, 0.1, 1.0 / 3, 1e6, 5e9, 1e12}} {
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
		if diff := cmp.Diff(*want, got, cmp.AllowUnexported(distribution{})); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
	}
	for name, text := range map[string]string{
		"more values than in buckets": `{"count":1}`,
		"no native buckets":           `{"native":null}`,
		"other classic buckets":       `{"count":1,"buckets":[1],"zero":1}`,
		"too few in native buckets":   `{"count":2,"buckets":[1,1,0],"zero":1}`,
		"too many in native buckets":  `{"count":2,"buckets":[1,1,0],"zero":1,"native":{"1":2}}`,
		"too few in classic buckets":  `{"count":2,"buckets":[1,0,0],"native":{"1":2}}`,
	} {
		d := newDistribution([]float64{10, 20})
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		if d.check() == nil {
			t.Errorf("%s: %+v is taken for a distribution", name, d)
		}
	}
}

func TestACloneDoesNotChange(t *testing.T) {
	t.Parallel()
	d := distributionOf([]float64{10}, 5)
	c := d.clone()
	d.observe(5)
	d.observe(50)
	if diff := cmp.Diff(*distributionOf([]float64{10}, 5), c, cmp.AllowUnexported(distribution{})); diff != "" {
		t.Errorf("clone (-want +got):\n%s", diff)
	}
}

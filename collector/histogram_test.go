// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
)

func TestHistogramOf(t *testing.T) {
	t.Parallel()
	d := ledger.New(noon).FileSizes
	d.Count, d.Sum, d.Zero = 4, 11e6, 1
	d.Native = map[int]int64{160: 2, 186: 1}
	d.Buckets[0], d.Buckets[1], d.Buckets[10] = 1, 2, 1
	got := histogramOf(fileSize, &d, noon, "acme")
	want := &dto.Metric{
		Label: []*dto.LabelPair{pair(labelCorp, "acme")},
		Histogram: &dto.Histogram{
			SampleCount: new(uint64(4)), SampleSum: new(11e6), CreatedTimestamp: timestamppb.New(noon),
			Schema: new(int32(3)), ZeroThreshold: new(1e-9), ZeroCount: new(uint64(1)),
			PositiveSpan: []*dto.BucketSpan{
				{Offset: new(int32(160)), Length: new(uint32(1))},
				{Offset: new(int32(25)), Length: new(uint32(1))},
			},
			PositiveDelta: []int64{2, -1},
		},
	}
	cumulative := []uint64{1, 3, 3, 3, 3, 3, 3, 3, 3, 3}
	for i, bound := range []float64{1e6, 1e7, 5e7, 1e8, 2.5e8, 5e8, 1e9, 2.5e9, 5e9, 1e10} {
		want.Histogram.Bucket = append(want.Histogram.Bucket,
			&dto.Bucket{UpperBound: new(bound), CumulativeCount: new(cumulative[i])})
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("histogram (-want +got):\n%s", diff)
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
)

// histogramOf returns a distribution as a histogram, both native and classic, that was
// created at the given time.
func histogramOf(d Definition, from *ledger.Distribution, created time.Time, corp string) *dto.Metric {
	native := prometheus.MustNewConstNativeHistogram(d.desc, from.Count, from.Sum, from.Native, nil,
		from.Zero, ledger.NativeSchema, ledger.ZeroThreshold, created, corp)
	metric := &dto.Metric{}
	// It fails for no constant histogram.
	_ = native.Write(metric)
	below := uint64(0)
	for i, bound := range from.Bounds() {
		below += from.Buckets[i]
		metric.Histogram.Bucket = append(metric.Histogram.Bucket,
			&dto.Bucket{UpperBound: new(bound), CumulativeCount: new(below)})
	}
	return metric
}

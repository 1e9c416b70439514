// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"sync/atomic"

	dto "github.com/prometheus/client_model/go"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
)

// fixed is an inventory whose version alone changes.
type fixed struct {
	families []*dto.MetricFamily
	version  atomic.Uint64
}

func (f *fixed) Snapshot() *collector.Snapshot {
	return collector.NewSnapshot(f.version.Load(), f.families)
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector_test

import (
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
)

func TestEstimateWithExtras(t *testing.T) {
	t.Parallel()
	for name, extras := range map[string]collector.Extras{
		"departments": {Departments: true},
		"retention":   {Retention: true},
	} {
		for _, hosts := range []int{0, 1, 20_000} {
			without, with := collector.EstimateSeries(hosts, collector.Extras{}), collector.EstimateSeries(hosts, extras)
			if with-without != hosts {
				t.Errorf("%s: %d hosts have %d series with it and %d without, want one more each", name, hosts, with, without)
			}
		}
	}
}

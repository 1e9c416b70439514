// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector_test

import (
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
)

func TestEstimateWithExtras(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		extras collector.Extras
		each   int
	}{
		"departments": {collector.Extras{Departments: true}, 1},
		"retention":   {collector.Extras{Retention: true}, 1},
		"statistics":  {collector.Extras{Statistics: true}, 2},
	} {
		for _, hosts := range []int{0, 1, 20_000} {
			without, with := collector.EstimateSeries(hosts, collector.Extras{}), collector.EstimateSeries(hosts, test.extras)
			if with-without != hosts*test.each {
				t.Errorf("%s: %d hosts have %d series with it and %d without, want %d more each",
					name, hosts, with, without, test.each)
			}
		}
	}
}

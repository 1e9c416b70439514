// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

// seriesOfCorp is how many series a corp has beside those of its hosts, those of the
// process included: a few more once it has met several errcodes, fewer before its first call.
const seriesOfCorp = 290

// Extras are what has series only if it is configured.
type Extras struct{ Departments, Retention, Statistics bool }

// EstimateSeries returns about how many series one corp has with so many hosts that have
// series of their own.
func EstimateSeries(hosts int, with Extras) int {
	ofHost := len(hostCounters)
	for i := range hostGauges {
		if with.Retention || !hostGauges[i].needsRetention {
			ofHost++
		}
	}
	if with.Departments {
		ofHost++
	}
	if with.Statistics {
		ofHost += len(viewCounters)
	}
	return seriesOfCorp + hosts*ofHost
}

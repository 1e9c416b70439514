// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

// seriesOfCorp is how many series a corp has beside those of its hosts, those of the
// process included: a few more once it has met several errcodes, fewer before its first call.
const seriesOfCorp = 290

// EstimateSeries returns about how many series one corp has with so many hosts that have
// series of their own.
func EstimateSeries(hosts int) int {
	return seriesOfCorp + hosts*(len(hostCounters)+len(hostGauges))
}

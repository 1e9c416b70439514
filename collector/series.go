// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// hostFamilies are the families of a host's series, and which of its metrics are
// in each.
var hostFamilies = [...]struct {
	Definition

	first, end int
}{
	{discovered, 0, 1},
	{discoveredBytes, 1, 2},
	{discoveredSeconds, 2, hostCounters},
	{recordings, hostCounters, hostCounters + hostStates},
	{recordingFiles, filesAt, filesAt + 1},
	{recordingBytes, bytesAt, bytesAt + 1},
	{recordingDuration, durationAt, durationAt + 1},
	{sharedFiles, sharedAt, sharedAt + 1},
	{exposedFiles, exposedAt, exposedAt + 1},
	{lastStart, lastStartAt, lastStartAt + 1},
}

// The places of a host's metrics: the counters, the recordings by state, and the
// other gauges.
const (
	hostCounters = 3
	hostStates   = len(states)
)

const (
	filesAt = hostCounters + hostStates + iota
	bytesAt
	durationAt
	sharedAt
	exposedAt
	lastStartAt
	hostMetrics
)

// hostSeries are the metrics of one host, or of several together. They never
// change, so that they are made only where something about the host has changed,
// and in one piece, since there are many.
type hostSeries struct {
	host     dto.LabelPair
	labels   [2]*dto.LabelPair
	byState  [hostStates][3]*dto.LabelPair
	values   [hostMetrics]float64
	gauges   [hostMetrics - hostCounters]dto.Gauge
	counters [hostCounters]dto.Counter
	metrics  [hostMetrics]dto.Metric
	served   [hostMetrics]bool
}

// seriesLabels are the labels that the series of a corp's hosts share.
type seriesLabels struct {
	corp    *dto.LabelPair
	states  [hostStates]*dto.LabelPair
	noHost  bool // whether the label host is left out
	counted bool // whether the totals can be told
	created *timestamppb.Timestamp
}

// of returns the series of a host.
func (l *seriesLabels) of(name string, v *hostView) *hostSeries {
	s := &hostSeries{host: dto.LabelPair{Name: new(labelHost), Value: &name}}
	t := &v.totals
	s.values = [hostMetrics]float64{float64(t.recordings), float64(t.bytes), float64(t.milliseconds) / 1000}
	for i := range hostCounters {
		s.served[i] = l.counted
		s.counters[i].Value, s.counters[i].CreatedTimestamp = &s.values[i], l.created
		s.metrics[i].Counter = &s.counters[i]
	}
	if v.sums != nil {
		s.setGauges(v.sums)
	}
	labels := s.labels[:0]
	labels = append(labels, l.corp)
	if !l.noHost {
		labels = append(labels, &s.host)
	}
	for i := range s.metrics {
		s.metrics[i].Label = labels
	}
	for i := range hostStates {
		s.metrics[hostCounters+i].Label = append(append(s.byState[i][:0], labels...), l.states[i])
	}
	return s
}

func (s *hostSeries) setGauges(from *sums) {
	for i, n := range from.recordings {
		s.values[hostCounters+i] = float64(n)
	}
	s.values[filesAt] = float64(from.files)
	s.values[bytesAt] = float64(from.bytes)
	s.values[durationAt] = float64(from.milliseconds) / 1000
	s.values[sharedAt] = float64(from.shared)
	s.values[exposedAt] = float64(from.exposed)
	s.values[lastStartAt] = from.lastStart.Seconds()
	for i := range s.gauges {
		at := hostCounters + i
		s.gauges[i].Value = &s.values[at]
		s.metrics[at].Gauge = &s.gauges[i]
		s.served[at] = at != lastStartAt || from.lastStart != 0
	}
}

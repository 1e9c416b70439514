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
	{recordingFiles, hostMetrics - 6, hostMetrics - 5},
	{recordingBytes, hostMetrics - 5, hostMetrics - 4},
	{recordingDuration, hostMetrics - 4, hostMetrics - 3},
	{sharedFiles, hostMetrics - 3, hostMetrics - 2},
	{exposedFiles, hostMetrics - 2, hostMetrics - 1},
	{lastStart, hostMetrics - 1, hostMetrics},
}

const (
	hostCounters = 3 // come first
	hostStates   = len(states)
	hostMetrics  = hostCounters + hostStates + 6
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
	values := s.values[hostCounters:]
	for i, n := range from.recordings {
		values[i] = float64(n)
	}
	copy(values[hostStates:], []float64{
		float64(from.files), float64(from.bytes), float64(from.milliseconds) / 1000,
		float64(from.shared), float64(from.exposed), from.lastStart.Seconds(),
	})
	for i := range s.gauges {
		s.gauges[i].Value = &values[i]
		s.metrics[hostCounters+i].Gauge = &s.gauges[i]
		s.served[hostCounters+i] = true
	}
	if from.lastStart == 0 {
		s.served[len(s.served)-1] = false
	}
}

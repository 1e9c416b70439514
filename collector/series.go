// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/discovery"
)

type hostCounter struct {
	Definition

	value func(*ledger.Totals) float64
}

// hostCounters are the counters of a host.
var hostCounters = [...]hostCounter{
	{discovered, func(t *ledger.Totals) float64 { return float64(t.Recordings) }},
	{discoveredBytes, func(t *ledger.Totals) float64 { return float64(t.Bytes) }},
	{discoveredSeconds, func(t *ledger.Totals) float64 { return float64(t.Milliseconds) / 1000 }},
}

// viewCounters are the counters of a host of a corp whose statistics are asked for.
var viewCounters = [...]hostCounter{
	{viewsTotal, func(t *ledger.Totals) float64 { return float64(t.Views) }},
	{downloadsTotal, func(t *ledger.Totals) float64 { return float64(t.Downloads) }},
}

// hostGauges are the gauges of a host. Those of one family follow each other.
var hostGauges = [...]hostGauge{
	recordingsIn(recording.Unknown),
	recordingsIn(recording.Recording),
	recordingsIn(recording.Transcoding),
	recordingsIn(recording.Completed),
	{Definition: recordingFiles, value: func(s *sums.Sums) float64 { return float64(s.Files) }},
	{Definition: recordingBytes, value: func(s *sums.Sums) float64 { return float64(s.Bytes) }},
	{Definition: recordingDuration, value: func(s *sums.Sums) float64 { return float64(s.Milliseconds) / 1000 }},
	{
		Definition: sharedFiles, presentOnly: true,
		value: func(s *sums.Sums) float64 { return float64(s.Shared) },
	},
	{
		Definition: exposedFiles, presentOnly: true,
		value: func(s *sums.Sums) float64 { return float64(s.Exposed) },
	},
	{
		Definition: retentionExceeded, presentOnly: true, needsRetention: true,
		value: func(s *sums.Sums) float64 { return float64(s.Overdue) },
	},
	{
		Definition: lastStart, absentIfZero: true,
		value: func(s *sums.Sums) float64 { return s.LastStart.Seconds() },
	},
}

type hostGauge struct {
	Definition

	state        *dto.LabelPair // nil: the family has no such label
	absentIfZero bool
	presentOnly  bool // nothing is known of its past
	// needsRetention means that it is absent unless the corp has a retention.
	needsRetention bool
	value          func(*sums.Sums) float64
}

// isServed reports whether a value is served for a host of a corp that has a retention or not.
func (g *hostGauge) isServed(value float64, retaining bool) bool {
	return (value != 0 || !g.absentIfZero) && (retaining || !g.needsRetention)
}

func recordingsIn(state recording.State) hostGauge {
	return hostGauge{
		Definition: recordings,
		state:      pair(labelState, state.String()),
		value:      func(s *sums.Sums) float64 { return float64(s.Recordings[state]) },
	}
}

// hostSeries are the series of one host. They never change, so they are made only when
// something about the host has changed, and in one allocation, since there are many.
type hostSeries struct {
	name   string
	view   *inventory.HostView // that they were made of
	info   *dto.Metric         // nil: the department is not known
	host   dto.LabelPair
	labels [2]*dto.LabelPair

	counters struct {
		metrics [len(hostCounters)]dto.Metric
		values  [len(hostCounters)]dto.Counter
		numbers [len(hostCounters)]float64
		served  bool
	}
	views  *viewSeries // nil: statistics are not asked for
	gauges struct {
		metrics [len(hostGauges)]dto.Metric
		values  [len(hostGauges)]dto.Gauge
		numbers [len(hostGauges)]float64
		labels  [len(hostGauges)][3]*dto.LabelPair
		served  [len(hostGauges)]bool
	}
}

// viewSeries are the series of the views of one host.
type viewSeries struct {
	metrics [len(viewCounters)]dto.Metric
	values  [len(viewCounters)]dto.Counter
	numbers [len(viewCounters)]float64
}

// seriesOf are the series of a corp's hosts, in the order of the label host. They are kept
// from one publication to the next.
type seriesOf struct {
	label     config.HostLabel
	birth     time.Time // of the ledger
	settled   bool
	retaining bool // the corp has a retention
	views     bool // statistics are asked for
	corp      *dto.LabelPair
	created   *timestamppb.Timestamp
	list      []*hostSeries
	// departments are those that the list was made with.
	departments *discovery.Departments
}

// update returns the series of a corp, with the old ones of hosts that have not changed,
// and how many hosts are folded.
func (s *seriesOf) update(v *poll.CorpView, n *naming) (updated *seriesOf, folded int) {
	next := &seriesOf{
		label:       n.label,
		birth:       v.Birth,
		settled:     v.Settled,
		retaining:   v.Policy.Retaining(),
		views:       v.Statistics,
		departments: v.Departments,
	}
	var old []*hostSeries
	if s != nil && s.label == next.label && s.birth.Equal(next.birth) && s.settled == next.settled &&
		s.retaining == next.retaining && s.views == next.views {
		next.corp, next.created, old = s.corp, s.created, s.list
	} else {
		next.corp, next.created = pair(labelCorp, v.Name), timestamppb.New(v.Birth)
	}
	hosts, folded := n.fold(v)
	// Departments of hosts need not be compared if none can have changed.
	sameDepartments := old != nil && s.departments == next.departments
	next.list = make([]*hostSeries, 0, len(hosts))
	for _, h := range hosts {
		for len(old) > 0 && old[0].name < h.name {
			old = old[1:]
		}
		if len(old) > 0 && old[0].name == h.name && old[0].view == h.view &&
			(sameDepartments || old[0].department() == next.departmentOf(&h)) {
			next.list = append(next.list, old[0])
		} else {
			next.list = append(next.list, next.make(&h))
		}
	}
	return next, folded
}

// make makes the series of a host.
func (s *seriesOf) make(h *namedHost) *hostSeries {
	m := &hostSeries{name: h.name, view: h.view}
	m.host.Name, m.host.Value = new(labelHost), &m.name
	labels := append(m.labels[:0], s.corp)
	if s.label != config.HostLabelOff {
		labels = append(labels, &m.host)
	}
	created := s.created
	if s.label != config.HostLabelOff {
		created = timestamppb.New(h.view.Totals.Created.Time())
	}
	m.setCounters(labels, &h.view.Totals, created, s.settled)
	if s.views && s.settled {
		m.views = newViewSeries(labels, &h.view.Totals, created)
	}
	if h.view.Sums != nil {
		m.setGauges(labels, h.view.Sums, s.retaining)
	}
	if department := s.departmentOf(h); department != "" && (s.settled || h.view.Sums != nil) {
		m.info = &dto.Metric{
			Label: []*dto.LabelPair{s.corp, pair(labelDepartment, department), &m.host},
			Gauge: &dto.Gauge{Value: new(1.0)},
		}
	}
	return m
}

// departmentOf returns the department of a host with series of its own, or an empty string if
// it is not known. Hosts that are summed up have no user ID.
func (s *seriesOf) departmentOf(h *namedHost) string {
	if h.view.Host == "" {
		return ""
	}
	return s.departments.Of(h.view.Host)
}

// department returns the department that is served, or an empty string if there is none.
func (m *hostSeries) department() string {
	if m.info == nil {
		return ""
	}
	return m.info.GetLabel()[1].GetValue()
}

func (m *hostSeries) setCounters(
	labels []*dto.LabelPair, t *ledger.Totals, created *timestamppb.Timestamp, settled bool,
) {
	c := &m.counters
	c.served = settled
	for i := range hostCounters {
		c.numbers[i] = hostCounters[i].value(t)
		c.values[i].Value, c.values[i].CreatedTimestamp = &c.numbers[i], created
		c.metrics[i].Label, c.metrics[i].Counter = labels, &c.values[i]
	}
}

func newViewSeries(labels []*dto.LabelPair, t *ledger.Totals, created *timestamppb.Timestamp) *viewSeries {
	v := &viewSeries{}
	for i := range viewCounters {
		v.numbers[i] = viewCounters[i].value(t)
		v.values[i].Value, v.values[i].CreatedTimestamp = &v.numbers[i], created
		v.metrics[i].Label, v.metrics[i].Counter = labels, &v.values[i]
	}
	return v
}

func (m *hostSeries) setGauges(labels []*dto.LabelPair, s *sums.Sums, retaining bool) {
	g := &m.gauges
	for i := range hostGauges {
		g.numbers[i] = hostGauges[i].value(s)
		g.served[i] = hostGauges[i].isServed(g.numbers[i], retaining)
		g.values[i].Value = &g.numbers[i]
		g.metrics[i].Label, g.metrics[i].Gauge = labels, &g.values[i]
		if state := hostGauges[i].state; state != nil {
			g.metrics[i].Label = append(append(g.labels[i][:0], labels...), state)
		}
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector/textformat"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/sorted"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
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

	state        string // the value of the label state; "": the family has no such label
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
		state:      state.String(),
		value:      func(s *sums.Sums) float64 { return float64(s.Recordings[state]) },
	}
}

// A hostMetric is a metric of which a host has at most one series.
type hostMetric struct {
	Definition

	state    string // as that of a hostGauge
	isServed func(*hostSeries) bool
	value    func(*inventory.HostView) float64
	more     string // the label state, as it follows others in a text format
}

const numHostMetrics = 1 + len(hostCounters) + len(viewCounters) + len(hostGauges)

// hostMetrics are all metrics of hosts, by name. A mask of them has a bit for each.
var hostMetrics = newHostMetrics()

func newHostMetrics() (list [numHostMetrics]hostMetric) {
	all := append(list[:0], hostMetric{
		Definition: hostInfo,
		isServed:   func(h *hostSeries) bool { return h.info != "" },
		value:      func(*inventory.HostView) float64 { return 1 },
	})
	for _, c := range hostCounters {
		all = append(all, hostMetric{
			Definition: c.Definition,
			isServed:   func(h *hostSeries) bool { return h.corp.settled },
			value:      func(v *inventory.HostView) float64 { return c.value(&v.Totals) },
		})
	}
	for _, c := range viewCounters {
		all = append(all, hostMetric{
			Definition: c.Definition,
			isServed:   func(h *hostSeries) bool { return h.corp.settled && h.corp.views },
			value:      func(v *inventory.HostView) float64 { return c.value(&v.Totals) },
		})
	}
	for _, g := range hostGauges {
		m := hostMetric{
			Definition: g.Definition,
			state:      g.state,
			isServed: func(h *hostSeries) bool {
				return h.view.Sums != nil && g.isServed(g.value(h.view.Sums), h.corp.retaining)
			},
			value: func(v *inventory.HostView) float64 { return g.value(v.Sums) },
		}
		if g.state != "" {
			m.more = "," + string(textformat.AppendLabel(nil, labelState, g.state))
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b hostMetric) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// A hostFamily is a family of metrics of hosts.
type hostFamily struct {
	*Definition

	first, end int    // the metrics, by their indices
	mask       uint32 // of them
}

// hostFamilies are the families of hosts, by name.
var hostFamilies = newHostFamilies()

func newHostFamilies() []hostFamily {
	var all []hostFamily
	for i := range hostMetrics {
		m := &hostMetrics[i]
		if len(all) == 0 || all[len(all)-1].Name != m.Name {
			all = append(all, hostFamily{Definition: &m.Definition, first: i})
		}
		family := &all[len(all)-1]
		family.end = i + 1
		family.mask |= 1 << i
	}
	return all
}

// hostSeries are the series of the hosts with one value of the label host. They never change.
type hostSeries struct {
	name string
	corp *corpSeries
	view *inventory.HostView
	// summed are the hosts of which the view is the sum, but for those that are folded; nil: it is
	// that of one host.
	summed []*inventory.HostView
	// info are the labels of wecom_host_info, and labels those of all other series, as they stand
	// in a text format. Without info, the department is not known.
	info, labels string
	department   string
	// What follows is read by each scrape that renders the host. Reading it from the view would
	// take half of the time.
	created wecom.Instant           // of the counters
	served  uint32                  // a mask of the metrics that there are
	values  [numHostMetrics]float64 // of those
}

// members returns the hosts that have the name.
func (h *hostSeries) members() []*inventory.HostView {
	if h.summed != nil {
		return h.summed
	}
	return []*inventory.HostView{h.view}
}

// serves reports whether there is a series of the metric.
func (h *hostSeries) serves(index int) bool { return h.served>>index&1 != 0 }

// A block has the series of some hosts, and a mask of the metrics that any of them has.
type (
	block      = sorted.Block[*hostSeries, uint32]
	seriesList = sorted.List[*hostSeries, uint32]
)

// seriesOrder has blocks of a size that was measured, see package exposition: in smaller ones a
// response compresses worse, and in larger ones a change of one host costs more.
var seriesOrder = sorted.Order[*hostSeries, uint32]{
	Key: func(h *hostSeries) string { return h.name },
	Summarize: func(list []*hostSeries) (served uint32) {
		for _, h := range list {
			served |= h.served
		}
		return served
	},
	BlockSize: 64,
}

// metric returns the series of a metric as client_golang has it.
func (h *hostSeries) metric(index int) *dto.Metric {
	m, value := &hostMetrics[index], h.values[index]
	labels := []*dto.LabelPair{pair(labelCorp, h.corp.name)}
	if m.Name == hostInfo.Name {
		labels = append(labels, pair(labelDepartment, h.department))
	}
	if h.corp.hasHostLabel() {
		labels = append(labels, pair(labelHost, h.name))
	}
	if m.state != "" {
		labels = append(labels, pair(labelState, m.state))
	}
	if m.Type == counter {
		c := &dto.Counter{Value: &value, CreatedTimestamp: timestamppb.New(h.created.Time())}
		return &dto.Metric{Label: labels, Counter: c}
	}
	return &dto.Metric{Label: labels, Gauge: &dto.Gauge{Value: &value}}
}

// A hostSection is the samples of one family and one block.
type hostSection struct {
	family *hostFamily
	block  *block
}

// AppendText implements [textformat.Section].
func (s hostSection) AppendText(dst []byte, f textformat.Format) ([]byte, error) {
	for _, h := range s.block.Elements {
		labels := h.labels
		if s.family.Name == hostInfo.Name {
			labels = h.info
		}
		for i := s.family.first; i < s.family.end; i++ {
			if !h.serves(i) {
				continue
			}
			m := &hostMetrics[i]
			dst = f.AppendSample(dst, m.Name, labels, m.more, h.values[i])
			if m.Type == counter {
				dst = f.AppendCreated(dst, m.Name, labels, h.created.Time())
			}
		}
	}
	return dst, nil
}

// A headSection is the comments before the samples of a family.
type headSection struct{ family *hostFamily }

// AppendText implements [textformat.Section].
func (s headSection) AppendText(dst []byte, f textformat.Format) ([]byte, error) {
	return f.AppendHead(dst, s.family.Name, s.family.Help, metricTypes[s.family.Type]), nil
}

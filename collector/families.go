// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// A renderer renders views as metric families. It keeps the series of hosts that do not
// change.
type renderer struct {
	series map[string]*seriesOf // by corp
}

// render returns the families of a view in the order of their names.
func (r *renderer) render(v *poll.View, n *naming) []*dto.MetricFamily {
	b := familyBuilder{families: map[string]*dto.MetricFamily{}}
	before := r.series
	r.series = make(map[string]*seriesOf, len(v.Corps))
	for i := range v.Corps {
		c := &v.Corps[i]
		series, folded := before[c.Name].update(c, n)
		r.series[c.Name] = series
		b.addCorp(c, series, folded)
	}
	maps.DeleteFunc(b.families, func(_ string, f *dto.MetricFamily) bool { return len(f.GetMetric()) == 0 })
	list := slices.Collect(maps.Values(b.families))
	slices.SortFunc(list, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return list
}

type familyBuilder struct {
	families map[string]*dto.MetricFamily
}

func (b *familyBuilder) addCorp(c *poll.CorpView, series *seriesOf, folded int) {
	if c.QuotaBytes > 0 {
		b.add(quotaBytes, float64(c.QuotaBytes), series.corp)
	}
	b.add(hostSeriesFolded, float64(folded), series.corp)
	b.addLedger(c, series)
	if c.Listed {
		b.addHosts(series.list)
		b.addDepartments(series.list)
		b.addTotal(c.Total, series.corp)
		if c.Policy.Accepting() {
			b.add(acceptedFiles, float64(c.Total.Accepted), series.corp)
		}
	}
}

func (b *familyBuilder) addHosts(hosts []*hostSeries) {
	for i := range hostCounters {
		family := b.grow(hostCounters[i].Definition, len(hosts))
		for _, h := range hosts {
			if h.counters.served {
				family.Metric = append(family.Metric, &h.counters.metrics[i])
			}
		}
	}
	for i := range viewCounters {
		family := b.family(viewCounters[i].Definition)
		for _, h := range hosts {
			if h.views != nil {
				family.Metric = append(family.Metric, &h.views.metrics[i])
			}
		}
	}
	for first, end := 0, 0; first < len(hostGauges); first = end {
		for end < len(hostGauges) && hostGauges[end].Name == hostGauges[first].Name {
			end++
		}
		family := b.grow(hostGauges[first].Definition, len(hosts)*(end-first))
		for _, h := range hosts {
			for i := first; i < end; i++ {
				if h.gauges.served[i] {
					family.Metric = append(family.Metric, &h.gauges.metrics[i])
				}
			}
		}
	}
}

// addDepartments adds the departments of hosts, as far as they are known.
func (b *familyBuilder) addDepartments(hosts []*hostSeries) {
	family := b.family(hostInfo)
	for _, h := range hosts {
		if h.info != nil {
			family.Metric = append(family.Metric, h.info)
		}
	}
}

// addTotal adds what is served of all hosts together.
func (b *familyBuilder) addTotal(total *sums.Sums, corp *dto.LabelPair) {
	for a := range recording.Audience(recording.NumAudiences) {
		for p := range recording.Password(recording.NumPasswords) {
			for e := range recording.Expiry(recording.NumExpiries) {
				for d := range recording.Download(recording.NumDownloads) {
					b.add(sharingFiles, float64(total.Sharing[a][p][e][d]), pair("audience", a.String()), corp,
						pair("download", d.String()), pair("expiry", e.String()), pair("password", p.String()))
				}
			}
		}
	}
	for age, n := range total.Ages {
		b.add(FilesByAge, float64(n), pair("age", recording.Age(age).String()), corp)
	}
	for i, oldest := range total.Oldest {
		if state := recording.State(i); oldest != 0 && state != recording.Completed {
			b.add(oldestUnfinished, oldest.Seconds(), corp, pair(labelState, state.String()))
		}
	}
}

// addLedger adds what was counted, but for the counters of hosts.
func (b *familyBuilder) addLedger(c *poll.CorpView, series *seriesOf) {
	b.count(recordingsRemoved, float64(c.Removed), series.created, series.corp)
	for i, n := range c.SharingChanges {
		b.count(sharingChanges, float64(n), series.created, pair("change", ledger.Kind(i).String()), series.corp)
	}
	for _, h := range []struct {
		definition   Definition
		distribution *ledger.Distribution
	}{
		{fileSize, &c.FileSizes},
		{fileDuration, &c.FileDurations},
		{transcodingTime, &c.Transcodings},
	} {
		b.addMetric(h.definition, histogramOf(h.definition, h.distribution, c.Birth, c.Name))
	}
}

// add adds a gauge. The labels must be in the order of their names.
func (b *familyBuilder) add(d Definition, value float64, labels ...*dto.LabelPair) {
	b.addMetric(d, &dto.Metric{Label: labels, Gauge: &dto.Gauge{Value: new(value)}})
}

// count adds a counter. The labels must be in the order of their names.
func (b *familyBuilder) count(d Definition, value float64, created *timestamppb.Timestamp, labels ...*dto.LabelPair) {
	b.addMetric(d, &dto.Metric{Label: labels, Counter: &dto.Counter{Value: new(value), CreatedTimestamp: created}})
}

func (b *familyBuilder) addMetric(d Definition, metric *dto.Metric) {
	family := b.family(d)
	family.Metric = append(family.Metric, metric)
}

// grow returns a family with room for more metrics.
func (b *familyBuilder) grow(d Definition, more int) *dto.MetricFamily {
	family := b.family(d)
	family.Metric = slices.Grow(family.Metric, more)
	return family
}

func (b *familyBuilder) family(d Definition) *dto.MetricFamily {
	family := b.families[d.Name]
	if family == nil {
		family = &dto.MetricFamily{Name: new(d.Name), Help: new(d.Help), Type: metricTypes[d.Type].Enum()}
		b.families[d.Name] = family
	}
	return family
}

var metricTypes = map[Type]dto.MetricType{
	gauge: dto.MetricType_GAUGE, counter: dto.MetricType_COUNTER, histogram: dto.MetricType_HISTOGRAM,
}

func pair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: new(name), Value: new(value)}
}

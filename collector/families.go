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

// A familyBuilder makes the families of what is not of single hosts.
type familyBuilder struct {
	families map[string]*dto.MetricFamily
}

// list returns the families that have metrics, in the order of their names.
func (b *familyBuilder) list() []*dto.MetricFamily {
	list := slices.Collect(maps.Values(b.families))
	slices.SortFunc(list, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return list
}

func (b *familyBuilder) addCorp(c *poll.CorpView, folded int) {
	corp, created := pair(labelCorp, c.Name), timestamppb.New(c.Birth)
	if c.QuotaBytes > 0 {
		b.add(quotaBytes, float64(c.QuotaBytes), corp)
	}
	b.add(hostSeriesFolded, float64(folded), corp)
	b.addLedger(c, corp, created)
	if c.Listed {
		b.addTotal(c.Total, corp)
		if c.Policy.Accepting() {
			b.add(acceptedFiles, float64(c.Total.Accepted), corp)
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
func (b *familyBuilder) addLedger(c *poll.CorpView, corp *dto.LabelPair, created *timestamppb.Timestamp) {
	b.count(recordingsRemoved, float64(c.Removed), created, corp)
	for i, n := range c.SharingChanges {
		b.count(sharingChanges, float64(n), created, pair("change", ledger.Kind(i).String()), corp)
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

func (b *familyBuilder) family(d Definition) *dto.MetricFamily {
	family := b.families[d.Name]
	if family == nil {
		family = newFamily(d)
		b.families[d.Name] = family
	}
	return family
}

func newFamily(d Definition) *dto.MetricFamily {
	return &dto.MetricFamily{Name: new(d.Name), Help: new(d.Help), Type: metricTypes[d.Type].Enum()}
}

var metricTypes = map[Type]dto.MetricType{
	gauge: dto.MetricType_GAUGE, counter: dto.MetricType_COUNTER, histogram: dto.MetricType_HISTOGRAM,
}

func pair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: new(name), Value: new(value)}
}

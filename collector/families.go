// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"maps"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
)

// A corpSnapshot is what is served of one corp's inventory and ledger. It never
// changes.
type corpSnapshot struct {
	corp   string
	total  *sums         // nil: nothing is known yet
	hosts  []*hostSeries // in the order of the label host
	folded int
	ready  bool      // whether every target had been asked
	quota  int64     // 0: none configured
	stale  time.Time // when it changes by the clock alone

	birth          time.Time
	removed        uint64
	sharingChanges [len(changes)]uint64

	fileSizes, fileDurations, transcodings distribution
}

// families renders snapshots, which must be in the order of their corps, as
// metric families in the order of their names.
func families(snapshots []*corpSnapshot) []*dto.MetricFamily {
	b := familyBuilder{families: map[string]*dto.MetricFamily{}}
	for _, s := range snapshots {
		b.addCorp(s)
	}
	maps.DeleteFunc(b.families, func(_ string, f *dto.MetricFamily) bool { return len(f.GetMetric()) == 0 })
	list := slices.Collect(maps.Values(b.families))
	slices.SortFunc(list, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return list
}

type familyBuilder struct {
	families map[string]*dto.MetricFamily
}

func (b *familyBuilder) addCorp(s *corpSnapshot) {
	corp := pair(labelCorp, s.corp)
	if s.quota > 0 {
		b.add(quotaBytes, float64(s.quota), corp)
	}
	b.add(hostSeriesFolded, float64(s.folded), corp)
	b.addEvents(s, corp)
	if s.total == nil {
		return
	}
	for _, f := range hostFamilies {
		family := b.family(f.Definition)
		family.Metric = slices.Grow(family.Metric, len(s.hosts)*(f.end-f.first))
		for _, host := range s.hosts {
			for i := f.first; i < f.end; i++ {
				if host.served[i] {
					family.Metric = append(family.Metric, &host.metrics[i])
				}
			}
		}
	}
	for a := range recording.Audience(recording.NumAudiences) {
		for p := range recording.Password(recording.NumPasswords) {
			for e := range recording.Expiry(recording.NumExpiries) {
				for d := range recording.Download(recording.NumDownloads) {
					b.add(sharingFiles, float64(s.total.sharing[a][p][e][d]), pair("audience", a.String()), corp,
						pair("download", d.String()), pair("expiry", e.String()), pair("password", p.String()))
				}
			}
		}
	}
	for age := range recording.Age(recording.NumAges) {
		b.add(filesByAge, float64(s.total.ages[age]), pair("age", age.String()), corp)
	}
	for i, state := range states {
		if oldest := s.total.oldest[i]; oldest != 0 && state != "completed" {
			b.add(oldestUnfinished, oldest.Seconds(), corp, pair(labelState, state))
		}
	}
}

// addEvents adds what the ledger has that is not told by host.
func (b *familyBuilder) addEvents(s *corpSnapshot, corp *dto.LabelPair) {
	created := timestamppb.New(s.birth)
	b.count(recordingsRemoved, float64(s.removed), created, corp)
	for i, change := range changes {
		b.count(sharingChanges, float64(s.sharingChanges[i]), created, pair("change", change), corp)
	}
	for _, h := range []struct {
		definition   Definition
		distribution *distribution
	}{{fileSize, &s.fileSizes}, {fileDuration, &s.fileDurations}, {transcodingTime, &s.transcodings}} {
		b.addMetric(h.definition, h.distribution.metric(s.birth, corp))
	}
}

// add adds a gauge. The labels must be in the order of their names.
func (b *familyBuilder) add(d Definition, value float64, labels ...*dto.LabelPair) {
	b.addMetric(d, &dto.Metric{Label: labels, Gauge: &dto.Gauge{Value: new(value)}})
}

// count adds a counter.
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
		family = &dto.MetricFamily{Name: new(d.Name), Help: new(d.Help), Type: metricTypes[d.Type].Enum()}
		b.families[d.Name] = family
	}
	return family
}

var metricTypes = map[string]dto.MetricType{
	gauge: dto.MetricType_GAUGE, counter: dto.MetricType_COUNTER, histogram: dto.MetricType_HISTOGRAM,
}

func pair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: new(name), Value: new(value)}
}

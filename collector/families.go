// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// A corpSnapshot is what is served of one corp's inventory. It never changes.
type corpSnapshot struct {
	corp   string
	sums   *sums
	hosts  map[string]*hostSums // by the value of the label host
	folded int
	noHost bool  // whether the label host is left out
	ready  bool  // whether every target had been asked
	quota  int64 // 0: none configured
}

// families renders snapshots, which must be in the order of their corps, as
// metric families in the order of their names.
func families(snapshots []*corpSnapshot) []*dto.MetricFamily {
	b := familyBuilder{families: map[string]*dto.MetricFamily{}}
	for _, s := range snapshots {
		b.addCorp(s)
	}
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
	if s.sums == nil {
		return
	}
	for _, host := range slices.Sorted(maps.Keys(s.hosts)) {
		labels := []*dto.LabelPair{corp}
		if !s.noHost {
			labels = append(labels, pair(labelHost, host))
		}
		b.addHost(s.hosts[host], labels)
	}
	for a, audience := range audiences {
		for p, password := range passwords {
			for e, expiry := range expiries {
				for d, download := range downloads {
					b.add(sharingFiles, float64(s.sums.sharing[a][p][e][d]), pair("audience", audience), corp,
						pair("download", download), pair("expiry", expiry), pair("password", password))
				}
			}
		}
	}
	for i, age := range ages {
		b.add(filesByAge, float64(s.sums.ages[i]), pair("age", age), corp)
	}
	for i, state := range states {
		if oldest := s.sums.oldest[i]; oldest != 0 && state != "completed" {
			b.add(oldestUnfinished, oldest.Seconds(), corp, pair(labelState, state))
		}
	}
}

func (b *familyBuilder) addHost(h *hostSums, labels []*dto.LabelPair) {
	for i, state := range states {
		b.add(recordings, float64(h.recordings[i]), append(slices.Clip(labels), pair(labelState, state))...)
	}
	b.add(recordingFiles, float64(h.files), labels...)
	b.add(recordingBytes, float64(h.bytes), labels...)
	b.add(recordingDuration, float64(h.milliseconds)/1000, labels...)
	b.add(sharedFiles, float64(h.shared), labels...)
	b.add(exposedFiles, float64(h.exposed), labels...)
	if h.lastStart != 0 {
		b.add(lastStart, h.lastStart.Seconds(), labels...)
	}
}

// add adds a gauge. The labels must be in the order of their names.
func (b *familyBuilder) add(d Definition, value float64, labels ...*dto.LabelPair) {
	family := b.families[d.Name]
	if family == nil {
		family = &dto.MetricFamily{Name: new(d.Name), Help: new(d.Help), Type: dto.MetricType_GAUGE.Enum()}
		b.families[d.Name] = family
	}
	family.Metric = append(family.Metric, &dto.Metric{Label: labels, Gauge: &dto.Gauge{Value: new(value)}})
}

func pair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: new(name), Value: new(value)}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector/textformat"
)

// A Snapshot has the metrics of the inventories as they were last published. It never changes.
type Snapshot struct {
	// Version grows with every snapshot.
	Version uint64

	families []*dto.MetricFamily // but for those of hosts, by name
	hosts    []*hosts            // of each corp
}

// NewSnapshot returns a snapshot of families without those of hosts, by name.
func NewSnapshot(version uint64, families []*dto.MetricFamily) *Snapshot {
	return &Snapshot{Version: version, families: families}
}

// Gather returns all metrics as families, in the order of their names. For many hosts it takes
// long: see [Snapshot.Sections].
func (s *Snapshot) Gather() []*dto.MetricFamily {
	all := slices.Clone(s.families)
	for i := range hostFamilies {
		if family := s.gather(&hostFamilies[i]); len(family.GetMetric()) > 0 {
			all = append(all, family)
		}
	}
	slices.SortFunc(all, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return all
}

func (s *Snapshot) gather(f *hostFamily) *dto.MetricFamily {
	family := newFamily(*f.Definition)
	for _, h := range s.hosts {
		for series := range h.list.All() {
			for i := f.first; i < f.end; i++ {
				if series.serves(i) {
					family.Metric = append(family.Metric, series.metric(i))
				}
			}
		}
	}
	return family
}

// Sections returns the metrics that Gather returns, as they are written in a text format. As long
// as nothing changes about some hosts, snapshots have the same section of them.
func (s *Snapshot) Sections() []textformat.Section {
	var sections []textformat.Section
	families := s.families
	for i := range hostFamilies {
		f := &hostFamilies[i]
		for len(families) > 0 && families[0].GetName() < f.Name {
			sections = append(sections, familySection{families[0]})
			families = families[1:]
		}
		head := len(sections)
		for _, h := range s.hosts {
			for _, b := range h.list.Blocks {
				if b.Summary&f.mask == 0 {
					continue
				}
				if len(sections) == head {
					sections = append(sections, headSection{f})
				}
				sections = append(sections, hostSection{f, b})
			}
		}
	}
	for _, family := range families {
		sections = append(sections, familySection{family})
	}
	return sections
}

// A familySection is a family that is not of hosts.
type familySection struct{ family *dto.MetricFamily }

// AppendText implements [textformat.Section].
func (s familySection) AppendText(dst []byte, f textformat.Format) ([]byte, error) {
	kind := expfmt.TypeTextPlain
	if f == textformat.OpenMetrics {
		kind = expfmt.TypeOpenMetrics
	}
	out := bytes.NewBuffer(dst)
	if err := expfmt.NewEncoder(out, expfmt.NewFormat(kind), expfmt.WithCreatedLines()).Encode(s.family); err != nil {
		return nil, fmt.Errorf("encoding %s: %w", s.family.GetName(), err)
	}
	return out.Bytes(), nil
}

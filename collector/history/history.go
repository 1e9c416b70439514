// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package history writes as OpenMetrics what the metrics of a corp's recordings would have
// been, as far as it follows from what WeCom lists now. Labels and values are those that the
// collector gives to the same recordings.
//
// At an instant, a recording counts from its start on, until its latest time is older than
// the lookback. Before the end of its last file it is in state recording and has no files;
// from then on it is as it is listed now. One that is not completed now is in its present
// state from its start on. One whose start is not known counts at every instant. Counters
// count what began, or what ended, after the first instant.
//
// What was deleted before is not known, nor is sharing, nor how long transcoding took: no
// recording is in state transcoding but one that still is.
package history

import (
	"slices"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A History is what was known of each recording, in few bytes. It holds no samples.
type History struct {
	grid     Grid
	lookback time.Duration
	metrics  []collector.PastMetric
	corps    []*corp // by name
}

// A corp is what is known of the recordings of one.
type corp struct {
	name    string
	labelOf func(host string) string // nil: there is no label host
	hosts   map[string]*host         // by label
	sorted  []*host                  // by label, once there is no more to add
	// ages are by how much the files of each age become more at an instant.
	ages [recording.NumAges][]int32
}

// New returns the history of the corps of a view of which a list was applied, as yet
// without recordings. The view decides which hosts have series of their own.
func New(v *poll.View, grid Grid, lookback time.Duration) *History {
	h := &History{grid: grid, lookback: lookback, metrics: collector.PastMetrics()}
	for i := range v.Corps {
		if !v.Corps[i].Listed {
			continue
		}
		c := &corp{
			name:    v.Corps[i].Name,
			labelOf: collector.HostLabels(v.Metrics, v.Corps[i].Admitted),
			hosts:   map[string]*host{},
		}
		for age := range c.ages {
			c.ages[age] = make([]int32, grid.n+1)
		}
		h.corps = append(h.corps, c)
	}
	return h
}

// IsEmpty reports whether nothing is known of any corp.
func (h *History) IsEmpty() bool { return len(h.corps) == 0 }

// Add adds a recording of a corp, as it is now. It does not keep the record.
func (h *History) Add(corpName string, r *recording.Record) {
	i := slices.IndexFunc(h.corps, func(c *corp) bool { return c.name == corpName })
	if i < 0 {
		return
	}
	started := r.Started()
	start, end := h.grid.index(started), h.grid.index(max(started, r.LastEnd()))
	left := h.grid.n
	if at, ages := inventory.Leaves(r, h.lookback); ages {
		left = h.grid.index(at)
	}
	if start == h.grid.n || left == 0 {
		return // It is outside at every instant.
	}
	c := h.corps[i]
	amount := sums.Of(r, nil, h.grid.First())
	c.hostOf(r.Host).add(&entry{
		started:      started,
		bytes:        amount.Bytes,
		milliseconds: amount.Milliseconds,
		files:        amount.Files,
		left:         left,
		state:        r.State,
	}, start, end)
	for i := range r.Files {
		h.addAges(c, r, &r.Files[i], end, left)
	}
}

// addAges adds a file that is listed from one instant until another.
func (h *History) addAges(c *corp, r *recording.Record, f *recording.File, from, until int32) {
	started := r.FileStart(&f.File)
	for i := from; i < until; {
		age, changes := recording.AgeOf(started, h.grid.at(i).Time())
		next := until
		if !changes.IsZero() {
			next = min(h.grid.index(wecom.InstantOf(changes)), until)
		}
		c.ages[age][i]++
		c.ages[age][next]--
		i = next
	}
}

func (c *corp) hostOf(name string) *host {
	label := ""
	if c.labelOf != nil {
		label = c.labelOf(name)
	}
	of := c.hosts[label]
	if of == nil {
		label = strings.Clone(label) // It may share memory with the record.
		of = &host{label: label}
		c.hosts[label] = of
	}
	return of
}

// sort puts everything in the order in which it is written.
func (h *History) sort() {
	for _, c := range h.corps {
		c.sorted = c.sorted[:0]
		for _, of := range c.hosts {
			of.sort()
			c.sorted = append(c.sorted, of)
		}
		slices.SortFunc(c.sorted, func(a, b *host) int { return strings.Compare(a.label, b.label) })
	}
}

// Samples returns about how many samples there are to write: a few less if a host had no
// recording for a while, since the start of its newest one is absent then.
func (h *History) Samples() int64 {
	samples := int64(0)
	for _, c := range h.corps {
		samples += int64(recording.NumAges) * int64(h.grid.n)
		for _, of := range c.hosts {
			first := h.grid.n
			for _, change := range of.changes {
				first = min(first, change.at)
			}
			samples += int64(len(h.metrics)) * int64(h.grid.n-first)
		}
	}
	return samples
}

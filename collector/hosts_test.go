// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector/textformat"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/policy"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A crowd is hosts that change at random.
type crowd struct {
	*rand.Rand

	views    map[string]*inventory.HostView
	list     hostList
	admitted map[string]bool
	corp     poll.CorpView
}

// names are some of hosts: reserved ones, odd ones, and enough others for several blocks.
func (c *crowd) name() string {
	odd := []string{"", "other", "unknown", "四\n\"\\", "a,b{}= #"}
	if i := c.IntN(60); i < len(odd) {
		return odd[i]
	}
	return fmt.Sprintf("user%03d", c.IntN(200))
}

// change changes some hosts, and now and then what all have in common.
func (c *crowd) change() *poll.CorpView {
	var put []*inventory.HostView
	var removed []string
	changed := map[string]bool{}
	for range c.IntN([]int{2, 5, 100}[c.IntN(3)]) {
		name := c.name()
		if changed[name] {
			continue
		}
		changed[name] = true
		if c.IntN(4) == 0 {
			delete(c.views, name)
			removed = append(removed, name)
			continue
		}
		v := &inventory.HostView{Host: name, Totals: ledger.Totals{
			Recordings: c.Uint64N(100), Bytes: c.Int64N(1 << 40), Views: c.Uint64N(3), Created: wecom.InstantOf(noon) + wecom.Instant(c.IntN(1000)),
		}}
		if c.IntN(4) > 0 {
			v.Sums = &sums.Sums{Files: c.Int32N(9), Bytes: c.Int64N(1 << 40), LastStart: wecom.Instant(c.Int64N(2)) * wecom.InstantOf(noon)}
		}
		c.views[name] = v
		put = append(put, v)
	}
	c.list = viewOrder.Update(c.list, put, removed)
	switch c.IntN(12) {
	case 0:
		c.admitted = nil
	case 1:
		c.admitted = map[string]bool{}
		for name := range c.views {
			c.admitted[name] = c.IntN(2) == 0
		}
	case 2:
		c.corp = *inDepartments(&c.corp, map[string]int64{"user001": 2, "user002": c.Int64N(9), "other": 2})
	case 3:
		c.corp.Statistics = c.IntN(2) == 0
	}
	next := c.corp
	view := *viewOf(c.admitted)
	next.View = view.View
	next.Hosts = c.list
	next.Settled = c.IntN(9) > 0
	next.Folded = ledger.Totals{Recordings: c.Uint64N(2), Created: wecom.InstantOf(noon)}
	if c.IntN(2) == 0 {
		next.Policy = &policy.Policy{Retention: 1}
	}
	return &next
}

func textOf(t *testing.T, format expfmt.FormatType, s *Snapshot) string {
	t.Helper()
	var out bytes.Buffer
	encoder := expfmt.NewEncoder(&out, expfmt.NewFormat(format), expfmt.WithCreatedLines())
	for _, family := range s.Gather() {
		if err := encoder.Encode(family); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// TestUpdatesOfHosts makes random changes. After each, the series are those that are made of
// everything at once, and their sections are what expfmt writes of them.
func TestUpdatesOfHosts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			c := crowd{Rand: rand.New(rand.NewPCG(seed, 0)), views: map[string]*inventory.HostView{}, corp: poll.CorpView{Name: "a\"cme"}}
			n := []*naming{plain, hashed, off}[seed%3]
			var p *hosts
			for step := range 60 {
				v := c.change()
				p = p.update(v, n)
				updated, made := &Snapshot{hosts: []*hosts{p}}, &Snapshot{hosts: []*hosts{(*hosts)(nil).update(v, n)}}
				for format, kind := range map[textformat.Format]expfmt.FormatType{
					textformat.Text: expfmt.TypeTextPlain, textformat.OpenMetrics: expfmt.TypeOpenMetrics,
				} {
					want := textOf(t, kind, made)
					if diff := cmp.Diff(want, textOf(t, kind, updated)); diff != "" {
						t.Fatalf("step %d, format %d (-made at once +updated):\n%s", step, format, diff)
					}
					var text []byte
					for _, section := range updated.Sections() {
						var err error
						if text, err = section.AppendText(text, format); err != nil {
							t.Fatal(err)
						}
					}
					if diff := cmp.Diff(want, string(text)); diff != "" {
						t.Fatalf("step %d, format %d (-expfmt +sections):\n%s", step, format, diff)
					}
				}
			}
		})
	}
}

// TestSectionsAreKept changes one host of many.
func TestSectionsAreKept(t *testing.T) {
	t.Parallel()
	views := make([]*inventory.HostView, 0, 1000)
	for i := range 1000 {
		views = append(views, withBytes(fmt.Sprintf("user%04d", i), 1))
	}
	list := viewOrder.Update(hostList{}, views, nil)
	v := viewOf(nil)
	v.Hosts = list
	before := (*hosts)(nil).update(v, plain)
	v = viewOf(nil)
	v.Hosts = viewOrder.Update(list, []*inventory.HostView{withBytes("user0500", 2)}, nil)
	after := before.update(v, plain)

	known := map[textformat.Section]bool{}
	for _, section := range (&Snapshot{hosts: []*hosts{before}}).Sections() {
		known[section] = true
	}
	others, families := 0, 0
	for _, section := range (&Snapshot{hosts: []*hosts{after}}).Sections() {
		if _, isHead := section.(headSection); isHead {
			families++
		}
		if !known[section] {
			others++
		}
	}
	if families == 0 || others != families {
		t.Errorf("%d sections are others after a change of one host, want one for each of %d families", others, families)
	}
}

//go:build long || attack

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// A budgetMeter counts the calls in any 60 s on their way to WeCom.
type budgetMeter struct {
	http.RoundTripper

	mu          sync.Mutex
	recent      []time.Time
	calls, most int
}

// RoundTrip implements http.RoundTripper.
func (m *budgetMeter) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/gettoken") {
		m.count(time.Now())
	}
	return m.RoundTripper.RoundTrip(r)
}

func (m *budgetMeter) count(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	m.recent = append(m.recent, now)
	for now.Sub(m.recent[0]) >= time.Minute {
		m.recent = m.recent[1:]
	}
	m.most = max(m.most, len(m.recent))
}

// A company is a simulated one, of whose members a third are replaced each day, and which counts
// for itself what the exporter must count.
type company struct {
	server  *wecomtest.Server
	members []string
	joined  int // members that there ever were
	hour    int
	removal map[int][]string // recordings to remove, by hour
	expiry  map[int][]string // recordings that left the lookback, by hour

	recordings, removed, enabled int
}

// join has users join the company, and as many of those leave who have been there longest.
func (c *company) join(users, leave int) {
	for range users {
		c.members = append(c.members, fmt.Sprintf("user%05d", c.joined))
		c.joined++
	}
	c.members = c.members[leave:]
	c.server.SetDirectory(rig.Staff(c.members...))
}

// pass has an hour pass in which twenty recordings are made, except before members are replaced, so
// that each is listed in time. One in five has a host from outside, who never comes again.
func (c *company) pass() {
	c.hour++
	c.server.Remove(c.removal[c.hour]...)
	c.server.Remove(c.expiry[c.hour]...)
	c.removed += len(c.removal[c.hour])
	delete(c.removal, c.hour)
	delete(c.expiry, c.hour)
	hour := c.hour % 24
	if hour >= 20 {
		return
	}
	for range 20 {
		n := c.recordings
		c.recordings++
		member := c.members[n*7%len(c.members)]
		id := fmt.Sprintf("r%06d", n)
		r := rig.Recorded(id, member, time.Hour)
		switch n % 10 {
		case 0, 1:
			r.Host = fmt.Sprintf("guest%06d", n)
		case 2:
			if hour < 15 {
				c.removal[c.hour+4] = append(c.removal[c.hour+4], id)
			}
		case 3:
			if hour < 15 {
				r.Files[0].Shares = []wecomtest.Share{{At: time.Now().Add(2 * time.Hour), On: true, SameCorp: true}}
				c.enabled++
			}
		}
		c.expiry[c.hour+26] = append(c.expiry[c.hour+26], id)
		c.server.Put(r)
	}
}

// counted returns what the exporter counted, over all hosts.
func counted(r *rig.Rig) (recordings, bytes, removed, enabled, hosts int) {
	for _, family := range r.Gather() {
		sum := 0
		for _, m := range family.GetMetric() {
			sum += int(m.GetCounter().GetValue())
		}
		switch family.GetName() {
		case "wecom_recordings_discovered_total":
			recordings, hosts = sum, len(family.GetMetric())
		case "wecom_recording_discovered_bytes_total":
			bytes = sum
		case "wecom_recordings_removed_total":
			removed = sum
		case "wecom_recording_sharing_changes_total":
			enabled = sum // Nothing else changes.
		}
	}
	return recordings, bytes, removed, enabled, hosts
}

// TestAttackWeek has hosts, targets and recordings of a company come and go for a week, with 1 %
// of faults and a reload a day.
//
//nolint:paralleltest // It measures the heap.
func TestAttackWeek(t *testing.T) {
	const members, days, limit, budget = 300, 7, 50, 60
	rig.Virtually(t, func(t *testing.T) {
		c := &company{
			server:  wecomtest.New(wecomtest.Config{RequestLog: -1}),
			removal: map[int][]string{}, expiry: map[int][]string{},
		}
		c.join(members, 0)
		var call atomic.Int64
		c.server.Fail(wecomtest.Fault{Match: func(wecomtest.Request) bool { return call.Add(1)%100 == 0 }, Errcode: -1})
		meter := &budgetMeter{RoundTripper: c.server}
		cfg := rig.Discovering(true, false)
		cfg.Poll.Interval, cfg.Poll.Lookback, cfg.Poll.MaxRequestsPerMinute = 15*time.Minute, rig.Day, budget
		cfg.Metrics.MaxHosts = limit
		r := rig.Start(t, meter, cfg)
		r.Wait(time.Hour)

		var heap [days + 1]float64
		var goroutines [days + 1]int
		for day := 1; day <= days; day++ {
			for range 23 {
				c.pass()
				r.Wait(time.Hour)
			}
			recordings, bytes, removed, enabled, hosts := counted(r)
			if recordings != c.recordings || bytes != 1000*c.recordings || removed != c.removed || enabled != c.enabled {
				t.Errorf("day %d: counted %d recordings of %d bytes, %d removed, %d enabled; want %d, %d, %d, %d",
					day, recordings, bytes, removed, enabled, c.recordings, 1000*c.recordings, c.removed, c.enabled)
			}
			if hosts > limit+1 {
				t.Errorf("day %d: %d hosts have series, want %d at the most", day, hosts, limit+1)
			}
			r.Log.Reset() // It has a line for each call.
			heap[day], goroutines[day] = rig.LiveHeap(), runtime.NumGoroutine()
			c.join(members/3, members/3)
			r.Reload(cfg)
			c.hour++
			r.Wait(time.Hour)
		}
		t.Logf("week: %d calls, %d at the most in 60 s, budget %d; %d members, %d recordings, %d removed, %d shared; "+
			"heap %.2f MiB on day 2, %.2f MiB on day %d; goroutines %v",
			meter.calls, meter.most, budget, c.joined, c.recordings, c.removed, c.enabled,
			heap[2]/(1<<20), heap[days]/(1<<20), days, goroutines[1:])
		if meter.most > budget {
			t.Errorf("%d calls in 60 s, and the budget is %d", meter.most, budget)
		}
		if most := heap[2]*1.05 + 256<<10; heap[days] > most {
			t.Errorf("%.0f bytes of heap on day %d, want %.0f at the most", heap[days], days, most)
		}
		if goroutines[days] > goroutines[2]+2 { // A poll may be under way.
			t.Errorf("%d goroutines on day %d, %d on day 2", goroutines[days], days, goroutines[2])
		}
	})
}

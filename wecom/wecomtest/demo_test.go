// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// labels returns the label values of a share as the sharing matrix has them, and whether it is exposed.
func labels(f *sampleFile, now time.Time) (values []string, exposed bool) {
	audience := "anyone"
	switch {
	case f.RequiredAttendee:
		audience = "attendees"
	case f.RequiredSameCorp:
		audience = "company"
	}
	password := "none"
	if f.Password != "" {
		password = "set"
	}
	download := "blocked"
	if f.AllowDownload {
		download = "allowed"
	}
	expiry := "never"
	if f.SharingExpire != 0 {
		switch left := time.UnixMilli(f.SharingExpire).Sub(now); {
		case left <= 0:
			expiry = "expired"
		case left <= day:
			expiry = "1d"
		case left <= 7*day:
			expiry = "7d"
		case left <= 30*day:
			expiry = "30d"
		default:
			expiry = "later"
		}
	}

	return []string{audience, "password " + password, expiry, download},
		audience == "anyone" && password == "none" && expiry != "expired"
}

// survey is what an exporter with the usual lookback would find.
type survey struct {
	recordings map[string]sampleRecording
	perUser    map[string]int
	states     map[int]int
	labels     map[string]int
	exposed    int
}

func (x *client) survey(t *testing.T) survey {
	t.Helper()
	x.token = "" // The last one may have expired.
	got := survey{recordings: map[string]sampleRecording{}, perUser: map[string]int{}, states: map[int]int{}, labels: map[string]int{}}
	for _, m := range x.directory.Members {
		if !x.visible(m.UserID) {
			continue
		}
		for cursor, more := "", true; more; {
			r := x.call(t, endpointRecordList, listBody("userid", m.UserID, x.now, 20, cursor))
			if r.Errcode != 0 {
				t.Fatalf("%s: %+v", m.UserID, r)
			}
			got.perUser[m.UserID] += len(r.RecordMeetings)
			for _, rec := range r.RecordMeetings {
				got.recordings[rec.MeetingRecordID] = rec
			}
			cursor, more = r.NextCursor, r.HasMore
		}
	}
	for _, rec := range got.recordings {
		got.states[rec.State]++
		for i := range rec.RecordFiles {
			if rec.RecordFiles[i].SharingState == 1 {
				values, exposed := labels(&rec.RecordFiles[i], x.now)
				for _, v := range values {
					got.labels[v]++
				}
				if exposed {
					got.exposed++
				}
			}
		}
	}

	return got
}

func newDemo(t *testing.T, seed uint64) *client {
	t.Helper()
	x := &client{now: epoch}
	x.Server = DemoServer(Config{Now: func() time.Time { return x.now }}, seed, 60)

	return x
}

func TestDemoIsTheSameForASeed(t *testing.T) {
	t.Parallel()
	var surveys [3]survey
	for i, seed := range []uint64{1, 1, 2} {
		x := newDemo(t, seed)
		x.now = epoch.Add(90 * time.Minute)
		surveys[i] = x.survey(t)
	}
	if diff := cmp.Diff(surveys[0].recordings, surveys[1].recordings); diff != "" {
		t.Errorf("one seed (-first +second):\n%s", diff)
	}
	if cmp.Equal(surveys[0].recordings, surveys[2].recordings) {
		t.Error("another seed makes the same company")
	}
}

// TestDemoIsPlausible looks at the demo at its start, in its first hours, and days later.
func TestDemoIsPlausible(t *testing.T) {
	t.Parallel()
	x := newDemo(t, 1)
	wantLabels := []string{
		"1d", "30d", "7d", "allowed", "anyone", "attendees", "blocked", "company", "expired", "later", "never",
		"password none", "password set",
	}
	for _, at := range []time.Duration{0, time.Second, time.Hour, 5 * time.Hour, 7 * day} {
		x.now = epoch.Add(at)
		x.ResetRequests()
		got := x.survey(t)
		if got.states[1] == 0 || got.states[2] == 0 || got.states[3] == 0 || len(got.states) != 3 {
			t.Errorf("after %v: states %v, want each of 1, 2 and 3", at, got.states)
		}
		if diff := cmp.Diff(wantLabels, slices.Sorted(maps.Keys(got.labels))); diff != "" {
			t.Errorf("after %v: labels of sharing (-want +got):\n%s", at, diff)
		}
		if got.exposed < 3 || got.exposed > 60 {
			t.Errorf("after %v: %d files exposed, want a few", at, got.exposed)
		}
		hosts, withFiles, two := map[string]bool{}, 0, 0
		for _, rec := range got.recordings {
			hosts[rec.HostUserID] = true
			if len(rec.RecordFiles) > 0 {
				withFiles++
			}
			if len(rec.RecordFiles) > 1 {
				two++
			}
			for _, f := range rec.RecordFiles {
				hours := float64(f.RecordEndTime-f.RecordStartTime) / 3.6e6
				if hours <= 0 || hours > 2 || float64(f.RecordSize) < 0.19e9*hours || float64(f.RecordSize) > 1.21e9*hours {
					t.Errorf("after %v: file %+v of %g h", at, f, hours)
				}
			}
		}
		if len(hosts) != 40 {
			t.Errorf("after %v: %d hosts, want 40", at, len(hosts))
		}
		if two == 0 || two > withFiles/4 {
			t.Errorf("after %v: %d of %d with two files", at, two, withFiles)
		}
		for user, n := range got.perUser {
			if n >= 120 {
				t.Errorf("after %v: %d recordings of %s, want fewer than 120", at, n, user)
			}
		}
	}
}

// TestDemoAlwaysHasSomethingUnfinished looks at every second of some hours.
func TestDemoAlwaysHasSomethingUnfinished(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		x := newCompany(seed, 60)
		begin := epoch.Add(-demoLead)
		const length = 3 * time.Hour
		var recording, transcoding [length / time.Second]bool
		mark := func(seconds []bool, from, to time.Time) {
			// An instant counts for the second it begins, so the seconds are those within [from, to).
			for s := max(from.Sub(epoch), 0); s < min(to.Sub(epoch), length); s += time.Second {
				seconds[s/time.Second] = true
			}
		}
		for i := range int((length + demoLead) / demoInterval) {
			r := x.liveRecording(i, begin.Add(time.Duration(i)*demoInterval))
			if d := r.Transcoding.Sub(r.Started); d < time.Minute || d > 6*time.Minute {
				t.Fatalf("seed %d: a recording of %v", seed, d)
			}
			if d := r.Completed.Sub(r.Transcoding); d < 30*time.Second || d > 2*time.Minute {
				t.Fatalf("seed %d: transcoded in %v", seed, d)
			}
			mark(recording[:], r.Started, r.Transcoding)
			mark(transcoding[:], r.Transcoding, r.Completed)
		}
		if i := slices.Index(recording[:], false); i >= 0 {
			t.Errorf("seed %d: nothing recording %d s after the start", seed, i)
		}
		if i := slices.Index(transcoding[:], false); i >= 0 {
			t.Errorf("seed %d: nothing transcoding %d s after the start", seed, i)
		}
	}
}

func TestDemoMoves(t *testing.T) {
	t.Parallel()
	x := newDemo(t, 1)
	seen := map[string]bool{}
	last := x.survey(t)
	for _, step := range []time.Duration{time.Minute, 2 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute, 2 * time.Hour} {
		x.now = x.now.Add(step)
		next := x.survey(t)
		for id, rec := range next.recordings {
			before, known := last.recordings[id]
			switch {
			case !known:
				seen["new"] = true
			case before.State != rec.State:
				seen[fmt.Sprint("state ", before.State, " to ", rec.State)] = true
			case before.State == StateCompleted:
				a, b := before.RecordFiles[0], rec.RecordFiles[0]
				switch {
				case a.SharingState < b.SharingState:
					seen["enabled"] = true
				case a.SharingState > b.SharingState:
					seen["disabled"] = true
				case a.RequiredAttendee && !b.RequiredAttendee, a.RequiredSameCorp && !b.RequiredSameCorp && !b.RequiredAttendee:
					seen["widened"] = true
				case !a.RequiredAttendee && b.RequiredAttendee, !a.RequiredSameCorp && b.RequiredSameCorp:
					seen["narrowed"] = true
				}
			}
		}
		for id := range last.recordings {
			if _, ok := next.recordings[id]; !ok {
				seen["gone"] = true
			}
		}
		last = next
	}
	for _, want := range []string{"new", "state 1 to 2", "state 1 to 3", "state 2 to 3", "enabled", "disabled", "widened", "narrowed", "gone"} {
		if !seen[want] {
			t.Errorf("in three hours nothing was %q, but %v", want, slices.Sorted(maps.Keys(seen)))
		}
	}
}

func TestDemoDirectory(t *testing.T) {
	t.Parallel()
	x := newDemo(t, 1)
	names := map[string]bool{}
	hidden := 0
	for i, m := range x.directory.Members {
		names[m.UserID] = true
		visible := x.visible(m.UserID)
		if !visible {
			hidden++
		}
		if i%3 != 2 && !visible {
			t.Errorf("the host %s is out of sight", m.UserID)
		}
	}
	if len(names) != 60 || !names["zhangwei"] || !names["lina"] {
		t.Errorf("members %v, want 60 with zhangwei and lina", slices.Sorted(maps.Keys(names)))
	}
	if hidden == 0 || hidden > 15 {
		t.Errorf("%d members out of sight, want a few", hidden)
	}
	scope := x.directory.Scope
	if len(scope.Users) == 0 || len(scope.Departments) == 0 || len(scope.Tags) == 0 || len(x.directory.Tags[0].Users) == 0 {
		t.Errorf("scope %+v, want each way of being visible", scope)
	}
	other := 0
	for _, rec := range x.store.recordings {
		if rec.Creator != rec.Host {
			other++
		}
	}
	if n := len(x.store.recordings); other == 0 || other > n/5 {
		t.Errorf("%d of %d recordings by another's account, want a few", other, n)
	}
}

func TestDemoNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i := range 20_000 {
		userID, _ := demoName(i)
		if before, ok := seen[userID]; ok {
			t.Fatalf("members %d and %d are both %s", before, i, userID)
		}
		seen[userID] = i
	}
}

func TestDemoOfOne(t *testing.T) {
	t.Parallel()
	x := &client{now: epoch}
	x.Server = DemoServer(Config{Now: func() time.Time { return x.now }}, 1, 0)
	if got := x.call(t, endpointRecordList, listBody("userid", "zhangwei", epoch, 20, "")); len(got.RecordMeetings) == 0 {
		t.Errorf("got %+v, want recordings of the only member", got)
	}
}

func BenchmarkDemoServer(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		DemoServer(Config{}, 1, 60)
	}
}

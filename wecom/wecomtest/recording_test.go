// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStoreAgainstScan compares the indexes with a scan over everything, whatever happened before.
func TestStoreAgainstScan(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	s := newStore()
	held := map[string]Recording{}
	fields := map[string]func(Recording) string{
		byUserID:      func(r Recording) string { return fold(r.Creator) },
		byMeetingID:   func(r Recording) string { return r.MeetingID },
		byMeetingCode: func(r Recording) string { return r.MeetingCode },
		byNothing:     func(Recording) string { return "" },
	}
	check := func(name, value string) {
		want := []Recording{}
		for _, rec := range held {
			if fields[name](rec) == value {
				want = append(want, rec)
			}
		}
		slices.SortFunc(want, func(a, b Recording) int { return a.key().compare(b.key()) })
		list := s.list(name, value)
		got := make([]Recording, 0, len(list))
		for _, rec := range list {
			got = append(got, *rec)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s=%s (-want +got):\n%s", name, value, diff)
		}
	}
	for i := range 3000 {
		id := strconv.Itoa(r.IntN(100))
		if r.IntN(3) == 0 {
			s.remove(id)
			delete(held, id)
		} else {
			rec := Recording{
				ID: id, Creator: []string{"a", "A", "b"}[r.IntN(3)], MeetingID: fmt.Sprint("m", r.IntN(4)),
				MeetingCode: strconv.Itoa(r.IntN(9)), MeetingStart: epoch.Add(time.Duration(r.IntN(20)) * time.Hour),
			}
			held[id] = rec
			s.put(&rec)
		}
		if i > 500 && i%50 == 0 { // Late, so that the indexes are built from many.
			check(byUserID, "a")
			check(byMeetingID, "m1")
			check(byMeetingCode, "5")
			check(byNothing, "")
		}
	}
}

func TestPutReplaces(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.Put(Recording{ID: "r", Creator: "a", MeetingStart: epoch.Add(-time.Hour)})
	list := func(user string) []string {
		return ids(x.call(t, endpointRecordList, listBody("userid", user, epoch, 20, "")))
	}
	if diff := cmp.Diff([]string{"r"}, list("a")); diff != "" {
		t.Errorf("after the first Put (-want +got):\n%s", diff)
	}
	x.Put(Recording{ID: "r", Creator: "b", MeetingStart: epoch.Add(-time.Hour)})
	if diff := cmp.Diff([][]string{{}, {"r"}}, [][]string{list("a"), list("b")}); diff != "" {
		t.Errorf("after the second Put (-want +got):\n%s", diff)
	}
	x.Remove("r", "never there")
	if diff := cmp.Diff([]string{}, list("b")); diff != "" {
		t.Errorf("after Remove (-want +got):\n%s", diff)
	}
}

func TestPutCopies(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	recs := hours(1)
	x.Put(recs...)
	recs[0].Title = "changed"
	r := x.call(t, endpointRecordList, listBody("userid", "zhangsan", epoch, 20, ""))
	if got := r.RecordMeetings[0].Title; got != "" {
		t.Errorf("title %q, want what was put", got)
	}
}

func TestShareInForce(t *testing.T) {
	t.Parallel()
	share := func(at time.Duration, on bool, password string) Share {
		return Share{At: epoch.Add(at), On: on, Password: password}
	}
	for name, tc := range map[string]struct {
		shares []Share
		want   string // The password; empty is not shared.
	}{
		"none":           {nil, ""},
		"always":         {[]Share{{On: true, Password: "a"}}, "a"},
		"now":            {[]Share{share(0, true, "a")}, "a"},
		"to come":        {[]Share{share(1, true, "a")}, ""},
		"turned off":     {[]Share{share(-2, true, "a"), share(-1, false, "")}, ""},
		"changed":        {[]Share{share(-2, true, "a"), share(-1, true, "b")}, "b"},
		"in any order":   {[]Share{share(-1, true, "b"), share(-2, true, "a")}, "b"},
		"last of equals": {[]Share{share(-1, true, "a"), share(-1, true, "b")}, "b"},
		"later change":   {[]Share{share(-1, true, "a"), share(1, true, "b")}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newClient(t, Config{})
			x.Put(Recording{ID: "r", Creator: "a", MeetingStart: epoch, Files: []File{{ID: "f", Shares: tc.shares}}})
			file := x.call(t, endpointRecordList, listBody("userid", "a", epoch, 20, "")).RecordMeetings[0].RecordFiles[0]
			want := sampleFile{RecordFileID: "f", RecordStartTime: time.Time{}.UnixMilli(), RecordEndTime: time.Time{}.UnixMilli()}
			if tc.want != "" {
				want.SharingState, want.Password = 1, tc.want
				want.SharingURL = "https://meeting.example.com/cloud-record/share?id=f"
			}
			if diff := cmp.Diff(want, file); diff != "" {
				t.Errorf("file (-want +got):\n%s", diff)
			}
		})
	}
}

func BenchmarkListRecordings(b *testing.B) {
	x := New(Config{RequestLog: -1, RequestsPerMinute: math.MaxInt32})
	for i := range 100_000 {
		x.Put(Recording{
			ID: strconv.Itoa(i), Creator: fmt.Sprint("user", i%2000), MeetingStart: epoch.Add(time.Duration(i) * time.Second),
			Files: []File{{ID: fmt.Sprint("f", i), Shares: []Share{{On: true}}}},
		})
	}
	c := &call{Request: Request{
		Endpoint: endpointRecordList, Selector: byUserID, Target: "user7", Start: epoch.Unix(), End: epoch.Add(31 * day).Unix(), Limit: 20,
	}, now: epoch}
	limit := int64(20)
	c.params = params{UserID: "user7", Limit: &limit}
	for b.Loop() {
		if _, errcode := x.listRecordings(c); errcode != 0 {
			b.Fatal(errcode)
		}
	}
}

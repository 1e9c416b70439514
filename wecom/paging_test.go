// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestRecordingsPages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config     wecomtest.Config
		recordings int
		calls      int
	}{
		"none":      {config: wecomtest.Config{}, calls: 1},
		"one page":  {config: wecomtest.Config{}, recordings: 20, calls: 1},
		"two pages": {config: wecomtest.Config{}, recordings: 21, calls: 2},

		"many pages, the table's names": {
			config:     wecomtest.Config{TableSpelling: true, NumbersAsStrings: true},
			recordings: 107,
			calls:      6,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(test.config)
				want := map[string]bool{}
				for i := range test.recordings {
					id := fmt.Sprintf("r%d", i)
					want[id] = true
					server.Put(wecomtest.Recording{ID: id, Creator: "li", MeetingStart: time.Now().Add(-time.Duration(i+1) * time.Hour)})
				}
				client, _ := clientOf(t, server)
				list, err := recordingsOf(t.Context(), client, Target{ByUserID, "li"}, lastMonth())
				if err != nil {
					t.Fatal(err)
				}
				got := map[string]bool{}
				for _, r := range list {
					got[r.ID] = true
				}
				if diff := cmp.Diff(want, got); diff != "" || len(list) != test.recordings {
					t.Errorf("%d recordings (-want +got):\n%s", len(list), diff)
				}
				if calls := server.Count(listEndpoint); calls != test.calls {
					t.Errorf("%d calls, want %d", calls, test.calls)
				}
			})
		})
	}
}

// A page is the last one only if has_more is clearly false.
func TestUnclearWhetherThereIsMore(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		client, seen := clientOf(t, nil, func(c *Config) {
			c.Transport = byCursor{
				"":  `{"errcode":0,"has_more":"yes","next_cursor":"c","record_list":[{"meeting_record_id":"a","state":3}]}`,
				"c": `{"errcode":0,"has_more":false,"next_cursor":"d","record_list":[{"meeting_record_id":"b","state":3}]}`,
			}
		})
		list, err := recordingsOf(t.Context(), client, anyone, lastMonth())
		if err != nil || len(list) != 2 {
			t.Errorf("recordings %v, error %v", list, err)
		}
		if diff := cmp.Diff(map[Anomaly]int{MalformedValue: 1}, seen.anomalies); diff != "" {
			t.Errorf("anomalies (-want +got):\n%s", diff)
		}
	})
}

// Each page has one recording.
func TestWhetherThereIsMore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		paging string
		more   bool
		want   Anomaly // that ends the list
	}{
		"no more":                       {paging: `"has_more":false,"next_cursor":""`},
		"no more, and a cursor":         {paging: `"has_more":false,"next_cursor":"c"`},
		"no more, as a number":          {paging: `"has_more":0,"next_cursor":"c"`},
		"neither":                       {paging: `"x":0`},
		"neither, as null":              {paging: `"has_more":null,"next_cursor":null`},
		"more":                          {paging: `"has_more":true,"next_cursor":"c"`, more: true},
		"more, as a string":             {paging: `"has_more":"1","next_cursor":"c"`, more: true},
		"a cursor that is a number":     {paging: `"has_more":true,"next_cursor":7`, more: true},
		"a cursor alone":                {paging: `"next_cursor":"c"`, more: true},
		"a cursor beside null":          {paging: `"has_more":null,"next_cursor":"c"`, more: true},
		"unclear":                       {paging: `"has_more":"yes","next_cursor":"c"`, more: true},
		"more without a cursor":         {paging: `"has_more":true`, want: MissingCursor},
		"more with an empty cursor":     {paging: `"has_more":true,"next_cursor":""`, want: MissingCursor},
		"more with a cursor of null":    {paging: `"has_more":1,"next_cursor":null`, want: MissingCursor},
		"more with a cursor in a list":  {paging: `"has_more":true,"next_cursor":["c"]`, want: MissingCursor},
		"unclear and without a cursor":  {paging: `"has_more":"yes"`, want: MissingCursor},
		"more as a list, and no cursor": {paging: `"has_more":[]`, want: MissingCursor},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				last := `{"errcode":0,"has_more":false,"record_list":[{"meeting_record_id":"b","state":3}]}`
				client, seen := clientOf(t, nil, func(c *Config) {
					c.Transport = byCursor{
						"":  `{"errcode":0,` + test.paging + `,"record_list":[{"meeting_record_id":"a","state":3}]}`,
						"c": last,
						"7": last,
					}
				})
				list, err := recordingsOf(t.Context(), client, anyone, lastMonth())
				want := 1
				if test.more {
					want = 2
				}
				if len(list) != want {
					t.Errorf("%d recordings, want %d", len(list), want)
				}
				chainErr, incomplete := errors.AsType[*ChainError](err)
				switch {
				case test.want == "" && err != nil:
					t.Errorf("error %v", err)
				case test.want != "" && (!incomplete || chainErr.Anomaly != test.want || chainErr.Pages != 1 || seen.anomalies[test.want] != 1):
					t.Errorf("error %v, anomalies %v; want %s", err, seen.anomalies, test.want)
				}
			})
		})
	}
}

func TestChainsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault wecomtest.Fault
		want  Anomaly
		calls int
	}{
		"the cursor repeats": {
			fault: wecomtest.Fault{Endpoint: listEndpoint, RepeatCursor: true},
			want:  RepeatedCursor,
			calls: 2,
		},

		"pages for ever": {
			fault: wecomtest.Fault{Endpoint: listEndpoint, EndlessPages: true},
			want:  PageLimit,
			calls: maxPages,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.Put(wecomtest.Recording{ID: "r", Creator: "li", MeetingStart: time.Now().Add(-time.Hour)})
				server.Fail(test.fault)
				client, seen := clientOf(t, server)
				list, err := recordingsOf(t.Context(), client, Target{ByUserID, "li"}, lastMonth())
				if len(list) != test.calls {
					t.Errorf("%d recordings, want that of each page", len(list))
				}
				var chainErr *ChainError
				if !errors.As(err, &chainErr) || chainErr.Anomaly != test.want || ClassOf(err) != ClassTarget {
					t.Errorf("error %v", err)
				}
				if calls := server.Count(listEndpoint); calls != test.calls || seen.anomalies[test.want] != 1 {
					t.Errorf("%d calls, want %d; anomalies %v", calls, test.calls, seen.anomalies)
				}
			})
		})
	}
}

// Between two pages, a list holds nothing that others need.
func TestListThatWaits(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		for _, id := range listOfIDs(2*pageSize + 1) {
			server.Put(wecomtest.Recording{ID: id, Creator: "li", MeetingStart: time.Now().Add(-time.Hour)})
		}
		client, _ := clientOf(t, server, func(c *Config) { c.Concurrency, c.Limits = 1, NewLimits(1) })
		list := client.List(anyone, lastMonth())
		for n := range 3 {
			if !list.HasMore() {
				t.Fatalf("the list has ended after %d pages, want 3", n)
			}
			r := reserve(t, client)
			if _, err := list.Next(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			r.Release()
			if client.limiter.inFlight != 0 || client.Limits().inFlight != 0 {
				t.Errorf("%d calls are in flight after page %d", client.limiter.inFlight, n+1)
			}
			time.Sleep(time.Hour)
		}
		if list.HasMore() {
			t.Error("there is more after the last page")
		}
		if n := server.Count(listEndpoint); n != 3 {
			t.Errorf("%d calls, want one for each page", n)
		}
	})
}

func TestListGivenUp(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		for _, id := range listOfIDs(pageSize + 1) {
			server.Put(wecomtest.Recording{ID: id, Creator: "li", MeetingStart: time.Now().Add(-time.Hour)})
		}
		client, seen := clientOf(t, server)
		list := client.List(anyone, lastMonth())
		if _, err := list.Next(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		chainErr, ok := errors.AsType[*ChainError](list.GiveUp())
		if !ok || chainErr.Anomaly != PageLimit || chainErr.Pages != 1 || seen.anomalies[PageLimit] != 1 || list.HasMore() {
			t.Errorf("error %v, anomalies %v, has more: %t", chainErr, seen.anomalies, list.HasMore())
		}
	})
}

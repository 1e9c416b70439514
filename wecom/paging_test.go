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
				_, err := recordingsOf(t.Context(), client, Target{ByUserID, "li"}, lastMonth())
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

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// dateOf returns a date that is written as 2006-01-02.
func dateOf(t *testing.T, text string) Date {
	t.Helper()
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return DateOf(at)
}

func TestDates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		at   time.Time
		want string
	}{
		"the last second of a day in China":  {at: time.Date(2026, 3, 1, 15, 59, 59, 0, time.UTC), want: "2026-03-01"},
		"the first second of a day in China": {at: time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC), want: "2026-03-02"},
		"before the Unix epoch":              {at: time.Date(1969, 12, 31, 15, 0, 0, 0, time.UTC), want: "1969-12-31"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			date := DateOf(test.at)
			if date.String() != test.want {
				t.Errorf("%v is on %v, want %s", test.at, date, test.want)
			}
			if start := date.Start(); DateOf(start) != date || DateOf(start.Add(-1)) != date-1 {
				t.Errorf("%v starts at %v", date, start)
			}
		})
	}
}

// TestStatistics asks a WeCom that keeps to its documents.
func TestStatistics(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]wecomtest.Config{
		"numbers":            {},
		"numbers as strings": {NumbersAsStrings: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(config)
				server.Put(wecomtest.Recording{ID: "r", Creator: "li", MeetingStart: time.Now().Add(-time.Hour)})
				server.AddViews("r", time.Now(), 5, 1)
				server.AddViews("r", time.Now().Add(-48*time.Hour), 2, 0)
				client, seen := clientOf(t, server)
				got, err := client.Statistics(t.Context(), "r", lastMonth())
				today := DateOf(time.Now())
				want := []DailyViews{{Date: today - 2, Views: 2}, {Date: today, Views: 5, Downloads: 1}}
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("error %v; days (-want +got):\n%s", err, diff)
				}
				if seen.outcomes["meeting/record/get_statistics 0"] != 1 || len(seen.anomalies) > 0 {
					t.Errorf("calls %v, anomalies %v", seen.outcomes, seen.anomalies)
				}
				if target := seen.all[len(seen.all)-1].Target; target != "meeting_record_id=r" {
					t.Errorf("the call is about %q", target)
				}
			})
		})
	}
}

func TestStatisticsAreNotAskedFor(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		id   string
		span Window
	}{
		"no ID":                {span: Window{Start: now.Add(-time.Hour), End: now}},
		"an empty span":        {id: "r", span: Window{Start: now, End: now}},
		"a span backwards":     {id: "r", span: Window{Start: now, End: now.Add(-1)}},
		"more than 31 days":    {id: "r", span: Window{Start: now.Add(-MaxWindow - 1), End: now}},
		"neither start or end": {id: "r"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := wecomtest.New(wecomtest.Config{})
			client, seen := clientOf(t, server)
			if _, err := client.Statistics(t.Context(), test.id, test.span); err == nil {
				t.Error("no error")
			}
			if len(seen.all) > 0 {
				t.Errorf("it was asked for: %v", seen.all)
			}
		})
	}
}

// TestOddStatistics reads answers that differ from the document.
func TestOddStatistics(t *testing.T) {
	t.Parallel()
	first, second := dateOf(t, "2026-02-27"), dateOf(t, "2026-03-01")
	for name, test := range map[string]struct {
		summaries string
		want      []DailyViews
		anomalies map[Anomaly]int
	}{
		"the names of Tencent Meeting": {
			summaries: `[{"date":"2026-03-01","view_counts":3,"download_counts":1}]`,
			want:      []DailyViews{{second, 3, 1}},
		},

		"both names": {
			summaries: `[{"date":"2026-03-01","view_count":3,"view_counts":4,"download_count":2,"download_counts":1}]`,
			want:      []DailyViews{{second, 4, 2}},
		},

		"both names, one of them broken": {
			summaries: `[{"date":"2026-03-01","view_count":"x","view_counts":4,"download_count":2,"download_counts":{}}]`,
			want:      []DailyViews{{second, 4, 2}},
		},

		"numbers as strings, a date as a number": {
			summaries: `[{"date":20260301,"view_count":"3","download_count":"1"}]`,
			want:      []DailyViews{{second, 3, 1}},
		},

		"a date without hyphens": {
			summaries: `[{"date":"20260301","view_count":3}]`,
			want:      []DailyViews{{second, 3, 0}},
		},

		"null and unknown fields": {
			summaries: `[null,{"date":"2026-03-01","view_count":null,"download_count":1,"like_count":[{}]}]`,
			want:      []DailyViews{{second, 0, 1}},
		},

		"days out of order": {
			summaries: `[{"date":"2026-03-01","view_count":3},{"date":"2026-02-27","view_count":1}]`,
			want:      []DailyViews{{first, 1, 0}, {second, 3, 0}},
		},

		"a day twice": {
			summaries: `[{"date":"2026-03-01","view_count":3},{"date":"20260301","view_count":2,"download_count":5}]`,
			want:      []DailyViews{{second, 3, 5}},
		},

		"a date that cannot be read": {
			summaries: `[{"date":"March","view_count":3},{"view_count":3},{"date":"2026-02-30"},{"date":"2026-03-01"}]`,
			want:      []DailyViews{{second, 0, 0}},
			anomalies: map[Anomaly]int{BadDate: 3},
		},

		"dates that cannot be": {
			summaries: `[{"date":"1999-01-01","view_count":3},{"date":"2026-03-04","view_count":3}]`,
			anomalies: map[Anomaly]int{ImplausibleTime: 2},
		},

		"negative counts": {
			summaries: `[{"date":"2026-03-01","view_count":-3,"download_count":-1}]`,
			want:      []DailyViews{{second, 0, 0}},
			anomalies: map[Anomaly]int{NegativeCount: 2},
		},

		"a count beyond all": {
			summaries: `[{"date":"2026-03-01","view_count":1000000000001,"download_count":1000000000000}]`,
			want:      []DailyViews{{second, 0, 1_000_000_000_000}},
			anomalies: map[Anomaly]int{MalformedValue: 1},
		},

		"what is no day": {
			summaries: `[7,"x",[],{"date":"2026-03-01","view_count":1}]`,
			want:      []DailyViews{{second, 1, 0}},
			anomalies: map[Anomaly]int{MalformedValue: 1},
		},

		"no days":    {summaries: `[]`},
		"null":       {summaries: `null`},
		"1,000 days": {summaries: `[` + strings.Repeat(`{"date":"2026-03-01"},`, 999) + `{}]`, want: []DailyViews{{second, 0, 0}}, anomalies: map[Anomaly]int{BadDate: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				config, seen := configOf(nil)
				config.Transport = respond{http.StatusOK, `{"errcode":0,"errmsg":"ok","summaries":` + test.summaries + `}`}
				got, err := NewClient(config).Statistics(t.Context(), "r", lastMonth())
				if diff := cmp.Diff(test.want, got); (diff != "" && len(test.want)+len(got) > 0) || err != nil {
					t.Errorf("error %v; days (-want +got):\n%s", err, diff)
				}
				if test.anomalies == nil {
					test.anomalies = map[Anomaly]int{}
				}
				if diff := cmp.Diff(test.anomalies, seen.anomalies); diff != "" {
					t.Errorf("anomalies (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestNoStatistics(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body  string
		class Class
	}{
		"no list":              {body: `{"errcode":0,"summaries":{}}`, class: ClassRetryable},
		"neither code or list": {body: `{}`, class: ClassRetryable},
		"1,001 days":           {body: `{"errcode":0,"summaries":[` + strings.Repeat(`{},`, 1000) + `{}]}`, class: ClassTarget},
		"no right":             {body: `{"errcode":48002}`, class: ClassCorp},
		"no such recording":    {body: `{"errcode":730002}`, class: ClassTarget},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				config, _ := configOf(nil)
				config.Transport = respond{http.StatusOK, test.body}
				days, err := NewClient(config).Statistics(t.Context(), "r", lastMonth())
				if err == nil || days != nil || ClassOf(err) != test.class {
					t.Errorf("days %v, error %v of class %v, want %v", days, err, ClassOf(err), test.class)
				}
			})
		})
	}
}

// TestStatisticsAreNotRepeated meets errors that a list is repeated for.
func TestStatisticsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault wecomtest.Fault
		calls int
		good  bool
	}{
		"busy":             {fault: wecomtest.Fault{Errcode: -1}, calls: 1},
		"dropped":          {fault: wecomtest.Fault{Drop: true}, calls: 1},
		"too many at once": {fault: wecomtest.Fault{Errcode: 45033}, calls: 1},
		"an old token":     {fault: wecomtest.Fault{Errcode: 40014, Times: 1}, calls: 2, good: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.Put(wecomtest.Recording{ID: "r", Creator: "li", MeetingStart: time.Now().Add(-time.Hour)})
				test.fault.Endpoint = statisticsEndpoint
				server.Fail(test.fault)
				client, seen := clientOf(t, server)
				_, err := client.Statistics(t.Context(), "r", lastMonth())
				calls := 0
				for _, call := range seen.all {
					if call.Endpoint == statisticsEndpoint {
						calls++
					}
				}
				if calls != test.calls || (err == nil) != test.good {
					t.Errorf("%d calls, want %d; error %v", calls, test.calls, err)
				}
				if client.limiter.limit != 4 || client.limiter.inFlight != 0 {
					t.Errorf("%d of %d calls in flight", client.limiter.inFlight, client.limiter.limit)
				}
			})
		})
	}
}

// TestStatisticsAreBlockedAlone meets the frequency limit of the endpoint.
func TestStatisticsAreBlockedAlone(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: statisticsEndpoint, Errcode: 45009, Times: 1})
		client, _ := clientOf(t, server)
		if _, err := client.Statistics(t.Context(), "r", lastMonth()); ClassOf(err) != ClassBlocked {
			t.Errorf("error %v, want one of a block", err)
		}
		if client.Limits().HasRoomForStatistics() {
			t.Error("they may be asked for, though they are blocked")
		}
		began := time.Now()
		if _, err := recordingsOf(t.Context(), client, anyone, lastMonth()); err != nil || time.Since(began) > 0 {
			t.Errorf("a list waited %v; error %v", time.Since(began), err)
		}
		time.Sleep(time.Minute)
		if !client.Limits().HasRoomForStatistics() {
			t.Error("they may not be asked for after a minute")
		}
	})
}

// TestStatisticsWaitForLists closes lists, and uses the budget up.
func TestStatisticsWaitForLists(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		l := NewLimits(20)
		begin := func(endpoint string) {
			if _, wait := l.acquire(endpoint); wait != 0 {
				t.Errorf("%s waits %v", endpoint, wait)
			}
		}
		if !l.HasRoomForStatistics() {
			t.Error("no room in an empty minute")
		}
		for range 17 {
			begin(listEndpoint)
		}
		if !l.HasRoomForStatistics() {
			t.Error("no room with 17 of 20 calls")
		}
		begin(listEndpoint)
		if l.HasRoomForStatistics() {
			t.Error("room in the last tenth")
		}
		for range 18 {
			l.end(listEndpoint, time.Now(), nil)
		}
		time.Sleep(time.Minute)
		l.closeFor(listEndpoint, 5*time.Second, http.StatusTooManyRequests)
		if l.HasRoomForStatistics() {
			t.Error("room while lists are closed")
		}
		time.Sleep(5 * time.Second)
		if !l.HasRoomForStatistics() {
			t.Error("no room after lists were closed")
		}
		begin(statisticsEndpoint)
		begin(statisticsEndpoint)
		if l.HasRoomForStatistics() {
			t.Error("room for more than a tenth")
		}
	})
}

// TestStatisticsTakeATenth asks as often as it may for ten minutes, some calls being lost.
func TestStatisticsTakeATenth(t *testing.T) {
	t.Parallel()
	for budget, most := range map[int]int{1: 1, 5: 1, 10: 1, 25: 2, 100: 10, 1200: 120} {
		t.Run(fmt.Sprintf("budget %d", budget), func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				server.Put(wecomtest.Recording{ID: "r", Creator: "li", MeetingStart: time.Now().Add(-time.Hour)})
				server.Fail(wecomtest.Fault{Endpoint: statisticsEndpoint, Delay: 70 * time.Millisecond})
				client, _ := clientOf(t, server, func(c *Config) { c.Limits = NewLimits(budget) })
				for began := time.Now(); time.Since(began) < 10*time.Minute; {
					if _, err := client.Statistics(t.Context(), "r", lastMonth()); err != nil {
						t.Fatal(err)
					}
				}
				var times []time.Time
				for _, r := range server.Requests() {
					if r.Endpoint == statisticsEndpoint {
						times = append(times, r.Time)
					}
				}
				for i := range times {
					if n := len(lastMinute(times[:i+1], times[i])); n > most {
						t.Fatalf("%d calls in a minute, want %d at the most", n, most)
					}
				}
				if len(times) < 9*most {
					t.Errorf("%d calls in ten minutes, want about %d", len(times), 10*most)
				}
			})
		})
	}
}

// FuzzStatistics reads any body: what comes out is ordered, bounded and not negative, and has
// no count that the body has not.
func FuzzStatistics(f *testing.F) {
	f.Add([]byte(bodyOf(f, "meeting/record/get_statistics", "fields")))
	f.Add([]byte(`{"errcode":0,"summaries":[{"date":20260301,"view_counts":"7","download_counts":-1},{},null,3]}`))
	f.Add([]byte(`{"errcode":"0","summaries":[{"date":"20260301","view_count":1e3},{"date":"2026-03-01","view_count":2}]}`))
	f.Add([]byte(`{"errcode":48002,"errmsg":"marked"}`))
	f.Add([]byte(`{"summaries":{"marked":1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var into statisticsResponse
		if !decodeFuzzed(t, statisticsEndpoint, body, &into) {
			return
		}
		now := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
		r := reader{now: now, observer: IgnoreCalls{}}
		days := r.dailyViews(into.days)
		if len(days) > len(into.days) || len(days) > maxDays {
			t.Errorf("%d days of %d", len(days), len(into.days))
		}
		inBody := vocabularyOf(t, body)
		for i, day := range days {
			if i > 0 && day.Date <= days[i-1].Date {
				t.Errorf("%v follows %v", day.Date, days[i-1].Date)
			}
			if day.Date < DateOf(EarliestPlausible.Time()) || day.Date > DateOf(now.Add(maxClockSkew)) {
				t.Errorf("a day on %v", day.Date)
			}
			for _, n := range []int64{day.Views, day.Downloads} {
				if n < 0 || n > maxCount || n > 1 && !inBody.integers[n] {
					t.Errorf("a count of %d", n)
				}
			}
		}
	})
}

func TestErrorsOfStatisticsNameWhatWasAsked(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		config, _ := configOf(nil)
		config.Transport = respond{http.StatusOK, `{"errcode":48002,"errmsg":"marked, from ip: 203.0.113.7"}`}
		_, err := NewClient(config).Statistics(t.Context(), "r", lastMonth())
		apiErr, ok := errors.AsType[*APIError](err)
		if !ok || apiErr.Endpoint != statisticsEndpoint || strings.Contains(err.Error(), "marked") {
			t.Errorf("error %v", err)
		}
		if !slices.Contains(Errcodes(), apiErr.Code) || Remedy(err, English) == "" || Remedy(err, Chinese) == "" {
			t.Errorf("no remedy for %v", err)
		}
	})
}

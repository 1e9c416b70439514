// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const day = 24 * time.Hour

// begin is the first of the five instants of most tests, which are a day apart.
var begin = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func days(from, to int) Grid {
	at := func(n int) time.Time { return begin.Add(time.Duration(n) * day) }
	return NewGrid(at(from), at(to), day)
}

func instant(after time.Duration) wecom.Instant { return wecom.InstantOf(begin.Add(after)) }

// completed returns a completed recording of li, that started some time after begin, with a
// file of an hour and 1000 bytes.
func completed(id string, after time.Duration) *recording.Record {
	return &recording.Record{
		ID: id, Host: "li", MeetingStart: instant(after), State: recording.Completed,
		Files: []recording.File{file(after, after+time.Hour, 1000)},
	}
}

func file(start, end time.Duration, size int64) recording.File {
	return recording.File{File: wecom.File{ID: "f", Start: instant(start), End: instant(end), Size: size}}
}

// changed returns a record after a change.
func changed(r *recording.Record, change func(*recording.Record)) *recording.Record {
	change(r)
	return r
}

func hostedBy(host string, r *recording.Record) *recording.Record {
	r.Host = host
	return r
}

// A company is a corp called acme.
type company struct {
	metrics  config.Metrics
	admitted map[string]bool
	grid     Grid
	lookback time.Duration
	records  []*recording.Record
}

func (c *company) history() *History {
	if c.metrics.HostLabel == "" {
		c.metrics.HostLabel = config.HostLabelPlain
	}
	view := &poll.View{Metrics: &c.metrics, Corps: []poll.CorpView{
		{Name: "acme", View: &inventory.View{Listed: true, Admitted: c.admitted}},
		{Name: "never listed", View: &inventory.View{}},
	}}
	h := New(view, c.grid, c.lookback)
	for _, r := range c.records {
		h.Add("acme", r)
		h.Add("never listed", r)
	}
	return h
}

func (c *company) text(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	samples := int64(0)
	h := c.history()
	if err := h.Write(t.Context(), &text, func(n int) { samples += int64(n) }); err != nil {
		t.Fatal(err)
	}
	if written := int64(strings.Count("\n"+text.String(), "\nwecom_")); samples != written || samples > h.Samples() {
		t.Errorf("%d samples, of which it says %d, and estimated %d", written, samples, h.Samples())
	}
	return text.String()
}

// values returns the values of each series in the order of time, "-" where it has none. The
// label corp is left out.
func (c *company) values(t *testing.T) map[string]string {
	t.Helper()
	at := map[string]int32{}
	for i := range c.grid.n {
		at[seconds(c.grid.at(i))] = i
	}
	all := map[string][]string{}
	for line := range strings.Lines(c.text(t)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		series := strings.NewReplacer(`corp="acme",`, "", `,corp="acme"`, "", `{corp="acme"}`, "").Replace(fields[0])
		i, ok := at[fields[2]]
		if !ok {
			t.Fatalf("%q is at no instant", line)
		}
		if all[series] == nil {
			all[series] = strings.Split(strings.Repeat("-", c.grid.Len()), "")
		}
		all[series][i] = fields[1]
	}
	joined := map[string]string{}
	for series, values := range all {
		joined[series] = strings.Join(values, " ")
	}
	return joined
}

func TestHistory(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		company company
		want    map[string]string // some of the series
	}{
		"a recording enters with its start, and leaves the lookback": {
			company: company{
				grid: days(0, 5), lookback: 2 * day,
				records: []*recording.Record{completed("r", day-30*time.Minute)},
			},
			want: map[string]string{
				// At the first midnight it is being recorded.
				`wecom_recordings{host="li",state="recording"}`:           "- 1 0 0 0 0",
				`wecom_recordings{host="li",state="completed"}`:           "- 0 1 1 0 0",
				`wecom_recordings{host="li",state="transcoding"}`:         "- 0 0 0 0 0",
				`wecom_recordings{host="li",state="unknown"}`:             "- 0 0 0 0 0",
				`wecom_recording_files{host="li"}`:                        "- 0 1 1 0 0",
				`wecom_recording_bytes{host="li"}`:                        "- 0 1000 1000 0 0",
				`wecom_recording_duration_seconds{host="li"}`:             "- 0 3600 3600 0 0",
				`wecom_recording_last_start_timestamp_seconds{host="li"}`: "- 1772407800 1772407800 1772407800 - -",
				`wecom_recordings_discovered_total{host="li"}`:            "- 1 1 1 1 1",
				`wecom_recording_discovered_bytes_total{host="li"}`:       "- 0 1000 1000 1000 1000",
				`wecom_recording_discovered_seconds_total{host="li"}`:     "- 0 3600 3600 3600 3600",
				`wecom_recording_files_by_age{age="0-7d"}`:                "0 0 1 1 0 0",
			},
		},

		"the bounds are inclusive: start, end, and the last instant inside the lookback": {
			company: company{
				grid: days(0, 4), lookback: 2 * day,
				records: []*recording.Record{
					changed(completed("r", day), func(r *recording.Record) { r.Files[0].End = instant(2 * day) }),
				},
			},
			want: map[string]string{
				`wecom_recordings{host="li",state="recording"}`: "- 1 0 0 0",
				`wecom_recording_files{host="li"}`:              "- 0 1 1 1",
			},
		},

		"a millisecond later it has left": {
			company: company{
				grid: days(0, 4), lookback: 2*day - time.Millisecond,
				records: []*recording.Record{
					changed(completed("r", day), func(r *recording.Record) { r.Files[0].End = instant(2 * day) }),
				},
			},
			want: map[string]string{`wecom_recording_files{host="li"}`: "- 0 1 1 0"},
		},

		"what was there at the first instant is the baseline of the counters": {
			company: company{
				grid: days(0, 2), lookback: 31 * day,
				records: []*recording.Record{
					completed("before", -day),
					completed("at the instant", 0),
					completed("after", 30*time.Minute),
					hostedBy("wang", completed("before", -day)),
				},
			},
			want: map[string]string{
				`wecom_recording_files{host="li"}`:                    "1 3 3",
				`wecom_recordings_discovered_total{host="li"}`:        "0 1 1",
				`wecom_recording_discovered_bytes_total{host="li"}`:   "0 2000 2000",
				`wecom_recordings_discovered_total{host="wang"}`:      "0 0 0",
				`wecom_recording_discovered_bytes_total{host="wang"}`: "0 0 0",
			},
		},

		"an unfinished recording has its present state from its start on, and never leaves": {
			company: company{
				grid: days(0, 4), lookback: day,
				records: []*recording.Record{
					{ID: "a", Host: "li", MeetingStart: instant(day), State: recording.Transcoding},
					{ID: "b", Host: "li", MeetingStart: instant(2 * day), State: recording.Recording},
					{
						ID: "c", Host: "li", MeetingStart: instant(day), State: recording.Unknown,
						Files: []recording.File{file(day, 3*day, 7)},
					},
				},
			},
			want: map[string]string{
				`wecom_recordings{host="li",state="transcoding"}`: "- 1 1 1 1",
				`wecom_recordings{host="li",state="recording"}`:   "- 0 1 1 1",
				`wecom_recordings{host="li",state="unknown"}`:     "- 1 1 1 1",
				`wecom_recordings{host="li",state="completed"}`:   "- 0 0 0 0",
				`wecom_recording_files{host="li"}`:                "- 0 0 1 1",
			},
		},

		"without the start of a meeting, that of the first file counts": {
			company: company{
				grid: days(0, 3), lookback: 31 * day,
				records: []*recording.Record{{
					ID: "a", Host: "li", State: recording.Completed,
					Files: []recording.File{file(2*day, 3*day, 1), file(day, 2*day, 1)},
				}},
			},
			want: map[string]string{
				`wecom_recordings{host="li",state="recording"}`:           "- 1 1 0",
				`wecom_recordings{host="li",state="completed"}`:           "- 0 0 1",
				`wecom_recording_files{host="li"}`:                        "- 0 0 2",
				`wecom_recording_last_start_timestamp_seconds{host="li"}`: "- 1772409600 1772409600 1772409600",
			},
		},

		"a recording without any time is always there": {
			company: company{
				grid: days(0, 2), lookback: day,
				records: []*recording.Record{{
					ID: "a", Host: "li", State: recording.Completed, Files: []recording.File{{File: wecom.File{Size: 5}}},
				}},
			},
			want: map[string]string{
				`wecom_recordings{host="li",state="completed"}`:           "1 1 1",
				`wecom_recording_bytes{host="li"}`:                        "5 5 5",
				`wecom_recording_last_start_timestamp_seconds{host="li"}`: "",
				`wecom_recordings_discovered_total{host="li"}`:            "0 0 0",
				`wecom_recording_files_by_age{age="180-366d"}`:            "1 1 1",
			},
		},

		"what left before the first instant, or begins after the last one, is not there": {
			company: company{
				grid: days(0, 1), lookback: day,
				records: []*recording.Record{completed("old", -3*day), hostedBy("wang", completed("new", 2*day))},
			},
			want: map[string]string{
				`wecom_recording_files{host="li"}`:         "",
				`wecom_recording_files{host="wang"}`:       "",
				`wecom_recording_files_by_age{age="0-7d"}`: "0 0",
			},
		},

		"the newest recording may leave before an older one": {
			company: company{
				grid: days(0, 6), lookback: 2 * day,
				records: []*recording.Record{
					changed(completed("long", day), func(r *recording.Record) { r.Files[0].End = instant(3 * day) }),
					changed(completed("short", 2*day), func(r *recording.Record) { r.Files[0].End = instant(2 * day) }),
				},
			},
			want: map[string]string{
				`wecom_recording_last_start_timestamp_seconds{host="li"}`: "- 1772409600 1772496000 1772496000 1772496000 1772409600 -",
			},
		},

		"the newest of those that begin between two instants is listed first": {
			company: company{
				grid: days(0, 1), lookback: 2 * day,
				records: []*recording.Record{completed("late", 2*time.Hour), completed("early", time.Hour)},
			},
			want: map[string]string{`wecom_recording_last_start_timestamp_seconds{host="li"}`: "- 1772330400"},
		},

		"files grow older": {
			company: company{
				grid: days(0, 9), lookback: 31 * day,
				records: []*recording.Record{completed("r", day)},
			},
			want: map[string]string{
				`wecom_recording_files_by_age{age="0-7d"}`:    "0 0 1 1 1 1 1 1 0 0",
				`wecom_recording_files_by_age{age="7-30d"}`:   "0 0 0 0 0 0 0 0 1 1",
				`wecom_recording_files_by_age{age="30-90d"}`:  "0 0 0 0 0 0 0 0 0 0",
				`wecom_recording_files_by_age{age="90-180d"}`: "0 0 0 0 0 0 0 0 0 0",
			},
		},

		"sizes beyond all bounds": {
			company: company{
				grid: days(0, 3), lookback: day,
				records: []*recording.Record{
					changed(completed("a", 0), func(r *recording.Record) { r.Files[0].Size = math.MaxInt64 }),
					changed(completed("b", 0), func(r *recording.Record) { r.Files[0].Size = math.MaxInt64 }),
					changed(completed("c", 0), func(r *recording.Record) { r.Files[0].Size = 3 }),
					completed("d", day),
				},
			},
			want: map[string]string{
				`wecom_recording_bytes{host="li"}`:                  "0 9.223372036854776e+18 1000 0",
				`wecom_recording_discovered_bytes_total{host="li"}`: "0 9.223372036854776e+18 9.223372036854776e+18 9.223372036854776e+18",
			},
		},

		"without recordings, there are no hosts": {
			company: company{grid: days(0, 1), lookback: day},
			want: map[string]string{
				`wecom_recording_files_by_age{age="0-7d"}`:     "0 0",
				`wecom_recording_files_by_age{age="180-366d"}`: "0 0",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := test.company.values(t)
			got := map[string]string{}
			for series := range test.want {
				got[series] = all[series]
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("series (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	records := []*recording.Record{
		completed("1", day), completed("2", day), hostedBy("wang", completed("3", 2*day)), hostedBy("", completed("4", 0)),
		hostedBy("other", completed("5", 3*day)),
	}
	for name, test := range map[string]struct {
		company company
		want    map[string]string // wecom_recordings_discovered_total by its labels
	}{
		"plain": {
			want: map[string]string{
				`{host="li"}`:      "- 2 2 2",
				`{host="wang"}`:    "- - 1 1",
				`{host="unknown"}`: "0 0 0 0",
				`{host="other"}`:   "- - - 1",
			},
		},

		"hashed": {
			company: company{
				metrics: config.Metrics{HostLabel: config.HostLabelHashed, HostHashKey: []byte("0123456789abcdef")},
			},
			want: map[string]string{
				`{host="ea209521508d4cff"}`: "- 2 2 2",
				`{host="d1eba2b091dac167"}`: "- - 1 1",
				`{host="unknown"}`:          "0 0 0 0",
				`{host="b6bf6b0e4ff45551"}`: "- - - 1",
			},
		},

		"off": {
			company: company{metrics: config.Metrics{HostLabel: config.HostLabelOff}},
			want:    map[string]string{"": "0 2 3 4"},
		},

		"folded, together with a host that is called other": {
			company: company{admitted: map[string]bool{"li": true, "other": true}},
			want:    map[string]string{`{host="li"}`: "- 2 2 2", `{host="other"}`: "0 0 1 2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.company.grid, test.company.lookback, test.company.records = days(0, 3), 31*day, records
			got := map[string]string{}
			for series, values := range test.company.values(t) {
				if labels, ok := strings.CutPrefix(series, "wecom_recordings_discovered_total"); ok {
					got[labels] = values
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("counters (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSharingIsLeftOut finds metrics of whose past nothing is known.
func TestSharingIsLeftOut(t *testing.T) {
	t.Parallel()
	shared := completed("r", 0)
	shared.Files[0].Sharing.On = true
	c := company{grid: days(0, 2), lookback: 31 * day, records: []*recording.Record{shared}}
	text := c.text(t)
	for _, never := range []string{"shar", "exposed", "removed", "_created", "canary"} {
		if strings.Contains(text, never) {
			t.Errorf("it has %q:\n%s", never, text)
		}
	}
}

func TestIsEmpty(t *testing.T) {
	t.Parallel()
	never := &poll.View{Metrics: &config.Metrics{}, Corps: []poll.CorpView{{Name: "acme", View: &inventory.View{}}}}
	if h := New(never, days(0, 1), day); !h.IsEmpty() {
		t.Error("a corp of which nothing was listed has a history")
	}
	if c := (company{grid: days(0, 1), lookback: day}); c.history().IsEmpty() {
		t.Error("a corp without recordings has no history")
	}
}

// TestTwoCorps has series of one family together, whichever corp they are of.
func TestTwoCorps(t *testing.T) {
	t.Parallel()
	view := &poll.View{Metrics: &config.Metrics{HostLabel: config.HostLabelPlain}, Corps: []poll.CorpView{
		{Name: "acme", View: &inventory.View{Listed: true}}, {Name: "beta", View: &inventory.View{Listed: true}},
	}}
	h := New(view, days(0, 0), 31*day)
	h.Add("acme", completed("1", -day))
	h.Add("beta", completed("2", -day))
	h.Add("beta", completed("3", -day))
	var text strings.Builder
	if err := h.Write(t.Context(), &text, func(int) {}); err != nil {
		t.Fatal(err)
	}
	const want = "# TYPE wecom_recording_files gauge\n" +
		"wecom_recording_files{corp=\"acme\",host=\"li\"} 1 1772323200\n" +
		"wecom_recording_files{corp=\"beta\",host=\"li\"} 2 1772323200\n" +
		"# HELP wecom_recording_bytes "
	if !strings.Contains(text.String(), want) {
		t.Errorf("it lacks\n%s\nin\n%s", want, &text)
	}
}

func TestWriteEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := errors.New("ended")
	c := company{grid: days(0, 1), lookback: day, records: []*recording.Record{completed("r", 0)}}
	series := 0
	err := c.history().Write(ctx, &strings.Builder{}, func(int) { series++; cancel(ended) })
	if !errors.Is(err, ended) || series != 1 {
		t.Errorf("%d series, and then %v", series, err)
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriteEndsWithAnError(t *testing.T) {
	t.Parallel()
	for _, instants := range []int{1, 10_000} { // The error comes at the end, or before that.
		c := company{grid: days(1, instants), lookback: day, records: []*recording.Record{completed("r", 0)}}
		series := 0
		err := c.history().Write(t.Context(), fullDisk{}, func(int) { series++ })
		if !errors.Is(err, errFull) || instants > 1 && series > 1 {
			t.Errorf("%d instants to a full disk: %d series, and then %v", instants, series, err)
		}
	}
}

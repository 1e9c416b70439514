// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestExposition(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]wecomtest.Config{
		"the sample's spelling": {},
		"the table's spelling":  {TableSpelling: true},
		"numbers as strings":    {NumbersAsStrings: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				cfg := rig.ConfigOf("li", "wang", "nobody")
				cfg.Corps[0].QuotaBytes = 100 << 30
				r := rig.Start(t, rig.WorldOf(wire), cfg)
				r.Wait(10 * time.Second)
				golden.Compare(t, "testdata/exposition.golden", r.Exposition())
			})
		})
	}
}

func TestMetricsAreWellNamed(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		cfg := rig.ConfigOf("li", "wang")
		cfg.Corps[0].Statistics = true
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), cfg)
		r.Wait(10 * time.Second)
		families := r.Gather()
		problems, err := promlint.NewWithMetricFamilies(families).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
		defined := map[string]collector.Definition{}
		for _, d := range collector.Definitions() {
			defined[d.Name] = d
		}
		for _, family := range families {
			d, ok := defined[family.GetName()]
			if !ok || d.Help != family.GetHelp() || !strings.EqualFold(string(d.Type), family.GetType().String()) {
				t.Errorf("%s is not as in the table of definitions: %+v", family.GetName(), d)
			}
			for _, m := range family.GetMetric() {
				if len(m.GetLabel()) != len(d.Labels) {
					t.Errorf("%s has labels %v, and not %v", family.GetName(), m.GetLabel(), d.Labels)
				}
				for _, l := range m.GetLabel() {
					if l.GetValue() == "" {
						t.Errorf("%s has an empty label %s", family.GetName(), l.GetName())
					}
				}
			}
		}
	})
}

func TestSampleOfTheDocument(t *testing.T) {
	t.Parallel()
	const sample = `{"errcode": 0, "errmsg": "ok", "record_meetings": [{
		"meeting_record_id": "GEIGN", "meetingid": "GEMIGE", "meeting_code": "GEJIGNEO", "host_user_id": "XGMEIG",
		"meeting_start_time": 177777777, "title": "TJIE", "state": 1,
		"record_files": [{"record_file_id": "FILEID", "record_start_time": 15555, "record_end_time": 1777777,
			"record_size": 323235325, "sharing_state": 1, "sharing_url": "https://share.url", "required_same_corp": true,
			"required_attendee": true, "password": "fgjisnge", "sharing_expire": 3323, "allow_download": true}]}]}`
	rig.Virtually(t, func(t *testing.T) {
		r := rig.Start(t, rig.Respond(sample), rig.ConfigOf("li"))
		want := map[string]string{
			`wecom_recordings{host="XGMEIG",state="recording"}`:                                                      "1",
			`wecom_recordings{host="XGMEIG",state="completed"}`:                                                      "0",
			`wecom_recording_files{host="XGMEIG"}`:                                                                   "1",
			`wecom_recording_bytes{host="XGMEIG"}`:                                                                   "323235325",
			`wecom_recording_duration_seconds{host="XGMEIG"}`:                                                        "1762.222",
			`wecom_recording_shared_files{host="XGMEIG"}`:                                                            "1",
			`wecom_recording_exposed_files{host="XGMEIG"}`:                                                           "0",
			`wecom_recording_last_start_timestamp_seconds{host="XGMEIG"}`:                                            "177777.777",
			`wecom_recording_oldest_unfinished_timestamp_seconds{state="recording"}`:                                 "177777.777",
			`wecom_recording_sharing_files{audience="attendees",download="allowed",expiry="expired",password="set"}`: "1",
		}
		r.Wait(5 * time.Second)
		r.Expect(want)
		r.Wait(rig.Day) // It is in every list, so its age does not matter.
		r.Expect(want)
	})
}

func TestCountersAreThereFromTheStart(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), rig.ConfigOf("li", "wang"))
		want := map[string]string{`wecom_recordings_removed_total`: "0"}
		for change := range ledger.Kind(ledger.NumSharingKinds) {
			want[fmt.Sprintf(`wecom_recording_sharing_changes_total{change=%q}`, change.String())] = "0"
		}
		for _, name := range []string{"file_size_bytes", "file_duration_seconds", "transcoding_seconds"} {
			want["wecom_recording_"+name+"_count"], want["wecom_recording_"+name+"_sum"] = "0", "0"
			want["wecom_recording_"+name+`_bucket{le="+Inf"}`] = "0"
		}
		r.Expect(want)
		r.Wait(10 * time.Second)
		// Everything that there is began before.
		for _, host := range []string{"li", "wang", "zhao", "unknown"} {
			for _, name := range []string{"wecom_recordings_discovered_total", "wecom_recording_discovered_bytes_total", "wecom_recording_discovered_seconds_total"} {
				want[fmt.Sprintf("%s{host=%q}", name, host)] = "0"
			}
		}
		r.Expect(want)
	})
}

func TestExposureEndsWithTheLink(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		exposed := `wecom_recording_exposed_files{host="zhao"}`
		r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), rig.ConfigOf("wang"))
		r.Wait(50 * time.Minute)
		r.Expect(map[string]string{exposed: "1"})
		r.Wait(10*time.Minute + 5*time.Second)
		r.Expect(map[string]string{exposed: "0"})
	})
}

// counters returns the values of all counters of the ledger, by name and labels.
func countersOf(r *rig.Rig) map[string]float64 {
	values := map[string]float64{}
	for _, family := range r.Gather() {
		if family.GetType() == dto.MetricType_COUNTER && strings.HasPrefix(family.GetName(), "wecom_recording") {
			for _, m := range family.GetMetric() {
				values[fmt.Sprint(family.GetName(), m.GetLabel())] = m.GetCounter().GetValue()
			}
		}
	}
	return values
}

// TestCountersNeverGoDown has more hosts than may have series, and a first round
// that takes minutes, in which they appear one after the other.
func TestCountersNeverGoDown(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, 1, 3, 8, 100} {
		t.Run(fmt.Sprintf("at most %d", limit), func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				users := make([]string, 0, 12)
				for i := range cap(users) {
					user := fmt.Sprintf("user%d", i)
					users = append(users, user)
					for n := range 10 {
						// Who has the most bytes changes with time.
						r := rig.Recorded(fmt.Sprint(user, "-", n), user, -time.Duration(n*(12-i))*time.Minute)
						r.Started = r.MeetingStart
						r.Files[0].Size = int64(1000 * (1 + (i*7+n*5)%11))
						if n%4 == 3 {
							r.Deleted = r.Started.Add(30 * time.Minute)
						}
						server.Put(r)
					}
				}
				cfg := rig.ConfigOf(users...)
				cfg.Metrics.MaxHosts, cfg.Poll.MaxRequestsPerMinute = limit, 5
				r := rig.Start(t, server, cfg)
				last, was := map[string]float64{}, false
				for range 300 {
					r.Wait(25 * time.Second)
					ready, now := r.Collector.Ready(), countersOf(r)
					for series, before := range last {
						switch value, there := now[series]; {
						case !there && was:
							t.Errorf("%s is gone", series)
						case there && value < before:
							t.Errorf("%s went from %g to %g", series, before, value)
						}
					}
					last, was = now, ready
				}
				sum, hosts := 0.0, 0
				for series, value := range last {
					if strings.HasPrefix(series, "wecom_recordings_discovered_total") {
						sum += value
						hosts++
					}
				}
				wantHosts := 12
				if limit != 0 && limit < wantHosts {
					wantHosts = limit + 1
				}
				if sum != 120 || hosts != wantHosts {
					t.Errorf("%g recordings of %d hosts were counted, want 120 of %d", sum, hosts, wantHosts)
				}
			})
		})
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package history_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector/history"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestHistoryEndsWithWhatIsServed compares the last instant of a history with what the
// exporter serves then, for a company in which everything occurs.
func TestHistoryEndsWithWhatIsServed(t *testing.T) {
	t.Parallel()
	for name, metrics := range map[string]config.Metrics{
		"plain":  {HostLabel: config.HostLabelPlain, MaxHosts: 10_000},
		"hashed": {HostLabel: config.HostLabelHashed, HostHashKey: []byte("0123456789abcdef"), MaxHosts: 10_000},
		"off":    {HostLabel: config.HostLabelOff},
		"folded": {HostLabel: config.HostLabelPlain, MaxHosts: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				t.Helper()
				cfg := rig.ConfigOf("li", "wang", "zhao")
				cfg.Metrics = metrics
				r := rig.Start(t, rig.WorldOf(wecomtest.Config{}), cfg)
				r.StopAfter(2 * time.Minute)
				now := time.Now()
				h := history.New(r.Manager.View(), history.NewGrid(now, now, time.Second), cfg.Poll.Lookback)
				if err := r.Manager.EachRecord(t.Context(), h.Add); err != nil {
					t.Fatal(err)
				}
				var text strings.Builder
				if err := h.Write(t.Context(), &text, func(int) {}); err != nil {
					t.Fatal(err)
				}
				got, want := samples(t, text.String()), samples(t, r.Exposition())
				for series := range want {
					name, _, _ := strings.Cut(series, "{")
					if !strings.Contains(text.String(), "# TYPE "+name+" gauge\n") {
						delete(want, series)
					}
				}
				for series := range got {
					if strings.Contains(series, "_total{") { // It counts from now on.
						delete(got, series)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" || len(got) < 10 {
					t.Errorf("gauges (-served +history):\n%s", diff)
				}
			})
		})
	}
}

// samples returns values by series.
func samples(t *testing.T, text string) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if fields[0] == "#" {
			continue
		}
		value, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		values[fields[0]] = value
	}
	return values
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
)

// gauges are all that the exporter promises.
var gauges = []string{
	"wecom_access_token_expiry_timestamp_seconds",
	"wecom_api_clock_skew_seconds",
	"wecom_api_budget_requests_per_minute",
	"wecom_host_series_folded",
	"wecom_poll_coverage_ratio",
	"wecom_poll_lag_seconds",
	"wecom_poll_last_success_timestamp_seconds",
	"wecom_poll_targets",
	"wecom_recording_accepted_files",
	"wecom_recording_bytes",
	"wecom_recording_duration_seconds",
	"wecom_recording_exporter_build_info",
	"wecom_recording_exporter_config_last_reload_success_timestamp_seconds",
	"wecom_recording_exporter_config_last_reload_successful",
	"wecom_recording_exposed_files",
	"wecom_recording_files",
	"wecom_recording_files_by_age",
	"wecom_recording_last_start_timestamp_seconds",
	"wecom_recording_oldest_unfinished_timestamp_seconds",
	"wecom_recording_quota_bytes",
	"wecom_recording_retention_exceeded_files",
	"wecom_recording_shared_files",
	"wecom_recording_sharing_files",
	"wecom_recordings",
	"wecom_up",
}

// runDemo runs the demo until it is ready and all gauges are there: in its first
// seconds no recording may be going on among those that were asked for.
func runDemo(t *testing.T) *exporter {
	t.Helper()
	x := run(t, nil, "demo")
	x.awaitStatus(t, "/-/ready", 200)
	eventually(t, time.Minute, func() error {
		families := x.scrape(t)
		for _, name := range gauges {
			if families[name].GetType() != dto.MetricType_GAUGE || len(families[name].GetMetric()) == 0 {
				return fmt.Errorf("there is no gauge %s", name)
			}
		}
		return nil
	})
	return x
}

func TestDemoIsPlausible(t *testing.T) {
	t.Parallel()
	x := runDemo(t)
	families := x.scrape(t)

	hosts := families.sumBy("wecom_recording_bytes", "host")
	if len(hosts) < 35 || len(hosts) > 45 {
		t.Errorf("%d hosts, want about 40", len(hosts))
	}
	for _, name := range []string{"wecom_recordings", "wecom_recording_files", "wecom_recording_duration_seconds"} {
		if diff := cmp.Diff(keys(hosts), keys(families.sumBy(name, "host"))); diff != "" {
			t.Errorf("hosts of %s other than of wecom_recording_bytes (-want +got):\n%s", name, diff)
		}
	}
	for host, size := range hosts {
		seconds := families.sumBy("wecom_recording_duration_seconds", "host")[host]
		if size <= 0 || seconds <= 0 || size/seconds < 1e4 || size/seconds > 1e6 {
			t.Errorf("host %s: %v bytes of %v seconds", host, size, seconds)
		}
	}

	files := total(families.sumBy("wecom_recording_files", "host"))
	if ages := total(families.sumBy("wecom_recording_files_by_age", "age")); ages != files {
		t.Errorf("%v files by age, %v by host", ages, files)
	}
	shared := total(families.sumBy("wecom_recording_shared_files", "host"))
	if sharing := total(families.sumBy("wecom_recording_sharing_files", "audience")); sharing != shared {
		t.Errorf("%v shared files by how they are shared, %v by host", sharing, shared)
	}
	exposed := total(families.sumBy("wecom_recording_exposed_files", "host"))
	if exposed <= 0 || exposed >= shared || shared >= files {
		t.Errorf("%v exposed, %v shared and %v files, want each more than the one before", exposed, shared, files)
	}
	if accepted := total(families.sumBy("wecom_recording_accepted_files", "corp")); accepted != 2 {
		t.Errorf("%v accepted files, want 2", accepted)
	}
	if overdue := total(families.sumBy("wecom_recording_retention_exceeded_files", "host")); overdue <= 0 || overdue >= files {
		t.Errorf("%v of %v files are overdue", overdue, files)
	}
	for labelName, values := range map[string][]string{
		"audience": {"anyone", "attendees", "company"},
		"password": {"none", "set"},
		"expiry":   {"1d", "30d", "7d", "expired", "later", "never"},
		"download": {"allowed", "blocked"},
	} {
		sums := families.sumBy("wecom_recording_sharing_files", labelName)
		if diff := cmp.Diff(values, keys(sums)); diff != "" {
			t.Errorf("values of %s (-want +got):\n%s", labelName, diff)
		}
		for value, sum := range sums {
			if sum <= 0 {
				t.Errorf("no file is shared with %s=%q", labelName, value)
			}
		}
	}
	for _, state := range []string{"recording", "transcoding", "completed"} {
		if families.sumBy("wecom_recordings", "state")[state] <= 0 {
			t.Errorf("no recording is in state %s", state)
		}
	}

	now := float64(time.Now().Unix())
	for name, within := range map[string]time.Duration{
		"wecom_recording_last_start_timestamp_seconds":                          31 * day,
		"wecom_recording_oldest_unfinished_timestamp_seconds":                   time.Hour,
		"wecom_poll_last_success_timestamp_seconds":                             time.Minute,
		"wecom_recording_exporter_config_last_reload_success_timestamp_seconds": 5 * time.Minute,
	} {
		for _, m := range families[name].GetMetric() {
			if ago := now - m.GetGauge().GetValue(); ago < -2 || ago > within.Seconds() {
				t.Errorf("%s is %v s ago, want less than %v s", series(name, m), ago, within.Seconds())
			}
		}
	}
	for name, want := range map[string]float64{
		"wecom_up":                                               1,
		"wecom_poll_coverage_ratio":                              1,
		"wecom_host_series_folded":                               0,
		"wecom_recording_exporter_build_info":                    1,
		"wecom_recording_exporter_config_last_reload_successful": 1,
	} {
		if got, err := families.value(name); err != nil || got != want {
			t.Errorf("%s is %v (%v), want %v", name, got, err, want)
		}
	}
	if quota, err := families.value("wecom_recording_quota_bytes"); err != nil || quota <= total(hosts) {
		t.Errorf("a quota of %v bytes (%v), want more than is used", quota, err)
	}
}

func TestDemoMoves(t *testing.T) {
	t.Parallel()
	x := runDemo(t)
	before := x.scrape(t).inventory()
	eventually(t, time.Minute, func() error {
		if cmp.Equal(before, x.scrape(t).inventory()) {
			return errors.New("nothing has changed")
		}
		return nil
	})
}

func TestDemoPassesPromtool(t *testing.T) {
	t.Parallel()
	promtool := tool(t, "PROMTOOL")
	x := runDemo(t)
	a := x.get(t, "/metrics")
	check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	check.Stdin = bytes.NewReader(a.body)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

func TestDemoTakesFlagsOfServe(t *testing.T) {
	t.Parallel()
	x := run(t, nil, "demo", "--target.userid=zhangwei", "--metrics.host-label=off", "--wecom.corp-name=acme", "--web.telemetry-path=/numbers")
	x.awaitStatus(t, "/-/ready", 200)
	eventually(t, patience, func() error {
		families, err := parse(x.get(t, "/numbers"))
		if err != nil {
			return err
		}
		if got, err := families.value("wecom_poll_targets", "corp", "acme", "selector", "userid", "status", "ok"); err != nil || got != 1 {
			return fmt.Errorf("%v targets are polled (%w), want 1", got, err)
		}
		if m := families["wecom_recording_bytes"].GetMetric(); len(m) != 1 || len(m[0].GetLabel()) != 1 {
			return fmt.Errorf("wecom_recording_bytes is %v, want one series without host", m)
		}
		return nil
	})
}

func keys(m map[string]float64) []string { return slices.Sorted(maps.Keys(m)) }

func total(m map[string]float64) float64 {
	sum := 0.0
	for _, value := range m {
		sum += value
	}
	return sum
}

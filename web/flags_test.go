// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kingpin/v2"
	"github.com/google/go-cmp/cmp"
)

func parseFlags(t *testing.T, args ...string) *Flags {
	t.Helper()
	app := kingpin.New("test", "")
	f := AddFlags(app, ":10168")
	if _, err := app.Parse(args); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		want Settings
	}{
		{
			name: "the defaults",
			want: Settings{TelemetryPath: "/metrics", MaxRequests: 40, ExporterMetrics: true},
		},
		{
			name: "every flag",
			args: []string{
				"--web.telemetry-path=/", "--web.max-requests=0",
				"--web.disable-exporter-metrics", "--web.enable-lifecycle", "--web.enable-recordings", "--web.enable-pprof",
			},
			want: Settings{TelemetryPath: "/", Lifecycle: true, Recordings: true, Pprof: true},
		},
		{
			name: "a path that ends in a slash",
			args: []string{"--web.telemetry-path=/a/metrics/"},
			want: Settings{TelemetryPath: "/a/metrics/", MaxRequests: 40, ExporterMetrics: true},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseFlags(t, test.args...).Settings()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestListenAddresses(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{":10168"}, parseFlags(t).ListenAddresses()); diff != "" {
		t.Errorf("by default (-want +got):\n%s", diff)
	}
	got := parseFlags(t, "--web.listen-address=:1", "--web.listen-address=:2").ListenAddresses()
	if diff := cmp.Diff([]string{":1", ":2"}, got); diff != "" {
		t.Errorf("of two flags (-want +got):\n%s", diff)
	}
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	badConfig := filepath.Join(t.TempDir(), "web.yml")
	noConfig, err := filepath.Abs("none.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(badConfig, []byte("tls_server: {}"), 0o600); err != nil {
		t.Fatal(err)
	}
	badCert := filepath.Join(t.TempDir(), "cert.yml")
	if err := os.WriteFile(badCert, []byte("tls_server_config: {cert_file: no.crt, key_file: no.key}"), 0o600); err != nil {
		t.Fatal(err)
	}
	relativeCert, err := filepath.Rel(filepath.Dir(noConfig), badCert)
	if err != nil {
		t.Fatal(err)
	}
	const (
		path     = "--web.telemetry-path (or WECOM_RECORDING_EXPORTER_WEB_TELEMETRY_PATH): "
		requests = "--web.max-requests (or WECOM_RECORDING_EXPORTER_WEB_MAX_REQUESTS): "
		file     = "--web.config.file (or WECOM_RECORDING_EXPORTER_WEB_CONFIG_FILE): "
	)
	for arg, want := range map[string]string{
		"--web.telemetry-path=":                   path,
		"--web.telemetry-path=metrics":            path + `"metrics" is not a path for metrics: use one such as /metrics`,
		"--web.telemetry-path=/-/ready":           path,
		"--web.telemetry-path=/targets":           path,
		"--web.telemetry-path=/recordings":        path,
		"--web.telemetry-path=/api/v1/recordings": path,
		"--web.telemetry-path=/changes":           path,
		"--web.telemetry-path=/api/v1/changes":    path,
		"--web.telemetry-path=/debug/pprof":       path,
		"--web.telemetry-path=/debug/pprof/":      path,
		"--web.telemetry-path=/debug/pprof/heap":  path,
		"--web.telemetry-path=//":                 path,
		"--web.telemetry-path=//metrics":          path,
		"--web.telemetry-path=/metrics//":         path,
		"--web.telemetry-path=/a/../metrics":      path,
		"--web.telemetry-path=/%zz":               path,
		"--web.telemetry-path=/{x}":               path,
		"--web.telemetry-path=/a b":               path,
		"--web.telemetry-path=/a?b":               path,
		"--web.telemetry-path=/a#b":               path,
		"--web.max-requests=":                     requests,
		"--web.max-requests=many":                 requests + `"many" is not a number of requests: use 0 for no limit, or a number above 0`,
		"--web.max-requests=-1":                   requests,
		"--web.max-requests=1.5":                  requests,
		"--web.config.file=" + badConfig:          file + strconv.Quote(badConfig) + " cannot be used: ",
		"--web.config.file=none.yml":              file + strconv.Quote(noConfig) + " cannot be used: no such file or directory",
		"--web.config.file=" + relativeCert: file + strconv.Quote(badCert) + " cannot be used: " +
			"failed to read cert_file (" + filepath.Join(filepath.Dir(badCert), "no.crt") + ")",
	} {
		t.Run(arg, func(t *testing.T) {
			t.Parallel()
			got, err := parseFlags(t, arg).Settings()
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v, want %s", err, want)
			}
			if diff := cmp.Diff(Settings{}, got); diff != "" {
				t.Errorf("settings beside the error:\n%s", diff)
			}
		})
	}
}

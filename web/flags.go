// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// The flags that an error names.
const (
	flagListenAddress = "web.listen-address"
	flagSystemdSocket = "web.systemd-socket"
	flagConfigFile    = "web.config.file"
	flagTelemetryPath = "web.telemetry-path"
	flagMaxRequests   = "web.max-requests"
)

// Flags holds the values of --web.* as they were given.
type Flags struct {
	toolkit                *toolkit.FlagConfig
	telemetryPath          *string
	maxRequests            *string // an error of kingpin would not name the variable
	disableExporterMetrics *bool
	enableLifecycle        *bool
	enableRecordings       *bool
	enablePprof            *bool
}

// Settings holds the values of Flags after validation.
type Settings struct {
	// TelemetryPath is the absolute path of the exposition, such as /metrics. It
	// is the path of no other page.
	TelemetryPath string
	// MaxRequests is the number of scrapes served at once, and apart from them that of
	// pages; 0 means no limit.
	MaxRequests int
	// ExporterMetrics includes go_*, process_* and promhttp_*.
	ExporterMetrics bool
	// Lifecycle allows POST /-/reload and POST /-/snapshot.
	Lifecycle bool
	// Recordings enables the pages of single recordings and changes.
	Recordings bool
	// Pprof enables the profiles of the Go runtime.
	Pprof bool
}

// AddFlags registers --web.* on app. The exporter listens at defaultAddress if
// no address is given.
func AddFlags(app *kingpin.Application, defaultAddress string) *Flags {
	return &Flags{
		toolkit: kingpinflag.AddFlags(app, defaultAddress),
		telemetryPath: app.Flag(flagTelemetryPath, "Path under which to expose metrics.").
			Default("/metrics").String(),
		maxRequests: app.Flag(flagMaxRequests,
			"Maximum number of scrapes, and separately of pages, to serve at once. Further requests get status 503. 0 means "+
				"no limit.").
			Default("40").String(),
		disableExporterMetrics: app.Flag("web.disable-exporter-metrics",
			"Exclude the metrics go_*, process_* and promhttp_*.").Bool(),
		enableLifecycle: app.Flag("web.enable-lifecycle",
			"Allow reloading the configuration with POST /-/reload, and copying the store with POST /-/snapshot.").Bool(),
		enableRecordings: app.Flag("web.enable-recordings",
			"Serve the pages /recordings and /changes, and the same data under /api/v1/. They show the hosts and titles of "+
				"individual recordings. / and /targets then show user IDs too, even if --metrics.host-label hides them.").Bool(),
		enablePprof: app.Flag("web.enable-pprof",
			"Serve profiles of the Go runtime under /debug/pprof/.").Bool(),
	}
}

// ListenAddresses returns the values of --web.listen-address.
func (f *Flags) ListenAddresses() []string { return *f.toolkit.WebListenAddresses }

// ConfigFile returns the value of --web.config.file.
func (f *Flags) ConfigFile() string { return *f.toolkit.WebConfigFile }

// Settings returns the validated values. An error names the flag and its
// variable, and what to write instead.
func (f *Flags) Settings() (Settings, error) {
	maxRequests, err := strconv.Atoi(*f.maxRequests)
	if err != nil || maxRequests < 0 {
		return Settings{}, bilingual.Errorf("%s: %q is not a number of requests: use 0 for no limit, or a number above 0",
			"%s：%q 不是请求数：请填写正整数，或填写 0 表示不限",
			flagAndVariable(flagMaxRequests), *f.maxRequests)
	}
	if !isTelemetryPath(*f.telemetryPath) {
		return Settings{}, bilingual.Errorf("%s: %q is not a path for metrics: use one such as /metrics",
			"%s：%q 不能作为指标的路径：请换一个，例如 /metrics",
			flagAndVariable(flagTelemetryPath), *f.telemetryPath)
	}
	if err := f.validateConfigFile(); err != nil {
		return Settings{}, err
	}
	return Settings{
		TelemetryPath:   *f.telemetryPath,
		MaxRequests:     maxRequests,
		ExporterMetrics: !*f.disableExporterMetrics,
		Lifecycle:       *f.enableLifecycle,
		Recordings:      *f.enableRecordings,
		Pprof:           *f.enablePprof,
	}, nil
}

// validateConfigFile checks --web.config.file. The error shows absolute paths, because the user
// may not know the working directory.
func (f *Flags) validateConfigFile() error {
	if *f.toolkit.WebConfigFile == "" {
		return nil
	}
	file := fileerr.Absolute(*f.toolkit.WebConfigFile)
	err := toolkit.Validate(file)
	if err == nil {
		return nil
	}
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok && pathErr.Path == file {
		err = fileerr.Cause(err)
	}
	return bilingual.Errorf("%s: %s cannot be used: %w", "%s：文件 %s 有误（%w）",
		flagAndVariable(flagConfigFile), fileerr.Quote(file), err)
}

func flagAndVariable(flag string) bilingual.Text {
	return bilingual.Textf("--%s (or %s)", "--%s（或 %s）", flag, config.Variable(flag))
}

// isTelemetryPath reports whether metrics can be served at p: an absolute path
// that no other page has.
func isTelemetryPath(p string) bool {
	// Browsers rewrite a path with // or .. in it.
	isClean := path.Clean(p) == p || len(p) > 2 && path.Clean(p)+"/" == p
	return isClean && strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "/-/") && !strings.HasPrefix(p, pathPprof) &&
		!slices.Contains([]string{pathTargets, pathRecordings, pathRecordingsAPI, pathChanges, pathChangesAPI}, p) &&
		!strings.ContainsAny(p, " {}?#%")
}

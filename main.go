// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Command wecom_recording_exporter is a Prometheus exporter for the cloud
// recordings of WeCom (企业微信) meetings.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
)

const (
	name           = "wecom_recording_exporter"
	defaultAddress = ":10168"
	gcPercent      = 30
)

func main() {
	// A binary that was built without a version still tells of one.
	version.Version = cmp.Or(version.Version, "unknown")
	version.Branch = cmp.Or(version.Branch, "unknown")

	// Most of the memory is what is known, and that lives for long: without this,
	// as much again would be left to garbage before it is collected.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// flags are the flags of all commands.
type flags struct {
	app               *kingpin.Application
	web               *toolkit.FlagConfig
	telemetryPath     *string
	maxRequests       *string
	noExporterMetrics *bool
	lifecycle         *bool
	recordings        *bool
	logLevel          *string
	logFormat         *string
	config            *config.Flags
	serve             *kingpin.CmdClause
	demo              *kingpin.CmdClause
	healthcheck       *kingpin.CmdClause
	healthcheckURL    *string
}

func newFlags() *flags {
	app := kingpin.New(name, "Prometheus exporter for the cloud recordings of WeCom (企业微信) meetings. "+
		"Each flag can be given as an environment variable too: "+config.VariablePrefix+" and the flag in upper snake case.")
	app.DefaultEnvars()
	app.Version(version.Print(name))
	app.VersionFlag.NoEnvar()
	app.HelpFlag.Short('h').NoEnvar()
	f := &flags{
		app: app,
		web: kingpinflag.AddFlags(app, defaultAddress),
		telemetryPath: app.Flag("web.telemetry-path", "Path under which to expose metrics.").
			Default("/metrics").String(),
		maxRequests: app.Flag("web.max-requests", "How many scrapes are answered at once; others get status 503. 0 is no limit.").
			Default("40").String(),
		noExporterMetrics: app.Flag("web.disable-exporter-metrics", "Leave out the metrics go_*, process_* and promhttp_*.").Bool(),
		lifecycle:         app.Flag("web.enable-lifecycle", "Allow to reload the configuration with POST /-/reload.").Bool(),
		recordings:        app.Flag("web.enable-recordings", "Serve the page /recordings and /api/v1/recordings, which tell hosts and titles of single recordings.").Bool(),
		logLevel: app.Flag("log.level", "Only log messages of this severity or above: debug, info, warn or error.").
			Default("info").String(),
		logFormat: app.Flag("log.format", "Format of log messages: logfmt or json.").
			Default("logfmt").String(),
		config:      config.AddFlags(app),
		serve:       app.Command("serve", "Serve metrics of the recordings of the configured corps. This is what is done where no command is given."),
		demo:        app.Command("demo", "Serve metrics of a simulated company: no account and no network needed."),
		healthcheck: app.Command("healthcheck", "Ask a running exporter whether it is healthy; the exit status is 0 if it is."),
	}
	f.healthcheckURL = f.healthcheck.Arg("url", "Base URL of the exporter; by default that of the first --web.listen-address on this host.").String()
	return f
}

// run runs a command until it is done or the context ends, and returns the exit
// status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := newFlags()
	ended := false
	f.app.Terminate(func(int) { ended = true }).UsageWriter(stdout).ErrorWriter(stderr)
	err := f.checkEnvironment()
	command := ""
	if err == nil {
		command, err = f.app.Parse(f.withCommand(args))
	}
	if ended {
		return 0 // --help or --version
	}
	if err == nil {
		err = f.checkLog()
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %s: try --help\n", name, err)
		return 1
	}
	logger, slogger := newLogger(stderr, *f.logLevel, *f.logFormat)
	switch command {
	case f.healthcheck.FullCommand():
		err = checkHealth(ctx, healthURL(*f.healthcheckURL, *f.web.WebListenAddresses))
	case f.demo.FullCommand():
		err = f.runDemo(ctx, logger, slogger)
	default:
		err = f.runServe(ctx, logger, slogger)
	}
	for _, e := range each(err) {
		level.Error(logger).Log("msg", "cannot "+command, "err", e)
	}
	if err != nil {
		return 1
	}
	return 0
}

// withCommand puts serve in front of arguments without a command. A default
// command of kingpin's own would overlook a flag that lacks its value.
func (f *flags) withCommand(args []string) []string {
	parsed, err := f.app.ParseContext(args)
	if err != nil || parsed.SelectedCommand != nil {
		return args
	}
	for _, element := range parsed.Elements {
		if element.Clause == f.app.HelpFlag {
			return args // the help of all commands
		}
	}
	return append([]string{f.serve.FullCommand()}, args...)
}

// checkEnvironment refuses variables that kingpin would refuse without naming
// them.
func (f *flags) checkEnvironment() error {
	for _, flag := range f.app.Model().Flags {
		variable := config.Variable(flag.Name)
		value := os.Getenv(variable)
		if _, err := strconv.ParseBool(value); flag.IsBoolFlag() && value != "" && err != nil {
			return fmt.Errorf("--%s (or %s): %q is neither true nor false", flag.Name, variable, value)
		}
	}
	return nil
}

func (f *flags) checkLog() error {
	if !slices.Contains(logLevels, *f.logLevel) {
		return fmt.Errorf("--log.level (or %s): %q is no level: write one of %s", config.Variable("log.level"), *f.logLevel, strings.Join(logLevels, ", "))
	}
	if !slices.Contains(logFormats, *f.logFormat) {
		return fmt.Errorf("--log.format (or %s): %q is no format: write one of %s", config.Variable("log.format"), *f.logFormat, strings.Join(logFormats, ", "))
	}
	return nil
}

// each takes apart an error of several lines, each of which stands for itself.
func each(err error) []error {
	// Not an error further down, whose lines would lack what is around them.
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package cli holds the command line: the flags, and a file for each command.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web"
)

const (
	name           = "wecom_recording_exporter"
	defaultAddress = ":10168"
)

// A command is a row of the table of commands.
type command struct {
	name, help string
	// failure is what an error of the command means, as the message of a log line.
	failure string
	// add registers the arguments and flags of the command alone and returns its
	// action, which runs after they are parsed.
	add func(*kingpin.CmdClause, *flags) action
}

// An action runs a command until it is done or the context ends. Run reports its
// error, or each of the errors that it joins.
type action func(context.Context, *output) error

// commands are all commands, in the order of --help.
var commands = []command{
	{
		name:    defaultCommand,
		help:    "Serve metrics about the recordings of the configured corps. This is the default command.",
		failure: "cannot serve",
		add:     addServe,
	},
	{
		name:    "demo",
		help:    "Serve metrics about a simulated company; needs no account and no network.",
		failure: "cannot start the demo",
		add:     addDemo,
	},
	{
		name: "check",
		help: "Check the configuration and the connection to WeCom step by step, and print what fails and what to do. " +
			"The exit status is 0 if no step fails.",
		failure: "cannot check",
		add:     addCheck,
	},
	{
		name: "list",
		help: "Print the recordings of the configured targets for an audit. Reads all of them from WeCom, within the call " +
			"budget. The exit status is 2 if something could not be listed.",
		failure: "cannot list the recordings",
		add:     addList,
	},
	{
		name: "backfill",
		help: "Write past metrics as OpenMetrics for promtool tsdb create-blocks-from openmetrics. Reads what WeCom still " +
			"lists, within the call budget. The exit status is 2 if something could not be listed.",
		failure: "cannot write the history",
		add:     addBackfill,
	},
	{
		name:    "healthcheck",
		help:    "Check whether a running exporter is healthy. The exit status is 0 if it is.",
		failure: "the exporter is not healthy",
		add:     addHealthcheck,
	},
}

// defaultCommand runs if no command is given.
const defaultCommand = "serve"

// flags are the flags that all commands share.
type flags struct {
	web    *web.Flags
	log    *logFlags
	config *config.Flags
}

// A statusError is an error that was printed already: the program ends with this status.
type statusError int

// Error implements error.
func (s statusError) Error() string { return "exit status " + strconv.Itoa(int(s)) }

// An output is where a command writes to.
type output struct {
	stdout, stderr io.Writer
	logger         log.Logger
	// toolkitLogger writes to the same log; exporter-toolkit takes no other kind.
	toolkitLogger *slog.Logger
}

// An application is the whole command line.
type application struct {
	kingpin *kingpin.Application
	flags   *flags
	actions map[string]action
	// failures are the messages of commands for an error, by their names.
	failures map[string]string
}

func newApplication() *application {
	app := kingpin.New(name, "Prometheus exporter for the cloud recordings of WeCom (企业微信) meetings. "+
		"Each flag can also be set by an environment variable: "+
		config.VariablePrefix+" and the flag in upper snake case.")
	app.DefaultEnvars()
	app.Version(version.Print(name))
	app.VersionFlag.NoEnvar()
	app.HelpFlag.Short('h').NoEnvar()
	a := &application{
		kingpin: app,
		// In the order of --help.
		flags: &flags{
			web:    web.AddFlags(app, defaultAddress),
			log:    addLogFlags(app),
			config: config.AddFlags(app),
		},
		actions:  make(map[string]action, len(commands)),
		failures: make(map[string]string, len(commands)),
	}
	for _, c := range commands {
		a.failures[c.name] = c.failure
		a.actions[c.name] = c.add(app.Command(c.name, c.help), a.flags)
	}
	return a
}

// Run runs the command that args name until it is done or the context ends, and
// returns the exit status: 0, or 1 after an error, which is written to stderr.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	// Without this, a write to stdout or stderr whose reader is gone ends the process.
	// Log lines that cannot be written are dropped.
	signal.Ignore(syscall.SIGPIPE)
	// net/http's client writes to the standard logger, and with it parts of bodies.
	stdlog.SetOutput(io.Discard)
	a := newApplication()
	isDone := false // by --help or --version
	a.kingpin.Terminate(func(int) { isDone = true }).UsageWriter(heedless{stdout}).ErrorWriter(heedless{stderr})
	selected, err := a.parse(args)
	if isDone {
		return 0
	}
	if err != nil {
		for _, e := range split(err) {
			fmt.Fprintf(stderr, "%s: %s\n", name, e)
		}
		return 1
	}
	logger, toolkitLogger := a.flags.log.newLoggers(stderr)
	err = a.actions[selected](ctx, &output{stdout: stdout, stderr: stderr, logger: logger, toolkitLogger: toolkitLogger})
	if status, ok := errors.AsType[statusError](err); ok {
		return int(status)
	}
	for _, e := range split(err) {
		level.Error(logger).Log("msg", a.failures[selected], "err", e)
	}
	if err != nil {
		return 1
	}
	return 0
}

// A heedless writer reports no error. kingpin panics on one, as when the reader of --help is
// gone.
type heedless struct{ io.Writer }

// Write implements io.Writer.
func (w heedless) Write(p []byte) (int, error) {
	_, _ = w.Writer.Write(p)
	return len(p), nil
}

// parse returns the name of the selected command.
func (a *application) parse(args []string) (string, error) {
	if err := a.checkEnvironment(); err != nil {
		return "", err
	}
	args = a.withCommand(args)
	selected, err := a.kingpin.Parse(args)
	if err != nil {
		return "", fmt.Errorf("%w: try --help", cmp.Or(a.unknownFlag(args), err))
	}
	return selected, a.flags.log.validate()
}

// withCommand prepends the default command to arguments without a command. A
// default command of kingpin would overlook a flag that lacks its value.
func (a *application) withCommand(args []string) []string {
	parsed, err := a.kingpin.ParseContext(args)
	if err != nil || parsed.SelectedCommand != nil {
		return args
	}
	for _, element := range parsed.Elements {
		if element.Clause == a.kingpin.HelpFlag {
			return args // the help of all commands
		}
	}
	return append([]string{defaultCommand}, args...)
}

// checkEnvironment returns an error for variables that begin like those of flags
// and are none, and for a boolean variable that kingpin would refuse without naming
// it.
func (a *application) checkEnvironment() error {
	flags := allFlags(a.kingpin.Model())
	names := make([]string, 0, len(flags))
	for _, flag := range flags {
		names = append(names, flag.Name)
		variable := config.Variable(flag.Name)
		value := os.Getenv(variable)
		if _, err := strconv.ParseBool(value); flag.IsBoolFlag() && value != "" && err != nil {
			return fmt.Errorf("--%s (or %s): %q is neither true nor false", flag.Name, variable, value)
		}
	}
	return config.CheckVariables(os.Environ(), names)
}

// allFlags returns the flags of all commands that can be given as variables.
func allFlags(m *kingpin.ApplicationModel) []*kingpin.FlagModel {
	flags := slices.Clone(m.Flags)
	for _, c := range m.FlattenedCommands() {
		flags = append(flags, c.Flags...)
	}
	return slices.DeleteFunc(flags, func(f *kingpin.FlagModel) bool {
		return f.Hidden || f.Name == "help" || f.Name == "version"
	})
}

// split returns the errors that err joins, each of which is logged by itself.
func split(err error) []error {
	// errors.As would also find a joined error that another one wraps, and lose the
	// text of the wrapper.
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

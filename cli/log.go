// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	sloggokit "github.com/tjhop/slog-gokit"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
)

const (
	flagLogLevel  = "log.level"
	flagLogFormat = "log.format"

	logFormatLogfmt = "logfmt"
	logFormatJSON   = "json"
)

var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{logFormatLogfmt, logFormatJSON}
)

// logFlags holds the values of --log.*.
type logFlags struct{ level, format *string }

func addLogFlags(app *kingpin.Application) *logFlags {
	return &logFlags{
		level: app.Flag(flagLogLevel, "Only log messages of this severity or above: debug, info, warn or error.").
			Default("info").String(),
		format: app.Flag(flagLogFormat, "Format of log messages: logfmt or json.").
			Default(logFormatLogfmt).String(),
	}
}

// validate returns an error that names the flag and its variable, and what to
// write instead.
func (f *logFlags) validate() error {
	if !slices.Contains(logLevels, *f.level) {
		return fmt.Errorf("--%s (or %s): %q is no level: write one of %s",
			flagLogLevel, config.Variable(flagLogLevel), *f.level, strings.Join(logLevels, ", "))
	}
	if !slices.Contains(logFormats, *f.format) {
		return fmt.Errorf("--%s (or %s): %q is no format: write one of %s",
			flagLogFormat, config.Variable(flagLogFormat), *f.format, strings.Join(logFormats, ", "))
	}
	return nil
}

// newLoggers returns a logger for this program and a *slog.Logger for libraries.
// Both write to w with the same level and format.
func (f *logFlags) newLoggers(w io.Writer) (log.Logger, *slog.Logger) {
	var logger log.Logger
	if *f.format == logFormatJSON {
		logger = log.NewJSONLogger(log.NewSyncWriter(w))
	} else {
		logger = log.NewLogfmtLogger(log.NewSyncWriter(w))
	}
	logger = level.NewFilter(logger, level.Allow(level.ParseDefault(*f.level, level.InfoValue())))
	var slogLevel slog.Level
	if err := slogLevel.UnmarshalText([]byte(*f.level)); err != nil {
		slogLevel = slog.LevelInfo
	}
	// The bridge adds time and caller itself.
	bridge := slog.New(sloggokit.NewGoKitHandler(logger, slogLevel))
	return log.With(logger, "ts", log.DefaultTimestampUTC, "caller", log.DefaultCaller), bridge
}

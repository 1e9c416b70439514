// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"log/slog"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	sloggokit "github.com/tjhop/slog-gokit"
)

var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{"logfmt", "json"}
)

// newLogger returns our logger, and the same for libraries that want slog's.
func newLogger(w io.Writer, levelName, format string) (log.Logger, *slog.Logger) {
	var logger log.Logger
	if format == "json" {
		logger = log.NewJSONLogger(log.NewSyncWriter(w))
	} else {
		logger = log.NewLogfmtLogger(log.NewSyncWriter(w))
	}
	logger = level.NewFilter(logger, level.Allow(level.ParseDefault(levelName, level.InfoValue())))
	var slogLevel slog.Level
	if err := slogLevel.UnmarshalText([]byte(levelName)); err != nil {
		slogLevel = slog.LevelInfo
	}
	// The bridge adds time and caller itself.
	bridged := slog.New(sloggokit.NewGoKitHandler(logger, slogLevel))
	return log.With(logger, "ts", log.DefaultTimestampUTC, "caller", log.DefaultCaller), bridged
}

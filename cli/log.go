// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	sloggokit "github.com/tjhop/slog-gokit"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
)

const (
	flagLogLevel    = "log.level"
	flagLogFormat   = "log.format"
	flagLogLanguage = "log.language"
	flagLogChanges  = "log.changes"

	logFormatLogfmt = "logfmt"
	logFormatJSON   = "json"

	logEnglish       = "en"
	logChinese       = "zh"
	logBothLanguages = "both"
)

var (
	logLevels    = []string{"debug", "info", "warn", "error"}
	logFormats   = []string{logFormatLogfmt, logFormatJSON}
	logLanguages = []string{logEnglish, logChinese, logBothLanguages}
)

// logFlags holds the values of --log.*.
type logFlags struct {
	level, format, language *string
	changes                 *bool
}

func addLogFlags(app *kingpin.Application) *logFlags {
	return &logFlags{
		level: app.Flag(flagLogLevel, "Only log messages of this severity or above: debug, info, warn or error.").
			Default("info").String(),
		format: app.Flag(flagLogFormat, "Format of log messages: logfmt or json.").
			Default(logFormatLogfmt).String(),
		language: app.Flag(flagLogLanguage, "Language of remedies in log messages: en, zh or both.").
			Default(logBothLanguages).String(),
		changes: app.Flag(flagLogChanges, "Log each sharing change and each removal on its own line, at level info.").
			Bool(),
	}
}

// validate returns an error that names the flag and its variable, and what to
// write instead.
func (f *logFlags) validate() error {
	for _, flag := range []struct {
		name, what, value string
		values            []string
	}{
		{flagLogLevel, "level", *f.level, logLevels},
		{flagLogFormat, "format", *f.format, logFormats},
		{flagLogLanguage, "language", *f.language, logLanguages},
	} {
		if !slices.Contains(flag.values, flag.value) {
			return fmt.Errorf("--%s (or %s): %q is not a valid %s: use one of %s",
				flag.name, config.Variable(flag.name), flag.value, flag.what, strings.Join(flag.values, ", "))
		}
	}
	return nil
}

// newLoggers returns a logger for this program and a *slog.Logger for libraries.
// Both write to w with the same level, format and language, and with the time under
// the same key.
func (f *logFlags) newLoggers(w io.Writer) (log.Logger, *slog.Logger) {
	var logger log.Logger
	if *f.format == logFormatJSON {
		logger = log.NewJSONLogger(log.NewSyncWriter(w))
	} else {
		logger = log.NewLogfmtLogger(log.NewSyncWriter(w))
	}
	if *f.language != logBothLanguages {
		logger = inLanguage(logger, *f.language)
	}
	logger = level.NewFilter(logger, level.Allow(level.ParseDefault(*f.level, level.InfoValue())))
	var slogLevel slog.Level
	if err := slogLevel.UnmarshalText([]byte(*f.level)); err != nil {
		slogLevel = slog.LevelInfo
	}
	// The bridge adds time and caller itself.
	bridge := slog.New(sloggokit.NewGoKitHandler(withTimeKey(logger), slogLevel))
	return log.With(logger, keyTime, log.DefaultTimestampUTC, "caller", log.DefaultCaller), bridge
}

// The keys of lines that are changed here.
const (
	keyTime          = "ts"
	keyRemedy        = "remedy"
	keyRemedyChinese = "remedy_zh"
)

// inLanguage returns a logger that writes one remedy a line: in English, or in
// Chinese if there is one in Chinese. Its key is the same in both languages.
func inLanguage(next log.Logger, language string) log.Logger {
	return log.LoggerFunc(func(keyvals ...any) error {
		if !hasKey(keyvals, keyRemedyChinese) {
			return next.Log(keyvals...)
		}
		kept := make([]any, 0, len(keyvals))
		for pair := range slices.Chunk(keyvals, 2) {
			switch {
			case pair[0] == keyRemedyChinese && language == logChinese:
				kept = append(append(kept, keyRemedy), pair[1:]...)
			case pair[0] == keyRemedyChinese, pair[0] == keyRemedy && language == logChinese:
			default:
				kept = append(kept, pair...)
			}
		}
		return next.Log(kept...)
	})
}

// withTimeKey returns a logger that writes the time of a line as the other lines
// have it: the bridge from slog has another key and the local time.
func withTimeKey(next log.Logger) log.Logger {
	return log.LoggerFunc(func(keyvals ...any) error {
		changed := slices.Clone(keyvals)
		for i := 0; i+1 < len(changed); i += 2 {
			// Attributes are of the type slog.Value.
			if at, ok := changed[i+1].(time.Time); ok && changed[i] == slog.TimeKey {
				changed[i], changed[i+1] = keyTime, at.UTC().Format(time.RFC3339Nano)
			}
		}
		return next.Log(changed...)
	})
}

func hasKey(keyvals []any, key string) bool {
	for i := 0; i < len(keyvals); i += 2 {
		if keyvals[i] == key {
			return true
		}
	}
	return false
}

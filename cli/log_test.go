// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"io"
	stdlog "log"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/google/go-cmp/cmp"
)

// loggers returns the loggers that flags give, and what they write.
func loggers(logLevel, format, language string) (log.Logger, *slog.Logger, *strings.Builder) {
	var b strings.Builder
	f := &logFlags{level: &logLevel, format: &format, language: &language}
	logger, toolkitLogger := f.newLoggers(&b)
	return logger, toolkitLogger, &b
}

func TestLogLanguage(t *testing.T) {
	t.Parallel()
	both := []any{"msg", "m", "remedy", "do it", "remedy_zh", "请处理", "retry_in", "1m"}
	tests := []struct {
		name     string
		language string
		keyvals  []any
		want     map[string]any
	}{
		{
			name:     "both",
			language: "both",
			keyvals:  both,
			want:     map[string]any{"msg": "m", "remedy": "do it", "remedy_zh": "请处理", "retry_in": "1m"},
		},
		{
			name:     "English",
			language: "en",
			keyvals:  both,
			want:     map[string]any{"msg": "m", "remedy": "do it", "retry_in": "1m"},
		},
		{
			name:     "Chinese",
			language: "zh",
			keyvals:  both,
			want:     map[string]any{"msg": "m", "remedy": "请处理", "retry_in": "1m"},
		},
		{
			name:     "Chinese first",
			language: "zh",
			keyvals:  []any{"remedy_zh", "请处理", "remedy", "do it"},
			want:     map[string]any{"remedy": "请处理"},
		},
		{
			name:     "Chinese, where there is English alone",
			language: "zh",
			keyvals:  []any{"msg", "m", "remedy", "do it"},
			want:     map[string]any{"msg": "m", "remedy": "do it"},
		},
		{
			name:     "a value that is a key elsewhere",
			language: "en",
			keyvals:  []any{"msg", "remedy_zh", "remedy", "do it", "remedy_zh", "请处理", "n", 1.0},
			want:     map[string]any{"msg": "remedy_zh", "remedy": "do it", "n": 1.0},
		},
		{
			name:     "a key without a value",
			language: "zh",
			keyvals:  []any{"remedy", "do it", "remedy_zh", "请处理", "msg"},
			want:     map[string]any{"remedy": "请处理", "msg": "(MISSING)"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			logger, _, written := loggers("info", "json", test.language)
			// The corp is added as by those who log.
			if err := level.Warn(log.With(logger, "corp", "a")).Log(test.keyvals...); err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal([]byte(written.String()), &got); err != nil {
				t.Fatal(err)
			}
			delete(got, "ts")
			delete(got, "caller")
			test.want["level"], test.want["corp"] = "warn", "a"
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("lines differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLogTime logs a line of each kind. All have the time once, under the same key
// and in the same form.
func TestLogTime(t *testing.T) {
	t.Parallel()
	for _, language := range logLanguages {
		for _, format := range logFormats {
			t.Run(format+" "+language, func(t *testing.T) {
				t.Parallel()
				logger, toolkitLogger, written := loggers("debug", format, language)
				level.Info(logger).Log("msg", "ours", "time", time.Unix(0, 0).UTC())
				toolkitLogger.Info("theirs", "address", ":1", "time", "noon")
				toolkitLogger.With("a", 1).WithGroup("g").Debug("theirs", "b", 2)
				lines := strings.Split(strings.TrimSpace(written.String()), "\n")
				if len(lines) != 3 {
					t.Fatalf("lines %q, want three", lines)
				}
				for _, line := range lines {
					before, after, _ := strings.Cut(line, map[string]string{"json": `"ts":"`, "logfmt": "ts="}[format])
					stamp, _, _ := strings.Cut(strings.ReplaceAll(after, `"`, " "), " ")
					at, err := time.Parse(time.RFC3339Nano, stamp)
					if err != nil || !strings.HasSuffix(stamp, "Z") || time.Since(at).Abs() > time.Minute {
						t.Errorf("the time is %q in %s", stamp, line)
					}
					if strings.Contains(before+after, "ts=") || strings.Contains(before+after, `"ts"`) {
						t.Errorf("the time is there twice: %s", line)
					}
					if !strings.Contains(line, "log_test.go:") || !strings.Contains(line, "level") {
						t.Errorf("no caller or level in %s", line)
					}
				}
				for i, want := range []string{"1970-01-01", "noon", "g.b"} {
					if !strings.Contains(lines[i], want) {
						t.Errorf("%s lacks the value %s", lines[i], want)
					}
				}
			})
		}
	}
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	logger, toolkitLogger, written := loggers("warn", "logfmt", "en")
	level.Info(logger).Log("msg", "ours")
	toolkitLogger.Info("theirs")
	if written.String() != "" {
		t.Errorf("lines below the level: %s", written)
	}
	level.Warn(logger).Log("msg", "ours")
	toolkitLogger.Warn("theirs")
	if n := strings.Count(written.String(), "level=warn"); n != 2 {
		t.Errorf("%d lines, want 2: %s", n, written)
	}
}

// TestStandardLoggerIsSilent: net/http writes parts of bodies to it that nobody asked for.
func TestStandardLoggerIsSilent(t *testing.T) {
	t.Parallel()
	Run(t.Context(), []string{"--version"}, io.Discard, io.Discard)
	if w := stdlog.Writer(); w != io.Discard {
		t.Errorf("the standard logger writes to %T", w)
	}
}

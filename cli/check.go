// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/cli/preflight"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	formatText = "text"
	formatJSON = "json"

	languageEnglish = "en"
	languageChinese = "zh"
)

// addCheck adds the command that tries the configuration, step by step.
func addCheck(cmd *kingpin.CmdClause, f *flags) action {
	language := cmd.Flag("language", "Language of the answers: en or zh. The default is the language of the locale.").
		Default(languageOfLocale()).Enum(languageEnglish, languageChinese)
	format := cmd.Flag("format", "Format of the answers: text, a line for each step, or json.").
		Default(formatText).Enum(formatText, formatJSON)
	offline := cmd.Flag("offline", "Stop before the network: check the configuration and print the plan.").Bool()
	return func(ctx context.Context, out *output) error {
		r := newCheckReport(out.stdout, *format)
		options := preflight.Options{
			UserAgent: name + "/" + version.Version,
			Offline:   *offline,
			Report: func(s preflight.Step) {
				if ctx.Err() == nil { // The steps of a check that was interrupted show nothing.
					r.add(s)
				}
			},
		}
		if *language == languageChinese {
			options.Language = wecom.Chinese
		}
		cfg, err := f.config.Load()
		if err == nil {
			_, err = f.web.Settings()
		}
		if err != nil {
			preflight.Refuse(split(err), options)
		} else {
			preflight.Run(ctx, cfg, options)
		}
		return r.finish(ctx.Err() != nil)
	}
}

// languageOfLocale returns the language of messages, by the variables of POSIX in their
// order.
func languageOfLocale() string {
	locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	if strings.HasPrefix(strings.ToLower(locale), languageChinese) {
		return languageChinese
	}
	return languageEnglish
}

// A checkReport writes the steps of a check.
type checkReport struct {
	w      io.Writer
	format string
	corp   string // of the last step
	result checkResult
	err    error // of writing
}

// A checkResult is the result of a check in JSON.
type checkResult struct {
	OK    bool             `json:"ok"`
	Steps []preflight.Step `json:"steps"`
}

func newCheckReport(w io.Writer, format string) *checkReport {
	return &checkReport{w: w, format: format, result: checkResult{OK: true, Steps: []preflight.Step{}}}
}

var marks = map[preflight.Status]string{preflight.OK: "ok", preflight.Failed: "FAIL", preflight.Skipped: "-"}

// add takes a step, and writes its line at once: the steps after it may take long.
func (r *checkReport) add(s preflight.Step) {
	r.result.OK = r.result.OK && s.Status != preflight.Failed
	r.result.Steps = append(r.result.Steps, s)
	if r.format == formatJSON {
		return
	}
	if s.Corp != r.corp {
		r.corp = s.Corp
		r.print("\n%s\n", s.Corp)
	}
	line := fmt.Sprintf("%-4s  %-13s  %s", marks[s.Status], s.Name, s.Seen)
	if s.Remedy != "" {
		line += " -> " + s.Remedy
	}
	r.print("%s\n", line)
}

func (r *checkReport) print(format string, args ...any) {
	if _, err := fmt.Fprintf(r.w, format, args...); err != nil && r.err == nil {
		r.err = fmt.Errorf("writing the answers: %w", err)
	}
}

// finish writes what is left. Its error has the exit status of a check that was interrupted, or
// of which a step failed.
func (r *checkReport) finish(interrupted bool) error {
	r.result.OK = r.result.OK && !interrupted
	if r.format == formatJSON {
		encoder := json.NewEncoder(r.w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(r.result); err != nil {
			return fmt.Errorf("writing the answers: %w", err)
		}
	}
	switch {
	case r.err != nil:
		return r.err
	case interrupted:
		return errInterrupted
	case !r.result.OK:
		return statusError(1)
	}
	return nil
}

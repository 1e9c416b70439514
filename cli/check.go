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

var languages = map[string]wecom.Language{languageEnglish: wecom.English, languageChinese: wecom.Chinese}

// addCheck adds the command that tries the configuration, step by step.
func addCheck(cmd *kingpin.CmdClause, f *flags) action {
	language := cmd.Flag("language", "Language of the output: en or zh. Defaults to the language of the locale.").
		Default(languageOfLocale()).Enum(languageEnglish, languageChinese)
	format := cmd.Flag("format", "Output format: text (one line per step) or json.").
		Default(formatText).Enum(formatText, formatJSON)
	offline := cmd.Flag("offline", "Stop before the network: check the configuration and print the plan.").Bool()
	return func(ctx context.Context, out *output) error {
		r := newCheckReport(out.stdout, *format, languages[*language])
		options := preflight.Options{
			Language:  languages[*language],
			UserAgent: name + "/" + version.Version,
			Offline:   *offline,
			Report: func(s preflight.Step) {
				if ctx.Err() == nil { // The steps of a check that was interrupted show nothing.
					r.add(s)
				}
			},
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
	w        io.Writer
	format   string
	language wecom.Language
	corp     string           // of the last line
	notTried []preflight.Step // since the last line: they share the next one
	result   checkResult
	err      error // of writing
}

// A checkResult is the result of a check in JSON.
type checkResult struct {
	OK    bool             `json:"ok"`
	Steps []preflight.Step `json:"steps"`
}

func newCheckReport(w io.Writer, format string, language wecom.Language) *checkReport {
	return &checkReport{
		w:        w,
		format:   format,
		language: language,
		result:   checkResult{OK: true, Steps: []preflight.Step{}},
	}
}

// markSkipped begins the line of a step that was not tried.
const markSkipped = "skip"

var marks = map[preflight.Status]string{preflight.OK: "ok", preflight.Failed: "FAIL", preflight.Skipped: markSkipped}

// add takes a step, and writes its line at once, since the steps after it may take long. Steps
// that were not tried because of an earlier one wait for the step after them.
func (r *checkReport) add(s preflight.Step) {
	r.result.OK = r.result.OK && s.Status != preflight.Failed
	r.result.Steps = append(r.result.Steps, s)
	if r.format == formatJSON {
		return
	}
	if s.After == "" || len(r.notTried) > 0 && r.notTried[0].Corp != s.Corp {
		r.writeNotTried()
	}
	if s.After != "" {
		r.notTried = append(r.notTried, s)
		return
	}
	r.write(s)
}

// writeNotTried writes the line of the steps that were not tried, if there are any.
func (r *checkReport) writeNotTried() {
	steps := r.notTried
	r.notTried = nil
	switch len(steps) {
	case 0:
	case 1:
		r.write(steps[0])
	default:
		r.writeCorp(steps[0].Corp)
		r.print("%-4s  %s\n", markSkipped, preflight.NotTried(steps, r.language))
	}
}

// write writes the line of a step.
func (r *checkReport) write(s preflight.Step) {
	r.writeCorp(s.Corp)
	line := fmt.Sprintf("%-4s  %-13s  %s", marks[s.Status], s.Name, s.Seen)
	if s.Remedy != "" {
		line += " -> " + s.Remedy
	}
	r.print("%s\n", line)
}

// writeCorp writes the name of a corp before its first line.
func (r *checkReport) writeCorp(corp string) {
	if corp != r.corp {
		r.corp = corp
		r.print("\n%s\n", corp)
	}
}

func (r *checkReport) print(format string, args ...any) {
	if _, err := fmt.Fprintf(r.w, format, args...); err != nil && r.err == nil {
		r.err = fmt.Errorf("writing the output: %w", err)
	}
}

// finish writes what is left. Its error has the exit status of a check that was interrupted, or
// of which a step failed.
func (r *checkReport) finish(interrupted bool) error {
	r.result.OK = r.result.OK && !interrupted
	if r.format == formatText {
		r.writeNotTried()
	}
	if r.format == formatText && !interrupted {
		r.print("\n%s\n", preflight.Legend(markSkipped, r.language))
	}
	if r.format == formatJSON {
		encoder := json.NewEncoder(r.w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(r.result); err != nil {
			return fmt.Errorf("writing the output: %w", err)
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

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	formatTable = "table"
	formatCSV   = "csv"

	errIncomplete  = statusError(2)   // something could not be listed
	errInterrupted = statusError(130) // as a shell has it for SIGINT
)

// listFlags are the flags of list.
type listFlags struct {
	format, host, state, since, olderThan *string
	exposed, shared, stored               *bool
}

// addList adds the command that prints recordings for an audit.
func addList(cmd *kingpin.CmdClause, f *flags) action {
	l := &listFlags{
		format: cmd.Flag("format", "Output format: table, json or csv.").
			Default(formatTable).Enum(formatTable, formatJSON, formatCSV),
		host:    cmd.Flag("host", "Only recordings of this host, by user ID.").String(),
		state:   cmd.Flag("state", "Only recordings in this state: "+strings.Join(wecom.StateNames(), ", ")+".").String(),
		exposed: cmd.Flag("exposed", "Only recordings with an exposed file.").Bool(),
		shared:  cmd.Flag("shared", "Only recordings with a shared file, even if its link has expired.").Bool(),
		since: cmd.Flag("since", "Only recordings that started since then: an RFC 3339 time, a date, or how long ago, "+
			"such as 7d.").String(),
		olderThan: cmd.Flag("older-than", "Only recordings that started longer ago than this duration, such as 90d. "+
			"The list goes back to --since, or a year.").
			String(),
		stored: cmd.Flag("stored", "Read what a stopped exporter has stored in --storage.path instead of querying WeCom. "+
			"Needs neither the secret nor targets. Titles are not stored.").Bool(),
	}
	return func(ctx context.Context, out *output) error { return l.run(ctx, f, out) }
}

func (l *listFlags) run(ctx context.Context, f *flags, out *output) error {
	now := time.Now()
	s, err := l.selection(now)
	if err != nil {
		return err
	}
	load := f.config.Load
	if *l.stored {
		load = f.config.LoadStored
	}
	cfg, err := load()
	if err != nil {
		return err
	}
	var (
		manager *poll.Manager
		status  error
	)
	if *l.stored {
		if manager, err = readStored(ctx, cfg); err == nil && reportNotStored(out.stderr, manager, s, now) {
			status = errIncomplete
		}
	} else {
		cfg.Poll.Lookback = s.lookback(cfg.Poll.Lookback, now)
		manager, status, err = walk(ctx, cfg, poll.Options{Titles: true}, out)
	}
	if err != nil {
		return err
	}
	// What was found is printed even if the walk was interrupted.
	if err := l.print(context.WithoutCancel(ctx), manager, s, hasStatistics(cfg), out); err != nil {
		return err
	}
	return status
}

// A selection is which recordings to print.
type selection struct {
	query         poll.RecordingQuery
	after, before time.Time // zero: no bound
}

// lookback returns how far back recordings must be listed: at least as far as the exporter
// does. If only the end of a span is given, it is a year long.
func (s *selection) lookback(configured time.Duration, now time.Time) time.Duration {
	oldest := s.after
	if oldest.IsZero() && !s.before.IsZero() {
		oldest = s.before.Add(-config.MaxLookback)
	}
	if oldest.IsZero() {
		return configured
	}
	if earliest := wecom.EarliestPlausible.Time(); oldest.Before(earliest) {
		oldest = earliest
	}
	return max(configured, now.Sub(oldest))
}

// isBeyond reports whether recordings are selected that started before a time.
func (s *selection) isBeyond(oldest time.Time) bool {
	if s.after.IsZero() {
		return !s.before.IsZero() && !s.before.After(oldest)
	}
	return s.after.Before(oldest)
}

func (s *selection) holds(r *poll.Recording) bool {
	return (s.after.IsZero() || !r.Start.Before(s.after)) &&
		(s.before.IsZero() || !r.Start.IsZero() && r.Start.Before(s.before))
}

func (l *listFlags) selection(now time.Time) (*selection, error) {
	s := &selection{}
	s.query.Query = inventory.Query{Order: inventory.ByStart, Descending: true}
	if *l.host != "" {
		s.query.MatchHost = func(host string, _ bool) bool { return strings.EqualFold(host, *l.host) }
	}
	if *l.exposed {
		s.query.Exposed = l.exposed
	}
	if *l.shared {
		s.query.Shared = l.shared
	}
	var errs []error
	var err error
	if *l.state != "" {
		state, ok := wecom.StateNamed(*l.state)
		if !ok {
			errs = append(errs, fmt.Errorf("--state: %q is not a state: use one of %s",
				*l.state, strings.Join(wecom.StateNames(), ", ")))
		}
		s.query.State = &state
	}
	if s.after, err = timeOf(*l.since, now); err != nil {
		errs = append(errs, fmt.Errorf("--since: %w", err))
	}
	if *l.olderThan != "" {
		age, err := model.ParseDuration(*l.olderThan)
		if err != nil {
			errs = append(errs, fmt.Errorf("--older-than: %q is not a duration: use one such as 90d", *l.olderThan))
		}
		s.before = now.Add(-time.Duration(age))
	}
	if len(errs) == 0 && !s.after.IsZero() && !s.before.IsZero() && !s.after.Before(s.before) {
		errs = append(errs, errors.New("--since and --older-than: no recording can match both: use an earlier --since"))
	}
	return s, errors.Join(errs...)
}

// hasStatistics reports whether views and downloads of any corp are wanted.
func hasStatistics(cfg *config.Config) bool {
	return slices.ContainsFunc(cfg.Corps, func(c config.Corp) bool { return c.Statistics })
}

// timeOf returns the time that a text stands for, or the zero time for none.
func timeOf(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	if ago, err := model.ParseDuration(text); err == nil {
		return now.Add(-time.Duration(ago)), nil
	}
	return time.Time{}, fmt.Errorf("%q is not a time: use one such as 2026-11-26T08:00:00Z, 2026-11-26 or 7d", text)
}

// print writes the selected recordings to stdout.
func (l *listFlags) print(
	ctx context.Context, manager *poll.Manager, s *selection, statistics bool, out *output,
) error {
	w, err := newListWriter(*l.format, out.stdout, statistics)
	if err != nil {
		return err
	}
	err = manager.EachRecording(ctx, &s.query, func(r *poll.Recording) error {
		if !s.holds(r) {
			return nil
		}
		return w.Write(r)
	})
	if err != nil {
		return err
	}
	return w.Flush()
}

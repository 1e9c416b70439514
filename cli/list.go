// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

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
	states := make([]string, 0, wecom.NumStates)
	for state := range wecom.State(wecom.NumStates) {
		states = append(states, state.String())
	}
	l := &listFlags{
		format: cmd.Flag("format", "Format: table, json or csv.").
			Default(formatTable).Enum(formatTable, formatJSON, formatCSV),
		host: cmd.Flag("host", "Only recordings of this host, by user ID.").String(),
		state: cmd.Flag("state", "Only recordings in this state: "+strings.Join(states, ", ")+".").
			Enum(append(states, "")...),
		exposed: cmd.Flag("exposed", "Only recordings with an exposed file.").Bool(),
		shared:  cmd.Flag("shared", "Only recordings with a shared file.").Bool(),
		since: cmd.Flag("since", "Only recordings that started since then: a time in RFC 3339, a date, or a duration "+
			"ago such as 7d.").String(),
		olderThan: cmd.Flag("older-than", "Only recordings that started longer ago than this duration, such as 90d.").
			String(),
		stored: cmd.Flag("stored", "Read what an exporter that is stopped has stored in --storage.path, instead of asking "+
			"WeCom. Titles are not stored.").Bool(),
	}
	return func(ctx context.Context, out *output) error { return l.run(ctx, f, out) }
}

func (l *listFlags) run(ctx context.Context, f *flags, out *output) error {
	selects, err := l.selection(time.Now())
	if err != nil {
		return err
	}
	cfg, err := f.config.Load()
	if err != nil {
		return err
	}
	var (
		manager *poll.Manager
		status  error
	)
	if *l.stored {
		manager, err = readStored(ctx, cfg)
	} else {
		manager, status, err = walk(ctx, cfg, poll.Options{Titles: true}, out)
	}
	if err != nil {
		return err
	}
	// What was found is printed even if the walk was interrupted.
	if err := l.print(context.WithoutCancel(ctx), manager, selects, out); err != nil {
		return err
	}
	return status
}

// A selection is which recordings to print.
type selection struct {
	query         poll.RecordingQuery
	after, before time.Time // zero: no bound
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
	for state := range wecom.State(wecom.NumStates) {
		if *l.state == state.String() {
			s.query.State = &state
		}
	}
	if *l.exposed {
		s.query.Exposed = l.exposed
	}
	if *l.shared {
		s.query.Shared = l.shared
	}
	var errs []error
	var err error
	if s.after, err = timeOf(*l.since, now); err != nil {
		errs = append(errs, fmt.Errorf("--since: %w", err))
	}
	if *l.olderThan != "" {
		age, err := model.ParseDuration(*l.olderThan)
		if err != nil {
			errs = append(errs, fmt.Errorf("--older-than: %q is not a duration: write one such as 90d", *l.olderThan))
		}
		s.before = now.Add(-time.Duration(age))
	}
	return s, errors.Join(errs...)
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
	return time.Time{}, fmt.Errorf("%q is no time: write one such as 2026-11-26T08:00:00Z, 2026-11-26 or 7d", text)
}

// print writes the selected recordings to stdout.
func (l *listFlags) print(
	ctx context.Context, manager *poll.Manager, s *selection, out *output,
) error {
	w, err := newListWriter(*l.format, out.stdout)
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

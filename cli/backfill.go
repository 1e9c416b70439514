// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector/history"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	// defaultStep divides the steps of a graph over a week or more, so that its instants have
	// samples, and keeps a month of a thousand hosts near 8 million samples.
	defaultStep = "1h"
	// walkMargin is by how much a walk reaches back farther than the lookback at the first
	// instant: a recording leaves with its end and is listed by its start, and the first list
	// of a target may come long after the start of the walk.
	walkMargin = 48 * time.Hour

	toStdout = "-"
)

// backfillFlags are the flags of backfill.
type backfillFlags struct {
	from, to, step, output *string
}

// addBackfill adds the command that writes history.
func addBackfill(cmd *kingpin.CmdClause, f *flags) action {
	b := &backfillFlags{
		from: cmd.Flag("from", "Start of the history: an RFC 3339 time, a date, or how long ago, such as 365d. Defaults "+
			"to --poll.lookback ago.").String(),
		to: cmd.Flag("to", "End of the history, in the same forms as --from. Defaults to now.").String(),
		step: cmd.Flag("step", "Time between samples of a series, such as 5m or 1d. Samples are aligned to its "+
			"multiples.").Default(defaultStep).String(),
		output: cmd.Flag("output", "File to write, which must not exist yet, or - for stdout.").String(),
	}
	return func(ctx context.Context, out *output) error { return b.run(ctx, f, out) }
}

var errNothingListed = errors.New("no recordings were listed: run check to see why")

func (b *backfillFlags) run(ctx context.Context, f *flags, out *output) error {
	now := time.Now()
	cfg, err := f.config.Load()
	if err != nil {
		return err
	}
	lookback := cfg.Poll.Lookback
	from, grid, err := b.grid(now, lookback)
	if err != nil {
		return err
	}
	file, err := createFile(*b.output, out.stdout)
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	defer file.discard()
	// What was in the lookback at the first instant began up to a lookback earlier.
	cfg.Poll.Lookback += now.Sub(from) + walkMargin
	for i := range cfg.Corps {
		cfg.Corps[i].Statistics = false // They have no past.
	}
	manager, status, err := walk(ctx, cfg, poll.Options{}, out)
	if err != nil {
		return err
	}
	h := history.New(manager.View(), grid, lookback)
	if h.IsEmpty() {
		return cmp.Or(status, errNothingListed) // If there is a status, stderr says why.
	}
	err = manager.EachRecord(ctx, h.Add)
	if err == nil {
		err = writeHistory(ctx, h, grid, file, out)
	}
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil:
		return fmt.Errorf("writing the history: %w", err)
	}
	if err := file.commit(); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return status
}

// writeHistory writes the history, and how far it is to a terminal.
func writeHistory(ctx context.Context, h *history.History, grid history.Grid, w io.Writer, out *output) error {
	p := newProgress(out.stderr)
	defer p.clear()
	total, written := h.Samples(), int64(0)
	p.note(fmt.Sprintf("writing about %d samples at %d instants", total, grid.Len()))
	return h.Write(ctx, w, func(samples int) {
		written += int64(samples)
		p.showWritten(written, total)
	})
}

// grid returns the instants that the flags ask for, and the start of the history.
func (b *backfillFlags) grid(now time.Time, lookback time.Duration) (from time.Time, g history.Grid, err error) {
	from, fromErr := timeOf(*b.from, now)
	if from.IsZero() {
		from = now.Add(-lookback)
	}
	to, toErr := timeOf(*b.to, now)
	if to.IsZero() {
		to = now
	}
	step, stepErr := stepOf(*b.step)
	if err := errors.Join(wrapFlag("--from", fromErr), wrapFlag("--to", toErr), wrapFlag("--step", stepErr)); err != nil {
		return from, g, err
	}
	span := to.Sub(from)
	rounded := model.Duration(span.Truncate(time.Second))
	switch earliest := wecom.EarliestPlausible.Time(); {
	case to.After(now):
		err = fmt.Errorf("--to: %s is in the future: use a time in the past, or leave it out", stamp(to))
	case from.Before(earliest):
		err = fmt.Errorf("--from: WeCom had no meetings at %s: use a time after %s", stamp(from), stamp(earliest))
	case span <= 0:
		err = fmt.Errorf("--from: %s is not before --to, %s: use an earlier time", stamp(from), stamp(to))
	case step > span:
		err = fmt.Errorf("--step: %s is longer than the %s from --from to --to: use a shorter one",
			model.Duration(step), rounded)
	case span/step >= history.MaxInstants:
		err = fmt.Errorf("--step: %s gives each series %d samples in the %s from --from to --to, but at most %d are "+
			"allowed: use a longer one", model.Duration(step), span/step+1, rounded, history.MaxInstants)
	}
	if err != nil {
		return from, g, err
	}
	return from, history.NewGrid(from, to, step), nil
}

func wrapFlag(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func stepOf(text string) (time.Duration, error) {
	d, err := model.ParseDuration(text)
	step := time.Duration(d)
	if err != nil || step < time.Second || step%time.Second != 0 {
		return 0, fmt.Errorf("%q is not a duration of whole seconds: use one such as 5m, 1h or 1d", text)
	}
	return step, nil
}

// A file is written under a temporary name beside its own, which it gets when it is complete.
type file struct {
	io.Writer

	path string
	temp *os.File // nil: it is stdout, or discarded
}

var errFileExists = errors.New("the file already exists: remove it, or choose another name")

// createFile begins a file that must not be there yet.
func createFile(path string, stdout io.Writer) (*file, error) {
	switch path {
	case "":
		return nil, errors.New("name a file to write, or - for stdout")
	case toStdout:
		return &file{Writer: stdout}, nil
	}
	if err := wantNoFile(path); err != nil {
		return nil, err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, fmt.Errorf("creating a file beside %q: %w: choose a folder that exists and is writable", path, err)
	}
	return &file{Writer: temp, path: path, temp: temp}, nil
}

func wantNoFile(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("%q: %w", path, errFileExists)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return err
	}
}

// commit gives a complete file its name.
func (f *file) commit() error {
	if f.temp == nil {
		return nil
	}
	if err := f.temp.Sync(); err != nil {
		return fmt.Errorf("writing it to disk: %w", err)
	}
	if err := f.temp.Close(); err != nil {
		return fmt.Errorf("closing it: %w", err)
	}
	if err := wantNoFile(f.path); err != nil {
		return err
	}
	if err := os.Rename(f.temp.Name(), f.path); err != nil {
		return fmt.Errorf("giving it its name: %w", err)
	}
	f.temp = nil
	return nil
}

// discard removes what was written, unless it was committed.
func (f *file) discard() {
	if f.temp == nil {
		return
	}
	f.temp.Close()
	os.Remove(f.temp.Name())
}

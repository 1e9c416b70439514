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
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/version"
	"golang.org/x/term"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	progressInterval = 200 * time.Millisecond
	// mostFailures is how many targets that failed are named, of each corp.
	mostFailures = 20
	// outagePatience is how long a walk waits for the end of an outage that needs no operator:
	// a gateway that was restarted answers again by then.
	outagePatience = 90 * time.Second
)

// walk polls every target once, as the exporter does in its first round, and returns what
// holds the recordings then. What failed is on stderr, and the status is that of the command:
// nil, errIncomplete, or errInterrupted if the context ended before.
func walk(
	ctx context.Context, cfg *config.Config, options poll.Options, out *output,
) (m *poll.Manager, status, err error) {
	cfg.StoragePath = ""                // Nothing is counted, so nothing is to be kept.
	options.Logger = log.NewNopLogger() // What failed is reported at the end, each once.
	options.UserAgent = name + "/" + version.Version
	m, err = poll.NewManager(cfg, options) //nolint:contextcheck // Making it must not depend on the context.
	if err != nil {
		return nil, nil, fmt.Errorf("setting up: %w", err)
	}
	polling, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.Run(polling)
	}()
	waitForRound(ctx, m, newProgress(out.stderr))
	failed := reportFailures(out.stderr, m)
	stop()
	<-ended
	switch {
	case ctx.Err() != nil:
		return m, errInterrupted, nil
	case failed:
		return m, errIncomplete, nil
	}
	return m, nil, nil
}

// waitForRound waits until the first round is over, or the context ends.
func waitForRound(ctx context.Context, m *poll.Manager, p *progress) {
	defer p.clear()
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	var over time.Time
	outages := map[string]time.Time{} // since when, by corp
	troubles := newTroubles(p)
	for {
		statuses, now := m.Status(), time.Now()
		troubles.report(statuses, now)
		p.show(statuses)
		switch {
		case !isOver(statuses, outages, now):
			over = time.Time{}
		case over.IsZero():
			over = now
		case now.Sub(over) > schedule.LongestReportAge && haveViews(statuses, over):
			return // Only now it shows how the last polls went.
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// isOver reports whether every corp has polled all targets, or cannot poll any.
func isOver(statuses []poll.Status, outages map[string]time.Time, now time.Time) bool {
	over := true
	for i := range statuses {
		s := &statuses[i]
		switch since, isOut := outages[s.Name]; {
		case s.Outage == nil:
			delete(outages, s.Name)
			over = over && s.RoundOver
		case !isOut:
			outages[s.Name] = now
			over = over && isRefused(s.Outage)
		default:
			over = over && (isRefused(s.Outage) || now.Sub(since) > outagePatience)
		}
	}
	return over
}

// haveViews reports whether every corp has asked for the views of its recordings since a time, as
// far as it can now.
func haveViews(statuses []poll.Status, since time.Time) bool {
	for i := range statuses {
		s := &statuses[i]
		if s.Statistics && s.Outage == nil && len(s.Blocks) == 0 && !s.ViewsAsked.After(since) {
			return false
		}
	}
	return true
}

// isRefused reports whether an outage waits for an operator: WeCom refuses the calls of the app.
// A WeCom that does not answer, or is busy, may answer again soon.
func isRefused(outage error) bool {
	apiErr, ok := errors.AsType[*wecom.APIError](outage)
	return ok && (apiErr.Class() == wecom.ClassCorp || apiErr.Class() == wecom.ClassToken)
}

// reportFailures writes what could not be listed, and reports whether there was anything.
func reportFailures(w io.Writer, m *poll.Manager) (failed bool) {
	for _, s := range m.Status() {
		if s.Outage != nil {
			failed = true
			fmt.Fprintf(w, "%s: corp %s: no target can be listed: %s\n", name, s.Name, explain(s.Outage))
			continue
		}
		if s.Undiscovered {
			failed = true
			fmt.Fprintf(w, "%s: corp %s: users could not be discovered: %s\n", name, s.Name, explain(s.DiscoveryErr))
		}
		if s.ViewsErr != nil {
			failed = true
			fmt.Fprintf(w, "%s: corp %s: views cannot be queried: %s\n", name, s.Name, explain(s.ViewsErr))
		}
		failing := 0
		for _, counts := range s.Counts {
			failing += counts[schedule.Failing]
		}
		if failing == 0 {
			continue
		}
		failed = true
		found, _ := m.Targets(s.Name, schedule.Query{Limit: min(failing, mostFailures)}) // The failing ones come first.
		for i := range found.Part {
			t := &found.Part[i]
			fmt.Fprintf(w, "%s: corp %s: %s=%s: %s\n", name, s.Name, t.Target.Selector, t.Target.ID, explain(t.Err))
		}
		if more := failing - len(found.Part); more > 0 {
			fmt.Fprintf(w, "%s: corp %s: %d more targets failed\n", name, s.Name, more)
		}
	}
	return failed
}

// explain returns an error with its remedy.
func explain(err error) string {
	remedy := cmp.Or(wecom.Remedy(err, wecom.English), "run check to see why")
	if err == nil { // The walk was interrupted before it was known.
		return remedy
	}
	return err.Error() + ": " + remedy
}

// readStored returns what holds the recordings that a stopped exporter has stored. It reads a
// copy, so that nothing in the store changes.
func readStored(ctx context.Context, cfg *config.Config) (m *poll.Manager, err error) {
	if cfg.StoragePath == "" {
		return nil, errors.New("--stored: nothing is stored without --storage.path: set it to the directory")
	}
	dir, err := os.MkdirTemp("", name)
	if err != nil {
		return nil, fmt.Errorf("--stored: making a directory for a copy of the store: %w", err)
	}
	defer os.RemoveAll(dir)
	switch err := store.Copy(cfg.StoragePath, dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--stored: there is no store in %q: "+
			"use the directory that the exporter has as --storage.path", cfg.StoragePath)
	case err != nil:
		return nil, fmt.Errorf("--stored: %w", err)
	}
	cfg.StoragePath = dir
	options := poll.Options{Logger: log.NewNopLogger(), KeepLookback: true}
	m, err = poll.NewManager(cfg, options) //nolint:contextcheck // As in walk.
	if err != nil {
		return nil, fmt.Errorf("--stored: %w", err)
	}
	over, end := context.WithCancel(ctx)
	end()
	m.Run(over) // It polls nothing, and closes the copy.
	for _, c := range m.View().Corps {
		if !c.Listed {
			return nil, fmt.Errorf("--stored: nothing is stored for corp %s: use the same name and corp ID as the "+
				"exporter", c.Name)
		}
	}
	return m, nil
}

// reportNotStored writes of which corps recordings are selected that are older than what is stored
// of them, and reports whether there are any.
func reportNotStored(w io.Writer, m *poll.Manager, s *selection, now time.Time) (found bool) {
	for _, corp := range m.Status() {
		if oldest := now.Add(-corp.Lookback); s.isBeyond(oldest) {
			found = true
			fmt.Fprintf(w, "%s: corp %s: the store reaches back only to %s: the exporter had --poll.lookback=%s\n",
				name, corp.Name, stamp(oldest), model.Duration(corp.Lookback))
		}
	}
	return found
}

// A progress is a line on a terminal that shows how far something is.
type progress struct {
	w     io.Writer
	width int // 0: it is no terminal, and nothing is shown
	begun time.Time
	shown time.Time // when showWritten last replaced the line
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, begun: time.Now()}
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			p.width = width
		}
	}
	return p
}

// show replaces the line by how far a walk is.
func (p *progress) show(statuses []poll.Status) {
	if p.width == 0 {
		return
	}
	total, polled, failing := 0, 0, 0
	spent := time.Since(p.begun)
	for i := range statuses {
		total += statuses[i].Total
		if statuses[i].Used >= statuses[i].Budget { // What was done is what a minute allows.
			spent = max(spent, time.Minute)
		}
		for _, counts := range statuses[i].Counts {
			polled += counts[schedule.OK] + counts[schedule.Failing]
			failing += counts[schedule.Failing]
		}
	}
	line := fmt.Sprintf("listed %d of %d targets", polled, total)
	if total == 0 {
		line = "looking for targets"
	}
	if failing > 0 {
		line += fmt.Sprintf(", %d of them failed", failing)
	}
	p.replace(line + left(int64(polled), int64(total), spent))
}

// showWritten replaces the line by how many samples are written, a few times a second.
func (p *progress) showWritten(written, total int64) {
	now := time.Now()
	if p.width == 0 || now.Sub(p.shown) < progressInterval {
		return
	}
	p.shown = now
	p.replace(fmt.Sprintf("wrote %d of %d samples", written, total) + left(written, total, now.Sub(p.begun)))
}

// left returns how long the rest takes if it goes on as in the time spent; "" as long as that
// is not known.
func left(done, total int64, spent time.Duration) string {
	if done <= 0 || done >= total || spent < time.Second {
		return ""
	}
	rest := time.Duration(float64(spent) * float64(total-done) / float64(done))
	return fmt.Sprintf(", %s left", max(rest.Round(time.Second), time.Second))
}

// note writes a line that stays, to a terminal.
func (p *progress) note(line string) {
	if p.width > 0 {
		p.line(line)
	}
}

// line writes a line that stays, even if there is no terminal.
func (p *progress) line(line string) {
	p.clear()
	fmt.Fprintln(p.w, line)
}

// clear removes the line.
func (p *progress) clear() {
	if p.width > 0 {
		p.replace("")
	}
}

// replace writes a line over the last one. One as wide as the terminal would wrap.
func (p *progress) replace(line string) {
	fmt.Fprintf(p.w, "\r\x1b[K%s", line[:min(len(line), max(p.width-1, 0))])
}

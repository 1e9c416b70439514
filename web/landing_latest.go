// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/changes"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
)

const (
	newestExposed  = 3   // files that the page shows
	latestChanges  = 5   // changes that the page shows besides
	mostExposures  = 200 // changes that are counted: each may be read from a disk
	mostCandidates = 10  // files that are looked up, to see whether they are exposed now
	exposureSpan   = 24 * time.Hour
)

// The latest is what changed last, by recording and host. Titles are for the pages that it links to.
type latest struct {
	Problem        string // why nothing is known; "": it is
	Exposed        []exposedFile
	Changes        []changes.Row
	ChangesAddress string
	SeveralCorps   bool
}

// An exposedFile is one that a change has exposed, and that is exposed now.
type exposedFile struct {
	Corp, Recording, Host, Sharing string
	Time                           *page.Moment
	Address                        string // of the recording
}

// findLatest returns what changed last, and adds to the tiles of corps how many files became
// exposed lately. It fails only if the context has ended.
func (o Options) findLatest(ctx context.Context, words *landingWords, corps []landingCorp) (*latest, error) {
	l := &latest{ChangesAddress: page.Address(page.Changes, words.values, nil), SeveralCorps: words.several}
	shown, err := o.findExposed(ctx, words, l, corps)
	if err == nil {
		l.Changes, err = changes.Latest(ctx, o.Changes, latestChanges+newestExposed, words.values, words.Language)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, fmt.Errorf("finding the latest changes: %w", context.Cause(ctx))
	case errors.Is(err, poll.ErrSlow):
		l.Problem = words.Text["slowChanges"]
	default:
		level.Error(o.Logger).Log("msg", "finding changes failed", "err", err)
		l.Problem = words.Text["noLatest"]
	}
	l.Changes = slices.DeleteFunc(l.Changes, func(r changes.Row) bool { return shown[r.Number] })
	l.Changes = l.Changes[:min(len(l.Changes), latestChanges)]
	return l, nil
}

// findExposed finds the files that became exposed last, and are exposed now, and counts those of the
// last day. It returns the numbers of the changes that it shows.
func (o Options) findExposed(
	ctx context.Context, words *landingWords, l *latest, corps []landingCorp,
) (shown map[uint32]bool, err error) {
	q := collector.ChangeQuery{ChangeQuery: poll.ChangeQuery{Exposed: new(true), Limit: mostExposures}}
	part, next, err := o.Changes.Changes(ctx, q)
	if err != nil {
		return nil, err
	}
	type fileKey struct{ corp, recording, file string }
	var (
		since  = words.now.Add(-exposureSpan)
		seen   = map[fileKey]bool{}
		counts = map[string]int{} // by corp
	)
	shown = map[uint32]bool{}
	for i := range part {
		c := &part[i]
		key := fileKey{c.Corp, c.Recording, c.File}
		if seen[key] || c.Before != nil && c.Before.Exposed {
			continue
		}
		seen[key] = true
		if !c.At.Time().Before(since) {
			counts[c.Corp]++
		}
		if len(l.Exposed) == newestExposed || len(seen) > mostCandidates {
			continue
		}
		file, ok, err := o.findExposedFile(ctx, words, c)
		if err != nil {
			return nil, err
		}
		if ok {
			l.Exposed = append(l.Exposed, file)
			shown[c.Number] = true
		}
	}
	isCut := next != 0 && len(part) > 0 && !part[len(part)-1].At.Time().Before(since)
	o.addLately(words, corps, counts, isCut)
	return shown, nil
}

// addLately adds to the tiles of exposed files how many became so in the last day, or since the list
// of changes is complete. If what was counted is cut off, there may be more.
func (o Options) addLately(words *landingWords, corps []landingCorp, counts map[string]int, isCut bool) {
	format := words.Text["lately"]
	if isCut {
		format = words.Text["latelyAtLeast"]
	}
	complete := map[string]time.Time{}
	for _, s := range o.Changes.ChangesSince() {
		complete[s.Corp] = s.Since
	}
	for i := range corps {
		name, t := corps[i].Name, &corps[i].Tiles[0]
		span := min(exposureSpan, max(0, words.now.Sub(complete[name])))
		t.Notes = slices.Insert(t.Notes, 0, fmt.Sprintf(format, counts[name], page.Span(span, words.Language)))
	}
}

// findExposedFile returns the file of a change, if it is exposed now.
func (o Options) findExposedFile(
	ctx context.Context, words *landingWords, c *poll.Change,
) (file exposedFile, ok bool, err error) {
	q := collector.RecordingQuery{RecordingQuery: poll.RecordingQuery{Corp: c.Corp, Limit: 1}}
	q.ID, q.Exposed = c.Recording, new(true)
	part, _, err := o.Recordings.Recordings(ctx, q)
	if err != nil || len(part) == 0 {
		return file, false, err
	}
	r := &part[0]
	i := slices.IndexFunc(r.Files, func(f inventory.File) bool { return f.ID == c.File && f.Exposed() })
	if i < 0 {
		return file, false, nil
	}
	f := &r.Files[i]
	sharing := page.WordsOf(words.Language)
	return exposedFile{
		Corp:      c.Corp,
		Recording: r.ID,
		Host:      r.Host,
		Sharing:   sharing.Join(sharing.Download[f.Class.Download], sharing.Expiry(f.Expiry, words.now)),
		Time:      page.NewMoment(c.At.Time(), words.now, words.Language),
		Address:   page.Address(page.Recordings, words.values, map[string]string{paramCorp: c.Corp, "recording": r.ID}),
	}, true, nil
}

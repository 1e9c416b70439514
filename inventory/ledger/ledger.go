// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package ledger counts what has happened to the recordings of one corp, as totals that
// never go down. It is pure: no clock, no I/O, no lock, no logger.
package ledger

import (
	"fmt"
	"maps"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Ledger is what has been counted since its birth. It is not safe for concurrent use.
type Ledger struct {
	Birth          time.Time               `json:"birth"`
	Removed        uint64                  `json:"removed"`
	SharingChanges [NumSharingKinds]uint64 `json:"sharing_changes"`
	FileSizes      Distribution            `json:"file_sizes"`
	FileDurations  Distribution            `json:"file_durations"`
	Transcodings   Distribution            `json:"transcodings"`
	// Folded are the totals of the hosts that [Ledger.Fold] dropped, together.
	Folded Totals `json:"folded,omitzero"`

	hosts   map[string]*Totals  // by host_user_id
	dirty   map[string]struct{} // hosts whose totals have changed since TakeDirty; nil: not tracked
	changed map[string]struct{} // hosts whose totals have changed since TakeChanged
	viewed  int                 // hosts with views or downloads
	version uint64
	noticed []Change // since TakeNoticed
}

// Totals are what was counted of one host, or of several together.
type Totals struct {
	Recordings   uint64 `json:"recordings"`
	Bytes        int64  `json:"bytes"`
	Milliseconds int64  `json:"milliseconds"`
	Views        uint64 `json:"views,omitzero"`
	Downloads    uint64 `json:"downloads,omitzero"`
	// Created is when the host was first seen.
	Created wecom.Instant `json:"created"`
	// Admitted means that the host has series of its own, for good.
	Admitted bool `json:"-"`
}

// Add adds the totals of another host. The sum was created with the first of them.
func (t *Totals) Add(other *Totals) {
	t.Recordings += other.Recordings
	t.Bytes = recording.AddBytes(t.Bytes, other.Bytes)
	t.Milliseconds += other.Milliseconds
	t.addViews(other.Views, other.Downloads)
	t.Created = recording.Earliest(t.Created, other.Created)
}

// New returns a ledger that is born at the given time, to the millisecond.
func New(birth time.Time) *Ledger {
	return &Ledger{
		Birth:         birth.Truncate(time.Millisecond),
		FileSizes:     newDistribution(fileSizeBounds),
		FileDurations: newDistribution(fileDurationBounds),
		Transcodings:  newDistribution(transcodingBounds),
		hosts:         map[string]*Totals{},
		changed:       map[string]struct{}{},
	}
}

// Version grows with every change of what was counted.
func (l *Ledger) Version() uint64 { return l.version }

// Hosts returns the totals of all hosts but those that were folded, by host_user_id. The
// caller must not change them.
func (l *Ledger) Hosts() map[string]*Totals { return l.hosts }

// open makes sure that a host has totals.
func (l *Ledger) open(host string, at time.Time) {
	if l.hosts[host] == nil {
		l.hosts[host] = &Totals{Created: wecom.InstantOf(at)}
		l.change(host)
	}
}

// Restore sets the totals of a host to those that were stored.
func (l *Ledger) Restore(host string, t Totals) {
	l.hosts[host] = &t
	l.changed[host] = struct{}{}
}

// Admit sets whether a host has series of its own.
func (l *Ledger) Admit(host string, admitted bool) {
	if t := l.hosts[host]; t.Admitted != admitted {
		t.Admitted = admitted
		l.MarkDirty(host)
	}
}

// Fold drops hosts, and adds their totals to those of the folded ones. The sum over everything
// stays the same. A host that is observed again starts at zero.
func (l *Ledger) Fold(hosts []string) {
	for _, host := range hosts {
		t := l.change(host)
		l.Folded.Add(t)
		if t.isViewed() {
			l.viewed--
		}
		delete(l.hosts, host)
	}
	if len(hosts) > len(l.hosts) {
		// A map does not shrink.
		kept := make(map[string]*Totals, len(l.hosts))
		maps.Copy(kept, l.hosts)
		l.hosts = kept
	}
}

// change returns the totals of a host, which are about to change.
func (l *Ledger) change(host string) *Totals {
	l.MarkDirty(host)
	l.changed[host] = struct{}{}
	l.version++
	return l.hosts[host]
}

// Track has the ledger remember from now on which hosts are dirty: changed, and not
// stored since.
func (l *Ledger) Track() { l.dirty = map[string]struct{}{} }

// TakeDirty returns the dirty hosts, which are clean from then on.
func (l *Ledger) TakeDirty() map[string]struct{} {
	dirty := l.dirty
	if len(dirty) > 0 {
		l.Track()
	}
	return dirty
}

// MarkDirty makes a host dirty: it is in the next TakeDirty.
func (l *Ledger) MarkDirty(host string) {
	if l.dirty != nil {
		l.dirty[host] = struct{}{}
	}
}

// TakeChanged returns the hosts whose totals have changed since it was last called, those that
// were restored or folded included.
func (l *Ledger) TakeChanged() map[string]struct{} {
	changed := l.changed
	l.changed = map[string]struct{}{}
	return changed
}

// Check returns an error if what was loaded cannot have been counted.
func (l *Ledger) Check() error {
	for _, d := range []*Distribution{&l.FileSizes, &l.FileDurations, &l.Transcodings} {
		if err := d.check(); err != nil {
			return err
		}
	}
	if l.Folded.Bytes < 0 || l.Folded.Milliseconds < 0 {
		return fmt.Errorf("the folded hosts have %d bytes and %d ms", l.Folded.Bytes, l.Folded.Milliseconds)
	}
	return nil
}

// An Observation is a list in which a recording was found.
type Observation struct {
	At time.Time
	// Baseline means that no earlier list would have had the recording, which may thus
	// have been there before counting began.
	Baseline bool
	// Horizon is the retention horizon: what is older may have been counted, and
	// forgotten since; 0: nothing was forgotten.
	Horizon wecom.Instant
	// Accepted reports whether a file may be exposed, because somebody has accepted that. nil
	// means that none may.
	Accepted func(recordingID, fileID string) bool
}

// Observe counts what is new about a recording, and returns what is to be kept of it. If
// it was never listed before, known is nil.
//
// Files that are no longer listed are remembered, so that they are not counted again when they
// come back: the 1,000 that started last of each recording. If there were more, a file that is
// not remembered and started no later than the last of those that were forgotten is taken for
// one of them: it is shown, but neither it nor its growth is counted.
func (l *Ledger) Observe(known *recording.Record, listed *wecom.Recording, o *Observation) recording.Record {
	l.open(listed.Host, o.At)
	r := recording.Record{ID: listed.ID, Host: listed.Host, MeetingStart: listed.MeetingStart, State: listed.State}
	unfinished, noticed := false, len(l.noticed)
	if known != nil {
		r.Completed, r.Removed, r.Forgotten = known.Completed, known.Removed, known.Forgotten
		unfinished = !known.Completed
	}
	m := matcher{known: known}
	r.Files = make([]recording.File, 0, len(listed.Files))
	for i := range listed.Files {
		before := m.take(&listed.Files[i])
		if before == nil && r.Forgotten != 0 && startOf(&listed.Files[i]) <= r.Forgotten {
			r.Files = append(r.Files, recording.File{File: listed.Files[i]})
			continue
		}
		r.Files = append(r.Files, l.observeFile(&r, before, listed, &listed.Files[i], unfinished, o))
	}
	for i := range l.noticed[noticed:] {
		l.noticed[noticed+i].Start = r.Started() // All of its files are known by now.
	}
	r.Former, r.Forgotten = newestFormer(m.rest(), r.Forgotten)
	latest := r.Latest()
	if recording.IsGoingOn(listed.State) {
		latest = wecom.InstantOf(o.At) // Its meeting may be old.
	}
	if known == nil && l.counts(r.Started(), latest, o) {
		l.change(r.Host).Recordings++
	}
	l.observeCompletion(&r, known != nil, o)
	return r
}

// observeFile counts what is new about a file, and returns what is to be kept of it. If
// it was never listed before, before is nil.
func (l *Ledger) observeFile(
	r *recording.Record, before *recording.File, listed *wecom.Recording, file *wecom.File,
	unfinished bool, o *Observation,
) recording.File {
	f := recording.File{File: *file}
	if before == nil {
		ended := endOf(listed, file, o.At)
		if f.Counted = l.counts(ended, ended, o); f.Counted {
			l.FileSizes.observe(float64(file.Size))
			l.FileDurations.observe(file.Duration().Seconds())
			l.version++
			l.addGrowth(listed.Host, &f)
			if f.Sharing.On {
				l.noteSharing(Enabled, r, nil, &f, o)
			}
		}
		return f
	}
	f.Counted, f.Bytes, f.Milliseconds = before.Counted, before.Bytes, before.Milliseconds
	// A file may be listed, and grow, before its recording is completed.
	if f.Counted && unfinished {
		l.addGrowth(listed.Host, &f)
	}
	if kind, changed := KindOf(&before.Sharing, &f.Sharing); changed {
		l.noteSharing(kind, r, before, &f, o)
	}
	return f
}

// observeCompletion counts how long transcoding took when a recording is first listed as
// completed. If it was completed long before it was first listed, that is not known.
func (l *Ledger) observeCompletion(r *recording.Record, wasKnown bool, o *Observation) {
	if r.State != wecom.StateCompleted || r.Completed {
		return
	}
	r.Completed = true
	end := r.LastEnd()
	if end != 0 && (wasKnown || !o.Baseline && end >= o.Horizon) {
		l.Transcodings.observe(max(o.At.Sub(end.Time()), 0).Seconds())
		l.version++
	}
}

// endOf returns when a file ended, as far as is known: not before now if it is still being
// recorded; 0 if nothing is known.
func endOf(listed *wecom.Recording, file *wecom.File, now time.Time) wecom.Instant {
	switch {
	case file.End != 0:
		return file.End
	case listed.State == wecom.StateRecording:
		return wecom.InstantOf(now)
	case file.Start != 0:
		return file.Start
	}
	return listed.MeetingStart
}

// addGrowth adds to the totals what was not yet added of a file.
func (l *Ledger) addGrowth(host string, f *recording.File) {
	if more := f.Size - f.Bytes; more > 0 {
		totals := l.change(host)
		totals.Bytes = recording.AddBytes(totals.Bytes, more)
		f.Bytes = f.Size
	}
	if more := f.Duration().Milliseconds() - f.Milliseconds; more > 0 {
		l.change(host).Milliseconds += more
		f.Milliseconds += more
	}
}

// counts reports whether a newly listed item, which began or ended at the given instant, is
// added to the totals: not if it predates the ledger (baseline), nor if it is older than
// the retention horizon.
func (l *Ledger) counts(at, latest wecom.Instant, o *Observation) bool {
	if o.Baseline && at < wecom.InstantOf(l.Birth) {
		return false
	}
	return latest < wecom.EarliestPlausible || latest >= o.Horizon
}

// Remove counts a recording that was removed, once. At is when that was noticed.
func (l *Ledger) Remove(r *recording.Record, at time.Time) {
	if r.Removed {
		return
	}
	r.Removed = true
	l.Removed++
	l.version++
	l.noticed = append(l.noticed, Change{
		At: wecom.InstantOf(at), Kind: Removed, Recording: r.ID, Host: r.Host, Start: r.Started(),
	})
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"slices"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A ledger is what has happened to the recordings of one corp since its birth, as
// totals that never go down. It is not safe for concurrent use.
type ledger struct {
	Birth          time.Time            `json:"birth"`
	Removed        uint64               `json:"removed"`
	SharingChanges [len(changes)]uint64 `json:"sharing_changes"`
	FileSizes      distribution         `json:"file_sizes"`
	FileDurations  distribution         `json:"file_durations"`
	Transcodings   distribution         `json:"transcodings"`

	hosts   map[string]*hostTotals // by host_user_id
	touched map[string]struct{}    // hosts whose totals have changed since that was last stored
	version uint64                 // grows with every change
}

// hostTotals are the totals of one host.
type hostTotals struct {
	recordings   uint64
	bytes        int64
	milliseconds int64
	admitted     bool // to have series of its own, for good
}

func (t *hostTotals) merge(other *hostTotals) {
	t.recordings += other.recordings
	t.bytes = recording.AddBytes(t.bytes, other.bytes)
	t.milliseconds += other.milliseconds
}

// changes are the values of the label change.
var changes = [...]string{"enabled", "disabled", "widened", "narrowed"}

const (
	sharingEnabled = iota
	sharingDisabled
	sharingWidened
	sharingNarrowed
	sharingKept = -1
)

func newLedger(birth time.Time) ledger {
	return ledger{
		Birth:         birth.Truncate(time.Millisecond),
		FileSizes:     newDistribution(fileSizeBounds),
		FileDurations: newDistribution(fileDurationBounds),
		Transcodings:  newDistribution(transcodingBounds),
		hosts:         map[string]*hostTotals{},
		touched:       map[string]struct{}{},
	}
}

// A fileIdentity is what a file of a recording is known by: its ID or, if it has none,
// its start.
type fileIdentity struct {
	id    string
	start wecom.Instant
}

func identityOf(f *wecom.File) fileIdentity {
	if f.ID != "" {
		return fileIdentity{id: f.ID}
	}
	return fileIdentity{start: f.Start}
}

// A sight is a list in which a recording was seen.
type sight struct {
	at time.Time
	// first tells that no earlier list would have had the recording: it may have
	// been there before counting began.
	first bool
	// forgotten is before when a recording may have been counted and forgotten
	// since; 0: none was forgotten.
	forgotten wecom.Instant
}

// see counts what is new about a recording, and returns what is to be kept of
// it. Where it was never seen, known is nil.
func (l *ledger) see(known *recording.Record, listed *wecom.Recording, s sight) recording.Record {
	r := recording.Record{ID: listed.ID, Host: listed.Host, MeetingStart: listed.MeetingStart, State: listed.State}
	var before []recording.File
	unfinished := false
	if known != nil {
		r.Completed, r.Removed = known.Completed, known.Removed
		before, unfinished = slices.Concat(known.Files, known.Former), !known.Completed
	}
	// Files of one identity are told apart by their order.
	waiting := make(map[fileIdentity][]*recording.File, len(before))
	for i := range before {
		id := identityOf(&before[i].File)
		waiting[id] = append(waiting[id], &before[i])
	}
	for i := range listed.Files {
		file := &listed.Files[i]
		var same *recording.File
		if id := identityOf(file); len(waiting[id]) > 0 {
			same, waiting[id] = waiting[id][0], waiting[id][1:]
		}
		r.Files = append(r.Files, l.seeFile(same, listed, file, unfinished, s))
	}
	// Files that are listed no longer are kept, so that they are not counted again
	// when they come back.
	for i := range before {
		if id := identityOf(&before[i].File); len(waiting[id]) > 0 && waiting[id][0] == &before[i] {
			r.Former = append(r.Former, before[i])
			waiting[id] = waiting[id][1:]
		}
	}
	if known == nil && l.counts(r.Started(), r.Latest(), s) {
		l.of(r.Host).recordings++
	}
	if r.State == wecom.StateCompleted && !r.Completed {
		r.Completed = true
		// At the first sight of a recording that had been completed for long, that
		// tells nothing.
		if end := r.LastEnd(); end != 0 && (known != nil || !s.first && end >= s.forgotten) {
			l.Transcodings.observe(max(s.at.Sub(end.Time()), 0).Seconds())
			l.version++
		}
	}
	return r
}

// seeFile counts what is new about a file, and returns what is to be kept of it.
// Where it was never seen, before is nil.
func (l *ledger) seeFile(before *recording.File, listed *wecom.Recording, file *wecom.File, unfinished bool, s sight) recording.File {
	f := recording.File{File: *file}
	if before == nil {
		ended := endOf(listed, file, s.at)
		if f.Counted = l.counts(ended, ended, s); f.Counted {
			l.FileSizes.observe(float64(file.Size))
			l.FileDurations.observe(file.Duration().Seconds())
			l.grow(listed.Host, &f)
		}
		return f
	}
	f.Counted, f.Bytes, f.Milliseconds = before.Counted, before.Bytes, before.Milliseconds
	// A file may be listed, and grow, before its recording is completed.
	if f.Counted && unfinished {
		l.grow(listed.Host, &f)
	}
	if change := sharingChange(before.Sharing, f.Sharing); change != sharingKept {
		l.SharingChanges[change]++
		l.version++
	}
	return f
}

// endOf returns when a file ended, as far as can be told; not before now where it
// is being recorded; 0 where nothing tells.
func endOf(listed *wecom.Recording, file *wecom.File, now time.Time) wecom.Instant {
	switch {
	case file.End != 0:
		return file.End
	case listed.State == wecom.StateRecording || listed.State == wecom.StateTranscoding:
		return wecom.InstantOf(now)
	case file.Start != 0:
		return file.Start
	}
	return listed.MeetingStart
}

// grow adds to the totals what was not added of a file yet.
func (l *ledger) grow(host string, f *recording.File) {
	totals := l.of(host)
	if more := f.Size - f.Bytes; more > 0 {
		totals.bytes = recording.AddBytes(totals.bytes, more)
		f.Bytes = f.Size
	}
	if more := f.Duration().Milliseconds() - f.Milliseconds; more > 0 {
		totals.milliseconds += more
		f.Milliseconds += more
	}
}

// counts tells whether something that began or ended at a time, and was not seen
// before, is counted. Where no earlier list would have had it, it may have been
// there before counting began; and what is older than what was forgotten may have
// been counted already.
func (l *ledger) counts(at, latest wecom.Instant, s sight) bool {
	if s.first && at < wecom.InstantOf(l.Birth) {
		return false
	}
	return latest < wecom.EarliestPlausible || latest >= s.forgotten
}

// open makes sure that a host has totals.
func (l *ledger) open(host string) *hostTotals {
	totals := l.hosts[host]
	if totals == nil {
		totals = &hostTotals{}
		l.hosts[host] = totals
		l.touched[host] = struct{}{}
		l.version++
	}
	return totals
}

// of returns the totals of a host, which are about to change.
func (l *ledger) of(host string) *hostTotals {
	l.touched[host] = struct{}{}
	l.version++
	return l.open(host)
}

// remove counts a recording that is gone, once.
func (l *ledger) remove(r *recording.Record) {
	if !r.Removed {
		r.Removed = true
		l.Removed++
		l.version++
	}
}

// sharingChange tells how the sharing of a file has changed: an index into
// changes, or sharingKept.
func sharingChange(before, after wecom.Sharing) int {
	switch {
	case !before.On && !after.On:
		return sharingKept
	case !before.On:
		return sharingEnabled
	case !after.On:
		return sharingDisabled
	}
	wider, narrower := false, false
	compare := func(before, after int64) {
		wider = wider || after > before
		narrower = narrower || after < before
	}
	compare(openness(before), openness(after))
	compare(oneIf(!before.HasPassword), oneIf(!after.HasPassword))
	compare(oneIf(before.Download), oneIf(after.Download))
	compare(int64(expiryOrder(before)), int64(expiryOrder(after)))
	switch {
	case wider:
		return sharingWidened
	case narrower:
		return sharingNarrowed
	}
	return sharingKept
}

// openness grows with the audience of a link.
func openness(s wecom.Sharing) int64 { return -int64(recording.AudienceOf(&s)) }

// expiryOrder grows with the time until which a link can be used.
func expiryOrder(s wecom.Sharing) wecom.Instant {
	if s.Expire == 0 {
		return 1<<63 - 1
	}
	return s.Expire
}

func oneIf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	running     = wecom.StateRecording
	transcoding = wecom.StateTranscoding
	completed   = wecom.StateCompleted
)

// TestObserve lists a recording several times, an hour from one list to the next, after an
// earlier list without it.
func TestObserve(t *testing.T) {
	t.Parallel()
	open := wecom.Sharing{On: true, Download: true}
	closed := wecom.Sharing{On: true, HasPassword: true}
	f, g := file("f", 100, 10), file("g", 1, 1)
	later := file("", 50, 5)
	later.Start++
	later.End++
	endless := file("f", 100, 0)
	endless.End = 0
	once := counted{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1}
	for name, test := range map[string]struct {
		lists []wecom.Recording
		want  counted
	}{
		"a recording": {
			lists: []wecom.Recording{recordingOf(completed, f)},
			want:  once,
		},
		"the same again and again": {
			lists: []wecom.Recording{recordingOf(completed, f), recordingOf(completed, f), recordingOf(completed, f)},
			want:  once,
		},
		"from its start to its end": {
			lists: []wecom.Recording{
				recordingOf(running),
				recordingOf(running),
				recordingOf(transcoding),
				recordingOf(completed, f),
				recordingOf(completed, f),
			},
			want: once,
		},
		"completed twice": {
			lists: []wecom.Recording{recordingOf(completed, f), recordingOf(transcoding), recordingOf(completed, f)},
			want:  once,
		},
		"completed without a file": {
			lists: []wecom.Recording{recordingOf(running), recordingOf(completed)},
			want:  counted{Recordings: 1},
		},
		"a file that grows until it is completed": {
			lists: []wecom.Recording{
				recordingOf(running, file("f", 10, 1)),
				recordingOf(transcoding, file("f", 60, 1)),
				recordingOf(completed, f),
				recordingOf(completed, file("f", 900, 90)),
			},
			want: once,
		},
		"a file that grows after it was completed once": {
			lists: []wecom.Recording{
				recordingOf(completed, f),
				recordingOf(running, file("f", 200, 20)),
				recordingOf(running, file("f", 300, 30)),
			},
			want: once,
		},
		"a file that shrinks and grows back": {
			lists: []wecom.Recording{
				recordingOf(running, f),
				recordingOf(running, file("f", 40, 4)),
				recordingOf(running, f),
				recordingOf(running, file("f", 110, 11)),
			},
			want: counted{Recordings: 1, Files: 1, Bytes: 110, Seconds: 11},
		},
		"a file that has no end yet": {
			lists: []wecom.Recording{recordingOf(running, endless), recordingOf(completed, f)},
			want:  once,
		},
		"a file that goes and comes back": {
			lists: []wecom.Recording{
				recordingOf(completed, f, g),
				recordingOf(completed, g),
				recordingOf(completed),
				recordingOf(completed, f, g),
			},
			want: counted{Recordings: 1, Files: 2, Bytes: 101, Seconds: 11, Transcodings: 1},
		},
		"a file that comes late": {
			lists: []wecom.Recording{recordingOf(completed, f), recordingOf(completed, f, g)},
			want:  counted{Recordings: 1, Files: 2, Bytes: 101, Seconds: 11, Transcodings: 1},
		},
		"files without an ID are known by their start": {
			lists: []wecom.Recording{
				recordingOf(running, file("", 100, 10)),
				recordingOf(running, file("", 120, 12), later),
				recordingOf(completed, later, file("", 120, 12)),
			},
			want: counted{Recordings: 1, Files: 2, Bytes: 170, Seconds: 17, Transcodings: 1},
		},
		"two files of one start, neither with an ID": {
			lists: []wecom.Recording{
				recordingOf(running, shared(file("", 100, 10), open), file("", 120, 12)),
				recordingOf(running, shared(file("", 100, 10), open), file("", 120, 12)),
				recordingOf(running, shared(file("", 100, 10), open), file("", 120, 12)),
			},
			want: counted{Recordings: 1, Files: 2, Bytes: 220, Seconds: 22, Enabled: 1},
		},
		"sharing that was there at first": {
			lists: []wecom.Recording{recordingOf(completed, shared(f, open)), recordingOf(completed, shared(f, open))},
			want:  counted{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1, Enabled: 1},
		},
		"sharing on, closer, wider, off": {
			lists: []wecom.Recording{
				recordingOf(completed, f),
				recordingOf(completed, shared(f, open)),
				recordingOf(completed, shared(f, open)),
				recordingOf(completed, shared(f, closed)),
				recordingOf(completed, shared(f, open)),
				recordingOf(completed, f),
			},
			want: counted{
				Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1,
				Enabled: 1, Narrowed: 1, Widened: 1, Disabled: 1,
			},
		},
		"a file that comes back shared": {
			lists: []wecom.Recording{recordingOf(completed, f), recordingOf(completed), recordingOf(completed, shared(f, open))},
			want:  counted{Recordings: 1, Files: 1, Bytes: 100, Seconds: 10, Transcodings: 1, Enabled: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := New(noon)
			var known *recording.Record
			last := counted{}
			for i := range test.lists {
				r := l.Observe(known, &test.lists[i], &Observation{At: at(time.Duration(2+i) * time.Hour)})
				known = &recording.Record{}
				known.MustDecode(string(r.AppendTo(nil)))
				now := l.counted()
				if now.Bytes < last.Bytes || now.Seconds < last.Seconds {
					t.Errorf("list %d took from the totals: %+v", i, now)
				}
				last = now
			}
			if diff := cmp.Diff(test.want, l.counted()); diff != "" {
				t.Errorf("counted (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBaseline lists a recording of an hour for the first time. Its ledger was born at noon.
func TestBaseline(t *testing.T) {
	t.Parallel()
	noEnd := func(r *wecom.Recording) { r.Files[0].End = 0 }
	onlyMeeting := func(r *wecom.Recording) { r.Files[0] = wecom.File{Size: 7} }
	share := func(r *wecom.Recording) { r.Files[0].Sharing.On = true }
	noTimes := func(r *wecom.Recording) { r.MeetingStart, r.Files[0] = 0, wecom.File{Size: 7} }
	all := counted{Recordings: 1, Files: 1, Bytes: 7, Seconds: 3600, Transcodings: 1}
	horizon := wecom.InstantOf(at(-40 * day))
	for name, test := range map[string]struct {
		began    time.Duration // before noon
		state    wecom.State   // completed, if unknown
		baseline bool
		horizon  wecom.Instant
		change   func(*wecom.Recording)
		want     counted
	}{
		"before birth, in a first list": {
			began: 2 * time.Hour, baseline: true,
			want: counted{},
		},
		"before birth, in a later list": {
			began: 2 * time.Hour,
			want:  all,
		},
		"began before birth, ended after": {
			began: 30 * time.Minute, baseline: true,
			want: counted{Files: 1, Bytes: 7, Seconds: 3600},
		},
		"before birth, and shared": {
			began: 2 * time.Hour, baseline: true, change: share,
			want: counted{},
		},
		"ended after birth, and shared": {
			began: 30 * time.Minute, baseline: true, change: share,
			want: counted{Files: 1, Bytes: 7, Seconds: 3600, Enabled: 1},
		},
		"ended at birth": {
			began: time.Hour, baseline: true,
			want: counted{Files: 1, Bytes: 7, Seconds: 3600},
		},
		"ended just before birth": {
			began: time.Hour + time.Millisecond, baseline: true,
			want: counted{},
		},
		"began at birth": {
			began: 0, baseline: true,
			want: counted{Recordings: 1, Files: 1, Bytes: 7, Seconds: 3600},
		},
		"before birth, no end, being recorded": {
			began: 2 * time.Hour, state: running, baseline: true, change: noEnd,
			want: counted{Files: 1, Bytes: 7},
		},
		"before birth, no end, being transcoded": {
			began: 2 * time.Hour, state: transcoding, baseline: true, change: noEnd,
			want: counted{},
		},
		"before birth, no end, completed": {
			began: 2 * time.Hour, baseline: true, change: noEnd,
			want: counted{},
		},
		"a meeting before birth, a file after, no end": {
			began: -time.Minute, baseline: true,
			change: func(r *wecom.Recording) {
				r.MeetingStart, r.Files[0].End = wecom.InstantOf(at(-day)), 0
			},
			want: counted{Files: 1, Bytes: 7},
		},
		"no times but the meeting's, before": {
			began: 2 * time.Hour, baseline: true, change: onlyMeeting,
			want: counted{},
		},
		"no times but the meeting's, after": {
			began: -time.Hour, baseline: true, change: onlyMeeting,
			want: counted{Recordings: 1, Files: 1, Bytes: 7},
		},
		"no times but the file's": {
			began: -time.Hour, baseline: true,
			change: func(r *wecom.Recording) { r.MeetingStart = 0 },
			want:   counted{Recordings: 1, Files: 1, Bytes: 7, Seconds: 3600},
		},
		"no times, in a first list": {
			baseline: true, change: noTimes,
			want: counted{},
		},
		"no times, in a later list": {
			change: noTimes,
			want:   counted{Recordings: 1, Files: 1, Bytes: 7},
		},
		"older than the horizon": {
			began: 50 * day, horizon: horizon,
			want: counted{},
		},
		"as old as the horizon": {
			began: 40*day + time.Hour, horizon: horizon,
			want: all,
		},
		"a meeting that is older, a file that is not": {
			began: 40 * day, horizon: horizon,
			want: all,
		},
		"an end in the future": {
			began: -23 * time.Hour,
			want:  all,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := wecom.InstantOf(at(-test.began))
			r := wecom.Recording{
				ID: "r", Host: "li", MeetingStart: start, State: completed,
				Files: []wecom.File{{ID: "f", Start: start, End: start + 3_600_000, Size: 7}},
			}
			if test.state != wecom.StateUnknown {
				r.State = test.state
			}
			if test.change != nil {
				test.change(&r)
			}
			l := New(noon)
			l.Observe(nil, &r, &Observation{At: at(time.Hour), Baseline: test.baseline, Horizon: test.horizon})
			if diff := cmp.Diff(test.want, l.counted()); diff != "" {
				t.Errorf("counted (-want +got):\n%s", diff)
			}
			if l.Transcodings.Sum < 0 {
				t.Errorf("transcoding took %g s", l.Transcodings.Sum)
			}
		})
	}
}

func TestTranscodingTime(t *testing.T) {
	t.Parallel()
	l := New(noon)
	files := []wecom.File{file("f", 1, 1800), file("g", 1, 3600), file("h", 1, 60)}
	first := recordingOf(transcoding, files...)
	known := l.Observe(nil, &first, &Observation{At: at(2 * time.Hour)})
	then := recordingOf(completed, files...)
	l.Observe(&known, &then, &Observation{At: at(2*time.Hour + 90*time.Second)})
	if l.Transcodings.Count != 1 || l.Transcodings.Sum != 90 {
		t.Errorf("%d observed, %g s in all; want 90 s from the end of the last file", l.Transcodings.Count, l.Transcodings.Sum)
	}
}

// TestAFileThatDoesNotGrowChangesNothing lists a recording that is not completed, whose files may
// still grow.
func TestAFileThatDoesNotGrowChangesNothing(t *testing.T) {
	t.Parallel()
	l := New(noon)
	l.Track()
	first := recordingOf(transcoding, file("f", 100, 60))
	known := l.Observe(nil, &first, &Observation{At: at(time.Hour)})
	for _, step := range []struct {
		name string
		file wecom.File
		want bool
	}{
		{name: "the same", file: file("f", 100, 60)},
		{name: "smaller and shorter", file: file("f", 99, 59)},
		{name: "larger", file: file("f", 101, 60), want: true},
		{name: "longer", file: file("f", 101, 61), want: true},
		{name: "another one, without any size or length", file: file("g", 0, 0), want: true},
	} {
		l.TakeDirty()
		l.TakeChanged()
		version := l.Version()
		listed := recordingOf(transcoding, step.file)
		known = l.Observe(&known, &listed, &Observation{At: at(2 * time.Hour)})
		isCounted := step.file.Size > 0 // A file of no size changes the histograms alone.
		if changed := l.Version() != version; changed != step.want {
			t.Errorf("%s: a change: %t, want %t", step.name, changed, step.want)
		}
		want := step.want && isCounted
		if dirty, changed := len(l.TakeDirty()) > 0, len(l.TakeChanged()) > 0; dirty != want || changed != want {
			t.Errorf("%s: the host is dirty: %t, changed: %t; want %t", step.name, dirty, changed, want)
		}
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	l := New(noon)
	r := recording.Record{ID: "r"}
	before := l.Version()
	l.Remove(&r, noon)
	if l.Removed != 1 || !r.Removed || l.Version() == before {
		t.Errorf("%d removed, record %+v", l.Removed, r)
	}
	l.Remove(&r, noon)
	if l.Removed != 1 {
		t.Errorf("a recording that is removed again counts %d times", l.Removed)
	}
}

func TestNonsenseSizesDoNotOverflow(t *testing.T) {
	t.Parallel()
	nonsense := wecom.File{Start: 1, End: wecom.InstantOf(noon), Size: math.MaxInt64 - 1}
	l, all := New(noon), Totals{}
	for i := range 10 {
		l.Observe(nil, &wecom.Recording{ID: strconv.Itoa(i), Files: []wecom.File{nonsense}}, &Observation{At: noon})
		all.Add(l.hosts[""])
	}
	if l.hosts[""].Bytes != math.MaxInt64 || all.Bytes != math.MaxInt64 {
		t.Errorf("%d bytes of the host, %d of all hosts", l.hosts[""].Bytes, all.Bytes)
	}
}

func TestDirtyHosts(t *testing.T) {
	t.Parallel()
	l := New(noon)
	take := func() []string { return slices.Sorted(maps.Keys(l.TakeDirty())) }
	l.open("untracked", noon)
	if got := take(); len(got) != 0 {
		t.Errorf("dirty without tracking: %v", got)
	}
	l.Track()
	l.open("li", noon)
	l.open("li", noon)
	l.Admit("untracked", true)
	if diff := cmp.Diff([]string{"li", "untracked"}, take()); diff != "" {
		t.Errorf("dirty (-want +got):\n%s", diff)
	}
	l.Admit("untracked", true)
	if got := take(); len(got) != 0 {
		t.Errorf("dirty though nothing changed: %v", got)
	}
	r := recordingOf(completed, file("f", 1, 1))
	l.Observe(nil, &r, &Observation{At: at(2 * time.Hour)})
	for host := range l.TakeDirty() {
		l.MarkDirty(host)
	}
	if diff := cmp.Diff([]string{"li"}, take()); diff != "" {
		t.Errorf("dirty again (-want +got):\n%s", diff)
	}
}

func TestHostsAreCreatedWhenTheyAreFirstSeen(t *testing.T) {
	t.Parallel()
	l := New(noon)
	for i, host := range []string{"li", "wang", "li"} {
		r := wecom.Recording{ID: strconv.Itoa(i), Host: host}
		l.Observe(nil, &r, &Observation{At: at(time.Duration(i+1) * time.Hour)})
	}
	for host, want := range map[string]time.Time{"li": at(time.Hour), "wang": at(2 * time.Hour)} {
		if got := l.hosts[host].Created.Time(); !got.Equal(want) {
			t.Errorf("%s was created at %s, want %s", host, got, want)
		}
	}
}

// TestFilesWithOtherIDsInEachList has a server give the files of a recording, ten at each of
// three times, other IDs in each list.
func TestFilesWithOtherIDsInEachList(t *testing.T) {
	t.Parallel()
	l := New(noon)
	var known *recording.Record
	list := func(id string, starts ...time.Duration) {
		r := recordingOf(completed)
		for i, after := range slices.Repeat(starts, 10) {
			f := file(id+strconv.Itoa(i), 10, 1)
			f.Start += wecom.Instant(after.Milliseconds())
			f.End += wecom.Instant(after.Milliseconds())
			r.Files = append(r.Files, f)
		}
		kept := l.Observe(known, &r, &Observation{At: at(3 * time.Hour)})
		known = &kept
	}
	size := func() int { return len(known.AppendTo(nil)) }
	for i := range 200 {
		list(strconv.Itoa(i)+"-", 0, time.Hour, 2*time.Hour)
	}
	before, counted := size(), l.counted()
	for i := range 200 {
		list(strconv.Itoa(200+i)+"-", 0, time.Hour, 2*time.Hour)
	}
	if n := len(known.Former); n != maxFormer || size() > before+maxFormer {
		t.Errorf("%d former files in %d bytes, want %d in about %d", n, size(), maxFormer, before)
	}
	if got := l.counted(); got != counted || got.Recordings != 1 {
		t.Errorf("counted %+v, want %+v, since all have started before those that were forgotten", got, counted)
	}
	// What started later is new.
	list("later", 3*time.Hour)
	if got := l.counted(); got.Files != counted.Files+10 || got.Bytes != counted.Bytes+100 {
		t.Errorf("counted %+v with ten later files, want so many more than %+v", got, counted)
	}
}

// TestAFormerFileThatComesBack is in the list, out of it, and back, larger.
func TestAFormerFileThatComesBack(t *testing.T) {
	t.Parallel()
	// others are more files than are remembered, each of which started after the one before.
	others := make([]wecom.File, maxFormer+1)
	for i := range others {
		others[i] = file("other"+strconv.Itoa(i), 1, 0)
		others[i].Start += wecom.Instant(i)
	}
	for name, test := range map[string]struct {
		first wecom.Instant // when the file started, after the first of the others
		bytes int64         // counted of it in the end
	}{
		"remembered": {first: maxFormer + 1, bytes: 30},
		"forgotten":  {first: 0, bytes: 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := New(noon)
			var known *recording.Record
			list := func(files ...wecom.File) {
				r := recordingOf(transcoding, files...)
				kept := l.Observe(known, &r, &Observation{At: at(3 * time.Hour)})
				known = &kept
			}
			f := file("f", 10, 0)
			f.Start += test.first
			list(slices.Concat(others, []wecom.File{f})...)
			list()
			f.Size = 30
			list(f)
			list(f)
			if got, want := l.counted().Bytes, int64(len(others))+test.bytes; got != want {
				t.Errorf("%d bytes counted, want %d", got, want)
			}
			if len(known.Files) != 1 || known.Files[0].Size != 30 {
				t.Errorf("files %+v", known.Files)
			}
		})
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	l := New(noon)
	observe := func(id, host string, bytes int64, after time.Duration) {
		r := recordingOf(completed, file("f"+id, bytes, 1))
		r.ID, r.Host = id, host
		l.Observe(nil, &r, &Observation{At: at(after)})
	}
	observe("1", "li", 10, 2*time.Hour)
	observe("2", "wang", 20, 3*time.Hour)
	observe("3", "zhao", 40, 4*time.Hour)
	l.Track()
	version, before := l.Version(), l.counted()
	l.Fold([]string{"wang", "zhao"})
	want := Totals{Recordings: 2, Bytes: 60, Milliseconds: 2000, Created: wecom.InstantOf(at(3 * time.Hour))}
	if l.Folded != want || len(l.Hosts()) != 1 || l.Hosts()["li"] == nil {
		t.Errorf("folded %+v, want %+v; hosts %v", l.Folded, want, l.Hosts())
	}
	if l.counted() != before || l.Version() == version {
		t.Errorf("counted %+v, want %+v, as another version", l.counted(), before)
	}
	if dirty := slices.Sorted(maps.Keys(l.TakeDirty())); !slices.Equal(dirty, []string{"wang", "zhao"}) {
		t.Errorf("dirty hosts %q", dirty)
	}
	observe("4", "wang", 80, 5*time.Hour)
	again := Totals{Recordings: 1, Bytes: 80, Milliseconds: 1000, Created: wecom.InstantOf(at(5 * time.Hour))}
	if *l.Hosts()["wang"] != again || l.Folded != want {
		t.Errorf("a host that came back has %+v, want %+v; folded %+v", *l.Hosts()["wang"], again, l.Folded)
	}
	if err := l.Check(); err != nil {
		t.Error(err)
	}
	l.Folded.Bytes = -1
	if l.Check() == nil {
		t.Error("a negative total is not noticed")
	}
}

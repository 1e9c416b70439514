// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// TestNoticed lists a recording twice, an hour after noon and two hours after it, and wants the
// changes of the second list. The counters are as many.
func TestNoticed(t *testing.T) {
	t.Parallel()
	var (
		f       = file("f", 100, 10)
		link    = wecom.Sharing{On: true}
		company = wecom.Sharing{On: true, SameCorp: true, Download: true}
		secret  = wecom.Sharing{On: true, HasPassword: true, Expire: wecom.InstantOf(at(day))}
		over    = wecom.Sharing{On: true, Expire: wecom.InstantOf(at(90 * time.Minute))}

		anyone = &Sharing{Exposed: true}
	)
	for name, test := range map[string]struct {
		first, then wecom.Recording
		accepted    bool
		want        []Change // without what all have: time, recording, file, host, start
	}{
		"nothing": {
			first: recordingOf(completed, shared(f, link)),
			then:  recordingOf(completed, shared(f, link)),
		},
		"a new file that is shared": {
			first: recordingOf(completed),
			then:  recordingOf(completed, shared(f, link)),
			want:  []Change{{Kind: Enabled, After: anyone}},
		},
		"a new file that is not shared": {
			first: recordingOf(completed),
			then:  recordingOf(completed, f),
		},
		"enabled": {
			first: recordingOf(completed, f),
			then:  recordingOf(completed, shared(f, company)),
			want: []Change{{
				Kind:  Enabled,
				After: &Sharing{Audience: recording.Company, Download: recording.DownloadAllowed},
			}},
		},
		"disabled": {
			first: recordingOf(completed, shared(f, link)),
			then:  recordingOf(completed, f),
			want:  []Change{{Kind: Disabled, Before: anyone}},
		},
		"narrowed": {
			first: recordingOf(completed, shared(f, link)),
			then:  recordingOf(completed, shared(f, secret)),
			want: []Change{{
				Kind:   Narrowed,
				Before: anyone,
				After:  &Sharing{Password: recording.PasswordSet, Expire: secret.Expire},
			}},
		},
		"widened, from a link that has expired since": {
			first: recordingOf(completed, shared(f, over)),
			then:  recordingOf(completed, shared(f, link)),
			want:  []Change{{Kind: Widened, Before: &Sharing{Expire: over.Expire}, After: anyone}},
		},
		"widened, and accepted": {
			first:    recordingOf(completed, shared(f, secret)),
			then:     recordingOf(completed, shared(f, link)),
			accepted: true,
			want: []Change{{
				Kind:   Widened,
				Before: &Sharing{Password: recording.PasswordSet, Expire: secret.Expire},
				After:  &Sharing{},
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := New(noon)
			known := l.Observe(nil, &test.first, &Observation{At: at(time.Hour)})
			l.TakeNoticed()
			before := l.SharingChanges
			then := test.then
			then.Host = "wang" // It may have another host now.
			r := l.Observe(&known, &then, &Observation{At: at(2 * time.Hour), Accepted: func(recordingID, fileID string) bool {
				return test.accepted && recordingID == "r" && fileID == "f"
			}})
			var counted [NumSharingKinds]uint64
			for i := range test.want {
				c := &test.want[i]
				counted[c.Kind]++
				c.At, c.Recording, c.File = wecom.InstantOf(at(2*time.Hour)), "r", "f"
				c.Host, c.Start = "wang", r.Started()
			}
			if diff := cmp.Diff(test.want, l.TakeNoticed()); diff != "" {
				t.Errorf("noticed (-want +got):\n%s", diff)
			}
			for kind, n := range l.SharingChanges {
				if n -= before[kind]; n != counted[kind] {
					t.Errorf("%s: counted %d, noticed %d", Kind(kind), n, counted[kind])
				}
			}
			if again := l.TakeNoticed(); again != nil {
				t.Errorf("noticed again: %v", again)
			}
		})
	}
}

func TestARemovalIsNoticed(t *testing.T) {
	t.Parallel()
	l := New(noon)
	r := recording.Record{ID: "r", Host: "li", MeetingStart: wecom.InstantOf(noon)}
	l.Remove(&r, at(time.Hour))
	l.Remove(&r, at(2*time.Hour))
	want := []Change{{
		At: wecom.InstantOf(at(time.Hour)), Kind: Removed, Recording: "r", Host: "li", Start: wecom.InstantOf(noon),
	}}
	if diff := cmp.Diff(want, l.TakeNoticed()); diff != "" {
		t.Errorf("noticed (-want +got):\n%s", diff)
	}
}

// TestTheStartOfAChange is that of the first file, which may be behind the one that changed.
func TestTheStartOfAChange(t *testing.T) {
	t.Parallel()
	l := New(noon)
	late, early := shared(file("late", 1, 1), wecom.Sharing{On: true}), file("early", 1, 1)
	late.Start, late.End = wecom.InstantOf(at(2*time.Hour)), wecom.InstantOf(at(3*time.Hour))
	early.Start = wecom.InstantOf(at(time.Hour))
	r := recordingOf(completed, late, early)
	r.MeetingStart = 0
	l.Observe(nil, &r, &Observation{At: at(4 * time.Hour)})
	if got := l.TakeNoticed(); len(got) != 1 || got[0].Start != early.Start {
		t.Errorf("%+v, want one that started with the first file", got)
	}
}

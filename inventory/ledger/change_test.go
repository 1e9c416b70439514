// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	soon, late := wecom.InstantOf(noon), wecom.InstantOf(at(day))
	var (
		off       wecom.Sharing
		anyone    = wecom.Sharing{On: true}
		company   = wecom.Sharing{On: true, SameCorp: true}
		attendees = wecom.Sharing{On: true, Attendee: true}
		both      = wecom.Sharing{On: true, SameCorp: true, Attendee: true}
		password  = wecom.Sharing{On: true, HasPassword: true}
	)
	for name, test := range map[string]struct {
		before, after wecom.Sharing
		there, back   string // "" if nothing changed
	}{
		"off": {before: off, after: off},
		"off, whatever else is listed": {
			before: off, after: wecom.Sharing{Download: true, Expire: soon},
		},
		"on": {
			before: off, after: anyone,
			there: "enabled", back: "disabled",
		},
		"on, for attendees with a password": {
			before: off, after: wecom.Sharing{On: true, Attendee: true, HasPassword: true},
			there: "enabled", back: "disabled",
		},
		"the same": {before: anyone, after: anyone},
		"the company, then anyone": {
			before: company, after: anyone,
			there: "widened", back: "narrowed",
		},
		"attendees, then the company": {
			before: attendees, after: company,
			there: "widened", back: "narrowed",
		},
		"attendees, then anyone": {
			before: attendees, after: anyone,
			there: "widened", back: "narrowed",
		},
		"attendees, of the company or not": {before: attendees, after: both},
		"attendees of the company, then the company": {
			before: both, after: company,
			there: "widened", back: "narrowed",
		},
		"a password that is taken away": {
			before: password, after: anyone,
			there: "widened", back: "narrowed",
		},
		"downloads": {
			before: anyone, after: wecom.Sharing{On: true, Download: true},
			there: "widened", back: "narrowed",
		},
		"a later end": {
			before: wecom.Sharing{On: true, Expire: soon}, after: wecom.Sharing{On: true, Expire: late},
			there: "widened", back: "narrowed",
		},
		"an end that is taken away": {
			before: wecom.Sharing{On: true, Expire: late}, after: anyone,
			there: "widened", back: "narrowed",
		},
		// If anything opened, that is what counts, in both directions.
		"wider, with a password": {
			before: company, after: password,
			there: "widened", back: "widened",
		},
		"narrower, for longer": {
			before: wecom.Sharing{On: true, Expire: soon}, after: company,
			there: "widened", back: "widened",
		},
		"wider in every way": {
			before: wecom.Sharing{On: true, Attendee: true, HasPassword: true, Expire: soon},
			after:  wecom.Sharing{On: true, Download: true},
			there:  "widened", back: "narrowed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := changeName(&test.before, &test.after); got != test.there {
				t.Errorf("change %q, want %q", got, test.there)
			}
			if got := changeName(&test.after, &test.before); got != test.back {
				t.Errorf("the other way, change %q, want %q", got, test.back)
			}
		})
	}
}

func changeName(before, after *wecom.Sharing) string {
	if c, changed := KindOf(before, after); changed {
		return c.String()
	}
	return ""
}

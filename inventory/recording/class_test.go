// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestExpiryOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end     time.Duration // from noon; 0: never
		want    string
		changes time.Duration // from noon; 0: it does not
	}{
		"never":          {end: 0, want: "never"},
		"long ago":       {end: -day, want: "expired"},
		"a moment ago":   {end: -time.Second, want: "expired"},
		"in a moment":    {end: time.Second, want: "1d", changes: time.Second},
		"in a day":       {end: day, want: "1d", changes: day},
		"in two days":    {end: 2 * day, want: "7d", changes: day},
		"in 25 hours":    {end: 25 * time.Hour, want: "7d", changes: time.Hour},
		"in a week":      {end: 7 * day, want: "7d", changes: 6 * day},
		"in eight days":  {end: 7*day + time.Hour, want: "30d", changes: time.Hour},
		"in a month":     {end: 30*day + time.Minute, want: "later", changes: time.Minute},
		"in a long time": {end: 300 * day, want: "later", changes: 270 * day},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			end := wecom.Instant(0)
			if test.end != 0 {
				end = wecom.InstantOf(noon.Add(test.end))
			}
			got, changes := ExpiryOf(end, noon)
			if got.String() != test.want {
				t.Errorf("expiry %s, want %s", got, test.want)
			}
			checkChange(t, changes, test.changes)
		})
	}
}

func checkChange(t *testing.T, got time.Time, want time.Duration) {
	t.Helper()
	if want == 0 && !got.IsZero() || want != 0 && !got.Equal(noon.Add(want)) {
		t.Errorf("it changes at %s, want %s after noon", got, want)
	}
}

func TestAgeOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ago     time.Duration
		want    string
		changes time.Duration // from noon; 0: it does not
	}{
		"in the future":   {ago: -time.Hour, want: "0-7d", changes: 7*day + time.Hour},
		"now":             {ago: 0, want: "0-7d", changes: 7 * day},
		"just under 7d":   {ago: 7*day - time.Millisecond, want: "0-7d", changes: time.Millisecond},
		"7 days":          {ago: 7 * day, want: "7-30d", changes: 23 * day},
		"30 days":         {ago: 30 * day, want: "30-90d", changes: 60 * day},
		"90 days":         {ago: 90 * day, want: "90-180d", changes: 90 * day},
		"180 days":        {ago: 180 * day, want: "180-366d"},
		"a year":          {ago: 365 * day, want: "180-366d"},
		"over the limit":  {ago: 20_000 * day, want: "180-366d"},
		"without a start": {ago: noon.Sub(time.UnixMilli(0)), want: "180-366d"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, changes := AgeOf(wecom.InstantOf(noon.Add(-test.ago)), noon)
			if got.String() != test.want {
				t.Errorf("age %s, want %s", got, test.want)
			}
			checkChange(t, changes, test.changes)
		})
	}
}

func TestClassOf(t *testing.T) {
	t.Parallel()
	soon, past := wecom.InstantOf(noon.Add(time.Hour)), wecom.InstantOf(noon.Add(-time.Hour))
	for name, test := range map[string]struct {
		sharing wecom.Sharing
		want    Class
		exposed bool
	}{
		"open": {
			sharing: wecom.Sharing{On: true},
			want:    Class{Expiry: NeverExpires},
			exposed: true,
		},
		"open for an hour": {
			sharing: wecom.Sharing{On: true, Expire: soon},
			want:    Class{Expiry: ExpiresIn1Day},
			exposed: true,
		},
		"open, downloads allowed": {
			sharing: wecom.Sharing{On: true, Download: true},
			want:    Class{Expiry: NeverExpires, Download: DownloadAllowed},
			exposed: true,
		},
		"expired": {
			sharing: wecom.Sharing{On: true, Expire: past},
			want:    Class{Expiry: Expired},
		},
		"with a password": {
			sharing: wecom.Sharing{On: true, HasPassword: true},
			want:    Class{Password: PasswordSet, Expiry: NeverExpires},
		},
		"for the company": {
			sharing: wecom.Sharing{On: true, SameCorp: true},
			want:    Class{Audience: Company, Expiry: NeverExpires},
		},
		"for the attendees": {
			sharing: wecom.Sharing{On: true, Attendee: true},
			want:    Class{Audience: Attendees, Expiry: NeverExpires},
		},
		"for attendees of the company": {
			sharing: wecom.Sharing{On: true, Attendee: true, SameCorp: true},
			want:    Class{Audience: Attendees, Expiry: NeverExpires},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := ClassOf(&test.sharing, noon)
			if got != test.want || got.Exposed() != test.exposed {
				t.Errorf("class %+v, exposed: %t; want %+v, %t", got, got.Exposed(), test.want, test.exposed)
			}
		})
	}
}

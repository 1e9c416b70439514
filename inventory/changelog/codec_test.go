// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changelog

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
)

func oddChanges() map[string]ledger.Change {
	return map[string]ledger.Change{
		"removed": {At: 1_772_413_200_000, Kind: ledger.Removed, Recording: "r", Host: "li", Start: 1_772_400_000_000},
		"enabled": {
			At: 1_772_413_200_123, Kind: ledger.Enabled, Recording: "wr0d53101e1ad30426", File: "wf0d53101e1ad30426",
			After: &ledger.Sharing{Exposed: true},
		},
		"disabled": {
			At: 1_772_413_200_123, Kind: ledger.Disabled, Recording: "r", File: "f", Host: "王",
			Before: &ledger.Sharing{
				Audience: recording.Attendees, Password: recording.PasswordSet, Download: recording.DownloadAllowed,
				Expire: 1_772_413_200_000,
			},
		},
		"narrowed, at odd times": {
			At: math.MinInt64, Kind: ledger.Narrowed, Recording: "r", Start: math.MaxInt64,
			Before: &ledger.Sharing{Audience: recording.Company, Expire: math.MaxInt64},
			After:  &ledger.Sharing{Expire: math.MinInt64},
		},
	}
}

func TestChangesAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	for name, want := range oddChanges() {
		text := string(appendTo(nil, &want))
		got, err := Decode(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		for end := range len(text) {
			if got, err := Decode(text[:end]); err == nil {
				t.Errorf("%s: %d of %d bytes are read as %+v", name, end, len(text), got)
			}
		}
		if _, err := Decode(text + "\x00"); err == nil {
			t.Errorf("%s: a byte more is not noticed", name)
		}
	}
}

func TestWhatIsNoChange(t *testing.T) {
	t.Parallel()
	removed := string(appendTo(nil, &ledger.Change{Kind: ledger.Removed, Recording: "r"}))
	enabled := string(appendTo(nil, &ledger.Change{Recording: "r", After: &ledger.Sharing{}}))
	for name, text := range map[string]string{
		"a kind that is none":           string(rune(ledger.NumKinds)) + removed[1:],
		"a bit that is none":            string(removed[0]|0x40) + removed[1:],
		"no recording":                  string(appendTo(nil, &ledger.Change{Kind: ledger.Removed})),
		"an audience that is none":      enabled[:len(enabled)-1] + "\x03",
		"a bit of sharing that is none": enabled[:len(enabled)-1] + "\x40",
	} {
		if c, err := Decode(text); err == nil {
			t.Errorf("%s: read as %+v", name, c)
		}
	}
}

// Whatever is read is a change that is written and read again as it is, in no more bytes.
func FuzzChange(f *testing.F) {
	for _, c := range oddChanges() {
		f.Add(string(appendTo(nil, &c)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Decode(text)
		if err != nil {
			return
		}
		again := string(appendTo(nil, &c))
		got, err := Decode(again)
		if diff := cmp.Diff(c, got); diff != "" || err != nil || len(again) > len(text) {
			t.Errorf("%d bytes, then %d: %v (-want +got):\n%s", len(text), len(again), err, diff)
		}
	})
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"slices"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// TestMatch matches files that are given as words: the letter is the ID, and the digits tell
// files of one ID apart.
func TestMatch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files, former string
		listed        string
		matched       string // for each that is listed; - is none
		rest          string
	}{
		"nothing known":                 {listed: "a", matched: "-"},
		"the same":                      {files: "a b c", listed: "a b c", matched: "a b c"},
		"fewer":                         {files: "a b c", listed: "a b", matched: "a b", rest: "c"},
		"none":                          {files: "a b c", rest: "a b c"},
		"more":                          {files: "a b", listed: "a b c", matched: "a b -"},
		"another order":                 {files: "a b c", listed: "c a b", matched: "c a b"},
		"one left out":                  {files: "a b c", listed: "a c", matched: "a c", rest: "b"},
		"one in between":                {files: "a b", listed: "a x b", matched: "a - b"},
		"one of those before":           {files: "a", former: "b c", listed: "a c", matched: "a c", rest: "b"},
		"all of those before":           {files: "a", former: "b c", listed: "a b c", matched: "a b c"},
		"several of one identity":       {files: "a1 a2 a3", listed: "a a", matched: "a1 a2", rest: "a3"},
		"the same, with others between": {files: "a1 b a2", listed: "b a a", matched: "b a1 a2"},
		"one that is listed twice":      {files: "a b", listed: "b b", matched: "b -", rest: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := func(words string) (list []recording.File) {
				for word := range strings.FieldsSeq(words) {
					f := recording.File{File: wecom.File{ID: word[:1]}}
					f.Size = int64(len(list))
					f.Bytes = int64(strings.IndexByte("0123", word[len(word)-1]))
					list = append(list, f)
				}
				return list
			}
			word := func(f *recording.File) string {
				if f == nil {
					return "-"
				}
				if f.Bytes > 0 {
					return f.ID + string('0'+byte(f.Bytes))
				}
				return f.ID
			}
			m := matcher{}
			if test.files != "" {
				m.known = &recording.Record{Files: files(test.files), Former: files(test.former)}
			}
			matched, rest := []string(nil), make([]string, 0, 4)
			for _, f := range files(test.listed) {
				matched = append(matched, word(m.take(&f.File)))
			}
			for _, f := range m.rest() {
				rest = append(rest, word(&f))
			}
			if got := strings.Join(matched, " "); got != test.matched {
				t.Errorf("matched %q, want %q", got, test.matched)
			}
			if got := strings.Join(rest, " "); got != test.rest {
				t.Errorf("rest %q, want %q", got, test.rest)
			}
		})
	}
}

func TestNewestFormer(t *testing.T) {
	t.Parallel()
	// files returns files that started at the given times.
	files := func(starts ...int) (list []recording.File) {
		for _, start := range starts {
			list = append(list, recording.File{File: wecom.File{Start: wecom.Instant(start)}})
		}
		return list
	}
	rising := func(n int) []recording.File {
		starts := make([]int, n)
		for i := range starts {
			starts[i] = i + 10
		}
		return files(starts...)
	}
	for name, test := range map[string]struct {
		files           []recording.File
		forgotten       wecom.Instant
		kept            []recording.File
		newestForgotten wecom.Instant
	}{
		"none": {},
		"as many as are kept": {
			files: rising(maxFormer), kept: rising(maxFormer),
		},
		"one more": {
			files: rising(maxFormer + 1), kept: rising(maxFormer + 1)[1:], newestForgotten: 10,
		},
		"the oldest is the last": {
			files: append(rising(maxFormer), files(5)...), kept: rising(maxFormer), newestForgotten: 5,
		},
		"later ones were forgotten before": {
			files: append(rising(maxFormer), files(5)...), forgotten: 7, kept: rising(maxFormer), newestForgotten: 7,
		},
		"all of one time": {
			files: files(make([]int, maxFormer+3)...), kept: files(make([]int, maxFormer)...), newestForgotten: 1,
		},
		"several of the earliest time that is kept": {
			files:           append(rising(maxFormer-1), files(10, 10)...),
			kept:            append(rising(maxFormer-1), files(10)...),
			newestForgotten: 10,
		},
		"the end, where there is no start": {
			files:           append(rising(maxFormer), recording.File{File: wecom.File{End: 1_000_000}}),
			kept:            append(rising(maxFormer)[1:], recording.File{File: wecom.File{End: 1_000_000}}),
			newestForgotten: 10,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept, forgotten := newestFormer(test.files, test.forgotten)
			if !slices.Equal(kept, test.kept) || forgotten != test.newestForgotten {
				t.Errorf("%d kept, want %d; the newest forgotten is of %d, want %d",
					len(kept), len(test.kept), forgotten, test.newestForgotten)
			}
		})
	}
}

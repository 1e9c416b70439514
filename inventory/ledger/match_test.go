// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
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

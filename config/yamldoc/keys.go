// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package yamldoc

import (
	"slices"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// A Kind is what a key takes.
type Kind int

// The kinds.
const (
	Text     Kind = iota // a single text or number
	Truth                // true or false
	List                 // a list of texts
	Mapping              // keys with values
	Anything             // any value

	mappings // a list of keys with values
)

// String returns the kind as messages name it.
func (k Kind) String() string {
	switch k {
	case Truth:
		return "true or false"
	case List, mappings:
		return "a list"
	case Mapping:
		return "keys with values"
	case Anything:
		return "any value"
	case Text:
	}
	return "a single text or number"
}

// InChinese is String in Chinese.
func (k Kind) InChinese() string {
	switch k {
	case Truth:
		return " true 或 false"
	case List, mappings:
		return "列表"
	case Mapping:
		return "键与值"
	case Anything:
		return "任意值"
	case Text:
	}
	return "单个文本或数字"
}

// A Key is one that a file may have.
type Key struct {
	// Path is the names of the keys above and of this one, with dots between them.
	// A name that ends in [] takes a list of keys with values, and * stands for
	// any name. The keys above need not be listed.
	Path string
	Kind Kind
	// Check validates a text, if it is not nil. Its error must not hold the text.
	Check func(text string) error
	// See is where the keys below a Mapping are documented. It is empty if they
	// are few enough for a message.
	See string
	// Instead is not empty for a key that is refused: it is what to write instead.
	Instead bilingual.Text
}

type keys []Key

// find returns a key by its path, or one that is above others.
func (k keys) find(path string) (Key, bool) {
	for _, key := range k {
		switch {
		case key.Path == path:
			return key, true
		case strings.HasPrefix(key.Path, path+"."):
			return Key{Path: path, Kind: Mapping}, true
		case strings.HasPrefix(key.Path, path+"[]."):
			return Key{Path: path + "[]", Kind: mappings}, true
		}
	}
	return Key{}, false
}

// below returns the key with a name below a path.
func (k keys) below(path, name string) (Key, bool) {
	if !strings.ContainsAny(name, ".[*") {
		if key, ok := k.find(child(path, name)); ok {
			return key, true
		}
	}
	return k.find(child(path, "*"))
}

// instead returns what to write instead of a name below a path that is not known.
func (k keys) instead(path, name string) bilingual.Text {
	var names []string
	var advice bilingual.Text
	for _, key := range k {
		if key.See != "" && strings.HasPrefix(path+".", key.Path+".") {
			advice = bilingual.Text{English: "see " + key.See, Chinese: "见 " + key.See}
		}
		if rest, ok := strings.CutPrefix(key.Path, child(path, "")); ok && key.Instead == (bilingual.Text{}) {
			first, _, _ := strings.Cut(rest, ".")
			if first = strings.TrimSuffix(first, "[]"); !slices.Contains(names, first) {
				names = append(names, first)
			}
		}
	}
	if advice == (bilingual.Text{}) {
		advice = bilingual.Text{
			English: "use one of " + strings.Join(names, ", "),
			Chinese: "可用的键有 " + strings.Join(names, "、"),
		}
	}
	if near := Nearest(name, names, len(name)/3); near != "" {
		return bilingual.Text{
			English: "did you mean " + near + "? " + strings.ToUpper(advice.English[:1]) + advice.English[1:],
			Chinese: "是否应为 " + near + "？" + advice.Chinese,
		}
	}
	return advice
}

// child appends a name to a path.
func child(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Nearest returns the name that a word was likely meant to be, or an empty string if
// all of them differ from it in more than the given number of bytes.
func Nearest(word string, names []string, within int) string {
	best, bestDistance := "", within+1
	for _, name := range names {
		if d := distance(word, name); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	return best
}

// distance returns the number of bytes to insert, remove or replace to make one
// word of the other (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

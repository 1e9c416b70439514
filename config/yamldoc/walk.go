// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package yamldoc

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// A walker compares the nodes of a document with the known keys, and keeps them.
type walker struct {
	*Document

	keys keys
	errs []error
}

func (w *walker) add(where bilingual.Text, err error) {
	w.errs = append(w.errs, bilingual.At(where, err))
}

func (w *walker) addf(where bilingual.Text, english, chinese string, args ...any) {
	w.add(where, bilingual.Errorf(english, chinese, args...))
}

// walk compares what stands at a path with the key for it.
func (w *walker) walk(key Key, path string, n *yaml.Node) {
	if w.lines[path] == 0 {
		w.lines[path] = n.Line
	}
	if isNull(n) {
		return
	}
	w.nodes[path] = n
	if err := key.check(n); err != nil {
		w.add(w.At(path).Where(), err)
		return
	}
	switch key.Kind {
	case Mapping:
		w.walkKeys(key, path, n)
	case List:
		// The nodes of texts are not kept by path, because there may be many.
		for i, item := range n.Content {
			if err := (Key{Kind: Text}).check(item); err != nil {
				w.add(w.At(path).WhereItem(i), err)
			}
		}
	case mappings:
		for i, item := range n.Content {
			w.walk(Key{Path: key.Path, Kind: Mapping}, Item(path, i), item)
		}
	case Text, Truth, Anything:
	}
}

// walkKeys walks the keys of a mapping.
func (w *walker) walkKeys(key Key, path string, n *yaml.Node) {
	for _, pair := range w.pairs(path, n) {
		name := pair.key.Value
		below, ok := w.keys.below(key.Path, name)
		if !ok || below.Instead != (bilingual.Text{}) {
			instead := below.Instead
			if !ok {
				instead = w.keys.instead(key.Path, name)
			}
			w.addf(w.where(path, pair.key.Line), "%q is not a known key: %s", "%q 不是已知的键：%s", name, instead)
			continue
		}
		belowPath := child(path, plain(name))
		w.lines[belowPath] = pair.key.Line
		w.walk(below, belowPath, pair.value)
	}
}

// check reports what is wrong with a value, apart from what is below it.
func (k Key) check(n *yaml.Node) error {
	right := false
	switch k.Kind {
	case Mapping:
		right = n.Kind == yaml.MappingNode
	case List, mappings:
		right = n.Kind == yaml.SequenceNode
	case Truth:
		right = n.Decode(new(bool)) == nil
	case Anything:
		if n.Decode(new(any)) != nil {
			return errUnreadable
		}
		right = true
	case Text:
		right = n.Kind == yaml.ScalarNode
	}
	if !right {
		return bilingual.Errorf("a value of the wrong kind: write %s", "值的类型不对：请填写%s", k.Kind)
	}
	if k.Kind != Text {
		return nil
	}
	text, err := textOf(n)
	if err == nil && k.Check != nil {
		err = k.Check(text)
	}
	return err
}

// A pair is a key of a mapping with its value.
type pair struct{ key, value *yaml.Node }

// pairs returns the keys of a mapping, those that << merges into it last. A key
// of the mapping itself replaces one that is merged.
func (w *walker) pairs(path string, n *yaml.Node) []pair {
	var pairs []pair
	var merged []*yaml.Node
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.ShortTag() == tagMerge && value.Kind == yaml.SequenceNode:
			merged = append(merged, value.Content...)
		case key.ShortTag() == tagMerge:
			merged = append(merged, value)
		case key.Kind != yaml.ScalarNode:
			w.addf(w.where(path, key.Line), "a key of the wrong kind: write %s", "键的类型不对：请填写%s", Text)
		case seen[key.Value]:
			w.addf(w.where(path, key.Line), "the key %s appears twice: remove one", "键 %s 出现了两次：请去掉一个", plain(key.Value))
		default:
			seen[key.Value] = true
			pairs = append(pairs, pair{key, value})
		}
	}
	for _, m := range merged {
		if m.Kind != yaml.MappingNode {
			w.addf(w.where(path, m.Line), "a value of the wrong kind after <<: write %s",
				"<< 之后的值类型不对：请填写%s", Mapping)
			continue
		}
		for _, pair := range w.pairs(path, m) {
			if !seen[pair.key.Value] {
				seen[pair.key.Value] = true
				pairs = append(pairs, pair)
			}
		}
	}
	return pairs
}

// plain returns a name as paths show it: quoted, unless it is written like one
// that is known.
func plain(name string) string {
	if strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return strconv.Quote(name)
	}
	return name
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package yamldoc reads YAML files whose keys are known. What is wrong with a
// file is reported with the path of the key and the line. No error holds a value,
// because a value may be a secret.
package yamldoc

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// A Document is a YAML file that has known keys only, with values of their kinds.
type Document struct {
	// file is what messages call the file.
	file string
	// nodes are the values by the paths of their keys, such as corps[0].name. One
	// that is null is left out, as if the key were not there.
	nodes map[string]*yaml.Node
	// lines are the lines of the same paths, those with null too.
	lines map[string]int
}

// Read reads one YAML document, of which JSON is a part. It returns one error for
// each problem; the Document is complete if there is none.
func Read(file string, content []byte, known []Key) (*Document, []error) {
	return read(file, content, Key{Kind: Mapping}, known)
}

// ReadList is Read for a document that is a list of keys with values. The paths of the known
// keys begin with "[].".
func ReadList(file string, content []byte, known []Key) (*Document, []error) {
	return read(file, content, Key{Path: "[]", Kind: mappings}, known)
}

func read(file string, content []byte, root Key, known []Key) (*Document, []error) {
	d := &Document{file: file, nodes: make(map[string]*yaml.Node), lines: make(map[string]int)}
	w := walker{Document: d, keys: known}
	node, err := parse(content)
	if err != nil {
		w.add(d.where("", 0), err)
	} else {
		w.walk(root, "", node)
	}
	return d, w.errs
}

// A Value is what stands at a path of a Document.
type Value struct {
	document *Document
	path     string
	node     *yaml.Node // nil if there is nothing
}

// At returns what stands at a path such as corps[0].name. The path of the whole
// document is empty.
func (d *Document) At(path string) Value {
	return Value{document: d, path: path, node: d.nodes[path]}
}

// Given reports whether there is a value other than null.
func (v Value) Given() bool { return v.node != nil }

// Len returns the number of items of a list, or 0 if there is none.
func (v Value) Len() int {
	if v.node == nil {
		return 0
	}
	return len(v.node.Content)
}

// Text returns the text of a value of the kind Text, or an empty string.
func (v Value) Text() string {
	if v.node == nil || v.node.Kind != yaml.ScalarNode {
		return ""
	}
	text, _ := textOf(v.node) // Read has succeeded in this.
	return text
}

// Items returns the texts of a value of the kind List. A null is an empty text.
func (v Value) Items() []string {
	if v.node == nil || v.node.Kind != yaml.SequenceNode {
		return nil
	}
	items := make([]string, len(v.node.Content))
	for i, item := range v.node.Content {
		if !isNull(item) {
			items[i], _ = textOf(item) // Read has succeeded in this.
		}
	}
	return items
}

// Decode decodes the value as the YAML package does. Keys and kinds are known to
// be right, so that an error is one of into's own methods.
func (v Value) Decode(into any) error {
	if v.node == nil {
		return nil
	}
	return v.node.Decode(into)
}

// Where names the key with its file and line. If the key is not there, the line
// is that of the key above.
func (v Value) Where() bilingual.Text {
	line := v.document.lines[v.path]
	for above := v.path; line == 0 && above != ""; {
		above = above[:max(strings.LastIndexAny(above, ".["), 0)]
		line = v.document.lines[above]
	}
	return v.document.where(v.path, line)
}

// WhereItem is Where for an item of a list.
func (v Value) WhereItem(i int) bilingual.Text {
	return v.document.where(Item(v.path, i), v.node.Content[i].Line)
}

// WhereKey is Where for a key below the value.
func (v Value) WhereKey(name string) bilingual.Text {
	return v.document.At(child(v.path, plain(name))).Where()
}

// Item returns the path of an item of a list.
func Item(path string, i int) string {
	return path + "[" + strconv.Itoa(i) + "]"
}

func (d *Document) where(path string, line int) bilingual.Text {
	switch {
	case line == 0 && path == "":
		return bilingual.Text{English: d.file, Chinese: d.file}
	case line == 0:
		return bilingual.Textf("%s: %s", "%s：%s", d.file, path)
	case path == "":
		return bilingual.Textf("%s: line %d", "%s：第 %d 行", d.file, line)
	}
	return bilingual.Textf("%s: %s (line %d)", "%s：%s（第 %d 行）", d.file, path, line)
}

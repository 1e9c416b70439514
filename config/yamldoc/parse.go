// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package yamldoc

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

const (
	tagNull  = "!!null"
	tagMerge = "!!merge"

	// maxAliased bounds the nodes that aliases add to a document.
	maxAliased = 400_000
)

// errUnreadable replaces errors of the YAML package that quote a value.
var errUnreadable = bilingual.Errorf("a value cannot be read: quote values that begin with !, * or &",
	"有值无法读取：以 !、* 或 & 开头的值请加引号")

// parse returns the root of the one document in content, without aliases. The
// root is null if there is no document.
func parse(content []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var first, second yaml.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tagNull}, nil
	} else if err != nil {
		return nil, syntaxError(err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, bilingual.Errorf("more than one YAML document: write one, without a line of three dashes in between",
			"有多个 YAML 文档：请只写一个，中间不能有 --- 行")
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(err)
	}
	limit := 2*len(content) + maxAliased
	if err := expand(&first, make(map[*yaml.Node]int), limit); err != nil {
		return nil, err
	}
	return first.Content[0], nil
}

// syntaxError returns an error of the YAML package, with its line, unless a value
// is quoted in it. What the package itself quotes is a single character.
func syntaxError(err error) error {
	for i, part := range strings.Split(err.Error(), "'") {
		if isQuoted := i%2 == 1; isQuoted && len(part) > 1 {
			return bilingual.Errorf("not YAML: %w", "不是有效的 YAML：%w", errUnreadable)
		}
	}
	return bilingual.Errorf("not YAML: %s", "不是有效的 YAML（%s）：请更正语法", strings.TrimPrefix(err.Error(), "yaml: "))
}

// expand replaces the aliases below a node by the nodes that they stand for.
// sizes receives the number of nodes that each node is the root of, with those
// behind aliases counted as often as they are used. An anchor is complete before
// its aliases, so that its size is known, unless the alias is inside it.
func expand(n *yaml.Node, sizes map[*yaml.Node]int, limit int) error {
	size := 1
	for i, child := range n.Content {
		line := child.Line
		if child.Kind == yaml.AliasNode {
			child = child.Alias
			n.Content[i] = child
			if sizes[child] == 0 {
				return bilingual.Errorf("line %d: an alias is inside its own anchor: write the value out",
					"第 %d 行的别名在其锚点之内：请直接写出该值", line)
			}
		} else if err := expand(child, sizes, limit); err != nil {
			return err
		}
		if size += sizes[child]; size > limit {
			return bilingual.Errorf("line %d: the aliases expand to too many values: use fewer of them",
				"第 %d 行：别名展开后的值过多，请减少别名", line)
		}
	}
	sizes[n] = size
	return nil
}

// isNull reports whether a node is null, and not another value with the tag of null.
func isNull(n *yaml.Node) bool {
	return n.Tag == tagNull && n.Decode(new(any)) == nil
}

// textOf returns the text of a scalar.
func textOf(n *yaml.Node) (string, error) {
	if n.Style&yaml.TaggedStyle == 0 {
		return n.Value, nil
	}
	var s string
	if n.Decode(&s) != nil {
		return "", errUnreadable
	}
	return s, nil
}

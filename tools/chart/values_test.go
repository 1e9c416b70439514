// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	gocmp "github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"helm.sh/helm/v3/pkg/chartutil"
)

// A value is a key in values.yaml that has no keys below it.
type value struct {
	path     string
	fallback string // as JSON
	meaning  string // its comment
}

// values returns all values in the order of values.yaml. Where keys below a key have no comments, such as those
// of resources, the key itself is the value.
func values(t *testing.T) []value {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(readFile(t, chartPath+"/values.yaml")), &document); err != nil {
		t.Fatal(err)
	}
	return valuesBelow(t, "", document.Content[0])
}

func valuesBelow(t *testing.T, prefix string, mapping *yaml.Node) []value {
	t.Helper()
	var found []value
	for i := 0; i < len(mapping.Content); i += 2 {
		key, content := mapping.Content[i], mapping.Content[i+1]
		meaning := strings.ReplaceAll(strings.ReplaceAll(key.HeadComment, "\n# ", " "), "# ", "")
		if meaning == "" {
			if content.Kind != yaml.MappingNode || len(content.Content) == 0 {
				t.Errorf("%s%s has no comment", prefix, key.Value)
			}
			found = append(found, valuesBelow(t, prefix+key.Value+".", content)...)
			continue
		}
		var decoded any
		if err := content.Decode(&decoded); err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(decoded)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, value{prefix + key.Value, string(encoded), meaning})
	}
	return found
}

// TestValuesTable compares the tables of values in the documents with values.yaml. The meanings in the Chinese one
// are written by hand.
func TestValuesTable(t *testing.T) {
	t.Parallel()
	const begins = "<!-- The table is made by: go -C tools/chart test -run TestValuesTable -update -->\n"
	const ends = "<!-- The table ends. -->\n"
	var b strings.Builder
	b.WriteString("\n| value | default | meaning |\n|---|---|---|\n")
	for _, v := range values(t) {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", v.path, v.fallback, v.meaning)
	}
	b.WriteString("\n")
	english := readFile(t, chartPath+"/README.md")
	before, rest, hasBegin := strings.Cut(english, begins)
	_, after, hasEnd := strings.Cut(rest, ends)
	if !hasBegin || !hasEnd {
		t.Fatal("README.md lacks the marks of its table")
	}
	compareGolden(t, chartPath+"/README.md", before+begins+b.String()+ends+after)

	row := regexp.MustCompile("(?m)^(\\| `[a-zA-Z.]+` \\| `.*` \\|) (.+) \\|$")
	made := row.FindAllStringSubmatch(b.String(), -1)
	want := make([]string, 0, len(made))
	for _, m := range made {
		want = append(want, m[1])
	}
	translated := row.FindAllStringSubmatch(readFile(t, chartPath+"/README.zh-CN.md"), -1)
	got := make([]string, 0, len(translated))
	for _, m := range translated {
		got = append(got, m[1])
		if !strings.ContainsFunc(m[2], func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("README.zh-CN.md has a meaning that is not in Chinese: %s", m[2])
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("README.zh-CN.md differs (-values.yaml +document):\n%s", diff)
	}
}

// TestSchemaKnowsTheValues compares the keys of values.schema.json with those of values.yaml, and checks that objects
// of the chart's own refuse other keys.
func TestSchemaKnowsTheValues(t *testing.T) {
	t.Parallel()
	type schema struct {
		Properties           map[string]schema `json:"properties"`
		AdditionalProperties json.RawMessage   `json:"additionalProperties"`
	}
	var top schema
	if err := json.Unmarshal([]byte(readFile(t, chartPath+"/values.schema.json")), &top); err != nil {
		t.Fatal(err)
	}
	delete(top.Properties, "global") // Helm passes it to each chart that another one depends on.
	want := map[string]bool{}
	for _, v := range values(t) {
		want[v.path] = true
	}
	got := map[string]bool{}
	var walk func(prefix string, s schema)
	walk = func(prefix string, s schema) {
		if string(s.AdditionalProperties) != "false" {
			t.Errorf("%q accepts unknown keys", prefix)
		}
		for name, below := range s.Properties {
			if len(below.Properties) > 0 {
				walk(prefix+name+".", below)
			} else {
				got[prefix+name] = true
			}
		}
	}
	walk("", top)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("keys differ (-values.yaml +schema):\n%s", diff)
	}
}

// TestReadmeExamples renders the values in README.md. Those without a corp are merged into the minimal ones.
func TestReadmeExamples(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readFile(t, chartPath+"/README.md"), -1)
	if len(blocks) == 0 {
		t.Fatal("there are no examples")
	}
	for _, block := range blocks {
		example, err := chartutil.ReadValues([]byte(block[1]))
		if err != nil {
			t.Fatalf("%v:\n%s", err, block[1])
		}
		if example["wecom"] == nil && example["config"] == nil {
			example = with(t, block[1])
		}
		if container(t, objects(t, example)).Image == "" {
			t.Errorf("no image:\n%s", block[1])
		}
	}
}

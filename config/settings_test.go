// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
)

func TestTableOfSettings(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	once := func(what, name, row string) {
		t.Helper()
		if other, ok := seen[what+name]; ok && name != "" {
			t.Errorf("%s has the %s %s of %s", row, what, name, other)
		}
		seen[what+name] = row
	}
	for _, s := range settings() {
		row := s.flag + s.key + s.env
		once("flag", s.flag, row)
		once("key", s.key, row)
		once("variable", s.variable(), row)
		if other := settingOf(s.flag); s.flag != "" && other.flag != s.flag {
			t.Errorf("the flag of %s is the key of %s", row, other.flag)
		}
		if s.variable() == "" && s.key == "" {
			t.Errorf("%s: nobody can set it", row)
		}
		if (s.set == nil) == (s.setCorp == nil) && s.flag != flagConfigFile {
			t.Errorf("%s: want either set or setCorp", row)
		}
		if s.key != "" && strings.HasPrefix(s.key, "corps[].") != (s.setCorp != nil) {
			t.Errorf("%s: the key is not where set or setCorp says", row)
		}
		if !strings.HasSuffix(s.help, ".") {
			t.Errorf("%s: the help is no sentence: %q", row, s.help)
		}
	}
	for _, name := range []string{
		flagConfigFile, flagDepartments, keyName, keyAPIFile, keyAgentID, keyQuota, keyStatistics, keyHTTPConfig, keyDepartments, keyDiscover,
		keyInterval, keySettledInterval, keyIdleInterval,
	} {
		if s := settingOf(name); s.key != name && s.flag != name {
			t.Errorf("no row has the name %s", name)
		}
	}
	if _, ok := seen["variable"+variableAPI]; !ok {
		t.Errorf("no row has the variable %s", variableAPI)
	}
}

const (
	page        = "../docs/configuration.md"
	chinesePage = "../docs/configuration.zh-CN.md"
)

func readPage(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// A documentedFlag is a row of the table of flags.
type documentedFlag struct{ Variable, Default, Meaning string }

// TestDocumentedFlags compares the flags of the table with those of the documents,
// both ways. The flags of --web and --log are those of package main. The meanings in
// Chinese are written by hand.
func TestDocumentedFlags(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile("(?m)^\\| `--([a-z.-]+)` \\| `([^|]+)` \\| `?([^|`]*)`? \\| (.+) \\|$")
	for _, document := range []string{page, chinesePage} {
		documented := make(map[string]documentedFlag)
		for _, m := range row.FindAllStringSubmatch(readPage(t, document), -1) {
			if !strings.HasPrefix(m[1], "web.") && !strings.HasPrefix(m[1], "log.") {
				documented[m[1]] = documentedFlag{Variable: m[2], Default: m[3], Meaning: m[4]}
			}
		}
		want := make(map[string]documentedFlag)
		for _, s := range settings() {
			if s.flag == "" {
				continue
			}
			meaning := s.help
			if document == chinesePage {
				meaning = documented[s.flag].Meaning
			}
			want[s.flag] = documentedFlag{Variable: s.variable(), Default: s.initial, Meaning: meaning}
		}
		if diff := cmp.Diff(want, documented); diff != "" {
			t.Errorf("%s differs; run go test ./cli -run TestPages -update (-table +document):\n%s", document, diff)
		}
		for _, s := range settings() {
			if variable := s.variable(); variable != "" && !strings.Contains(readPage(t, document), "`"+variable+"`") {
				t.Errorf("%s lacks the variable %s", document, variable)
			}
		}
	}
}

// TestDocumentedKeys keeps the table of keys in the document equal to the table
// of settings.
func TestDocumentedKeys(t *testing.T) {
	t.Parallel()
	const (
		begins = "<!-- The keys are listed by: go test ./config -run TestDocumentedKeys -update -->\n"
		ends   = "<!-- The keys end. -->\n"
	)
	var want strings.Builder
	want.WriteString("\n| key | meaning |\n|---|---|\n")
	for _, s := range settings() {
		switch {
		case s.key != "" && s.flag != "":
			fmt.Fprintf(&want, "| `%s` | as `--%s` |\n", s.key, s.flag)
		case s.key != "":
			fmt.Fprintf(&want, "| `%s` | %s |\n", s.key, s.help)
		}
	}
	want.WriteString("\n")

	before, rest, hasBegin := strings.Cut(readPage(t, page), begins)
	_, after, hasEnd := strings.Cut(rest, ends)
	if !hasBegin || !hasEnd {
		t.Fatalf("%s lacks the marks of its table of keys", page)
	}
	golden.Compare(t, page, before+begins+want.String()+ends+after)
}

// TestDocumentedKeysInChinese compares the keys, and the flags that mean the same. The
// meanings of keys without a flag are written by hand.
func TestDocumentedKeysInChinese(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+(?:\\[\\])?\\.[a-z_.]+)` \\| (.+) \\|$")
	rows := row.FindAllStringSubmatch(readPage(t, chinesePage), -1)
	documented := make([]string, 0, len(rows))
	for _, m := range rows {
		if settingOf(m[1]).flag == "" {
			m[2] = ""
		}
		documented = append(documented, m[1]+" "+m[2])
	}
	var want []string
	for _, s := range settings() {
		switch {
		case s.key != "" && s.flag != "":
			want = append(want, s.key+" 同 `--"+s.flag+"`")
		case s.key != "":
			want = append(want, s.key+" ")
		}
	}
	if diff := cmp.Diff(want, documented); diff != "" {
		t.Errorf("%s differs (-table +document):\n%s", chinesePage, diff)
	}
}

// examples returns the YAML examples in a document that hold a word.
func examples(t *testing.T, name, word string) []string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readPage(t, name), -1) {
		if strings.Contains(m[1], word) {
			found = append(found, m[1])
		}
	}
	if len(found) == 0 {
		t.Errorf("%s has no example with %s", name, word)
	}
	return found
}

// TestDocumentedExample makes sure that the example of a configuration file has
// all keys, no other, and the defaults as far as there are any.
func TestDocumentedExample(t *testing.T) {
	t.Parallel()
	for _, document := range []string{page, chinesePage} {
		t.Run(document, func(t *testing.T) {
			t.Parallel()
			compareExamples(t, document)
		})
	}
}

func compareExamples(t *testing.T, document string) {
	t.Helper()
	for _, example := range examples(t, document, "corps:") {
		d, errs := yamldoc.Read("the example", []byte(example), fileKeys())
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for _, s := range settings() {
			if s.key == "" {
				continue
			}
			at := d.At(strings.Replace(s.key, "[]", "[0]", 1))
			if !at.Given() {
				t.Errorf("the example lacks %s", s.key)
			} else if s.set != nil && s.initial != "" && at.Text() != s.initial {
				t.Errorf("the example has %s: %s, and the default is %s", s.key, at.Text(), s.initial)
			}
		}
	}
	for _, example := range examples(t, document, "reason:") {
		path := writeFiles(t, map[string]string{"accepted.yml": example}) + "/accepted.yml"
		if entries, err := ReadAcceptedFile(path); err != nil || len(entries) < 2 {
			t.Errorf("the example of an accepted file has %d entries, %v", len(entries), err)
		}
	}
	for _, example := range examples(t, document, "\nmeetingids:") {
		d, errs := yamldoc.Read("the example", []byte(example), targetFileKeys())
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for _, key := range targetFileKeys() {
			if !d.At(key.Path).Given() {
				t.Errorf("the example of a target file lacks %s", key.Path)
			}
		}
	}
}

// TestReadmes compares the two languages with the table and with each other.
func TestReadmes(t *testing.T) {
	t.Parallel()
	flags := regexp.MustCompile(`--(?:config|wecom|target|policy|poll|metrics|storage|shard)\.[a-z.-]*[a-z]|WECOM_[A-Z_]*[A-Z]\b`)
	named := func(name string) []string {
		found := flags.FindAllString(readPage(t, name), -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	english, chinese := named("../README.md"), named("../README.zh-CN.md")
	if diff := cmp.Diff(english, chinese); diff != "" {
		t.Errorf("the readmes name other flags (-English +Chinese):\n%s", diff)
	}
	for _, s := range settings() {
		if (s.isTarget() || s.isPolicy()) && !slices.Contains(chinese, "--"+s.flag) {
			t.Errorf("the readmes do not name --%s", s.flag)
		}
	}
	for _, name := range []string{"../README.md", "../README.zh-CN.md"} {
		for _, example := range examples(t, name, "corps:") {
			if _, errs := yamldoc.Read(name, []byte(example), fileKeys()); len(errs) > 0 {
				t.Error(errs)
			}
		}
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// TestChinesePages compares the tables of the Chinese documents with the code: the
// rows are the same and in the same order. People write the last cell of each row;
// it names the same flags as the help in English.
func TestChinesePages(t *testing.T) {
	t.Parallel()
	for page, english := range map[string]string{
		"../docs/metrics.zh-CN.md": metricsTable(),
		"../docs/cli.zh-CN.md":     commandsTable(t),
	} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			const begins = "<!-- TestChinesePages in cli compares these rows with the code. -->\n"
			const ends = "<!-- The table ends. -->\n"
			content, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			_, rest, hasBegin := strings.Cut(string(content), begins)
			chinese, _, hasEnd := strings.Cut(rest, ends)
			if !hasBegin || !hasEnd {
				t.Fatalf("%s lacks the marks of its table", page)
			}
			want, _ := splitTexts(english)
			got, texts := splitTexts(chinese)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s differs from the code (-code +page):\n%s", page, diff)
			}
			for _, text := range texts {
				if !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
					t.Errorf("%s has a text that is not in Chinese: %q", page, text)
				}
			}
		})
	}
}

// splitTexts returns the lines of a table without what is written in a language, and
// the texts that are. Of a text, the flags that it names stay in its line.
func splitTexts(table string) (lines, texts []string) {
	flag := regexp.MustCompile(`--[a-z.-]*[a-z]`)
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "|---"):
			lines[len(lines)-1] = "a table" // Its names of columns are above.
			texts = texts[:len(texts)-1]
			lines = append(lines, line)
		case strings.HasPrefix(line, "#"):
			lines = append(lines, line)
		default:
			cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "|"), `\|`, "/"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			last := len(cells) - 1
			texts = append(texts, cells[last])
			flags := flag.FindAllString(cells[last], -1)
			slices.Sort(flags)
			cells[last] = strings.Join(slices.Compact(flags), " ")
			lines = append(lines, strings.Join(cells, " | "))
		}
	}
	return lines, texts
}

// TestRemediesInBothLanguages finds log lines whose remedy is in English alone, so that
// --log.language=zh would leave it in English.
func TestRemediesInBothLanguages(t *testing.T) {
	t.Parallel()
	english, chinese := regexp.MustCompile(`"remedy",\s`), regexp.MustCompile(`"remedy_zh",\s`)
	for _, file := range chineseTexts(t) {
		if !strings.HasSuffix(file, ".go") || strings.HasPrefix(file, "../web/") { // CSV has one language.
			continue
		}
		text := readDocument(t, file)
		if n, zh := len(english.FindAllString(text, -1)), len(chinese.FindAllString(text, -1)); n != zh {
			t.Errorf("%s logs %d remedies in English, and %d in Chinese", file, n, zh)
		}
	}
}

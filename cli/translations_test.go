// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTranslations compares each Chinese document with the English one: the levels of
// headings, and below each heading the rows of tables and the blocks of code. Each
// document links to the other in its first line.
func TestTranslations(t *testing.T) {
	t.Parallel()
	for _, chinese := range documents(t, "*.zh-CN.md") {
		t.Run(chinese, func(t *testing.T) {
			t.Parallel()
			english := strings.TrimSuffix(chinese, ".zh-CN.md") + ".md"
			compareSections(t, sections(readDocument(t, english)), sections(readDocument(t, chinese)))
			for document, want := range map[string]string{
				english: "[简体中文](" + filepath.Base(chinese) + ")",
				chinese: "[English](" + filepath.Base(english) + ")",
			} {
				if first, _, _ := strings.Cut(readDocument(t, document), "\n"); first != want {
					t.Errorf("%s begins with %q, want %q", document, first, want)
				}
			}
		})
	}
}

// documents returns the paths of the documents in the root and in the three levels of
// folders below it whose names match a pattern.
func documents(t *testing.T, pattern string) []string {
	t.Helper()
	var found []string
	for _, folder := range []string{"..", "../*", "../*/*", "../*/*/*"} {
		paths, err := filepath.Glob(folder + "/" + pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s/%s: %d documents, %v", folder, pattern, len(paths), err)
		}
		found = append(found, paths...)
	}
	return found
}

func readDocument(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// A section is a heading with what follows it, up to the next heading of any level. The
// first section of a document is what comes before its first heading.
type section struct {
	heading string // with its number signs
	rows    int    // of tables
	blocks  []block
}

// A block is code between fences.
type block struct {
	language string
	lines    []string
}

func sections(document string) []section {
	found := []section{{}}
	var open *block
	for line := range strings.Lines(document) {
		line = strings.TrimRight(line, "\n")
		last := &found[len(found)-1]
		language, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open != nil:
			last.blocks = append(last.blocks, *open)
			open = nil
		case isFence:
			open = &block{language: language}
		case open != nil:
			open.lines = append(open.lines, line)
		case strings.HasPrefix(line, "#"):
			found = append(found, section{heading: line})
		case strings.HasPrefix(line, "|"):
			last.rows++
		}
	}
	return found
}

// level returns the number signs of the heading.
func (s section) level() string {
	level, _, _ := strings.Cut(s.heading, " ")
	return level
}

func compareSections(t *testing.T, english, chinese []section) {
	t.Helper()
	if len(english) != len(chinese) {
		t.Errorf("%d headings in English, %d in Chinese", len(english)-1, len(chinese)-1)
	}
	for i := range min(len(english), len(chinese)) {
		e, c := english[i], chinese[i]
		if e.level() != c.level() {
			t.Fatalf("heading %d is %q in English, %q in Chinese", i, e.heading, c.heading)
		}
		if e.rows != c.rows {
			t.Errorf("%q has %d rows of tables in English, %q has %d in Chinese", e.heading, e.rows, c.heading, c.rows)
		}
		if len(e.blocks) != len(c.blocks) {
			t.Errorf("%q has %d blocks of code in English, %q has %d in Chinese",
				e.heading, len(e.blocks), c.heading, len(c.blocks))
			continue
		}
		for j := range e.blocks {
			compareBlocks(t, c.heading, e.blocks[j], c.blocks[j])
		}
	}
}

// compareBlocks reports lines of code that differ. Comments may, and so may lines with
// Chinese in them.
func compareBlocks(t *testing.T, heading string, english, chinese block) {
	t.Helper()
	if english.language != chinese.language || len(english.lines) != len(chinese.lines) {
		t.Errorf("%q has %d lines of %q, and in English %d of %q", heading,
			len(chinese.lines), chinese.language, len(english.lines), english.language)
		return
	}
	comment, han := regexp.MustCompile(`(^|\s+)# .*$`), regexp.MustCompile(`\p{Han}`)
	for i := range english.lines {
		want, got := comment.ReplaceAllString(english.lines[i], ""), comment.ReplaceAllString(chinese.lines[i], "")
		if got != want && !han.MatchString(got) {
			t.Errorf("%q has the line %q, and in English %q", heading, got, want)
		}
	}
}

// TestLinksBetweenDocuments finds links to files and headings that do not exist.
func TestLinksBetweenDocuments(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:\s]*)(?:#([^)\s]+))?\)`)
	for _, document := range documents(t, "*.md") {
		for _, m := range link.FindAllStringSubmatch(readDocument(t, document), -1) {
			target := document
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(document), m[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", document, err)
				continue
			}
			if m[2] != "" && !slices.Contains(anchors(readDocument(t, target)), m[2]) {
				t.Errorf("%s links to %s, which has no heading #%s", document, target, m[2])
			}
		}
	}
}

// TestLinksStayInOneLanguage finds links of Chinese documents to an English one that has a
// Chinese twin, and links of English documents to Chinese ones. Those of the first line
// lead to the twin.
func TestLinksStayInOneLanguage(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:\s]+)\.md[)#]`)
	for _, document := range documents(t, "*.md") {
		_, rest, _ := strings.Cut(readDocument(t, document), "\n")
		chinese := strings.HasSuffix(document, ".zh-CN.md")
		for _, m := range link.FindAllStringSubmatch(rest, -1) {
			target, inChinese := strings.CutSuffix(m[1], ".zh-CN")
			twin := filepath.Join(filepath.Dir(document), target+".zh-CN.md")
			if _, err := os.Stat(twin); err == nil && inChinese != chinese {
				t.Errorf("%s links to %s.md, which has a twin in the other language", document, m[1])
			}
		}
	}
}

// anchors returns those that GitHub gives the headings of a document.
func anchors(document string) []string {
	dropped := regexp.MustCompile(`[^\p{L}\p{N}\p{M} _-]`)
	headings := sections(document)[1:]
	found := make([]string, 0, len(headings))
	for _, s := range headings {
		text := strings.ToLower(strings.TrimLeft(s.heading, "# "))
		found = append(found, strings.ReplaceAll(dropped.ReplaceAllString(text, ""), " ", "-"))
	}
	return found
}

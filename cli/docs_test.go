// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// TestPages compares the tables of flags and metrics in the documents with the code.
func TestPages(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"../docs/configuration.md": flagsTable(t),
		"../docs/metrics.md":       metricsTable(),
		"../docs/cli.md":           commandsTable(t),
	} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			const begins = "<!-- The table is made by: go test ./cli -run TestPages -update -->\n"
			const ends = "<!-- The table ends. -->\n"
			content, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			before, rest, hasBegin := strings.Cut(string(content), begins)
			_, after, hasEnd := strings.Cut(rest, ends)
			if !hasBegin || !hasEnd {
				t.Fatalf("%s lacks the marks of its table", page)
			}
			golden.Compare(t, page, before+begins+want+ends+after)
		})
	}
}

// TestChineseTableOfFlags compares the table with the program, but for the meanings,
// which are written by hand.
func TestChineseTableOfFlags(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile(`(?m)^(\| .--\S+ \|[^|]+\|[^|]+\|) .+ \|$`)
	rows := func(document string) []string {
		matches := row.FindAllStringSubmatch(document, -1)
		found := make([]string, 0, len(matches))
		for _, m := range matches {
			found = append(found, m[1])
		}
		return found
	}
	const page = "../docs/configuration.zh-CN.md"
	if diff := cmp.Diff(rows(flagsTable(t)), rows(readDocument(t, page))); diff != "" {
		t.Errorf("%s differs (-program +document):\n%s", page, diff)
	}
}

func flagsTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n| flag | environment variable | default | meaning |\n|---|---|---|---|\n")
	app := newApplication().kingpin
	if _, err := app.ParseContext(nil); err != nil { // gives flags their variables
		t.Fatal(err)
	}
	for _, f := range app.Model().Flags {
		if f.Hidden || f.Name == "help" || f.Name == "version" {
			continue
		}
		value := ""
		if len(f.Default) > 0 && f.Default[0] != "" {
			value = "`" + strings.Join(f.Default, " ") + "`"
		}
		fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s |\n", f.Name, f.Envar, value, strings.ReplaceAll(f.Help, "|", "\\|"))
	}
	b.WriteString("\n")
	return b.String()
}

// commandsTable returns a section for each command, with the flags that are its own.
func commandsTable(t *testing.T) string {
	t.Helper()
	app := newApplication().kingpin
	if _, err := app.ParseContext(nil); err != nil { // gives flags their variables
		t.Fatal(err)
	}
	var b strings.Builder
	for _, c := range app.Model().Commands {
		if c.Name == "help" {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", c.FullCommand, c.Help)
		if len(c.Args)+len(c.Flags) == 0 {
			continue
		}
		b.WriteString("\n| argument or flag | default | meaning |\n|---|---|---|\n")
		for _, a := range c.Args {
			fmt.Fprintf(&b, "| `%s` | | %s |\n", strings.ToUpper(a.Name), a.Help)
		}
		for _, f := range c.Flags {
			value := ""
			if len(f.Default) > 0 && f.Default[0] != "" && f.Name != "language" { // That one is the locale's.
				value = "`" + strings.Join(f.Default, " ") + "`"
			}
			fmt.Fprintf(&b, "| `--%s` | %s | %s |\n", f.Name, value, f.Help)
		}
	}
	b.WriteString("\n")
	return b.String()
}

func metricsTable() string {
	var b strings.Builder
	b.WriteString("\n| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, d := range collector.Definitions() {
		labels := make([]string, 0, len(d.Labels))
		for _, l := range d.Labels {
			labels = append(labels, "`"+l+"`")
		}
		help := strings.ReplaceAll(d.Help, "|", "\\|")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Type, strings.Join(labels, ", "), help)
	}
	b.WriteString("\n")
	return b.String()
}

// TestDocumentsNameWhatThereIs finds flags, variables and metrics in the documents and in what
// is deployed that do not exist, and errcodes that a document lacks.
func TestDocumentsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	// They are Prometheus's.
	known := map[string]bool{"--storage.tsdb.path": true, "--storage.tsdb.retention.time": true, "--web.external-url": true}
	for _, f := range newApplication().kingpin.Model().Flags {
		known["--"+f.Name], known["--no-"+f.Name] = true, true
		known[config.Variable(f.Name)] = true
	}
	known["WECOM_RECORDING_EXPORTER_WECOM_API_SECRET"] = true // It has no flag.
	known["WECOM_RECORDING_EXPORTER_SERVICE_HOST"] = true     // It is Kubernetes's.
	for _, d := range collector.Definitions() {
		known[d.Name] = true
		if d.Type == "histogram" {
			known[d.Name+"_bucket"], known[d.Name+"_sum"], known[d.Name+"_count"] = true, true, true
		}
	}
	var documents []string
	for _, folder := range []string{".", "docs", "alerts", "dashboards"} {
		found, err := filepath.Glob("../" + folder + "/*.md")
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, found...)
	}
	documents = append(documents, filesBelow(t, "../deploy")...)
	named := regexp.MustCompile(strings.Join([]string{
		`--(?:web|log|config|wecom|target|poll|metrics|shard|storage)\.[a-z.-]*[a-z]`,
		`\bwecom_[a-z_]*[a-z]\b`,
		`WECOM_RECORDING_EXPORTER_[A-Z_]*[A-Z]\b`,
	}, "|"))
	for _, document := range documents {
		content, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range named.FindAllString(string(content), -1) {
			if !known[name] && name != "wecom_recording_exporter" && name != "wecom_api" && name != "wecom_poll" {
				t.Errorf("%s names %s, which there is not", document, name)
			}
		}
		if !strings.Contains(document, "troubleshooting") {
			continue
		}
		for _, code := range wecom.Errcodes() {
			if !strings.Contains(string(content), fmt.Sprintf("\n| %d |", code)) {
				t.Errorf("%s lacks errcode %d", document, code)
			}
		}
	}
}

// filesBelow returns the paths of all files below a folder.
func filesBelow(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", folder, len(files), err)
	}
	return files
}

// TestDocumentsAgree finds what one document calls otherwise than the others, and
// commands that a shell would take for a redirection.
func TestDocumentsAgree(t *testing.T) {
	t.Parallel()
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", "alerts/*.md", "alerts/*.yml", "dashboards/*.md", "wecom/errcode.go"} {
		found, err := filepath.Glob("../" + pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		files = append(files, found...)
	}
	const (
		job     = "wecom-recording-exporter"
		page    = "API > 可调用接口的应用"
		console = "应用管理 > 会议 > " + page
	)
	jobs := regexp.MustCompile(`job_name: (\S+)|\bjob="([^"$]+)"`)
	shell := regexp.MustCompile("(?s)```(?:sh|bash|console)\n(.*?)```")
	placeholder := regexp.MustCompile(`[^<]<[a-zA-Z][^<>\n]*>`)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range jobs.FindAllStringSubmatch(string(content), -1) {
			if name := m[1] + m[2]; name != job {
				t.Errorf("%s has the job %s, and others have %s", file, name, job)
			}
		}
		if n, full := strings.Count(string(content), page), strings.Count(string(content), console); n != full {
			t.Errorf("%s has %d paths in the console to the list of apps, of which %d are whole: %s", file, n, full, console)
		}
		for _, m := range shell.FindAllStringSubmatch(string(content), -1) {
			for _, found := range placeholder.FindAllString(m[1], -1) {
				t.Errorf("%s has a command with %q, which a shell takes for a redirection", file, found)
			}
		}
	}
}

// TestImageHasEveryRoom compares the folders that the program is built from with those that
// the image is built from.
func TestImageHasEveryRoom(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.Dir}}{{end}}", "..")
	dirs, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := os.ReadFile("../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for dir := range strings.Lines(string(dirs)) {
		room, isOurs := strings.CutPrefix(strings.TrimSpace(dir), root+"/")
		room, _, _ = strings.Cut(room, "/")
		if isOurs && !strings.Contains(string(ignored), "\n!"+room+"\n") {
			t.Errorf(".dockerignore lacks !%s", room)
		}
	}
}

// TestReleaseHasItsFiles looks for the files that go into archives, but for those that
// tools/release-files.sh makes.
func TestReleaseHasItsFiles(t *testing.T) {
	t.Parallel()
	script := readDocument(t, "../tools/release-files.sh")
	sources := regexp.MustCompile(`src: ([^\s,}]+)`).FindAllStringSubmatch(readDocument(t, "../.goreleaser.yaml"), -1)
	if len(sources) < 10 {
		t.Errorf("%d sources", len(sources))
	}
	for _, source := range sources {
		found, err := filepath.Glob("../" + source[1])
		isMade := strings.HasPrefix(source[1], ".release/") && strings.Contains(script, source[1])
		if err != nil || len(found) == 0 && !isMade {
			t.Errorf("%s: %d files, %v", source[1], len(found), err)
		}
	}
}

// TestFilesThatDocumentsNameExist checks the paths of Go files in documents for developers.
func TestFilesThatDocumentsNameExist(t *testing.T) {
	t.Parallel()
	path := regexp.MustCompile("`([a-z][a-z0-9_/-]*/[a-z0-9_]+\\.go)`")
	for _, document := range []string{"../docs/architecture.md", "../CONTRIBUTING.md"} {
		content, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		named := path.FindAllStringSubmatch(string(content), -1)
		if len(named) == 0 {
			t.Errorf("%s names no file", document)
		}
		for _, m := range named {
			if _, err := os.Stat("../" + m[1]); err != nil {
				t.Errorf("%s: %v", document, err)
			}
		}
	}
}

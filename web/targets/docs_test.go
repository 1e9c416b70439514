// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package targets

import (
	"os"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// TestDocumentsNameEveryParameter looks for the parameters of the page, and for what they may be, in
// the documents.
func TestDocumentsNameEveryParameter(t *testing.T) {
	t.Parallel()
	names := append(params(), wecom.Causes()...)
	for _, status := range statuses() {
		names = append(names, status.String())
	}
	for _, selector := range wecom.Selectors() {
		names = append(names, string(selector))
	}
	for document, heading := range map[string]string{"../../docs/pages.md": "## Targets\n", "../../docs/pages.zh-CN.md": "## 目标\n"} {
		content, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		_, section, ok := strings.Cut(string(content), heading)
		if !ok {
			t.Fatalf("%s has no %q", document, heading)
		}
		section, _, _ = strings.Cut(section, "\n## ")
		for _, name := range names {
			if !strings.Contains(section, "`"+name+"`") {
				t.Errorf("%s lacks %s", document, name)
			}
		}
		for line := range strings.Lines(section) {
			if cells := strings.Split(line, "|"); strings.HasPrefix(line, "| `") {
				if name := strings.Trim(cells[1], " `"); !strings.Contains(strings.Join(params(), " "), name) {
					t.Errorf("%s: %q is not a parameter", document, name)
				}
			}
		}
	}
}

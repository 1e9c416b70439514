// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// TestSampleOfDocuments compares the sample of the API in the documents with an answer. With
// -update it writes the sample.
func TestSampleOfDocuments(t *testing.T) {
	t.Parallel()
	at := func(day, hour int) wecom.Instant {
		return wecom.InstantOf(time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC))
	}
	k := &kept{changes: []poll.Change{
		{
			Number: 12, Corp: "acme", Title: "周会",
			Change: ledger.Change{
				At: at(26, 8), Kind: ledger.Widened, Recording: "wr0d53101e1ad30426", File: "wf77", Host: "zhangsan", Start: at(20, 1),
				Before: &ledger.Sharing{Audience: recording.Company},
				After:  &ledger.Sharing{Audience: recording.Anyone, Expire: at(30, 0), Exposed: true},
			},
		},
		{Number: 11},
	}}
	var sample bytes.Buffer
	answer := serve(t, k, "/api/v1/changes?change=widened&limit=1").Body.Bytes()
	if err := json.Indent(&sample, bytes.TrimSpace(answer), "", "  "); err != nil {
		t.Fatal(err)
	}
	const begins, ends = "```json\n", "```\n"
	for _, document := range []string{"../../docs/pages.md", "../../docs/pages.zh-CN.md"} {
		content, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, hasBegin := strings.Cut(string(content), begins)
		_, after, hasEnd := strings.Cut(rest, ends)
		if !hasBegin || !hasEnd {
			t.Fatalf("%s has no sample", document)
		}
		golden.Compare(t, document, before+begins+sample.String()+"\n"+ends+after)
	}
}

// TestDocumentsNameEveryParameter looks for the parameters of the page in the documents.
func TestDocumentsNameEveryParameter(t *testing.T) {
	t.Parallel()
	for document, heading := range map[string]string{"../../docs/pages.md": "## Changes\n", "../../docs/pages.zh-CN.md": "## 变更\n"} {
		content, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		_, section, ok := strings.Cut(string(content), heading)
		if !ok {
			t.Fatalf("%s has no %q", document, heading)
		}
		for _, name := range append(params(), kindNames()...) {
			if !strings.Contains(section, "`"+name+"`") {
				t.Errorf("%s lacks %s", document, name)
			}
		}
	}
}

// TestDocumentsNameKindsAsThePageDoes looks in the documents for what the page calls each kind of change, where it
// is another word than the parameter's.
func TestDocumentsNameKindsAsThePageDoes(t *testing.T) {
	t.Parallel()
	for document, test := range map[string]struct {
		language wecom.Language
		named    string
	}{
		"../../docs/pages.md":       {language: wecom.English, named: "`%s` (%s)"},
		"../../docs/pages.zh-CN.md": {language: wecom.Chinese, named: "`%s`（%s）"},
	} {
		content, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		_, row, _ := strings.Cut(string(content), "\n| `change` |")
		row, _, _ = strings.Cut(row, "\n")
		for _, kind := range kindNames() {
			want, word := "`"+kind+"`", texts[test.language][kind]
			if word != kind {
				want = fmt.Sprintf(test.named, kind, word)
			}
			if !strings.Contains(row, want) {
				t.Errorf("%s: the row of the parameter change lacks %s: %s", document, want, row)
			}
		}
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestCheckInReadmes compares the output of check in the READMEs with that of a company
// that does not trust the caller. The network lines name an address that no test reaches.
func TestCheckInReadmes(t *testing.T) {
	company := wecomtest.New(wecomtest.Config{})
	company.Fail(wecomtest.Fault{Endpoint: "meeting/record/list", Errcode: 60020})
	server := httptest.NewServer(company)
	defer server.Close()
	t.Setenv("WECOM_API_URL", server.URL)
	t.Setenv("WECOM_CORP_ID", wecomtest.DefaultCorpID)
	t.Setenv("WECOM_API_SECRET", wecomtest.DefaultSecret)
	for language, readme := range map[string]string{"en": "../README.md", "zh": "../README.zh-CN.md"} {
		var stdout bytes.Buffer
		args := []string{"check", "--target.userid=zhangsan", "--language=" + language}
		if code := Run(t.Context(), args, &stdout, io.Discard); code != 1 {
			t.Fatalf("exit status %d, want 1", code)
		}
		text, err := os.ReadFile(readme)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(stdout.String()) {
			if strings.Contains(line, "127.0.0.1") {
				continue
			}
			if !strings.Contains(string(text), "\n"+line) {
				t.Errorf("%s has no line %q", readme, line)
			}
		}
	}
}

// TestCheckInDocuments makes the sample of check in the documents: the secret is missing, and
// a variable is misspelled.
func TestCheckInDocuments(t *testing.T) {
	t.Setenv("WECOM_SECRET", "canary")
	for language, page := range map[string]string{"en": "../docs/cli.md", "zh": "../docs/cli.zh-CN.md"} {
		var stdout bytes.Buffer
		args := []string{"check", "--language=" + language, "--wecom.corp-id=" + wecomtest.DefaultCorpID, "--target.userid=zhangsan"}
		if code := Run(t.Context(), args, &stdout, io.Discard); code != 1 {
			t.Fatalf("exit status %d, want 1", code)
		}
		const begins = "<!-- The sample is made by: go test ./cli -run TestCheckInDocuments -update -->\n\n```console\n"
		before, rest, hasBegin := strings.Cut(readDocument(t, page), begins)
		_, after, hasEnd := strings.Cut(rest, "```\n")
		if !hasBegin || !hasEnd {
			t.Fatalf("%s has no sample of check", page)
		}
		golden.Compare(t, page, before+begins+stdout.String()+"```\n"+after)
	}
}

// TestCheckInterrupted has WeCom hang, and prints the steps before.
func TestCheckInterrupted(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"text": "ok    token", "json": `"ok": false`} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			company, flags := serveCompany(t)
			ctx, interrupt := context.WithCancel(t.Context())
			company.Fail(wecomtest.Fault{Endpoint: "meeting/record/list", Hang: true, Match: func(wecomtest.Request) bool {
				interrupt()
				return true
			}})
			var stdout bytes.Buffer
			args := slices.Concat(flags, []string{"check", "--target.discover=members", "--language=en", "--format=" + format})
			if status := Run(ctx, args, &stdout, io.Discard); status != int(errInterrupted) {
				t.Errorf("exit status %d, want %d", status, errInterrupted)
			}
			if text := stdout.String(); !strings.Contains(text, want) || strings.Contains(text, "canceled") {
				t.Errorf("it prints:\n%s\nwant %q, and nothing of the step that was interrupted", text, want)
			}
		})
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// TestErrcodeTables makes the tables of errcodes in the documents of the texts that the log, the
// pages and check show.
func TestErrcodeTables(t *testing.T) {
	t.Parallel()
	table := regexp.MustCompile(`(?m)(^\| (?:errcode|错误码) \|.*\n\|---.*\n)(?:\| -?\d+ \|.*\n)+`)
	for page, language := range map[string]wecom.Language{
		"../docs/troubleshooting.md":       wecom.English,
		"../docs/troubleshooting.zh-CN.md": wecom.Chinese,
	} {
		document := readDocument(t, page)
		at := table.FindStringSubmatchIndex(document)
		if at == nil {
			t.Fatalf("%s has no table of errcodes", page)
		}
		var rows strings.Builder
		for _, code := range wecom.Errcodes() {
			rows.WriteString(errcodeRow(t, &wecom.APIError{Code: code}, language))
		}
		golden.Compare(t, page, document[:at[3]]+rows.String()+document[at[1]:])
	}
}

// errcodeRow returns the row of an errcode.
func errcodeRow(t *testing.T, err *wecom.APIError, language wecom.Language) string {
	t.Helper()
	kinds := map[wecom.Class][2]string{
		wecom.ClassRetryable:   {"retry", "重试"},
		wecom.ClassBlocked:     {"block", "等待解封"},
		wecom.ClassConcurrency: {"concurrency", "降低并发"},
		wecom.ClassToken:       {"token", "刷新 access_token"},
		wecom.ClassCorp:        {"corp", "企业"},
		wecom.ClassTarget:      {"target", "目标"},
	}
	described := regexp.MustCompile(`[(（](.*)[)）]$`).FindStringSubmatch(wecom.Describe(err, language))
	if described == nil {
		t.Fatalf("errcode %d has no meaning", err.Code)
	}
	meaning, remedy := described[1], wecom.Remedy(err, language)
	if language == wecom.English {
		meaning, remedy = strings.ToUpper(meaning[:1])+meaning[1:], strings.ToUpper(remedy[:1])+remedy[1:]
	}
	return fmt.Sprintf("| %d | %s | %s | %s |\n", err.Code, kinds[err.Class()][language], meaning, remedy)
}

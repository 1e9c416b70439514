// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package query

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

func parsing(raw string) error {
	_, err := Parse(raw, []string{"host", "corp"})
	return err
}

func timeOf(text string) error {
	_, err := Time(url.Values{"since": {text}}, "since", time.Now())
	return err
}

// TestErrorsInBothLanguages has every error of a query, each of which says the same in both languages.
func TestErrorsInBothLanguages(t *testing.T) {
	t.Parallel()
	_, errNumber := Number(url.Values{"page": {"0"}}, "page", 1, 1000)
	_, errChoice := Choice(url.Values{"format": {"xml"}}, "format", "html", "csv")
	var flag *bool
	for _, test := range []struct {
		name             string
		err              error
		english, chinese string
	}{
		{
			name:    "a parameter that is not known",
			err:     parsing("hosts=li"),
			english: `"hosts" is not a parameter: use one of host, corp`,
			chinese: `没有参数 "hosts"：可用的参数为 host, corp`,
		},
		{
			name:    "a parameter that is given twice",
			err:     parsing("host=li&host=wang"),
			english: "host is given 2 times: write it once",
			chinese: "参数 host 出现了 2 次：请只写一次",
		},
		{
			name: "a query that cannot be parsed",
			err:  parsing("host=100%"),
			english: `the query cannot be read (invalid URL escape "%"): write name=value, with & between parameters, ` +
				"and in a value %25 for %, %26 for &, %3B for ; and %2B for +",
			chinese: `无法解析查询（invalid URL escape "%"）：请写作 name=value，参数之间用 & 分隔；值中的 %、&、;、+ 分别写作 %25、%26、%3B、%2B`,
		},
		{
			name:    "a parameter without a value",
			err:     parsing("host"),
			english: `the parameter "host" has no value: write name=value`,
			chinese: `参数 "host" 没有值：请写作 name=value`,
		},
		{
			name:    "no boolean",
			err:     Flag(url.Values{"exposed": {"maybe"}}, "exposed", &flag),
			english: `exposed: "maybe" is neither true nor false`,
			chinese: `exposed："maybe" 既不是 true 也不是 false`,
		},
		{
			name:    "no number",
			err:     errNumber,
			english: `page: "0" is not accepted: use a whole number from 1 to 1000`,
			chinese: `page："0" 无效：请写 1 到 1000 的整数`,
		},
		{
			name:    "no choice",
			err:     errChoice,
			english: `format: "xml" is not known: use one of html, csv`,
			chinese: `format："xml" 无效：可用的值为 html, csv`,
		},
		{
			name: "no time",
			err:  timeOf("yesterday"),
			english: `since: "yesterday" is not a time: use RFC 3339, such as 2026-11-26T08:00:00Z (with %2B for +), ` +
				"or how long ago it was, such as 7d",
			chinese: `since："yesterday" 不是时间：请写 RFC 3339 时间，例如 2026-11-26T08:00:00Z（+ 写作 %2B），或距今多久，例如 7d`,
		},
		{
			name:    "a time long ago",
			err:     timeOf("0001-01-01T00:00:00Z"),
			english: `since: "0001-01-01T00:00:00Z" is before any recording: use a time from 2000 on, or leave it out`,
			chinese: `since："0001-01-01T00:00:00Z" 早于任何录制：请写 2000 年及以后的时间，或省略此参数`,
		},
	} {
		err, ok := errors.AsType[*bilingual.Error](test.err)
		if !ok {
			t.Errorf("%s: %v is in English only", test.name, test.err)
			continue
		}
		if err.Error() != test.english || err.InChinese() != test.chinese {
			t.Errorf("%s:\n%s\n%s\nwant\n%s\n%s", test.name, err, err.InChinese(), test.english, test.chinese)
		}
	}
}

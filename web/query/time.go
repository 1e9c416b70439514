// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package query

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"

	"github.com/prometheus/common/model"
)

// earliest is before anything that WeCom has recorded. Some that are earlier cannot be told
// from no time at all.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Time returns the time that a parameter stands for, or the zero time if the parameter is
// absent: a time in RFC 3339, or how long before now it was, as Prometheus writes durations.
func Time(values url.Values, name string, now time.Time) (time.Time, error) {
	text := values.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		ago, err := model.ParseDuration(text)
		if err != nil {
			return time.Time{}, bilingual.Errorf("%s: %q is not a time: use RFC 3339, such as 2026-11-26T08:00:00Z "+
				"(with %%2B for +), or how long ago it was, such as 7d",
				"%s：%q 不是时间：请写 RFC 3339 时间，例如 2026-11-26T08:00:00Z（+ 写作 %%2B），或距今多久，例如 7d", name, text)
		}
		t = now.Add(-time.Duration(ago))
	}
	if t.Before(earliest) {
		return time.Time{}, bilingual.Errorf("%s: %q is before any recording: use a time from %d on, or leave it out",
			"%s：%q 早于任何录制：请写 %d 年及以后的时间，或省略此参数", name, text, earliest.Year())
	}
	return t, nil
}

// Choice returns the value of a parameter, which is one of choices, or the first of them if the
// parameter is absent.
func Choice(values url.Values, name string, choices ...string) (string, error) {
	text := values.Get(name)
	if text == "" {
		return choices[0], nil
	}
	if !slices.Contains(choices, text) {
		return "", bilingual.Errorf("%s: %q is not known: use one of %s", "%s：%q 无效：可用的值为 %s",
			name, text, strings.Join(choices, ", "))
	}
	return text, nil
}

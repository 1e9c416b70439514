// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	if got := NewMoment(time.Time{}, now, wecom.English); got != nil {
		t.Errorf("no time: %+v", got)
	}
	got := NewMoment(time.Date(2026, 11, 26, 15, 30, 5, 6e8, time.FixedZone("CST", 8*3600)), now, wecom.English)
	want := &Moment{Exact: "2026-11-26T07:30:05Z", UTC: "2026-11-26 07:30:05 UTC", Distance: "29 min ago"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("moment (-want +got):\n%s", diff)
	}
}

func TestNote(t *testing.T) {
	t.Parallel()
	template := New(`{{template "note" .}}`)
	for text, want := range map[string]string{
		"":                                       "",
		"<b>town hall":                           "&lt;b&gt;town hall",
		"until 2026-11-26 10:00:00 UTC (in 2 h)": `until <span class="time">2026-11-26 10:00:00 UTC</span> (in 2 h)`,
		"2026-11-26 at 9（至 2026-12-31）":          `<span class="time">2026-11-26</span> at 9（至 <span class="time">2026-12-31</span>）`,
	} {
		var html strings.Builder
		if err := template.Execute(&html, text); err != nil {
			t.Fatal(err)
		}
		if html.String() != want {
			t.Errorf("%q: %s, want %s", text, &html, want)
		}
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{0: "0 s 0 秒", -90 * time.Second: "1 min 1 分钟", 24 * time.Hour: "24 h 24 小时"} {
		if got := Span(d, wecom.English) + " " + Span(d, wecom.Chinese); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		ago              time.Duration
		english, chinese string
	}{
		{0, "0 s ago", "0 秒前"},
		{59 * time.Second, "59 s ago", "59 秒前"},
		{time.Minute, "1 min ago", "1 分钟前"},
		{time.Hour - 1, "59 min ago", "59 分钟前"},
		{time.Hour, "1 h ago", "1 小时前"},
		{48*time.Hour - 1, "47 h ago", "47 小时前"},
		{48 * time.Hour, "2 d ago", "2 天前"},
		{400 * 24 * time.Hour, "400 d ago", "400 天前"},
		{-90 * time.Second, "in 1 min", "1 分钟后"},
		{-72 * time.Hour, "in 3 d", "3 天后"},
	} {
		for language, want := range map[wecom.Language]string{wecom.English: test.english, wecom.Chinese: test.chinese} {
			if got := Distance(now.Add(-test.ago), now, language); got != want {
				t.Errorf("%s: %q, want %q", test.ago, got, want)
			}
		}
	}
	if got := Distance(time.Unix(-1<<40, 0), now, wecom.English); got == "" {
		t.Error("the longest distance has no words")
	}
}

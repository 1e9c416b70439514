// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page/pagetest"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	ready := []page.ReadyFilter{
		{Text: "all"},
		{Text: "open", Params: map[string]string{"open": "true"}},
		{Text: "late", Params: map[string]string{"since": "1d"}},
	}
	for _, test := range []struct {
		name, query string
		here        string // texts of the ready filters that the list has
		open        string // address of the second ready filter
		active      []page.ActiveFilter
	}{
		{
			name: "none",
			here: "all",
			open: "?open=true",
		},
		{
			name:   "a ready one takes the place of another, and keeps the rest",
			query:  "host=li&lang=zh&page=3&since=1d",
			here:   "late",
			open:   "?host=li&lang=zh&open=true",
			active: []page.ActiveFilter{{Label: "Host", Value: "<li>", Without: "?lang=zh&since=1d"}},
		},
		{
			name:  "two that are ready",
			query: "open=true&since=1d",
			open:  "?open=true",
		},
		{
			name:  "another page of a ready one",
			query: "open=true&page=2",
			here:  "open",
			open:  "?open=true",
		},
	} {
		values, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		host := ""
		if values.Has("host") {
			host = "<li>"
		}
		f := page.NewFilters(values, wecom.English, "page", ready, []page.FilterField{
			{Name: "corp", Label: "Corp"}, {Name: "host", Label: "Host", Value: host},
		})
		var texts []string
		for _, link := range f.Ready {
			if link.IsHere {
				texts = append(texts, link.Text)
			}
		}
		here := strings.Join(texts, ", ")
		if here != test.here || f.Ready[1].Address != test.open {
			t.Errorf("%s: the list is %q, and the second leads to %s; want %q and %s", test.name, here, f.Ready[1].Address, test.here, test.open)
		}
		if diff := cmp.Diff(test.active, f.Active); diff != "" {
			t.Errorf("%s: in force (-want +got):\n%s", test.name, diff)
		}
		var html strings.Builder
		if err := page.New(`{{template "filters" .}}`).Execute(&html, f); err != nil {
			t.Fatal(err)
		}
		const chip = `<li>Host: &lt;li&gt; <a href="?lang=zh&amp;since=1d" title="Remove the filter" aria-label="Remove the filter: Host">✕</a></li>`
		if got := strings.Contains(html.String(), chip); got != (host != "") || strings.Contains(html.String(), "<ul") != got {
			t.Errorf("%s: a chip for the host: %t:\n%s", test.name, got, &html)
		}
	}
}

func TestTextsOfFiltersAreTranslated(t *testing.T) {
	t.Parallel()
	pagetest.CheckTexts(t, page.FilterTexts, page.FiltersHTML)
}

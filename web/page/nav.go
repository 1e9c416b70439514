// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/url"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// The addresses of the pages, which stand next to each other below any prefix.
const (
	Start      = "./"
	Targets    = "./targets"
	Recordings = "./recordings"
	Changes    = "./changes"
)

// A Link leads to another page. The template "nav" takes a list of them.
type Link struct {
	Address, Text string
	IsHere        bool // it is the page itself
}

// Nav returns the links to all pages for the one at an address: those of recordings and changes
// only if they are on. They keep the language if values choose one.
func Nav(here string, values url.Values, language wecom.Language, hasRecordings bool) []Link {
	links := []Link{
		{Address: Start, Text: "Overview"},
		{Address: Targets, Text: "Targets"},
		{Address: Recordings, Text: "Recordings"},
		{Address: Changes, Text: "Changes"},
	}
	if language == wecom.Chinese {
		for i, text := range []string{"概览", "目标", "录制", "变更"} {
			links[i].Text = text
		}
	}
	if !hasRecordings {
		links = links[:2]
	}
	for i := range links {
		links[i].IsHere = links[i].Address == here
		links[i].Address = Address(links[i].Address, values, nil)
	}
	return links
}

// Address returns the address of a page with a query, in the language that values choose.
func Address(page string, values url.Values, params map[string]string) string {
	chosen := url.Values{}
	if lang := values.Get(ParamLang); lang != "" {
		chosen.Set(ParamLang, lang)
	}
	if query := WithParams(chosen, params); query != "?" {
		return page + query
	}
	return page
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	_ "embed"
	"maps"
	"net/url"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

//go:embed filters.html
var filtersHTML string

// Filters are those of a list. The template "filters" takes them.
type Filters struct {
	Ready  []Link
	Active []ActiveFilter
	Text   map[string]string
}

// An ActiveFilter is a filter in force, in words.
type ActiveFilter struct {
	Label, Value string
	Without      string // query of the list without the filter
}

// A ReadyFilter is a list that readers often want.
type ReadyFilter struct {
	Text   string
	Params map[string]string // nil: all
}

// A FilterField is a filter that a list may have, in words.
type FilterField struct {
	Name, Label string
	Value       string // "": it is not in force
}

// NewFilters returns the filters of a list with a query of values. A link to a ready filter keeps
// what the query asks for beside ready filters. Paging is the parameter that no link keeps, since
// another list has other pages.
func NewFilters(
	values url.Values, language wecom.Language, paging string, ready []ReadyFilter, fields []FilterField,
) Filters {
	without := map[string]string{paging: ""}
	for _, r := range ready {
		for name := range r.Params {
			without[name] = ""
		}
	}
	f := Filters{Text: filterTexts[language]}
	for _, r := range ready {
		params := maps.Clone(without)
		maps.Copy(params, r.Params)
		link := Link{Address: WithParams(values, params), Text: r.Text, IsHere: true}
		for name, value := range params {
			link.IsHere = link.IsHere && (name == paging || values.Get(name) == value)
		}
		f.Ready = append(f.Ready, link)
	}
	for _, field := range fields {
		if field.Value != "" {
			f.Active = append(f.Active, ActiveFilter{
				Label:   field.Label,
				Value:   field.Value,
				Without: WithParams(values, map[string]string{field.Name: "", paging: ""}),
			})
		}
	}
	return f
}

// A Param is a parameter of a query.
type Param struct{ Name, Value string }

// KeptParams returns those of the named parameters that values have, for a form that keeps them.
func KeptParams(values url.Values, names ...string) []Param {
	var kept []Param
	for _, name := range names {
		if value := values.Get(name); value != "" {
			kept = append(kept, Param{name, value})
		}
	}
	return kept
}

var filterTexts = map[wecom.Language]map[string]string{
	wecom.English: {
		"ready":  "Quick filters",
		"active": "Active filters",
		"remove": "Remove the filter",
		"colon":  ": ",
	},
	wecom.Chinese: {
		"ready":  "常用筛选",
		"active": "当前筛选",
		"remove": "移除筛选",
		"colon":  "：",
	},
}

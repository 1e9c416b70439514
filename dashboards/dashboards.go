// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package dashboards holds the Grafana dashboards of the exporter. Each is
// written once, in Go, and rendered to a file of classic dashboard JSON in
// English and one in Chinese:
//
//	go test ./dashboards -update
package dashboards

import "regexp"

// A Language is a language of the dashboards, as a BCP 47 tag.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh-CN"
)

func (l Language) other() Language {
	if l == Chinese {
		return English
	}
	return Chinese
}

// suffix returns the end of the UID of a dashboard in the language.
func (l Language) suffix() string {
	if l == Chinese {
		return "-zh-cn"
	}
	return ""
}

// A Kind is the way that Grafana runs a query: over the time range, or at its end.
type Kind string

// The kinds of queries.
const (
	Range   Kind = "range"
	Instant Kind = "instant"
)

// A Query is a PromQL expression of a dashboard, with Grafana's variables in it.
type Query struct {
	Panel string // the title of the panel, or the name of the annotation
	Expr  string // see [Expand]
	Kind  Kind
}

// A Dashboard is one dashboard in one language.
type Dashboard struct {
	UID      string
	Title    string
	Language Language
	File     string // the name in this folder

	board board
}

// All returns the dashboards, each in English first.
func All() []Dashboard {
	boards := []board{recordingsBoard(), exporterBoard()}
	all := make([]Dashboard, 0, 2*len(boards))
	for _, b := range boards {
		all = append(all,
			Dashboard{
				UID:      b.uid,
				Title:    b.title.en,
				Language: English,
				File:     b.uid + ".json",
				board:    b,
			},
			Dashboard{
				UID:      b.uid + Chinese.suffix(),
				Title:    b.title.zh,
				Language: Chinese,
				File:     b.uid + ".zh-CN.json",
				board:    b,
			},
		)
	}
	return all
}

// JSON returns the dashboard as classic JSON, indented, with a newline at the end.
func (d Dashboard) JSON() ([]byte, error) { return encode(d.board.render(d.Language)) }

// Queries returns every query of the dashboard: those of its panels in the order
// of the grid, and that of its annotation. The queries of its variables, which
// are no PromQL, are not among them.
func (d Dashboard) Queries() []Query {
	var queries []Query
	add := func(title text, q query) {
		queries = append(queries, Query{Panel: title.in(d.Language), Expr: q.expr, Kind: q.kind})
	}
	for _, s := range d.board.sections {
		for _, l := range s.lines {
			for _, p := range l.panels {
				for _, q := range p.queries {
					add(p.title, q)
				}
			}
		}
	}
	add(configurationRead.legend, configurationRead)
	return queries
}

var reference = regexp.MustCompile(`\$(\w+)|\$\{(\w+)(?::\w+)?\}`)

// Expand replaces references to Grafana's variables, such as $job, ${corp},
// ${host:regex} and $__rate_interval, by the values given. A value stands as it
// is: a list is given as a regular expression. References to other variables stay.
func Expand(expr string, vars map[string]string) string {
	return reference.ReplaceAllStringFunc(expr, func(ref string) string {
		groups := reference.FindStringSubmatch(ref)
		if value, ok := vars[groups[1]+groups[2]]; ok {
			return value
		}
		return ref
	})
}

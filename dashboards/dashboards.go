// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package dashboards holds the Grafana dashboards of the exporter. Each is
// written once, with the builders of Grafana's Foundation SDK, and written to a
// file of classic dashboard JSON in English and one in Chinese:
//
//	go -C dashboards test -update
package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// A Language is a language of the dashboards, as a BCP 47 tag.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh-CN"
)

// text returns the text that is in the language.
func (l Language) text(en, zh string) string {
	if l == Chinese {
		return zh
	}
	return en
}

// other returns the other language.
func (l Language) other() Language {
	if l == Chinese {
		return English
	}
	return Chinese
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
	boards := []func(Language) board{recordingsBoard, exporterBoard}
	all := make([]Dashboard, 0, 2*len(boards))
	for _, newBoard := range boards {
		for _, l := range []Language{English, Chinese} {
			b := newBoard(l)
			all = append(all, Dashboard{
				UID:      b.uid + l.text("", "-zh-cn"),
				Title:    b.title,
				Language: l,
				File:     b.uid + l.text("", ".zh-CN") + ".json",
				board:    b,
			})
		}
	}
	return all
}

// Build returns the dashboard as the SDK's type.
func (d Dashboard) Build() (dashboard.Dashboard, error) {
	built, err := d.board.builder(d.Language).Uid(d.UID).Build()
	if err != nil {
		return dashboard.Dashboard{}, fmt.Errorf("building the dashboard %s: %w", d.UID, err)
	}
	return built, nil
}

// JSON returns the dashboard as classic JSON, indented, with a newline at the end.
func (d Dashboard) JSON() ([]byte, error) {
	built, err := d.Build()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(built); err != nil {
		return nil, fmt.Errorf("encoding the dashboard %s: %w", d.UID, err)
	}
	return b.Bytes(), nil
}

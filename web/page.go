// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

//go:embed layout.html
var layoutHTML string

// newPage returns the template of a page whose content is html.
func newPage(html string) *template.Template {
	return template.Must(template.Must(template.New("page").Parse(layoutHTML)).Parse(html))
}

// servePage executes a template of newPage. The data must have the fields Lang and
// Text. A failure answers 500 instead of half a page.
func (o Options) servePage(w http.ResponseWriter, page *template.Template, data any) {
	var body bytes.Buffer
	if err := page.Execute(&body, data); err != nil {
		level.Error(o.Logger).Log("msg", "making a page failed", "err", err)
		http.Error(w, "making the page failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language")
	_, _ = body.WriteTo(w) // It fails only if the client has gone.
}

// checkLanguage refuses a language that no page has. The error names those that pages
// have.
func checkLanguage(values url.Values) error {
	switch wanted := strings.ToLower(values.Get(paramLang)); {
	case wanted == "", strings.HasPrefix(wanted, "en"), strings.HasPrefix(wanted, "zh"):
		return nil
	default:
		return fmt.Errorf("%s: %q is no language of the pages: write en or zh", paramLang, values.Get(paramLang))
	}
}

// languageOf returns the language of a page and its HTML code: that of the
// parameter lang, or else the first of Accept-Language.
func languageOf(r *http.Request) (language wecom.Language, lang string) {
	wanted := r.URL.Query().Get(paramLang)
	if wanted == "" {
		wanted = r.Header.Get("Accept-Language")
	}
	if strings.HasPrefix(strings.ToLower(wanted), "zh") {
		return wecom.Chinese, "zh-CN"
	}
	return wecom.English, "en"
}

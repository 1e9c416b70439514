// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package page makes the pages for people: their style, their language, and their links.
package page

import (
	"bytes"
	_ "embed"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

var (
	//go:embed layout.html
	layoutHTML string
	//go:embed style.css
	styleCSS string
)

// New returns the template of a page whose content is html. It may define the template "pagestyle"
// with rules of its own; those that several pages need are in style.css.
func New(html string) *template.Template {
	t := template.New("page").Funcs(template.FuncMap{"phraseParts": phraseParts, "noteParts": noteParts})
	template.Must(t.New("style").Parse(compactCSS(styleCSS)))
	template.Must(template.Must(t.Parse(layoutHTML)).Parse(filtersHTML))
	return template.Must(t.Parse(html))
}

var (
	cssFill  = regexp.MustCompile(`/\*[^*]*\*/|\n`)
	cssBlank = regexp.MustCompile(` *([{};,]) *`)
	cssColon = regexp.MustCompile(`: ([^"])`)
)

// compactCSS returns rules without what only readers of the source need. Every page has them.
func compactCSS(css string) string {
	return cssColon.ReplaceAllString(cssBlank.ReplaceAllString(cssFill.ReplaceAllString(css, ""), "$1"), ":$1")
}

// Serve executes a template of [New] with data that embeds a [Frame]. A failure answers 500
// instead of half a page.
func Serve(w http.ResponseWriter, logger log.Logger, page *template.Template, data any) {
	serve(w, logger, http.StatusOK, page, data)
}

func serve(w http.ResponseWriter, logger log.Logger, status int, page *template.Template, data any) {
	var body bytes.Buffer
	if err := page.Execute(&body, data); err != nil {
		level.Error(logger).Log("msg", "rendering the page failed", "err", err)
		http.Error(w, "rendering the page failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // It fails only if the client has gone.
}

// LanguageOf returns the language of a page and its HTML code: that of the
// parameter lang if pages have it, or else the one that Accept-Language prefers.
func LanguageOf(r *http.Request) (language wecom.Language, lang string) {
	wanted := r.URL.Query().Get(ParamLang)
	if !isLanguage(wanted) {
		wanted = preferred(r.Header.Get("Accept-Language"))
	}
	if strings.HasPrefix(strings.ToLower(wanted), "zh") {
		return wecom.Chinese, "zh-CN"
	}
	return wecom.English, "en"
}

// isLanguage reports whether the pages have a language.
func isLanguage(lang string) bool {
	lang = strings.ToLower(lang)
	return strings.HasPrefix(lang, "en") || strings.HasPrefix(lang, "zh")
}

// preferred returns the language of the pages that has the highest quality in a header
// Accept-Language, the first of several; "" if it has none of them.
func preferred(header string) (lang string) {
	best := 0.0
	for tag := range strings.SplitSeq(header, ",") {
		tag, parameter, _ := strings.Cut(tag, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		quality := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			quality, _ = strconv.ParseFloat(value, 64) // One that is no number counts as 0.
		}
		if (primary == "en" || primary == "zh") && quality > best {
			lang, best = primary, quality
		}
	}
	return lang
}

// WithParams returns the query of a link: values with those of params instead. An
// empty value removes a parameter.
func WithParams(values url.Values, params map[string]string) string {
	values = maps.Clone(values)
	for name, value := range params {
		values.Del(name)
		if value != "" {
			values.Set(name, value)
		}
	}
	return "?" + values.Encode()
}

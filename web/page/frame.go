// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/http"
	"net/url"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// The parameters that every page has.
const (
	ParamLang    = "lang"
	ParamRefresh = "refresh"
)

const (
	refreshOn      = "on"
	refreshOff     = "off"
	refreshSeconds = 30
)

// A Frame is what pages have in common. The data of a page embeds one, and the templates "head"
// and "top" show it.
type Frame struct {
	Language wecom.Language
	Lang     string            // code of the language in HTML
	Text     map[string]string // of the page, by key
	Common   map[string]string // texts of all pages, by key
	Nav      []Link
	AsOf     *Moment
	// OtherAddress is the query of the same page in the other language.
	OtherAddress string
	// RefreshSeconds is the time after which the browser asks for the page again; 0: it does not.
	RefreshSeconds int
	// RefreshAddress is the query of the same page that is refreshed, or no longer.
	RefreshAddress string
}

// NewFrame returns the frame of the page at an address, such as [Targets], for a request with a
// query of values. Links to recordings and changes are there only if those pages are on. Only
// [Start] is refreshed unless the reader asks for it: a refresh empties the fields of a form.
func NewFrame(
	r *http.Request, here string, values url.Values, now time.Time,
	texts map[wecom.Language]map[string]string, hasRecordings bool,
) Frame {
	language, lang := LanguageOf(r)
	f := Frame{
		Language: language,
		Lang:     lang,
		Text:     texts[language],
		Common:   commonTexts[language],
		Nav:      Nav(here, values, language, hasRecordings),
		AsOf:     NewMoment(now, now, language),
	}
	f.OtherAddress = WithParams(values, map[string]string{ParamLang: f.Common["otherLang"]})
	refresh := values.Get(ParamRefresh)
	if refresh == refreshOn || refresh == "" && here == Start {
		f.RefreshSeconds = refreshSeconds
		f.RefreshAddress = WithParams(values, map[string]string{ParamRefresh: refreshOff})
	} else {
		f.RefreshAddress = WithParams(values, map[string]string{ParamRefresh: refreshOn})
	}
	return f
}

// CheckParams checks the values of the parameters that every page has. An error names those that
// pages understand.
func CheckParams(values url.Values) error {
	if lang := values.Get(ParamLang); lang != "" && !isLanguage(lang) {
		return bilingual.Errorf("%s: %q is not a language of the pages: use en or zh", "%s：没有语言为 %q 的页面：请写 en 或 zh",
			ParamLang, lang)
	}
	switch refresh := values.Get(ParamRefresh); refresh {
	case "", refreshOn, refreshOff:
		return nil
	default:
		return bilingual.Errorf("%s: %q is neither %s nor %s", "%s：%q 既不是 %s 也不是 %s",
			ParamRefresh, refresh, refreshOn, refreshOff)
	}
}

var commonTexts = map[wecom.Language]map[string]string{
	wecom.English: {
		"asOf":      "As of",
		"skip":      "Skip to content",
		"colon":     ": ",
		"refreshes": "refreshes every 30 s",
		"refresh":   "refresh every 30 s",
		"stop":      "stop",
		"other":     "中文",
		"otherLang": "zh",
		"noTargets": "There are no targets: none is configured or discovered",
		"noTargetsRemedy": "add targets, or check that the target file patterns match and that the app's visible scope " +
			"(可见范围) has members",
		"emptyShard":   "This shard has no targets; other shards poll %d",
		"undiscovered": "Discovering users failed; users found earlier are still polled",
	},
	wecom.Chinese: {
		"asOf":            "截至",
		"skip":            "跳到正文",
		"colon":           "：",
		"refreshes":       "每 30 秒刷新",
		"refresh":         "开启自动刷新（30 秒）",
		"stop":            "停止",
		"other":           "English",
		"otherLang":       "en",
		"noTargets":       "没有任何目标：未配置，也未发现",
		"noTargetsRemedy": "请指定目标，或检查目标文件的路径模式能否匹配到文件、应用的可见范围内是否有成员",
		"emptyShard":      "没有目标分到本分片，其余 %d 个由其他分片轮询",
		"undiscovered":    "自动发现成员失败，之前发现的成员照常轮询",
	},
}

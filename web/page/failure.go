// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	_ "embed"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

//go:embed failure.html
var failureHTML string

var failureTemplate = New(failureHTML)

// A Failure is what a request for a page is answered with instead of the page.
type Failure struct {
	Here          string // address of the page, such as [Targets]
	HasRecordings bool   // the pages of recordings and changes are on
	Status        int
	Err           error // a [bilingual.Error] is translated
}

type failurePage struct {
	Frame

	Problem string
	Address string // where to go on
}

// ServeFailure answers with a failure. A browser gets a page that says so in its language and
// leads on to the others. Everything else gets the error as text.
func ServeFailure(w http.ResponseWriter, r *http.Request, logger log.Logger, f *Failure) {
	w.Header().Add("Vary", "Accept")
	if !acceptsHTML(r) {
		http.Error(w, f.Err.Error(), f.Status)
		return
	}
	values := r.URL.Query()
	if !isLanguage(values.Get(ParamLang)) {
		values.Del(ParamLang)
	}
	texts, address := failedTexts, "?"+r.URL.RawQuery
	if f.Status < http.StatusInternalServerError {
		texts, address = refusedTexts, Address(f.Here, values, nil)
	}
	p := failurePage{
		Frame:   NewFrame(r, f.Here, values, time.Now(), texts, f.HasRecordings),
		Problem: f.Err.Error(),
		Address: address,
	}
	p.RefreshSeconds, p.RefreshAddress = 0, "" // Another try would fail as well.
	if err, ok := errors.AsType[*bilingual.Error](f.Err); ok && p.Language == wecom.Chinese {
		p.Problem = err.InChinese()
	}
	serve(w, logger, f.Status, failureTemplate, p)
}

// acceptsHTML reports whether a client asks for a page: it names HTML as browsers do, and the
// query has no other format.
func acceptsHTML(r *http.Request) bool {
	if format := r.URL.Query().Get(ParamFormat); format == CSV || format == JSON {
		return false
	}
	for _, header := range r.Header.Values("Accept") {
		for accepted := range strings.SplitSeq(header, ",") {
			mediaType, params, err := mime.ParseMediaType(accepted)
			if err == nil && mediaType == "text/html" && params["q"] != "0" {
				return true
			}
		}
	}
	return false
}

var refusedTexts = map[wecom.Language]map[string]string{
	wecom.English: {
		"title": "This query cannot be answered",
		"link":  "Show the page without the query",
	},
	wecom.Chinese: {
		"title": "无法处理此查询",
		"link":  "打开不带参数的页面",
	},
}

var failedTexts = map[wecom.Language]map[string]string{
	wecom.English: {
		"title": "This page cannot be shown now",
		"link":  "Try again",
	},
	wecom.Chinese: {
		"title": "暂时无法显示此页",
		"link":  "重试",
	},
}

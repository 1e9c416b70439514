// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"

	"github.com/prometheus/common/version"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query"
)

//go:embed landing.html
var landingHTML string

var landingTemplate = page.New(landingHTML)

// Overview reports the state of everything. None of its methods visits all recordings.
type Overview interface {
	// Status returns how polling goes, sorted by the name of the corp.
	Status() []poll.Status
	// View returns the sums that the metrics show.
	View() *poll.View
	// StoreStatus returns how the last write of the store went.
	StoreStatus() poll.StoreStatus
}

type landingPage struct {
	page.Frame

	Build string // which one of the program this is, in words
	Links []landingLink
	Store *notice // nil: the store is written, or there is none
	Corps []landingCorp
	// Latest is about single recordings; nil: their pages are off.
	Latest *latest
}

// A notice is what somebody has to know, and to do. The template "notice" takes one.
type notice struct {
	Severity severity
	Title    string
	When     *page.Moment // comes after the title; nil: none
	Note     string       // comes after that, and Text on a line of its own; "": none
	Text     string
	Remedy   string       // what to do, with the words before it; "": there is no advice
	Next     *page.Moment // the next try; nil: none
}

// A landingLink leads to a page. Its address is relative, so that it holds below the
// prefix of a proxy.
type landingLink struct{ Address, Text string }

// serveLanding serves the page at /: the state of everything, the worst first.
func (o Options) serveLanding(w http.ResponseWriter, r *http.Request) {
	values, err := query.Parse(r.URL.RawQuery, []string{page.ParamLang, page.ParamRefresh})
	if err == nil {
		err = page.CheckParams(values)
	}
	if err != nil {
		o.serveLandingFailure(w, r, http.StatusBadRequest, err)
		return
	}
	now := time.Now()
	words := landingWords{
		Frame:  page.NewFrame(r, page.Start, values, now, landingTexts, o.Recordings != nil),
		values: values,
		now:    now,
		linked: o.Recordings != nil,
	}
	data := landingPage{
		Frame: words.Frame,
		Build: buildWords(words.Text, version.Version, version.GetRevision()),
		Links: o.landingLinks(words.Text),
		Store: words.store(o.Overview.StoreStatus()),
		Corps: o.landingCorps(&words),
	}
	if o.Recordings != nil && o.Changes != nil {
		data.Latest, err = o.findLatest(r.Context(), &words, data.Corps)
	}
	if err != nil { // The client has gone, or seems to.
		o.serveLandingFailure(w, r, http.StatusServiceUnavailable, bilingual.Errorf(
			"Finding the latest changes took too long: try again later.", "查找最近变更耗时过长，请稍后再试。"))
		return
	}
	page.Serve(w, o.Logger, landingTemplate, data)
}

func (o Options) serveLandingFailure(w http.ResponseWriter, r *http.Request, status int, err error) {
	page.ServeFailure(w, r, o.Logger, &page.Failure{
		Here:          page.Start,
		HasRecordings: o.Recordings != nil,
		Status:        status,
		Err:           err,
	})
}

// unknown is what main and the build information have for what the build did not set.
const unknown = "unknown"

// buildWords returns which build of the program has a version and a revision.
func buildWords(text map[string]string, number, revision string) string {
	build := text["version"] + " " + number
	if number == "" || number == unknown {
		build = text["development"]
	}
	if revision == "" || revision == unknown {
		return build
	}
	return fmt.Sprintf(text["revision"], build, revision)
}

// landingCorps returns the sections of the corps, those with the worst trouble first.
func (o Options) landingCorps(words *landingWords) []landingCorp {
	view := o.Overview.View()
	status := o.Overview.Status()
	corps := make([]landingCorp, 0, len(status))
	words.several = len(status) > 1
	for i := range status {
		s := &status[i]
		var published *poll.CorpView // nil: not yet, as during a reload
		if k := slices.IndexFunc(view.Corps, func(v poll.CorpView) bool { return v.Name == s.Name }); k >= 0 {
			published = &view.Corps[k]
		}
		failing := o.Targets.Targets(&collector.TargetQuery{Corp: s.Name}).Found
		corps = append(corps, words.corp(s, &failing, published))
	}
	slices.SortStableFunc(corps, func(a, b landingCorp) int { return int(b.Severity) - int(a.Severity) })
	return corps
}

// store returns the notice that the store cannot be written; nil if it can, or if there is none.
func (w *landingWords) store(s poll.StoreStatus) *notice {
	if !s.Configured || s.Successful {
		return nil
	}
	n := &notice{Severity: bad, Title: w.Text["notStored"], Text: w.Text["notStoredText"]}
	n.Remedy = w.advice(w.Text["notStoredRemedy"])
	if n.When = page.NewMoment(s.LastWrite, w.now, w.Language); n.When != nil {
		n.Title = w.Text["notStoredSince"]
	}
	return n
}

func (o Options) landingLinks(text map[string]string) []landingLink {
	var links []landingLink
	add := func(path, key string) {
		// Without the dot, a colon in the path would end the scheme of an address.
		links = append(links, landingLink{Address: "./" + strings.TrimPrefix(path, "/"), Text: text[key]})
	}
	add(o.TelemetryPath, "metrics")
	add(pathTargets, "targets")
	if o.Recordings != nil {
		add(pathRecordings, "recordings")
	}
	if o.Changes != nil {
		add(pathChanges, "changes")
	}
	add(pathReady, "ready")
	add(pathHealthy, "healthy")
	if o.Pprof {
		add(pathPprof+"/", "profiles")
	}
	return links
}

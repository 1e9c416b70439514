// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/listing"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// paramCorp is the parameter of the other pages that chooses a corp.
const paramCorp = "corp"

// A severity is how bad something is. Its name is a class of the style.
type severity uint8

const (
	plain severity = iota
	fine
	warn
	bad
)

// String returns the class of the style.
func (s severity) String() string { return [...]string{"plain", "fine", "warn", "bad"}[s] }

// From these on, numbers are in amber or red. The alerts on old data have the same.
const (
	longLag        = 15 * time.Minute
	longSilence    = 2 * time.Hour // without a successful poll
	lowCoverage    = 0.9
	highSpace      = 0.9 // of the quota
	mostFailures   = 3   // errors of targets that are shown
	notKnown       = "–"
	percentDecimal = 1000 // tenths of a percent in 1
)

// landingWords say things in the language of the page.
type landingWords struct {
	page.Frame

	values  url.Values
	now     time.Time
	linked  bool // there are pages of recordings
	several bool // there are several corps
}

// A landingCorp is the section of one corp.
type landingCorp struct {
	Name     string
	Severity severity // the worst of all that is in the section
	State    notice
	Notices  []notice
	Tiles    []tile // that of exposed files is the first
	// More is how many targets fail with errors that are not shown, in words; "": none do.
	More           string
	TargetsAddress string
	FailingAddress string
	IsShort        bool // it is fine, as one of several
}

// A tile is one number.
type tile struct {
	Name, Value string
	Severity    severity
	Address     string // that the value links to; "": to nothing
	Notes       []string
	Meter       *meter // nil: none
}

// A meter is a bar.
type meter struct {
	Severity   severity
	Value, Max int64
}

func (c *landingCorp) add(n notice) {
	c.Notices = append(c.Notices, n)
	c.Severity = max(c.Severity, n.Severity)
}

// corp returns the section of a corp. A nil view means that nothing was published of it.
func (w *landingWords) corp(s *poll.Status, found *schedule.Found, v *poll.CorpView) landingCorp {
	corp := ""
	if w.several {
		corp = s.Name
	}
	failing := map[string]string{paramCorp: corp, "status": schedule.Failing.String()}
	c := landingCorp{
		Name:           s.Name,
		State:          w.state(s),
		TargetsAddress: page.Address(page.Targets, w.values, map[string]string{paramCorp: corp}),
		FailingAddress: page.Address(page.Targets, w.values, failing),
	}
	c.Severity = c.State.Severity
	w.addNotices(&c, s)
	w.addFailures(&c, s, found)
	var total *sums.Sums // nil: nothing is known
	if v != nil && v.Listed {
		total = v.Total
	}
	if (v == nil || !v.Ready) && !s.HasNoTargets() {
		c.add(notice{Title: w.Text["notReady"]})
	}
	c.Tiles = append(c.Tiles, w.exposed(s, v, total), w.space(v, total), w.data(s), w.coverage(&c, s), w.held(total))
	if v != nil && v.Policy.Retaining() {
		c.Tiles = append(c.Tiles, w.overdue(s, total))
	}
	for i := range c.Tiles {
		c.Severity = max(c.Severity, min(c.Tiles[i].Severity, warn)) // Red is for what has to be done at once.
	}
	c.IsShort = w.several && c.Severity == fine
	return c
}

// state returns whether WeCom accepts calls, since when, and if not, why, and what to do.
func (w *landingWords) state(s *poll.Status) notice {
	text := w.Text
	n := notice{When: page.NewMoment(s.UpSince, w.now, w.Language)}
	_, isRefused := errors.AsType[*wecom.APIError](s.Outage)
	switch {
	case !s.Called:
		n.Title, n.When = text["notCalled"], page.NewMoment(s.Started, w.now, w.Language)
		n.Severity = warn
	case s.Up:
		n.Severity, n.Title = fine, text["up"]
	case isRefused:
		n.Severity, n.Title = bad, text["refused"]
	default:
		n.Severity, n.Title = bad, text["down"]
	}
	if s.Called && !s.UpChanged {
		n.Note = text["sinceStart"]
	}
	if s.Outage != nil {
		n.Text = w.describe(s.Outage)
		n.Remedy = w.remedy(s.Outage)
		n.Next = page.NewMoment(s.Retry, w.now, w.Language)
	}
	return n
}

// describe describes an error without the page of the list on which it was met.
func (w *landingWords) describe(err error) string {
	return wecom.Describe(wecom.Origin(err), w.Language)
}

// number returns a number of things in words. With a 1 before its name, a text is for a single one.
func (w *landingWords) number(name string, n int) string {
	if n == 1 {
		name = "1" + name
	}
	return fmt.Sprintf(w.Text[name], page.Count(n))
}

// remedy returns what to do about an error, with the words before it; "" if there is no advice.
func (w *landingWords) remedy(err error) string {
	return w.advice(wecom.Remedy(err, w.Language))
}

// advice returns what to do as a sentence, with the words before it; "" if there is no advice.
func (w *landingWords) advice(remedy string) string {
	if remedy == "" {
		return ""
	}
	return w.Text["remedy"] + page.Sentence(remedy, w.Language)
}

// warning returns a notice about an error.
func (w *landingWords) warning(title string, err error) notice {
	return notice{Severity: warn, Title: title, Text: w.describe(err), Remedy: w.remedy(err)}
}

// addNotices adds what else keeps a corp from being polled as it should be.
func (w *landingWords) addNotices(c *landingCorp, s *poll.Status) {
	for _, b := range s.Blocks {
		n := w.warning(w.Text["closed"], b.Err)
		n.When = page.NewMoment(b.Until, w.now, w.Language)
		c.add(n)
	}
	switch {
	case !s.HasNoTargets():
	case s.Elsewhere > 0:
		c.add(notice{Title: fmt.Sprintf(w.Common["emptyShard"], s.Elsewhere)})
	default:
		c.add(notice{Severity: bad, Title: w.Common["noTargets"], Remedy: w.advice(w.Common["noTargetsRemedy"])})
	}
	if s.DiscoveryErr != nil && w.describe(s.DiscoveryErr) != c.State.Text {
		c.add(w.warning(w.Common["undiscovered"], s.DiscoveryErr))
	}
	if s.ViewsErr != nil && w.describe(s.ViewsErr) != c.State.Text {
		c.add(w.warning(w.Text["noViews"], s.ViewsErr))
	}
}

// addFailures adds the most frequent errors of targets, but for that of an outage.
func (w *landingWords) addFailures(c *landingCorp, s *poll.Status, failing *schedule.Found) {
	shown, more := 0, failing.OtherErrors
	for _, e := range failing.Errors {
		switch {
		case s.Outage != nil && e.Err.Error() == s.Outage.Error():
		case shown == mostFailures:
			more += e.Count
		default:
			shown++
			c.add(w.warning(w.number("targetsFail", e.Count), e.Err))
		}
	}
	if more > 0 {
		c.More = fmt.Sprintf(w.Text["more"], page.Count(more))
	}
}

// exposed returns the tile of exposed files.
func (w *landingWords) exposed(s *poll.Status, v *poll.CorpView, total *sums.Sums) tile {
	t := tile{Name: w.Text["exposed"], Value: notKnown}
	if total == nil {
		return t
	}
	t.Value, t.Severity = page.Count(int64(total.Exposed)), fine
	if total.Exposed > 0 {
		t.Severity = bad
	}
	if w.linked {
		t.Address = w.recordings(s.Name, "exposed")
	}
	if v.Policy.Accepting() {
		t.Notes = append(t.Notes, fmt.Sprintf(w.Text["accepted"], page.Count(int64(total.Accepted))))
	}
	return t
}

// recordings returns the address of the recordings of a corp for which a filter is true.
func (w *landingWords) recordings(corp, filter string) string {
	params := map[string]string{filter: "true"}
	if w.several {
		params[paramCorp] = corp
	}
	return page.Address(page.Recordings, w.values, params)
}

// space returns the tile of the space that recordings take.
func (w *landingWords) space(v *poll.CorpView, total *sums.Sums) tile {
	t := tile{Name: w.Text["space"], Value: notKnown}
	if total == nil {
		return t
	}
	t.Value = listing.Size(total.Bytes)
	if v.QuotaBytes <= 0 {
		t.Notes = []string{w.Text["noQuota"]}
		return t
	}
	share := float64(total.Bytes) / float64(v.QuotaBytes)
	t.Notes = []string{fmt.Sprintf(w.Text["ofQuota"], percent(share), listing.Size(v.QuotaBytes))}
	t.Severity = fine
	switch {
	case share >= 1:
		t.Severity = bad
	case share >= highSpace:
		t.Severity = warn
	}
	t.Meter = &meter{Severity: t.Severity, Value: min(total.Bytes, v.QuotaBytes), Max: v.QuotaBytes}
	return t
}

// percent returns a share in percent, rounded down so that only all is 100.
func percent(share float64) string {
	tenths := math.Floor(share * percentDecimal)
	return strconv.FormatFloat(tenths/10, 'f', -1, 64) + "%"
}

// data returns the tile of the age of the data.
func (w *landingWords) data(s *poll.Status) tile {
	t := tile{Name: w.Text["lastSuccess"], Value: w.Text["never"]}
	age := w.now.Sub(s.LastSuccess)
	if !s.LastSuccess.IsZero() {
		t.Value, t.Severity = page.Distance(s.LastSuccess, w.now, w.Language), fine
	}
	if s.Lag > longLag || !s.LastSuccess.IsZero() && age > longSilence {
		t.Severity = bad
	}
	t.Notes = []string{fmt.Sprintf(w.Text["lag"], page.Span(s.Lag, w.Language))}
	return t
}

// coverage returns the tile of how many targets were polled.
func (w *landingWords) coverage(c *landingCorp, s *poll.Status) tile {
	t := tile{Name: w.Text["coverage"], Value: percent(s.Coverage), Severity: fine, Address: c.TargetsAddress}
	t.Notes = []string{w.number("targetCount", s.Total)}
	if s.Total == 0 {
		t.Value, t.Severity = notKnown, plain
		return t
	}
	var counts [schedule.NumStatuses]int
	for _, bySelector := range s.Counts {
		for status, n := range bySelector {
			counts[status] += n
		}
	}
	if n := counts[schedule.Failing]; n > 0 {
		t.Severity = warn
		t.Notes = append(t.Notes, fmt.Sprintf(w.Text["failing"], page.Count(n)))
	}
	if n := counts[schedule.Pending]; n > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf(w.Text["pending"], page.Count(n)))
	} else if s.Coverage < lowCoverage {
		t.Severity = bad
	}
	return t
}

// held returns the tile of what there is.
func (w *landingWords) held(total *sums.Sums) tile {
	t := tile{Name: w.Text["held"], Value: notKnown}
	if total == nil {
		return t
	}
	n := 0
	for _, ofState := range total.Recordings {
		n += int(ofState)
	}
	t.Value = page.Count(n)
	t.Notes = []string{w.number("files", int(total.Files))}
	if w.linked {
		t.Address = page.Address(page.Recordings, w.values, nil)
	}
	return t
}

// overdue returns the tile of the files that are older than the retention.
func (w *landingWords) overdue(s *poll.Status, total *sums.Sums) tile {
	t := tile{Name: w.Text["overdue"], Value: notKnown}
	if total == nil {
		return t
	}
	t.Value, t.Severity = page.Count(int64(total.Overdue)), fine
	if total.Overdue > 0 {
		t.Severity = warn
	}
	if w.linked {
		t.Address = w.recordings(s.Name, "overdue")
	}
	return t
}

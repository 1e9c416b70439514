// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query"
)

const (
	perPage     = 100
	mostPerPage = 1000
)

// The parameters of the query.
const (
	paramCorp      = "corp"
	paramHost      = "host"
	paramChange    = "change"
	paramRecording = "recording"
	paramExposed   = "exposed"
	paramSince     = "since"
	paramUntil     = "until"
	paramBefore    = "before"
	paramLimit     = "limit"
)

// params returns all parameters, in the order in which an error lists them.
func params() []string {
	return []string{
		paramCorp, paramHost, paramChange, paramRecording, paramExposed, paramSince, paramUntil,
		paramBefore, paramLimit, page.ParamFormat, page.ParamLang, page.ParamRefresh,
	}
}

// A listQuery is the query of a URL; the page and the API have the same but for the formats.
type listQuery struct {
	collector.ChangeQuery

	format string
}

// parse returns the meaning of a query and its parameters. An error names the parameter and the
// remedy. The first format is that of an answer if none is asked for.
func parse(rawQuery string, now time.Time, formats ...string) (q listQuery, values url.Values, err error) {
	values, err = query.Parse(rawQuery, params())
	if err != nil {
		return q, nil, err
	}
	if err := page.CheckParams(values); err != nil {
		return q, nil, err
	}
	if q.format, err = query.Choice(values, page.ParamFormat, formats...); err != nil {
		return q, nil, err
	}
	err = q.read(values, now)
	return q, values, err
}

func (q *listQuery) read(values url.Values, now time.Time) (err error) {
	q.Corp, q.Host, q.Recording = values.Get(paramCorp), values.Get(paramHost), values.Get(paramRecording)
	if err := q.readKind(values); err != nil {
		return err
	}
	if err := query.Flag(values, paramExposed, &q.Exposed); err != nil {
		return err
	}
	if err := q.readSpan(values, now); err != nil {
		return err
	}
	// An int of 32 bits holds the number. A million changes a day reach it in six years.
	before, err := query.Number(values, paramBefore, 0, math.MaxInt32)
	if err != nil {
		return err
	}
	q.Before = uint32(before)
	q.Limit, err = query.Number(values, paramLimit, perPage, mostPerPage)
	return err
}

func (q *listQuery) readKind(values url.Values) error {
	name := values.Get(paramChange)
	if name == "" {
		return nil
	}
	i := slices.Index(kindNames(), name)
	if i < 0 {
		return bilingual.Errorf("%s: %q is not a change: use one of %s", "%s：没有变更 %q：可用的值为 %s",
			paramChange, name, strings.Join(kindNames(), ", "))
	}
	q.Kind = new(ledger.Kind(i))
	return nil
}

func (q *listQuery) readSpan(values url.Values, now time.Time) (err error) {
	if q.Since, err = query.Time(values, paramSince, now); err != nil {
		return err
	}
	if q.Until, err = query.Time(values, paramUntil, now); err != nil {
		return err
	}
	if !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return bilingual.Errorf("%s, %s: no change is both at or after %s and before %s: use an earlier time for %s",
			"%s、%s：没有既不早于 %s 又早于 %s 的时间：请将 %s 改为更早的时间",
			paramSince, paramUntil, page.UTC(q.Since), page.UTC(q.Until), paramSince)
	}
	return nil
}

// kindNames returns the values of the parameter change, each at its kind.
func kindNames() []string {
	names := make([]string, 0, ledger.NumKinds)
	for kind := range ledger.Kind(ledger.NumKinds) {
		names = append(names, kind.String())
	}
	return names
}

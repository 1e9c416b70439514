// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package targets

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// The parameters of the query.
const (
	paramCorp     = "corp"
	paramSearch   = "search"
	paramSelector = "selector"
	paramStatus   = "status"
	paramError    = "error"
	paramPage     = "page"

	mostPages = 1_000_000
)

// params returns all parameters, in the order in which an error lists them.
func params() []string {
	return []string{
		paramCorp, paramSearch, paramSelector, paramStatus, paramError,
		paramPage, page.ParamFormat, page.ParamLang, page.ParamRefresh,
	}
}

// A listQuery is the query of a URL.
type listQuery struct {
	corp, search, cause string
	selector            wecom.Selector   // "": all
	status              *schedule.Status // nil: all
	page                int
	format              string
	values              url.Values
}

// isFiltered reports whether the query may leave targets of a corp out.
func (q *listQuery) isFiltered() bool {
	return q.search != "" || q.cause != "" || q.selector != "" || q.status != nil
}

// parse reads a query. An error names the parameter and the remedy.
func parse(rawQuery string) (q listQuery, err error) {
	if q.values, err = query.Parse(rawQuery, params()); err != nil {
		return q, err
	}
	if err := page.CheckParams(q.values); err != nil {
		return q, err
	}
	if q.format, err = query.Choice(q.values, page.ParamFormat, page.HTML, page.CSV); err != nil {
		return q, err
	}
	q.corp = q.values.Get(paramCorp)
	q.search = strings.TrimSpace(q.values.Get(paramSearch))
	if err := q.parseSelector(); err != nil {
		return q, err
	}
	if err := q.parseStatus(); err != nil {
		return q, err
	}
	if err := q.parseCause(); err != nil {
		return q, err
	}
	q.page, err = query.Number(q.values, paramPage, 1, mostPages)
	return q, err
}

func (q *listQuery) parseSelector() error {
	q.selector = wecom.Selector(q.values.Get(paramSelector))
	if selectors := wecom.Selectors(); q.selector != "" && !slices.Contains(selectors, q.selector) {
		return bilingual.Errorf("%s: %q is not known: use one of %s", "%s：%q 无效：可用的值为 %s",
			paramSelector, q.selector, join(selectors))
	}
	return nil
}

func (q *listQuery) parseStatus() error {
	name := q.values.Get(paramStatus)
	if name == "" {
		return nil
	}
	for _, status := range statuses() {
		if status.String() == name {
			q.status = &status
			return nil
		}
	}
	return bilingual.Errorf("%s: %q is not a status: use one of %s", "%s：没有状态 %q：可用的值为 %s",
		paramStatus, name, join(statuses()))
}

func (q *listQuery) parseCause() error {
	q.cause = strings.TrimSpace(q.values.Get(paramError))
	if q.cause == "" || slices.Contains(wecom.Causes(), q.cause) {
		return nil
	}
	code, err := strconv.ParseInt(q.cause, 10, 64)
	if err != nil {
		return bilingual.Errorf("%s: %q is not an errcode: use a number, such as 60111, or one of %s",
			"%s：%q 不是错误码：请写数字，例如 60111，或以下之一：%s",
			paramError, q.cause, strings.Join(wecom.Causes(), ", "))
	}
	q.cause = strconv.FormatInt(code, 10)
	return nil
}

// check checks what depends on the names of the corps that there are.
func (q *listQuery) check(corps []string) error {
	if q.corp == "" && len(corps) != 1 && q.page > 1 {
		return bilingual.Errorf("%s: paging works only within one corp: add %s, one of %s",
			"%s：只能对单个企业分页：请加上 %s，可用的值为 %s",
			paramPage, paramCorp, strings.Join(corps, ", "))
	}
	return nil
}

// statuses returns all statuses, those to act on first.
func statuses() []schedule.Status {
	return []schedule.Status{schedule.Failing, schedule.Pending, schedule.OK}
}

func join[T any](values []T) string {
	names := make([]string, 0, len(values))
	for _, v := range values {
		names = append(names, fmt.Sprint(v))
	}
	return strings.Join(names, ", ")
}

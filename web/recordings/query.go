// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package recordings

import (
	"net/url"
	"slices"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	perPage     = 100
	mostPerPage = 1000
	mostPages   = 1_000_000
	// deepest is how many recordings a page may end after. Those before it have to be kept
	// while they are sorted, in 10 MB at the most.
	deepest = 100_000
)

// A listQuery is the query of a URL; the page and the API have the same.
type listQuery struct {
	collector.RecordingQuery

	page   int
	format string
}

// The parameters of the query and the values of paramOrder.
const (
	paramCorp      = "corp"
	paramHost      = "host"
	paramState     = "state"
	paramExposed   = "exposed"
	paramShared    = "shared"
	paramAccepted  = "accepted"
	paramOverdue   = "overdue"
	paramRecording = "recording"
	paramSort      = "sort"
	paramOrder     = "order"
	paramPage      = "page"
	paramLimit     = "limit"

	ascending  = "asc"
	descending = "desc"
)

// params returns all parameters, in the order in which an error lists them.
func params() []string {
	return []string{
		paramCorp, paramHost, paramState, paramExposed, paramShared, paramAccepted, paramOverdue, paramRecording,
		paramSort, paramOrder, paramPage, paramLimit, page.ParamFormat, page.ParamLang, page.ParamRefresh,
	}
}

// parse returns the meaning of a query and its parameters. An error names the
// parameter and the remedy. The first format is that of an answer if none is asked for.
func parse(rawQuery string, formats ...string) (q listQuery, values url.Values, err error) {
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
	err = q.read(values)
	return q, values, err
}

func (q *listQuery) read(values url.Values) (err error) {
	q.Corp, q.Host, q.ID = values.Get(paramCorp), values.Get(paramHost), values.Get(paramRecording)
	if err := q.parseState(values); err != nil {
		return err
	}
	for _, flag := range []struct {
		name  string
		value **bool
	}{
		{paramExposed, &q.Exposed},
		{paramShared, &q.Shared},
		{paramAccepted, &q.Accepted},
		{paramOverdue, &q.Overdue},
	} {
		if err := query.Flag(values, flag.name, flag.value); err != nil {
			return err
		}
	}
	if err := q.parseOrder(values); err != nil {
		return err
	}
	if q.page, err = query.Number(values, paramPage, 1, mostPages); err != nil {
		return err
	}
	if q.Limit, err = query.Number(values, paramLimit, perPage, mostPerPage); err != nil {
		return err
	}
	q.Offset = (q.page - 1) * q.Limit
	if q.Offset+q.Limit > deepest {
		return bilingual.Errorf("%s: page %d with %d recordings per page ends beyond recording %d: narrow the list with "+
			"%s, %s, %s, %s or %s, or start from the other end with %s",
			"%s：第 %d 页（每页 %d 条）超出了前 %d 条：请用 %s、%s、%s、%s 或 %s 缩小查询，或用 %s 从另一端查起",
			paramPage, q.page, q.Limit, deepest,
			paramCorp, paramHost, paramState, paramExposed, paramShared, paramOrder)
	}
	return nil
}

func (q *listQuery) parseState(values url.Values) error {
	name := values.Get(paramState)
	if name == "" {
		return nil
	}
	state, ok := wecom.StateNamed(name)
	if !ok {
		return bilingual.Errorf("%s: %q is not a state: use one of %s", "%s：没有状态 %q：可用的值为 %s",
			paramState, name, strings.Join(wecom.StateNames(), ", "))
	}
	q.State = &state
	return nil
}

func (q *listQuery) parseOrder(values url.Values) error {
	q.Order = inventory.Order(values.Get(paramSort))
	switch {
	case q.Order != "":
	case q.format == page.HTML && values.Get(paramOrder) == "":
		q.Order = inventory.ByExposed // People come for these; programs count on the newest.
	default:
		q.Order = inventory.ByStart
	}
	if orders := inventory.Orders(); !slices.Contains(orders, q.Order) {
		names := make([]string, 0, len(orders))
		for _, order := range orders {
			names = append(names, string(order))
		}
		return bilingual.Errorf("%s: %q is not a sort order: use one of %s", "%s：不能按 %q 排序：可用的值为 %s",
			paramSort, q.Order, strings.Join(names, ", "))
	}
	switch order := values.Get(paramOrder); order {
	case "":
		q.Descending = q.Order != inventory.ByHost
	case ascending, descending:
		q.Descending = order == descending
	default:
		return bilingual.Errorf("%s: %q is neither %s nor %s", "%s：%q 既不是 %s 也不是 %s",
			paramOrder, order, ascending, descending)
	}
	return nil
}

// direction returns the value of paramOrder.
func (q *listQuery) direction() string {
	if q.Descending {
		return descending
	}
	return ascending
}

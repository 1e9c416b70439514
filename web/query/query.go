// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package query reads the queries of URLs strictly: a filter that was dropped would show more
// than was asked for.
package query

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// Parse returns the parameters of a query, each of which is one of known and stands there
// once. Everything else is an error, with its remedy.
func Parse(query string, known []string) (url.Values, error) {
	values, err := Split(query)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(known, name) {
			return nil, bilingual.Errorf("%q is not a parameter: use one of %s", "没有参数 %q：可用的参数为 %s",
				name, strings.Join(known, ", "))
		}
		if n := len(values[name]); n > 1 {
			return nil, bilingual.Errorf("%s is given %d times: write it once", "参数 %s 出现了 %d 次：请只写一次", name, n)
		}
	}
	return values, nil
}

// Split is url.ParseQuery with errors that have a remedy. It also refuses a name without "=",
// which url.ParseQuery takes for an empty value.
func Split(query string) (url.Values, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, bilingual.Errorf("the query cannot be read (%v): write name=value, with & between parameters, "+
			"and in a value %%25 for %%, %%26 for &, %%3B for ; and %%2B for +",
			"无法解析查询（%v）：请写作 name=value，参数之间用 & 分隔；值中的 %%、&、;、+ 分别写作 %%25、%%26、%%3B、%%2B", err)
	}
	for pair := range strings.SplitSeq(query, "&") {
		if pair != "" && !strings.Contains(pair, "=") {
			return nil, bilingual.Errorf("the parameter %q has no value: write name=value", "参数 %q 没有值：请写作 name=value", pair)
		}
	}
	return values, nil
}

// Flag sets flag to the value of a parameter, and leaves it alone if the parameter is absent.
func Flag(values url.Values, name string, flag **bool) error {
	text := values.Get(name)
	if text == "" {
		return nil
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		return bilingual.Errorf("%s: %q is neither true nor false", "%s：%q 既不是 true 也不是 false", name, text)
	}
	*flag = &value
	return nil
}

// Number returns the value of a parameter from 1 to most, or byDefault if the parameter is
// absent.
func Number(values url.Values, name string, byDefault, most int) (int, error) {
	text := values.Get(name)
	if text == "" {
		return byDefault, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, bilingual.Errorf("%s: %q is not accepted: use a whole number from 1 to %d",
			"%s：%q 无效：请写 1 到 %d 的整数", name, text, most)
	}
	return n, nil
}

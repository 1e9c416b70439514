// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package query

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for raw, test := range map[string]struct {
		want  url.Values
		wrong string // a part of the error
	}{
		"":                    {want: url.Values{}},
		"host=li&corp=a%26b":  {want: url.Values{"host": {"li"}, "corp": {"a&b"}}},
		"host=":               {want: url.Values{"host": {""}}},
		"host=li&host=wang":   {wrong: "host is given 2 times: write it once"},
		"hosts=li":            {wrong: `"hosts" is not a parameter: use one of host, corp`},
		"host":                {wrong: `the parameter "host" has no value: write name=value`},
		"host=100%":           {wrong: "%25 for %"},
		"host=li;corp=acme":   {wrong: "%3B for ;"},
		"host=li&&corp=acme&": {want: url.Values{"host": {"li"}, "corp": {"acme"}}},
	} {
		got, err := Parse(raw, []string{"host", "corp"})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", raw, diff)
		}
		if (err != nil) != (test.wrong != "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
			t.Errorf("%q: error %v, want %q", raw, err, test.wrong)
		}
	}
}

func TestFlagAndNumber(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, value string
		flag        *bool
		number      int
		wrongFlag   bool
		wrongNumber bool
	}{
		{name: "absent", number: 5},
		{name: "the least", value: "1", flag: new(true), number: 1},
		{name: "nothing", value: "0", flag: new(false), wrongNumber: true},
		{name: "the most", value: "10", wrongFlag: true, number: 10},
		{name: "more", value: "11", wrongFlag: true, wrongNumber: true},
		{name: "a word", value: "true", flag: new(true), wrongNumber: true},
		{name: "a number of many digits", value: "99999999999999999999", wrongFlag: true, wrongNumber: true},
	} {
		values := url.Values{"x": {test.value}}
		var flag *bool
		err := Flag(values, "x", &flag)
		if diff := cmp.Diff(test.flag, flag); diff != "" || (err != nil) != test.wrongFlag {
			t.Errorf("%s as a flag: %v (-want +got):\n%s", test.name, err, diff)
		}
		number, err := Number(values, "x", 5, 10)
		if number != test.number || (err != nil) != test.wrongNumber {
			t.Errorf("%s as a number: %d, want %d: %v", test.name, number, test.number, err)
		}
	}
}

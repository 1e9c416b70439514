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
		"hosts=li":            {wrong: `"hosts" is no parameter: write one of host, corp`},
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

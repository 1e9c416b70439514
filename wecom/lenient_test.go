// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import "testing"

func TestNumber(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]number{
		`7`:                      {value: 7},
		`-7`:                     {value: -7},
		`"7"`:                    {value: 7},
		`9223372036854775807`:    {value: 9223372036854775807},
		`5.36870912e9`:           {value: 5 << 30},
		`"7.9"`:                  {value: 7},
		`true`:                   {value: 1},
		`false`:                  {},
		`null`:                   {},
		`""`:                     {},
		`1e300`:                  {malformed: true},
		`9223372036854775808`:    {malformed: true},
		`"big"`:                  {malformed: true},
		`"\u0037"`:               {value: 7},
		`[7]`:                    {malformed: true},
		`{"n":7}`:                {malformed: true},
		`"-9223372036854775808"`: {value: -9223372036854775808},
	} {
		expect(t, value, want)
	}
}

func TestFlag(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]flag{
		`true`:    {value: true},
		`"true"`:  {value: true},
		`"True"`:  {value: true},
		`1`:       {value: true},
		`"1"`:     {value: true},
		`false`:   {},
		`"FALSE"`: {},
		`0`:       {},
		`null`:    {},
		`""`:      {},
		`2`:       {malformed: true},
		`"maybe"`: {malformed: true},
		`[]`:      {malformed: true},
	} {
		expect(t, value, want)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]text{
		`"li"`:       "li",
		`"\u674e"`:   "李",
		`"a\"b"`:     `a"b`,
		`10001`:      "10001",
		`null`:       "",
		`true`:       "",
		`["li"]`:     "",
		`{"id":"a"}`: "",
	} {
		expect(t, value, want)
	}
}

func TestPresence(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]presence{
		`"secret"`: true,
		`1234`:     true,
		`true`:     true,
		`[1]`:      true,
		`""`:       false,
		`null`:     false,
		`false`:    false,
		`[]`:       false,
		`{}`:       false,
	} {
		expect(t, value, want)
	}
}

// expect checks what a JSON value is read as.
func expect[T comparable, P interface {
	*T
	read(raw []byte)
}](t *testing.T, text string, want T) {
	t.Helper()
	var got T
	if P(&got).read([]byte(text)); got != want {
		t.Errorf("%s: %+v, want %+v", text, got, want)
	}
}

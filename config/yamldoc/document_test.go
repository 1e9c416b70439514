// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package yamldoc

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

var known = []Key{
	{Path: "name"},
	{Path: "even", Check: func(text string) error {
		if len(text)%2 != 0 {
			return errors.New("not even")
		}
		return nil
	}},
	{Path: "secret", Instead: bilingual.Text{English: "write it to a file", Chinese: "写到文件中"}},
	{Path: "shops[].on", Kind: Truth},
	{Path: "shops[].goods.names", Kind: List},
	{Path: "shops[].prices.*", Kind: Text},
	{Path: "extra", Kind: Mapping, See: "https://example.com"},
	{Path: "extra.claims.*", Kind: Anything},
}

func TestRead(t *testing.T) {
	t.Parallel()
	d, errs := Read("f.yml", []byte(`name: !!binary bHVs
even: ~
shops:
- on: yes
  goods:
    names: [a, ~,
      "c"]
  prices: {"x.y": 1, "a b": 0x2}
-
- {}
extra: {claims: {a: [1, {b: c}]}}
`), known)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	texts := map[string]string{
		"name":                   "lul",
		"even":                   "",
		"shops":                  "",
		`shops[0].prices."x.y"`:  "1",
		`shops[0].prices."a b"`:  "0x2",
		"shops[0].prices.x.y":    "",
		"shops[0].goods.names":   "",
		"shops[5].goods.unknown": "",
	}
	for path, want := range texts {
		if got := d.At(path).Text(); got != want {
			t.Errorf("%s: got the text %q, want %q", path, got, want)
		}
	}
	if diff := cmp.Diff([]string{"a", "", "c"}, d.At("shops[0].goods.names").Items()); diff != "" {
		t.Errorf("items differ (-want +got):\n%s", diff)
	}
	if got := d.At("name").Items(); got != nil {
		t.Errorf("got the items %q of a text", got)
	}
	if got, want := fmt.Sprint(d.At("shops").Len(), d.At("even").Len(), d.At("none").Len()), "3 0 0"; got != want {
		t.Errorf("got the lengths %s, want %s", got, want)
	}
	given := map[string]bool{"": true, "even": false, "shops[0]": true, "shops[1]": false, "shops[2]": true, "shops[3]": false}
	for path, want := range given {
		if got := d.At(path).Given(); got != want {
			t.Errorf("%s: got given %t, want %t", path, got, want)
		}
	}
	var on bool
	if err := d.At("shops[0].on").Decode(&on); err != nil || !on {
		t.Errorf("got %t, %v, want true", on, err)
	}
	if err := d.At("shops[1].on").Decode(&on); err != nil || !on {
		t.Errorf("a key that is not there decodes to %t, %v", on, err)
	}
}

func TestWhere(t *testing.T) {
	t.Parallel()
	d, errs := Read("f.yml", []byte("\nname: a\nshops:\n- on: true\n  goods:\n    names:\n    - a\n    - b\n-\n"), known)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	tests := []struct{ path, want string }{
		{path: "", want: "f.yml: line 2"},
		{path: "name", want: "f.yml: name (line 2)"},
		{path: "extra.claims", want: "f.yml: extra.claims (line 2)"},
		{path: "shops[0].goods.names", want: "f.yml: shops[0].goods.names (line 6)"},
		{path: "shops[0].prices.x", want: "f.yml: shops[0].prices.x (line 4)"},
		{path: "shops[1].on", want: "f.yml: shops[1].on (line 9)"},
		{path: "shops[2]", want: "f.yml: shops[2] (line 3)"},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			if got := d.At(test.path).Where().English; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	if got, want := d.At("shops[0].goods").WhereKey("names").English, "f.yml: shops[0].goods.names (line 6)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := d.At("shops[0].goods").WhereKey("x y").English, "f.yml: shops[0].goods.\"x y\" (line 5)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := d.At("shops[0].goods.names").WhereItem(1).English, "f.yml: shops[0].goods.names[1] (line 8)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReadNothing(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "# comment", "---", "~", "---\n...\n"} {
		d, errs := Read("f.yml", []byte(content), known)
		if len(errs) > 0 || d.At("").Given() || d.At("name").Given() {
			t.Errorf("%q: got %v, want nothing", content, errs)
		}
	}
	d, _ := Read("f.yml", nil, known)
	if got, want := d.At("").Where().English+", "+d.At("name").Where().English, "f.yml, f.yml: name"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	const write = "a value of the wrong kind: write "
	tests := []struct {
		name    string
		content string
		want    []string
	}{
		{
			name:    "unknown key",
			content: "nam: a\nshop: []\nfoo: 1",
			want: []string{
				`line 1: "nam" is not a known key: did you mean name? Use one of name, even, shops, extra`,
				`line 2: "shop" is not a known key: did you mean shops? Use one of name, even, shops, extra`,
				`line 3: "foo" is not a known key: use one of name, even, shops, extra`,
			},
		},
		{
			name:    "unknown key where keys are documented elsewhere",
			content: "extra: {claim: 1, foo: 1}",
			want: []string{
				`extra (line 1): "claim" is not a known key: did you mean claims? See https://example.com`,
				`extra (line 1): "foo" is not a known key: see https://example.com`,
			},
		},
		{
			name:    "unknown keys that look like paths",
			content: "extra.claims: 1\nshops[]: 1\nshops:\n- \"*\": 1",
			want: []string{
				`line 1: "extra.claims" is not a known key: use one of name, even, shops, extra`,
				`line 2: "shops[]" is not a known key: did you mean shops? Use one of name, even, shops, extra`,
				`shops[0] (line 4): "*" is not a known key: use one of on, goods, prices`,
			},
		},
		{
			name:    "refused key",
			content: "secret: hunter2",
			want:    []string{`line 1: "secret" is not a known key: write it to a file`},
		},
		{
			name:    "wrong kinds",
			content: "name: [a]\neven: {a: b}\nshops:\n- on: perhaps\n  goods: a\n- goods: {names: {a: b}}\n  prices: {x: []}\n- []\nextra: 1",
			want: []string{
				"name (line 1): " + write + "a single text or number",
				"even (line 2): " + write + "a single text or number",
				"shops[0].on (line 4): " + write + "true or false",
				"shops[0].goods (line 5): " + write + "keys with values",
				"shops[1].goods.names (line 6): " + write + "a list",
				"shops[1].prices.x (line 7): " + write + "a single text or number",
				"shops[2] (line 8): " + write + "keys with values",
				"extra (line 9): " + write + "keys with values",
			},
		},
		{
			name:    "text that a check refuses",
			content: "even: abc",
			want:    []string{"even (line 1): not even"},
		},
		{
			name:    "key twice, at any depth",
			content: "name: a\nname: b\nshops: [{on: no, on: no}]\nextra: {claims: {a: 1, a: 2, b: {c: 1, c: 2}}}",
			want: []string{
				"line 2: the key name appears twice: remove one",
				"shops[0] (line 3): the key on appears twice: remove one",
				"extra.claims (line 4): the key a appears twice: remove one",
				"extra.claims.b (line 4): a value cannot be read: quote values that begin with !, * or &",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, errs := Read("f.yml", []byte(test.content), known)
			var got, want []string
			for _, err := range errs {
				got = append(got, err.Error())
			}
			for _, line := range test.want {
				want = append(want, "f.yml: "+line)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("errors differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadList(t *testing.T) {
	t.Parallel()
	keys := []Key{{Path: "[].name"}, {Path: "[].price"}}
	d, errs := ReadList("f.yml", []byte("- {name: a, price: 1}\n- \n- name: b"), keys)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if got, want := d.At("").Len(), 3; got != want {
		t.Errorf("%d items, want %d", got, want)
	}
	for path, want := range map[string]string{"[0].name": "a", "[0].price": "1", "[1].name": "", "[2].name": "b"} {
		if got := d.At(path).Text(); got != want {
			t.Errorf("%s: got the text %q, want %q", path, got, want)
		}
	}
	if got, want := d.At("[2].price").Where(), (bilingual.Text{English: "f.yml: [2].price (line 3)", Chinese: "f.yml：[2].price（第 3 行）"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for content, want := range map[string]string{
		"name: a":              "f.yml: line 1: a value of the wrong kind: write a list",
		"- a":                  "f.yml: [0] (line 1): a value of the wrong kind: write keys with values",
		"- name: a\n- nam: b":  `f.yml: [1] (line 2): "nam" is not a known key: did you mean name? Use one of name, price`,
		"- {name: a, name: b}": "f.yml: [0] (line 1): the key name appears twice: remove one",
	} {
		if _, errs := ReadList("f.yml", []byte(content), keys); len(errs) != 1 || errs[0].Error() != want {
			t.Errorf("%q: got %v, want %s", content, errs, want)
		}
	}
}

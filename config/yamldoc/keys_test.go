// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package yamldoc

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"name", "corp_id", "api_secret_file", "agent_id", "http_config"}
	tests := []struct{ word, want string }{
		{word: "corpid", want: "corp_id"},
		{word: "corp-id", want: "corp_id"},
		{word: "corp_di", want: "corp_id"},
		{word: "Name", want: "name"},
		{word: "agentid", want: "agent_id"},
		{word: "secret_file", want: ""},
		{word: "id", want: ""},
		{word: "", want: ""},
		{word: "xyz", want: ""},
	}
	for _, test := range tests {
		t.Run(test.word, func(t *testing.T) {
			t.Parallel()
			if got := Nearest(test.word, names, len(test.word)/3); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want int
	}{
		{a: "", b: "", want: 0},
		{a: "", b: "abc", want: 3},
		{a: "abc", b: "", want: 3},
		{a: "kitten", b: "sitting", want: 3},
		{a: "flaw", b: "lawn", want: 2},
	}
	for _, test := range tests {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("from %q to %q: got %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

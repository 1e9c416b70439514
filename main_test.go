// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	configurationPage = "docs/configuration.md"
	tableBegins       = "<!-- The table is made by: go test . -run TestConfigurationPage -update -->\n"
	tableIsAbove      = "<!-- The table ends. -->\n"
)

// TestConfigurationPage keeps the page of flags equal to the code.
func TestConfigurationPage(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(configurationPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), tableBegins)
	table, after, ends := strings.Cut(rest, tableIsAbove)
	if !found || !ends {
		t.Fatalf("%s lacks the marks of its table", configurationPage)
	}
	want := flagsTable()
	if *update {
		if err := os.WriteFile(configurationPage, []byte(before+tableBegins+want+tableIsAbove+after), 0o600); err != nil {
			t.Fatal(err)
		}
		table = want
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("%s differs from the code; run the test with -update (-want +got):\n%s", configurationPage, diff)
	}
}

func flagsTable() string {
	var b strings.Builder
	b.WriteString("\n| flag | environment variable | default | meaning |\n|---|---|---|---|\n")
	app := newFlags().app
	if _, err := app.ParseContext(nil); err != nil { // gives flags their variables
		panic(err)
	}
	for _, f := range app.Model().Flags {
		if f.Hidden || f.Name == "help" || f.Name == "version" {
			continue
		}
		value := ""
		if len(f.Default) > 0 && f.Default[0] != "" {
			value = "`" + strings.Join(f.Default, " ") + "`"
		}
		fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s |\n", f.Name, f.Envar, value, strings.ReplaceAll(f.Help, "|", "\\|"))
	}
	b.WriteString("\n")
	return b.String()
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
)

// unknownFlag returns an error for arguments whose parsing stops at a long flag that does not
// exist. It names the flag that was likely meant. It is nil if parsing stops at anything else.
func (a *application) unknownFlag(args []string) error {
	stopped, err := a.kingpin.ParseContext(args)
	if err == nil || stopped == nil || stopped.Peek().Type != kingpin.TokenLong {
		return nil
	}
	name := stopped.Peek().Value
	model := a.kingpin.Model()
	accepted := spellings(model.Flags)
	var elsewhere []string // the commands that have the flag, and were not selected
	for _, c := range model.Commands {
		names := spellings(c.Flags)
		switch selected := stopped.SelectedCommand; {
		case selected != nil && selected.FullCommand() == c.FullCommand:
			accepted = append(accepted, names...)
		case slices.Contains(names, name):
			elsewhere = append(elsewhere, c.Name)
		}
	}
	switch {
	case slices.Contains(accepted, name):
		return nil
	case len(elsewhere) > 0:
		return fmt.Errorf("unknown flag --%s: it belongs to %s, and goes after the command",
			name, strings.Join(elsewhere, " and "))
	}
	return fmt.Errorf("unknown flag --%s: the closest flag is --%s", name, config.Nearest(name, accepted))
}

// spellings returns how flags may be written, without dashes: those without a value may have no-
// before their names.
func spellings(flags []*kingpin.FlagModel) []string {
	var names []string
	for _, f := range flags {
		names = append(names, f.Name)
		if f.IsBoolFlag() {
			names = append(names, "no-"+f.Name)
		}
	}
	return names
}

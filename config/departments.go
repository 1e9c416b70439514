// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
)

// departments reads whether to report departments, which hosts are needed for.
func (v value) departments(label HostLabel) bool {
	wanted := v.truth()
	if wanted && label == HostLabelOff {
		v.addf("departments need hosts: remove it, or set --metrics.host-label to plain or hashed")
	}
	return wanted
}

// departmentNames reads the names of departments, by their IDs.
func (v value) departmentNames() map[int64]string {
	var texts map[string]string
	if err := v.decode(&texts); err != nil {
		v.addf("%w", err) // Not met: all keys and values are texts.
		return nil
	}
	if len(texts) == 0 {
		return nil
	}
	names := make(map[int64]string, len(texts))
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		at := value{problems: v.problems, where: v.whereKey(key)}
		id, err := strconv.ParseInt(key, 10, 64)
		name := texts[key]
		switch {
		case err != nil || id < 1 || key != strconv.FormatInt(id, 10):
			at.addf("the department is not a whole number above zero: write its ID, such as 2")
		case !utf8.ValidString(name):
			at.addf("%q is not UTF-8: write a name that is", name)
		case strings.TrimSpace(name) == "":
			at.addf("no name: write one, or leave the department out, so that its number is shown")
		}
		names[id] = name
	}
	return names
}

// checkDepartments refuses departments that nothing can be known of, since they come with the
// members that are discovered. That some of the corps have none is a warning.
func (f *Flags) checkDepartments(p *problems, c *Config) {
	var without []string
	for i := range c.Corps {
		if !c.Corps[i].Targets.DiscoverMembers {
			without = append(without, yamldoc.Item("corps", i)+".targets.discover")
		}
	}
	if !c.Metrics.Departments || len(without) == 0 {
		return
	}
	const reason = "departments are known of members that are discovered: "
	flag, file := settingOf(flagDepartments), f.file()
	switch {
	case len(without) < len(c.Corps):
		p.warnings = append(p.warnings, fmt.Sprintf(
			"%s: "+reason+"write members to %s in %s, so that these corps have them too",
			flag, strings.Join(without, ", "), fileerr.Quote(file)))
	case file != "":
		p.addf("%s: "+reason+"write members to %s in %s, or remove the flag",
			flag, strings.Join(without, " or "), fileerr.Quote(file))
	default:
		p.addf("%s: "+reason+"write members to %s, or remove the flag", flag, settingOf(keyDiscover))
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// departments reads whether to report departments, which hosts are needed for.
func (v value) departments(label HostLabel) bool {
	wanted := v.truth()
	if wanted && label == HostLabelOff {
		v.addf("departments need the host label: remove the flag, or set --metrics.host-label to plain or hashed",
			"部门依赖标签 host：请去掉该参数，或将 --metrics.host-label 设为 plain 或 hashed")
	}
	return wanted
}

// departmentNames reads the names of departments, by their IDs.
func (v value) departmentNames() map[int64]string {
	var texts map[string]string
	if err := v.decode(&texts); err != nil {
		v.add(err) // Not met: all keys and values are texts.
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
			at.addf("the department is not a whole number above zero: write its ID, such as 2",
				"部门不是大于零的整数：请填写部门 ID，例如 2")
		case !utf8.ValidString(name):
			at.addf("%q is not UTF-8: write a name that is", "%q 不是 UTF-8：请用 UTF-8 填写名称", name)
		case strings.TrimSpace(name) == "":
			at.addf("no name: write one, or leave the department out to show its number",
				"没有名称：请填写名称；或去掉该部门，以部门 ID 显示")
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
	const (
		reason  = "departments are known only for discovered members: "
		chinese = "部门信息来自自动发现的成员："
	)
	flag, file := settingOf(flagDepartments), f.file()
	switch {
	case len(without) < len(c.Corps):
		p.warnings = append(p.warnings, bilingual.Textf(
			"%s: "+reason+"add members to %s in %s to get them for these corps too",
			"%s："+chinese+"请在 %s 中加入 members（文件 %s），这些企业才有部门",
			flag, strings.Join(without, ", "), fileerr.Quote(file)))
	case file != "":
		p.addf("%s: "+reason+"add members to %s in %s, or remove the flag",
			"%s："+chinese+"请在 %s 中加入 members（文件 %s），或去掉该参数",
			flag, strings.Join(without, " or "), fileerr.Quote(file))
	default:
		p.addf("%s: "+reason+"add members to %s, or remove the flag",
			"%s："+chinese+"请在 %s中加入 members，或去掉该参数", flag, settingOf(keyDiscover))
	}
}

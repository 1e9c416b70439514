// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// file reads the configuration file into c, which has the values of the flags. Corps
// are read by readCorp.
func (p *problems) file(path string, c *Config, readCorp func(source) Corp) {
	content, err := os.ReadFile(path)
	if err != nil {
		p.addf("the configuration file %s cannot be read (%w): name a readable file",
			"无法读取配置文件 %s（%w）：请指定可以读取的文件", fileerr.Quote(path), fileerr.Cause(err))
		return
	}
	d, errs := yamldoc.Read(fileerr.Quote(path), content, fileKeys())
	if len(errs) > 0 {
		p.errs = append(p.errs, errs...)
		return
	}
	base := filepath.Dir(path)
	for _, s := range settings() {
		if at := d.At(s.key); s.set != nil && s.key != "" && at.Given() {
			s.set(c, fileValue(p, at, base))
		}
	}
	settled := settingOf(keySettledInterval)
	where := settled.named(settled.variable())
	if at := d.At(keySettledInterval); at.Given() {
		where = at.Where()
	}
	p.checkSettledInterval(where, &c.Poll)
	const corps = "corps"
	first := make(map[string]int)
	for i := range d.At(corps).Len() {
		source := fileCorp{d, yamldoc.Item(corps, i), base}
		corp := readCorp(source)
		p.checkRetention(source, &corp, c.Poll.Lookback)
		p.warnOfUnknownActivity(source, &corp, &c.Poll)
		c.Corps = append(c.Corps, corp)
		if j, ok := first[corp.Name]; ok {
			p.addf("%s: %q is also the name of %s: choose another", "%s：%q 已是 %s 的名称：请换一个名称",
				source.where(keyName), corp.Name, yamldoc.Item(corps, j))
		} else if corp.Name != "" {
			first[corp.Name] = i
		}
	}
	if len(c.Corps) == 0 {
		p.addf("%s: no corp: write at least one, with name, corp_id, api_secret_file and targets",
			"%s：没有企业：请至少配置一个，包括 name、corp_id、api_secret_file 与 targets", d.At(corps).Where())
	}
}

// A fileCorp is the source of one corp of a configuration file.
type fileCorp struct {
	d    *yamldoc.Document
	path string // such as corps[0]
	base string
}

// pathOf returns the path of a key of the table, with the index of the corp.
func (c fileCorp) pathOf(key string) string {
	return c.path + strings.TrimPrefix(key, "corps[]")
}

func (c fileCorp) name(key string) bilingual.Text {
	return bilingual.Text{English: c.pathOf(key), Chinese: c.pathOf(key)}
}

func (c fileCorp) where(key string) bilingual.Text {
	return c.d.At(c.pathOf(key)).Where()
}

func (c fileCorp) value(p *problems, s setting) (value, bool) {
	if s.key == "" {
		return value{}, false
	}
	return fileValue(p, c.d.At(c.pathOf(s.key)), c.base), true
}

func (c fileCorp) secretRemedy() bilingual.Text {
	return bilingual.Text{
		English: "write the path of a file that holds the secret of the app",
		Chinese: "请填写存放应用 Secret 的文件路径",
	}
}

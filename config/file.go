// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
)

// file reads the configuration file into c, which has the values of the flags. Corps
// are read by readCorp.
func (p *problems) file(path string, c *Config, readCorp func(source) Corp) {
	content, err := os.ReadFile(path)
	if err != nil {
		p.addf("the configuration file %s cannot be read (%w): name a readable file", fileerr.Quote(path), fileerr.Cause(err))
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
	const corps = "corps"
	first := make(map[string]int)
	for i := range d.At(corps).Len() {
		source := fileCorp{d, yamldoc.Item(corps, i), base}
		corp := readCorp(source)
		p.checkRetention(source, &corp, c.Poll.Lookback)
		c.Corps = append(c.Corps, corp)
		if j, ok := first[corp.Name]; ok {
			p.addf("%s: %q is also the name of %s: choose another", source.where(keyName), corp.Name, yamldoc.Item(corps, j))
		} else if corp.Name != "" {
			first[corp.Name] = i
		}
	}
	if len(c.Corps) == 0 {
		p.addf("%s: no corp: write at least one, with name, corp_id, api_secret_file and targets", d.At(corps).Where())
	}
}

// A fileCorp is the source of one corp of a configuration file.
type fileCorp struct {
	d    *yamldoc.Document
	path string // such as corps[0]
	base string
}

// name returns the path of a key of the table, with the index of the corp.
func (c fileCorp) name(key string) string {
	return c.path + strings.TrimPrefix(key, "corps[]")
}

func (c fileCorp) where(key string) string {
	return c.d.At(c.name(key)).Where()
}

func (c fileCorp) value(p *problems, s setting) (value, bool) {
	if s.key == "" {
		return value{}, false
	}
	return fileValue(p, c.d.At(c.name(s.key)), c.base), true
}

func (c fileCorp) secretRemedy() string {
	return "write the path of a file that holds the secret of the app"
}

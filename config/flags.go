// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// Flags holds the flags that describe a Config.
type Flags struct {
	lookupEnv func(key string) (value string, ok bool)
	environ   func() []string

	// given is what the user gave for each flag, by its name.
	given map[string]*given
}

// given is what kingpin has parsed. It is text, because kingpin's own errors name
// neither the environment variable nor a remedy.
type given struct {
	text          string
	items         []string // of a list
	onCommandLine bool
}

// AddFlags registers --config.file, --wecom.*, --target.*, --policy.*, --poll.*,
// --metrics.*, --storage.* and --shard.* on app, each with its environment variable.
func AddFlags(app *kingpin.Application) *Flags {
	f := &Flags{lookupEnv: os.LookupEnv, environ: os.Environ, given: make(map[string]*given)}
	for _, s := range settings() {
		if s.flag == "" {
			continue
		}
		g := &given{}
		f.given[s.flag] = g
		clause := app.Flag(s.flag, s.help).Envar(s.variable()).IsSetByUser(&g.onCommandLine)
		if s.initial != "" {
			clause = clause.Default(s.initial)
		}
		switch s.kind {
		case yamldoc.List:
			clause.StringsVar(&g.items)
		case yamldoc.Truth:
			clause.SetValue((*truthFlag)(&g.text))
		default:
			clause.StringVar(&g.text)
		}
	}
	return f
}

// A truthFlag is the text of a flag that may stand without a value, which means true.
type truthFlag string

// String implements kingpin.Value.
func (t *truthFlag) String() string { return string(*t) }

// Set implements kingpin.Value.
func (t *truthFlag) Set(text string) error {
	*t = truthFlag(text)
	return nil
}

// IsBoolFlag has kingpin take the flag without a value, and --no- before its name.
func (t *truthFlag) IsBoolFlag() bool { return true }

// Load returns the configuration that the parsed flags, the environment and the
// files hold now. Call it again to reload. An error holds one line for each
// problem: it names the flag and variable, or the file, key and line, and says
// what to write instead.
func (f *Flags) Load() (*Config, error) {
	return f.load(func(p *problems, _ *Config, from source) Corp { return p.corp(from) })
}

// LoadStored is Load for a command that reads what was stored, and makes no call. It takes every
// flag and key, but does not read those that only calls need: credentials, address, proxy and
// targets.
func (f *Flags) LoadStored() (*Config, error) {
	return f.load(func(p *problems, _ *Config, from source) Corp { return p.storedCorp(from) })
}

// load returns the configuration with the corps that readCorp reads, which is given the settings
// of the process.
func (f *Flags) load(readCorp func(*problems, *Config, source) Corp) (*Config, error) {
	var p problems
	c := f.process(&p)
	if file := f.file(); file == "" {
		corp := readCorp(&p, c, f)
		p.checkSettledInterval(f.where(keySettledInterval), &c.Poll)
		p.checkRetention(f, &corp, c.Poll.Lookback)
		p.warnOfUnknownActivity(f, &corp, &c.Poll)
		c.Corps = []Corp{corp}
	} else {
		f.refuseCorp(&p)
		p.file(file, c, func(from source) Corp { return readCorp(&p, c, from) })
	}
	f.checkDepartments(&p, c)
	if err := p.err(); err != nil {
		return nil, err
	}
	c.Warnings = p.warnings
	return c, nil
}

// process reads the settings of the process.
func (f *Flags) process(p *problems) *Config {
	c := &Config{}
	for _, s := range settings() {
		if s.set != nil {
			v, _ := f.value(p, s)
			s.set(c, v)
		}
	}
	if shard := c.Shard; shard.Total > 0 && shard.Ordinal >= shard.Total {
		p.addf("%s: %d is not below --shard.total=%d: shards are numbered from 0",
			"%s：%d 不小于 --shard.total=%d：分片从 0 开始编号",
			f.name("shard.ordinal"), shard.Ordinal, shard.Total)
	}
	return c
}

// file returns the path of the configuration file, or an empty string.
func (f *Flags) file() string {
	return f.given[flagConfigFile].text
}

// refuseCorp refuses settings of a corp, which a configuration file replaces.
func (f *Flags) refuseCorp(p *problems) {
	file := settingOf(flagConfigFile)
	conflict := func(what, instead bilingual.Text) {
		p.addf("%s conflicts with %s: remove it, and set %s under corps in that file",
			"不能同时使用 %s 和 %s：请去掉前者，改在该文件的 corps 中设置%s", what, file, instead)
	}
	for _, s := range settings() {
		if s.setCorp == nil {
			continue
		}
		instead := bilingual.Text{English: "it"}
		if s.env == variableAPI { // No file takes the secret itself.
			instead = bilingual.Text{English: "api_secret_file", Chinese: " api_secret_file"}
		}
		if g := f.given[s.flag]; g != nil && g.onCommandLine {
			conflict(bilingual.Text{English: "--" + s.flag, Chinese: "--" + s.flag}, instead)
		}
		for _, variable := range s.variables() {
			if f.env(variable) != "" {
				conflict(inEnvironment(variable), instead)
			}
		}
	}
}

// value implements source.
func (f *Flags) value(p *problems, s setting) (value, bool) {
	variable := f.variableOf(p, s)
	if variable == "" {
		return value{}, false // The setting is one of files alone.
	}
	v := value{problems: p, where: s.named(variable)}
	g := f.given[s.flag]
	switch {
	case g == nil, variable == s.twin() && !g.onCommandLine:
		v.text = f.env(variable)
	default:
		v.text, v.items = g.text, g.items
	}
	if v.text == "" && s.env != "" {
		v.hint = f.misspelled(s.env)
	}
	if s.commas {
		v.items = split(v.items)
	}
	v.whereItem = func(int) bilingual.Text { return v.where }
	return v, true
}

// variableOf returns the environment variable of a setting: the one that is set, if
// it has two. It is a problem if both are.
func (f *Flags) variableOf(p *problems, s setting) string {
	variable, twin := s.variable(), s.twin()
	switch {
	case twin == "" || f.env(twin) == "":
		return variable
	case f.env(variable) != "":
		p.addf("%s conflicts with %s, which is its long name: remove one of them from the environment",
			"不能同时设置环境变量 %s 和 %s，后者是前者的长名称：请去掉其中之一", variable, twin)
		return variable
	}
	return twin
}

// env returns a variable of the environment, or an empty string. One that is set to
// nothing counts as not set, as it does for kingpin.
func (f *Flags) env(variable string) string {
	text, _ := f.lookupEnv(variable)
	return text
}

// name implements source.
func (f *Flags) name(key string) bilingual.Text {
	if s := settingOf(key); s.flag != "" {
		return s.named(s.variable())
	}
	var names []string
	for _, s := range settings() {
		if strings.HasPrefix(s.key, key+".") {
			names = append(names, "--"+s.flag)
		}
	}
	return bilingual.Text{English: strings.Join(names, ", "), Chinese: strings.Join(names, "、")}
}

// where implements source.
func (f *Flags) where(key string) bilingual.Text { return f.name(key) }

// secretRemedy implements source.
func (f *Flags) secretRemedy() bilingual.Text {
	return bilingual.Textf("write the path of a file that holds the secret of the app, or set %s in the environment%s",
		"请填写存放应用 Secret 的文件路径，或将 Secret 写入环境变量 %s%s",
		variableAPI, f.misspelled(variableAPI, variableAPIFile))
}

// misspelled asks, behind a semicolon, whether variables that are set were meant to be those
// with the given names. It is empty if none was.
func (f *Flags) misspelled(variables ...string) bilingual.Text {
	var hint bilingual.Text
	for _, m := range misspelled(f.environ()) {
		if slices.Contains(variables, m.meant) {
			hint = bilingual.Textf("%s; did you mean %s? %s is set", "%s；是否应为 %s？环境中设置的是 %s",
				hint, m.meant, m.name)
		}
	}
	return hint
}

// split divides values at commas and line ends: an environment variable holds
// several that way.
func split(values []string) []string {
	var parts []string
	for _, value := range values {
		for part := range strings.SplitSeq(strings.ReplaceAll(value, "\n", ","), ",") {
			parts = append(parts, strings.TrimSpace(part))
		}
	}
	return parts
}

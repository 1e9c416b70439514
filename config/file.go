// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v2"
)

// fileText is a configuration file as the user wrote it. Numbers and durations
// are texts, to be read by the same code as flags.
type fileText struct {
	Poll  pollText   `yaml:"poll"`
	Corps []corpText `yaml:"corps"`
}

// pollText has nil for a key that is not there: the flag holds then.
type pollText struct {
	Interval             *string `yaml:"interval"`
	IdleInterval         *string `yaml:"idle_interval"`
	HistoryInterval      *string `yaml:"history_interval"`
	Lookback             *string `yaml:"lookback"`
	Concurrency          *string `yaml:"concurrency"`
	MaxRequestsPerMinute *string `yaml:"max_requests_per_minute"`
}

// file reads the configuration file into c, whose Poll holds the defaults.
func (p *problems) file(path string, c *Config) {
	content, err := os.ReadFile(path)
	if err != nil {
		p.addf("%s: the configuration file cannot be read (%w): name a readable file", path, cause(err))
		return
	}
	var text fileText
	if !p.decode(path, content, &text) {
		return
	}
	p.filePoll(path, text.Poll, &c.Poll)
	if len(text.Corps) == 0 {
		p.addf("%s: corps: no corp: write at least one, with name, corp_id, api_secret_file and targets", path)
	}
	first := make(map[string]int, len(text.Corps))
	for i, corp := range text.Corps {
		at := func(key string) string { return fmt.Sprintf("%s: corps[%d].%s", path, i, key) }
		corp.setDirectory(filepath.Dir(path))
		if corp.APISecretFile == "" {
			p.addf("%s: no secret: write the path of a file that holds the secret of the app", at("api_secret_file"))
		}
		c.Corps = append(c.Corps, p.corp(at, corp, SecretFromFile(corp.APISecretFile)))
		if j, ok := first[corp.Name]; ok {
			p.addf("%s: %q is the name of corps[%d] too: write another", at("name"), corp.Name, j)
		} else if corp.Name != "" {
			first[corp.Name] = i
		}
	}
}

func (p *problems) filePoll(path string, text pollText, poll *Poll) {
	where := func(key string) string { return path + ": poll." + key }
	if text.Interval != nil {
		poll.Interval = p.duration(where("interval"), *text.Interval)
	}
	if text.IdleInterval != nil {
		poll.IdleInterval = p.duration(where("idle_interval"), *text.IdleInterval)
	}
	if text.HistoryInterval != nil {
		poll.HistoryInterval = p.duration(where("history_interval"), *text.HistoryInterval)
	}
	if text.Lookback != nil {
		poll.Lookback = p.lookback(where("lookback"), *text.Lookback)
	}
	if text.Concurrency != nil {
		poll.Concurrency = p.wholeNumber(where("concurrency"), *text.Concurrency, 1)
	}
	if text.MaxRequestsPerMinute != nil {
		poll.MaxRequestsPerMinute = p.wholeNumber(where("max_requests_per_minute"), *text.MaxRequestsPerMinute, 1)
	}
}

// setDirectory makes relative paths relative to the folder of the file.
func (c *corpText) setDirectory(dir string) {
	c.APISecretFile = promconfig.JoinDir(dir, c.APISecretFile)
	if c.HTTPConfig != nil {
		c.HTTPConfig.SetDirectory(dir)
	}
	for i, pattern := range c.Targets.Files {
		c.Targets.Files[i] = promconfig.JoinDir(dir, pattern)
	}
}

// decode reads one YAML document, of which JSON is a part, with known keys only.
// It tells whether it could; no document at all leaves v as it was.
func (p *problems) decode(where string, content []byte, v any) bool {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.SetStrict(true)
	err := decoder.Decode(v)
	if errors.Is(err, io.EOF) {
		return true
	}
	if err == nil {
		var more struct{}
		err = decoder.Decode(&more)
		if errors.Is(err, io.EOF) {
			return true
		}
		if err == nil || typeErrors(err) != nil {
			p.addf("%s: more than one YAML document: write one, without a line of three dashes in between", where)
			return false
		}
	}
	lines := typeErrors(err)
	if lines == nil {
		p.addf("%s: %s", where, withoutValue(err))
	}
	for _, line := range lines {
		p.addf("%s: %s", where, explain(line))
	}
	return false
}

// typeErrors returns the lines of a yaml.TypeError, or nil for any other error.
func typeErrors(err error) []string {
	if typeErr, ok := errors.AsType[*yaml.TypeError](err); ok {
		return typeErr.Errors
	}
	return nil
}

// The shapes of the errors of the YAML package. It exports none, and quotes
// values, which may be secrets.
var (
	yamlSyntax    = regexp.MustCompile(`^yaml: (line \d+: .*|(?:did not find|could not find|found|mapping values|block|control) .*)$`)
	yamlWrongKind = regexp.MustCompile(`(?s)^line (\d+): cannot unmarshal .* into (\S+)$`)
	yamlUnknown   = regexp.MustCompile(`(?s)^line (\d+): field (.*) not found in type (\S+)$`)
	yamlTwice     = regexp.MustCompile(`(?s)^line (\d+): (?:field|key) (.*) already set in (?:map|type \S+)$`)
)

// withoutValue returns the text of an error unless a value may stand in it.
func withoutValue(err error) string {
	text := err.Error()
	switch {
	case yamlSyntax.MatchString(text):
		return "not YAML: " + yamlSyntax.FindStringSubmatch(text)[1]
	case strings.HasPrefix(text, "yaml: "):
		return "not YAML: a value cannot be read: quote values that begin with * or & or !"
	}
	return text
}

// explain says in the words of the file what a line of a yaml.TypeError says in
// those of Go, with what to do, and without the value.
func explain(line string) string {
	if m := yamlWrongKind.FindStringSubmatch(line); m != nil {
		return fmt.Sprintf("line %s: a value of the wrong kind: write %s", m[1], kind(m[2]))
	}
	if m := yamlUnknown.FindStringSubmatch(line); m != nil {
		return fmt.Sprintf("line %s: %s is not a known key: %s", m[1], strconv.Quote(m[2]), instead(m[2], m[3]))
	}
	if m := yamlTwice.FindStringSubmatch(line); m != nil {
		return fmt.Sprintf("line %s: the key %s stands twice: remove one", m[1], strings.Trim(m[2], `"`))
	}
	return "a value that cannot be read"
}

// kind names the YAML for a Go type.
func kind(goType string) string {
	switch {
	case goType == "string", goType == "config.Secret":
		return "a single text or number"
	case goType == "bool":
		return "true or false"
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	}
	return "keys with values"
}

func instead(key, goType string) string {
	if key == "api_secret" {
		return "a secret does not stand in a configuration file: write it to a file of its own, and its path as api_secret_file"
	}
	for _, v := range []any{fileText{}, pollText{}, corpText{}, targetsText{}, targetFileText{}} {
		if t := reflect.TypeOf(v); t.String() == goType {
			return "write one of " + strings.Join(keys(t), ", ")
		}
	}
	return "see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config"
}

// keys returns the YAML keys of a struct type.
func keys(t reflect.Type) []string {
	var names []string
	for field := range t.Fields() {
		name, option, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if option == "inline" {
			names = append(names, keys(field.Type)...)
		} else {
			names = append(names, name)
		}
	}
	return names
}

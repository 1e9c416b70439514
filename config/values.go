// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/scalar"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// A value is what the user wrote for one setting. Its methods validate it, and
// report what is wrong with it.
type value struct {
	problems *problems
	// where names the setting: a flag with its environment variable, or a file
	// with a key and a line.
	where bilingual.Text
	// text is the value of a setting that takes one. It is empty if there is none.
	text string
	// hint asks, behind a semicolon, whether another variable was meant to be that of the
	// setting. It is empty if the setting has a value.
	hint bilingual.Text
	// items are the values of a list.
	items []string
	// whereItem names one of the items.
	whereItem func(i int) bilingual.Text
	// whereKey names one of the keys below a key of a file. It is nil for flags.
	whereKey func(name string) bilingual.Text
	// decode decodes the keys below a key of a file. It is nil for flags.
	decode func(into any) error
	// base is the directory that relative paths begin at. If empty, they begin at
	// the working directory.
	base string
}

// A source is what values are read from: the flags, or one corp of a
// configuration file.
type source interface {
	// value returns what the user wrote for a setting, which may be nothing. It
	// reports whether the source can hold the setting at all.
	value(*problems, setting) (value, bool)
	// name names a key of the table as the user of this source knows it.
	name(key string) bilingual.Text
	// where is name with the file and the line, if there are any.
	where(key string) bilingual.Text
	// secretRemedy is what to do if there is no secret.
	secretRemedy() bilingual.Text
}

// fileValue returns a value that stands in a file.
func fileValue(p *problems, at yamldoc.Value, base string) value {
	return value{
		problems:  p,
		where:     at.Where(),
		text:      at.Text(),
		items:     at.Items(),
		whereItem: at.WhereItem,
		whereKey:  at.WhereKey,
		decode:    at.Decode,
		base:      base,
	}
}

// add adds a problem of the value.
func (v value) add(err error) { v.problems.add(v.where, err) }

// addf adds a problem of the value in both languages, as bilingual.Errorf does.
func (v value) addf(english, chinese string, args ...any) {
	v.add(bilingual.Errorf(english, chinese, args...))
}

// addItemf adds a problem of an item of a list.
func (v value) addItemf(i int, english, chinese string, args ...any) {
	v.problems.add(v.whereItem(i), bilingual.Errorf(english, chinese, args...))
}

// warnItemf adds a warning about an item of a list.
func (v value) warnItemf(i int, english, chinese string, args ...any) {
	warning := bilingual.Textf("%s: %s", "%s：%s", v.whereItem(i), bilingual.Textf(english, chinese, args...))
	v.problems.warnings = append(v.problems.warnings, warning)
}

// path returns the text as a path.
func (v value) path() string {
	return promconfig.JoinDir(v.base, v.text)
}

// parsed returns what parse makes of the text.
func parsed[T any](v value, parse func(text string) (T, error)) T {
	result, err := parse(v.text)
	if err != nil {
		v.add(err)
	}
	return result
}

// truth reads true or false; nothing is false.
func (v value) truth() (wanted bool) {
	if v.decode != nil {
		_ = v.decode(&wanted) // The file was read, so that it is a truth.
		return wanted
	}
	return parsed(v, scalar.Truth)
}

func (v value) duration() time.Duration { return parsed(v, scalar.Duration) }

// optionalDuration reads a duration; nothing is 0.
func (v value) optionalDuration() time.Duration {
	if v.text == "" {
		return 0
	}
	return v.duration()
}

func (v value) lookback() time.Duration {
	d := v.duration()
	if d > MaxLookback {
		v.addf("%q is over the limit: use 366d or less", "%q 超过上限：请填写 366d 或更短", v.text)
	}
	return d
}

// wholeNumber reads a number that is least or more.
func (v value) wholeNumber(least int) int { return parsed(v, scalar.WholeNumber(least)) }

func (v value) hostLabel() HostLabel {
	label := HostLabel(v.text)
	switch label {
	case HostLabelPlain, HostLabelHashed, HostLabelOff:
	default:
		v.addf("%q is not known: use plain, hashed or off", "%q 无效：请填写 plain、hashed 或 off", v.text)
	}
	return label
}

func (v value) hashKey(label HostLabel) secret.Key {
	switch {
	case label != HostLabelHashed && v.text != "":
		v.addf("a key without hashed hosts: remove it, or set --metrics.host-label=hashed",
			"有密钥，但没有使用哈希：请去掉密钥，或设置 --metrics.host-label=hashed")
		return nil
	case label != HostLabelHashed:
		return nil
	case v.text == "":
		v.addf("no key for --metrics.host-label=hashed: write the path of a file with at least %d random bytes",
			"--metrics.host-label=hashed 缺少密钥：请填写密钥文件的路径，文件中至少有 %d 个随机字节", secret.MinKeyBytes)
		return nil
	}
	key, err := secret.KeyFromFile(v.text)
	if err != nil {
		v.add(err)
	}
	return key
}

// directory reads the path of a directory, which need not exist yet.
func (v value) directory() string {
	if info, err := os.Stat(v.text); v.text != "" && err == nil && !info.IsDir() {
		v.addf("%s is not a directory: name one; the exporter creates it if it does not exist",
			"%s 不是目录：请指定一个目录；目录不存在时会自动创建", fileerr.Quote(v.text))
	}
	return v.text
}

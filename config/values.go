// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"os"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/scalar"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
)

// A value is what the user wrote for one setting. Its methods validate it, and
// report what is wrong with it.
type value struct {
	problems *problems
	// where names the setting: a flag with its environment variable, or a file
	// with a key and a line.
	where string
	// text is the value of a setting that takes one. It is empty if there is none.
	text string
	// items are the values of a list.
	items []string
	// whereItem names one of the items.
	whereItem func(i int) string
	// whereKey names one of the keys below a key of a file. It is nil for flags.
	whereKey func(name string) string
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
	name(key string) string
	// where is name with the file and the line, if there are any.
	where(key string) string
	// secretRemedy is what to do if there is no secret.
	secretRemedy() string
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

func (v value) addf(format string, args ...any) {
	v.problems.addf("%s: %w", v.where, fmt.Errorf(format, args...))
}

func (v value) addItemf(i int, format string, args ...any) {
	v.problems.addf("%s: %w", v.whereItem(i), fmt.Errorf(format, args...))
}

// warnItemf adds a warning about an item of a list.
func (v value) warnItemf(i int, format string, args ...any) {
	v.problems.warnings = append(v.problems.warnings, v.whereItem(i)+": "+fmt.Sprintf(format, args...))
}

// path returns the text as a path.
func (v value) path() string {
	return promconfig.JoinDir(v.base, v.text)
}

// parsed returns what parse makes of the text.
func parsed[T any](v value, parse func(text string) (T, error)) T {
	result, err := parse(v.text)
	if err != nil {
		v.addf("%w", err)
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

func (v value) lookback() time.Duration {
	d := v.duration()
	if d > MaxLookback {
		v.addf("%q is over the limit: write 366d or less", v.text)
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
		v.addf("%q is not known: write plain, hashed or off", v.text)
	}
	return label
}

func (v value) hashKey(label HostLabel) secret.Key {
	switch {
	case label != HostLabelHashed && v.text != "":
		v.addf("a key without hashed hosts: remove it, or set --metrics.host-label=hashed")
		return nil
	case label != HostLabelHashed:
		return nil
	case v.text == "":
		v.addf("no key for --metrics.host-label=hashed: write the path of a file with at least %d random bytes",
			secret.MinKeyBytes)
		return nil
	}
	key, err := secret.KeyFromFile(v.text)
	if err != nil {
		v.addf("%w", err)
	}
	return key
}

// directory reads the path of a directory, which need not exist yet.
func (v value) directory() string {
	if info, err := os.Stat(v.text); v.text != "" && err == nil && !info.IsDir() {
		v.addf("%s is not a directory: name one; the exporter creates it if it does not exist", fileerr.Quote(v.text))
	}
	return v.text
}

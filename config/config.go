// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package config holds what the user asked for: one struct, read from flags and
// the environment or from a YAML file, and validated as a whole. An error tells
// where the value stands, what is wrong with it and what to write instead, and
// never holds a secret.
package config

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
)

const (
	// MaxLookback is the farthest that the inventory reaches back.
	MaxLookback = 366 * 24 * time.Hour

	// MinHashKeyBytes is the length of the shortest key that host names are
	// hashed with.
	MinHashKeyBytes = 16

	// maxProblems bounds an error: past it, one cause is likely behind all.
	maxProblems = 20
)

// Config is a validated configuration.
type Config struct {
	// Corps holds at least one corp; their names differ.
	Corps   []Corp
	Poll    Poll
	Metrics Metrics
	Shard   Shard
	// StoragePath is the directory for the state, or empty to keep it in memory.
	// If it exists, it is a directory.
	StoragePath string
}

// Poll tells when and how fast to ask. Every value is positive.
type Poll struct {
	// Interval is for a target with recordings in the lookback, or newly active.
	Interval time.Duration
	// IdleInterval is for a target without.
	IdleInterval time.Duration
	// HistoryInterval is for windows older than the newest.
	HistoryInterval time.Duration
	// Lookback is how far back the inventory reaches, at most MaxLookback.
	Lookback time.Duration
	// Concurrency is the number of calls in flight, per corp.
	Concurrency int
	// MaxRequestsPerMinute is the budget, per corp ID and API host.
	MaxRequestsPerMinute int
}

// Corp is one named pair of corp ID and app secret.
type Corp struct {
	// Name is the value of the label corp. It is not empty.
	Name   string
	CorpID string
	// Secret is where the app secret is read from. It was readable at Load.
	Secret Secret
	// AgentID is the number of the app, or 0 where none was given.
	AgentID int64
	// APIURL is scheme://host[:port][/prefix], without a last slash and without
	// /cgi-bin.
	APIURL string
	// HTTPClientConfig never follows redirects, and takes the proxy from the
	// environment where none is configured. Some formatting verbs print the
	// passwords in it, so format the Corp instead.
	HTTPClientConfig promconfig.HTTPClientConfig
	// QuotaBytes is the cloud storage that was bought, or 0 where none was given.
	QuotaBytes int64
	Targets    Targets
}

// Format implements fmt.Formatter: it writes the name alone, for every verb,
// because some of them print the passwords in an HTTPClientConfig.
func (c Corp) Format(w fmt.State, _ rune) {
	_, _ = io.WriteString(w, "corp "+strconv.Quote(c.Name))
}

// HostLabel tells what the label host holds.
type HostLabel string

// The values of HostLabel.
const (
	// HostLabelPlain is the user ID itself.
	HostLabelPlain HostLabel = "plain"
	// HostLabelHashed is 16 hex digits of the HMAC-SHA256 of the user ID.
	HostLabelHashed HostLabel = "hashed"
	// HostLabelOff leaves hosts out.
	HostLabelOff HostLabel = "off"
)

// Metrics tells how to report what is known.
type Metrics struct {
	HostLabel HostLabel
	// HostHashKey has at least MinHashKeyBytes bytes if HostLabel is
	// HostLabelHashed, and is nil otherwise.
	HostHashKey Key
	// MaxHosts is the number of hosts with series of their own; 0 is no limit.
	MaxHosts int
}

// Shard is the part of the targets that this process polls:
// 0 <= Ordinal < Total.
type Shard struct {
	Ordinal, Total int
}

// problems collects everything that is wrong with a configuration, so that it
// can be put right in one go.
type problems []error

// addf adds a problem. It takes %w as fmt.Errorf does.
func (p *problems) addf(format string, args ...any) {
	*p = append(*p, fmt.Errorf(format, args...))
}

// err returns all problems, one a line, or nil.
func (p *problems) err() error {
	if len(*p) <= maxProblems {
		return errors.Join(*p...)
	}
	return errors.Join(append((*p)[:maxProblems:maxProblems],
		fmt.Errorf("and %d more problems: put these right first", len(*p)-maxProblems))...)
}

// The functions below read one value. Argument where is what the user knows the
// value by: a flag with its environment variable, or a file with a key.

func (p *problems) duration(where, text string) time.Duration {
	d, err := model.ParseDuration(text)
	switch {
	case err != nil:
		p.addf("%s: %q is not a duration: write a Prometheus duration such as 5m, 31d or 90d", where, text)
	case d == 0:
		p.addf("%s: %q is zero: write a duration above zero such as 5m, 31d or 90d", where, text)
	}
	return time.Duration(d)
}

func (p *problems) lookback(where, text string) time.Duration {
	d := p.duration(where, text)
	if d > MaxLookback {
		p.addf("%s: %q is over the limit: write 366d or less", where, text)
	}
	return d
}

// wholeNumber reads a number that is least or more.
func (p *problems) wholeNumber(where, text string, least int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		p.addf("%s: %q is not accepted: write a whole number, %d or more", where, text, least)
	}
	return n
}

func (p *problems) hostLabel(where, text string) HostLabel {
	label := HostLabel(text)
	switch label {
	case HostLabelPlain, HostLabelHashed, HostLabelOff:
	default:
		p.addf("%s: %q is not known: write plain, hashed or off", where, text)
	}
	return label
}

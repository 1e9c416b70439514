// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package config reads and validates what the user configures by flags,
// environment variables and YAML files. All settings are in one table: see
// settings.go. An error names the flag, or the file with line and key, with the
// fault and the remedy. It never holds a secret.
package config

import (
	"fmt"
	"io"
	"strconv"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/accepted"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// MaxLookback is the farthest that the inventory reaches back.
const MaxLookback = 366 * 24 * time.Hour

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
	// ChangesRetention is how long changes are kept.
	ChangesRetention time.Duration
	// Warnings are sentences about what is accepted and likely not meant, such as a
	// pattern of target files that matches nothing. Each names the flag, or the file
	// and key.
	Warnings []bilingual.Text
}

// Poll is when and how fast to ask WeCom. Every value is positive, but for SettledInterval.
type Poll struct {
	// Interval is for a target with recordings in the lookback, or newly active.
	Interval time.Duration
	// SettledInterval is for a target with recordings that are all completed and whose user
	// has not started a meeting recently, if activity is discovered. It is not shorter than
	// Interval; 0 means that Interval applies to such a target too.
	SettledInterval time.Duration
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
	Secret secret.Source
	// AgentID is the number of the app, or 0 where none was given.
	AgentID int64
	// APIURL is scheme://host[:port][/prefix], without a last slash and without
	// /cgi-bin.
	APIURL string
	// HTTPClientConfig never follows redirects. ProxyFromEnvironment is true unless a
	// proxy, or none at all, was asked for. Some formatting verbs print the
	// passwords in it, so format the Corp instead.
	HTTPClientConfig promconfig.HTTPClientConfig
	// QuotaBytes is the cloud storage that was bought, or 0 where none was given.
	QuotaBytes int64
	// Statistics asks for the views and downloads of recordings.
	Statistics bool
	// Departments are names for departments, by their IDs. A name is not empty, and is
	// valid UTF-8.
	Departments map[int64]string
	Policy      Policy
	Targets     Targets
}

// Policy is what a company's rules say about recordings.
type Policy struct {
	// Retention is how long they may be kept, which is less than Poll.Lookback; 0: there is
	// no rule.
	Retention time.Duration
	// AcceptedFile is the path of the file of what is exposed on purpose, or empty if there
	// is none. ReadAcceptedFile reads it again.
	AcceptedFile string
	// Accepted is what the file held at Load; in a demo it may be without a file. nil: there is
	// no rule.
	Accepted []accepted.Entry
}

// Format implements fmt.Formatter: it writes the name alone, for every verb,
// because some of them print the passwords in an HTTPClientConfig.
func (c Corp) Format(w fmt.State, _ rune) {
	_, _ = io.WriteString(w, "corp "+strconv.Quote(c.Name))
}

// HostLabel is what the label host holds.
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

// Metrics is how to report what is known.
type Metrics struct {
	HostLabel HostLabel
	// HostHashKey has at least secret.MinKeyBytes bytes if HostLabel is
	// HostLabelHashed, and is nil otherwise.
	HostHashKey secret.Key
	// MaxHosts is the number of hosts with series of their own; 0 is no limit.
	MaxHosts int
	// Departments has the departments of hosts reported. If so, at least one corp discovers
	// members, and HostLabel is not HostLabelOff.
	Departments bool
}

// Shard is the part of the targets that this process polls:
// 0 <= Ordinal < Total.
type Shard struct {
	Ordinal, Total int
}

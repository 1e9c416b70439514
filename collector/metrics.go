// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// A Definition describes one metric of the exporter. The table of definitions
// is the source of the help texts, the descriptors and the documentation.
type Definition struct {
	Name   string
	Type   Type
	Labels []string // the label corp comes first where the metric belongs to a corp
	Help   string

	desc *prometheus.Desc
}

// The names of labels.
const (
	labelCorp       = "corp"
	labelHost       = "host"
	labelDepartment = "department"
	labelState      = "state"
	labelEndpoint   = "endpoint"
)

// A Type is the type of a metric, as it stands in the exposition.
type Type string

const (
	gauge     Type = "gauge"
	counter   Type = "counter"
	histogram Type = "histogram"
)

const sinceBirth = " Polled in the background, and counted since the created timestamp."

const polled = " Polled in the background; see wecom_poll_lag_seconds."

// The metrics of a corp's inventory.
var (
	recordings = define(gauge, "wecom_recordings",
		"Recordings by state: recording, transcoding, completed, or unknown for any other."+polled,
		labelHost, labelState)
	recordingFiles = define(gauge, "wecom_recording_files",
		"Files of recordings."+polled, labelHost)
	recordingBytes = define(gauge, "wecom_recording_bytes",
		"Size of recording files in bytes."+polled, labelHost)
	recordingDuration = define(gauge, "wecom_recording_duration_seconds",
		"Length of recording files in seconds, from the start to the end of each."+polled, labelHost)
	sharedFiles = define(gauge, "wecom_recording_shared_files",
		"Recording files with sharing on."+polled, labelHost)
	exposedFiles = define(gauge, "wecom_recording_exposed_files",
		"Shared recording files that anyone with the link can watch without a password, the link not having "+
			"expired. Those that --policy.accepted-file accepts are left out."+polled,
		labelHost)
	acceptedFiles = define(gauge, "wecom_recording_accepted_files",
		"Recording files that are exposed, but accepted by --policy.accepted-file, so that they do not count as exposed. "+
			"Absent without such a file."+polled)
	retentionExceeded = define(gauge, "wecom_recording_retention_exceeded_files",
		"Recording files that were started longer ago than --policy.retention. Absent without a retention."+polled,
		labelHost)
	lastStart = define(gauge, "wecom_recording_last_start_timestamp_seconds",
		"Start of the newest recording in seconds since the Unix epoch: that of its meeting, or that of its "+
			"first file where WeCom gives none."+polled,
		labelHost)
	sharingFiles = define(gauge, "wecom_recording_sharing_files",
		"Shared recording files by who can watch them, whether a password is set, when the link expires, "+
			"and whether downloads are allowed. Disjoint; accepted files are included."+polled,
		"audience", "password", "expiry", "download")
	// FilesByAge is also known of the past.
	FilesByAge = define(gauge, "wecom_recording_files_by_age",
		"Recording files by the time since they were started. Disjoint."+polled, "age")
	oldestUnfinished = define(gauge, "wecom_recording_oldest_unfinished_timestamp_seconds",
		"Start of the oldest recording that is not completed, in seconds since the Unix epoch. Absent where "+
			"there is none."+polled,
		labelState)
	quotaBytes = define(gauge, "wecom_recording_quota_bytes",
		"Space for recordings in bytes, as configured. Absent where none is configured.")
	hostInfo = define(gauge, "wecom_host_info",
		"Department of a host with series of its own, by name or else by number; the value is always 1. Absent if the "+
			"department is not known, and without --metrics.departments. Discovered in the background.",
		labelHost, labelDepartment)
	hostSeriesFolded = define(gauge, "wecom_host_series_folded",
		"Hosts whose values are summed up under host=\"other\", since there are more hosts than --metrics.max-hosts.")
)

// The metrics of a corp's ledger.
var (
	discovered = define(counter, "wecom_recordings_discovered_total",
		"Recordings that were seen for the first time, those not counted that were there before counting "+
			"began."+sinceBirth,
		labelHost)
	discoveredBytes = define(counter, "wecom_recording_discovered_bytes_total",
		"Size in bytes of recording files that were seen for the first time."+sinceBirth, labelHost)
	discoveredSeconds = define(counter, "wecom_recording_discovered_seconds_total",
		"Length in seconds of recording files that were seen for the first time."+sinceBirth, labelHost)
	viewsTotal = define(counter, "wecom_recording_views_total",
		"Views of shared recordings, from the day (UTC+8) on which counting began. "+
			"Absent without --wecom.statistics."+sinceBirth,
		labelHost)
	downloadsTotal = define(counter, "wecom_recording_downloads_total",
		"Downloads of shared recordings, from the day (UTC+8) on which counting began. "+
			"Absent without --wecom.statistics."+sinceBirth,
		labelHost)
	recordingsRemoved = define(counter, "wecom_recordings_removed_total",
		"Recordings that WeCom listed, and listed no longer while they were still inside the lookback."+sinceBirth)
	sharingChanges = define(counter, "wecom_recording_sharing_changes_total",
		"Changes of the sharing of files: enabled, also of a file that was shared when it was first seen; disabled; "+
			"widened if anything became more open (audience, password, expiry or download); narrowed if things "+
			"became less open only."+sinceBirth,
		"change")
	fileSize = define(histogram, "wecom_recording_file_size_bytes",
		"Size of recording files in bytes, as they were first seen."+sinceBirth)
	fileDuration = define(histogram, "wecom_recording_file_duration_seconds",
		"Length of recording files in seconds, as they were first seen."+sinceBirth)
	transcodingTime = define(histogram, "wecom_recording_transcoding_seconds",
		"Seconds from the end of a recording's last file until it was first seen completed."+sinceBirth)
)

// The metrics of polling.
var (
	up = define(gauge, "wecom_up",
		"Whether WeCom accepted the last call, that for an access token included: 1 if so, 0 if not. Absent "+
			"before the first call.")
	pollTargets = define(gauge, "wecom_poll_targets",
		"Targets by what they are asked for by, and how the last poll of each went.", "selector", "status")
	pollCoverage = define(gauge, "wecom_poll_coverage_ratio",
		"Targets that were polled with success within twice their interval, over all targets.")
	pollLastSuccess = define(gauge, "wecom_poll_last_success_timestamp_seconds",
		"When any target was last polled with success, in seconds since the Unix epoch. 0 before the first time.")
	pollLag = define(gauge, "wecom_poll_lag_seconds",
		"By how many seconds the most overdue target is overdue.")
	apiBudget = define(gauge, "wecom_api_budget_requests_per_minute",
		"Calls of data APIs that are allowed in any 60 seconds. Corps with the same corp ID and API host share them.")
	clockSkew = define(gauge, "wecom_api_clock_skew_seconds",
		"How far the local clock is ahead of WeCom's, in seconds, by the Date of its last answer. Beyond 300 either way "+
			"WeCom's clock decides what is new. Absent before the first answer.")
	tokenExpiry = define(gauge, "wecom_access_token_expiry_timestamp_seconds",
		"When the access token expires, in seconds since the Unix epoch. Absent before the first token.")
	apiRequests = define(counter, "wecom_api_requests_total",
		"Calls of the WeCom API by errcode: as WeCom gave it where the exporter knows it, \"other\" where "+
			"not, and \"transport\", \"http\" or \"decode\" where no answer of WeCom came back.",
		labelEndpoint, "errcode")
	apiDuration = define(histogram, "wecom_api_request_duration_seconds",
		"How long calls of the WeCom API took in seconds.", labelEndpoint)
	apiThrottled = define(counter, "wecom_api_throttled_seconds_total",
		"Seconds that calls waited for the budget or for the end of a block.")
	apiAnomalies = define(counter, "wecom_api_response_anomalies_total",
		"Oddities in answers of the WeCom API that were read all the same.", "kind")
)

// The metrics of the exporter itself.
var (
	// A collector of client_golang gives this one.
	_ = defineOwn(gauge, "wecom_recording_exporter_build_info",
		"A metric with a constant '1' value labeled by version, revision, branch, goversion from which "+
			"wecom_recording_exporter was built, and the goos and goarch for the build.",
		"branch", "goarch", "goos", "goversion", "revision", "tags", "version")

	// ReloadSuccessful and ReloadTimestamp are for whoever reads the configuration.
	ReloadSuccessful = defineOwn(gauge, "wecom_recording_exporter_config_last_reload_successful",
		"Whether the last reading of the configuration succeeded: 1 if so, 0 if not.")
	ReloadTimestamp = defineOwn(gauge, "wecom_recording_exporter_config_last_reload_success_timestamp_seconds",
		"When the configuration was last read with success, in seconds since the Unix epoch.")

	storageLastWrite = defineOwn(gauge, "wecom_recording_exporter_storage_last_write_timestamp_seconds",
		"When the state was last written to disk, in seconds since the Unix epoch. 0 before the first time. Absent "+
			"without --storage.path.")
	storageSuccessful = defineOwn(gauge, "wecom_recording_exporter_storage_last_write_successful",
		"Whether the state could last be written to disk: 1 if so, 0 if all of it, or that of a corp, is kept in "+
			"memory only against the user's wish, or if writing takes more than 3 s. Absent without --storage.path.")
	storageSize = defineOwn(gauge, "wecom_recording_exporter_storage_size_bytes",
		"Size of the file of the state in bytes; 0 if it cannot be opened. Absent without --storage.path.")
)

var definitions []Definition

// Definitions returns every metric that the exporter defines, by name.
func Definitions() []Definition {
	list := slices.Clone(definitions)
	slices.SortFunc(list, func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// define adds a metric that belongs to a corp.
func define(metricType Type, name, help string, labels ...string) Definition {
	return defineOwn(metricType, name, help, append([]string{labelCorp}, labels...)...)
}

func defineOwn(metricType Type, name, help string, labels ...string) Definition {
	d := Definition{
		Name:   name,
		Type:   metricType,
		Labels: labels,
		Help:   help,
		desc:   prometheus.NewDesc(name, help, labels, nil),
	}
	definitions = append(definitions, d)
	return d
}

// gauge returns a gauge of the metric, with the values of its labels.
func (d Definition) gauge(value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d.desc, prometheus.GaugeValue, value, labels...)
}

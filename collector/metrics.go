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

const sinceBirth = " Polled in the background; counted since the created timestamp."

const polled = " Polled in the background; see wecom_poll_lag_seconds."

// The metrics of a corp's inventory.
var (
	recordings = define(gauge, "wecom_recordings",
		"Number of recordings by state: recording, transcoding, completed, or unknown for any other state."+polled,
		labelHost, labelState)
	recordingFiles = define(gauge, "wecom_recording_files",
		"Number of recording files."+polled, labelHost)
	recordingBytes = define(gauge, "wecom_recording_bytes",
		"Total size of recording files in bytes."+polled, labelHost)
	recordingDuration = define(gauge, "wecom_recording_duration_seconds",
		"Total length of recording files in seconds, from the start to the end of each file."+polled, labelHost)
	sharedFiles = define(gauge, "wecom_recording_shared_files",
		"Number of shared recording files."+polled, labelHost)
	exposedFiles = define(gauge, "wecom_recording_exposed_files",
		"Shared recording files that anyone with the link can watch without a password, and whose link has not expired. "+
			"Files accepted by --policy.accepted-file are excluded."+polled,
		labelHost)
	acceptedFiles = define(gauge, "wecom_recording_accepted_files",
		"Recording files that do not count as exposed because they are accepted by --policy.accepted-file. "+
			"Absent without that flag."+polled)
	retentionExceeded = define(gauge, "wecom_recording_retention_exceeded_files",
		"Recording files that started longer ago than --policy.retention. Absent without that flag."+polled,
		labelHost)
	lastStart = define(gauge, "wecom_recording_last_start_timestamp_seconds",
		"Start of the newest recording in seconds since the Unix epoch: the start of its meeting, or of its "+
			"first file if WeCom returns no start of the meeting."+polled,
		labelHost)
	sharingFiles = define(gauge, "wecom_recording_sharing_files",
		"Shared recording files by who can watch them, whether a password is set, when the link expires, "+
			"and whether downloads are allowed. Disjoint; accepted files are included."+polled,
		"audience", "password", "expiry", "download")
	// FilesByAge is also known of the past.
	FilesByAge = define(gauge, "wecom_recording_files_by_age",
		"Recording files by the time since they started. Disjoint."+polled, "age")
	oldestUnfinished = define(gauge, "wecom_recording_oldest_unfinished_timestamp_seconds",
		"Start of the oldest recording that is not completed, in seconds since the Unix epoch. Absent if "+
			"there is none."+polled,
		labelState)
	quotaBytes = define(gauge, "wecom_recording_quota_bytes",
		"Configured storage quota for recordings in bytes. Absent if none is configured.")
	hostInfo = define(gauge, "wecom_host_info",
		"Department of a host with its own series, by name, or by number if the name is unknown; the value is always 1. "+
			"Absent if the department is unknown, and without --metrics.departments. Discovered in the background.",
		labelHost, labelDepartment)
	hostSeriesFolded = define(gauge, "wecom_host_series_folded",
		"Hosts whose values are added up under host=\"other\", because there are more hosts than --metrics.max-hosts.")
)

// The metrics of a corp's ledger.
var (
	discovered = define(counter, "wecom_recordings_discovered_total",
		"Recordings seen for the first time. Recordings that existed before counting began are not counted."+sinceBirth,
		labelHost)
	discoveredBytes = define(counter, "wecom_recording_discovered_bytes_total",
		"Total size in bytes of recording files seen for the first time."+sinceBirth, labelHost)
	discoveredSeconds = define(counter, "wecom_recording_discovered_seconds_total",
		"Total length in seconds of recording files seen for the first time."+sinceBirth, labelHost)
	viewsTotal = define(counter, "wecom_recording_views_total",
		"Views of shared recordings, starting with the day (UTC+8) on which counting began. "+
			"Absent without --wecom.statistics."+sinceBirth,
		labelHost)
	downloadsTotal = define(counter, "wecom_recording_downloads_total",
		"Downloads of shared recordings, starting with the day (UTC+8) on which counting began. "+
			"Absent without --wecom.statistics."+sinceBirth,
		labelHost)
	recordingsRemoved = define(counter, "wecom_recordings_removed_total",
		"Recordings that WeCom stopped listing while they were still inside the lookback."+sinceBirth)
	sharingChanges = define(counter, "wecom_recording_sharing_changes_total",
		"Changes to the sharing of files: enabled (including files already shared when first seen); disabled; "+
			"widened if the audience, password, expiry or download became more open; narrowed if they only "+
			"became less open."+sinceBirth,
		"change")
	fileSize = define(histogram, "wecom_recording_file_size_bytes",
		"Size of recording files in bytes when first seen."+sinceBirth)
	fileDuration = define(histogram, "wecom_recording_file_duration_seconds",
		"Length of recording files in seconds when first seen."+sinceBirth)
	transcodingTime = define(histogram, "wecom_recording_transcoding_seconds",
		"Seconds from the end of a recording's last file until the recording was first seen as completed."+sinceBirth)
)

// The metrics of polling.
var (
	up = define(gauge, "wecom_up",
		"Whether WeCom accepted the last call, including the call for an access token: 1 if so, 0 if not. Absent "+
			"before the first call.")
	pollTargets = define(gauge, "wecom_poll_targets",
		"Targets by the kind of ID that selects them and by the result of their last poll.", "selector", "status")
	pollCoverage = define(gauge, "wecom_poll_coverage_ratio",
		"Ratio of targets that were polled successfully within twice their interval to all targets. Absent if there are "+
			"no targets.")
	pollLastSuccess = define(gauge, "wecom_poll_last_success_timestamp_seconds",
		"Time of the last successful poll of any target, in seconds since the Unix epoch. 0 before the first one.")
	pollLag = define(gauge, "wecom_poll_lag_seconds",
		"How overdue the most overdue target is, in seconds.")
	apiBudget = define(gauge, "wecom_api_budget_requests_per_minute",
		"Calls to data APIs allowed in any 60 seconds. Corps with the same corp ID and API host share this budget.")
	clockSkew = define(gauge, "wecom_api_clock_skew_seconds",
		"Seconds by which the local clock is ahead of WeCom's, from the Date header of the last answer. Beyond 300 either "+
			"way, WeCom's clock decides what is new. Absent before the first answer.")
	tokenExpiry = define(gauge, "wecom_access_token_expiry_timestamp_seconds",
		"Expiry time of the access token in seconds since the Unix epoch. Absent before the first token.")
	apiRequests = define(counter, "wecom_api_requests_total",
		"Calls to the WeCom API by errcode. An errcode that the exporter does not know is \"other\". A call that got no "+
			"valid answer from WeCom is \"transport\", \"http\" or \"decode\".",
		labelEndpoint, "errcode")
	apiDuration = define(histogram, "wecom_api_request_duration_seconds",
		"Duration of calls to the WeCom API in seconds.", labelEndpoint)
	apiThrottled = define(counter, "wecom_api_throttled_seconds_total",
		"Total seconds that calls waited for the budget or for the end of a block.")
	apiAnomalies = define(counter, "wecom_api_response_anomalies_total",
		"Anomalies in answers from the WeCom API that were accepted nevertheless.", "kind")
)

// The metrics of the exporter itself.
var (
	// A collector of client_golang gives this one.
	_ = defineOwn(gauge, "wecom_recording_exporter_build_info",
		"A metric with a constant '1' value labeled by version, revision, branch, goversion from which "+
			"wecom_recording_exporter was built, and the goos and goarch for the build.",
		"branch", "goarch", "goos", "goversion", "revision", "tags", "version")

	// ReloadSuccessful and ReloadTimestamp are set by package web, which loads the configuration.
	ReloadSuccessful = defineOwn(gauge, "wecom_recording_exporter_config_last_reload_successful",
		"Whether the last load of the configuration succeeded: 1 if so, 0 if not.")
	ReloadTimestamp = defineOwn(gauge, "wecom_recording_exporter_config_last_reload_success_timestamp_seconds",
		"Time of the last successful load of the configuration, in seconds since the Unix epoch.")

	storageLastWrite = defineOwn(gauge, "wecom_recording_exporter_storage_last_write_timestamp_seconds",
		"Time of the last write of the state to disk, in seconds since the Unix epoch. 0 before the first write. Absent "+
			"without --storage.path.")
	storageSuccessful = defineOwn(gauge, "wecom_recording_exporter_storage_last_write_successful",
		"Whether the last write of the state to disk succeeded: 1 if so. 0 if the state, or that of any corp, could not "+
			"be written and is kept only in memory, or if a write takes more than 3 s. Absent without --storage.path.")
	storageSize = defineOwn(gauge, "wecom_recording_exporter_storage_size_bytes",
		"Size of the state file in bytes; 0 if it cannot be opened. Absent without --storage.path.")
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

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/httpclient"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// A setting is one thing that a user can set. The flags, the environment
// variables, the keys of files, their names in messages and the tables in
// docs/configuration.md are made from it.
type setting struct {
	// flag is the name of the flag without dashes, or empty if there is none.
	flag string
	// env is the short name of the environment variable. The long one is always
	// derived from the flag.
	env string
	// key is the path of the key in the configuration file, where [] stands for
	// the index of a corp, or empty if there is none.
	key string
	// inTargetFile means that target files take the last name of the key too.
	inTargetFile bool
	// kind is what the key takes. A flag of a list is repeatable, one of a truth has no value.
	kind yamldoc.Kind
	// commas means that one value of the flag may hold several, with commas or
	// line ends between them.
	commas bool
	// initial is the default of the flag. It is none of the key: if that is left
	// out, a setting of the process keeps the value of its flag, and one of a corp
	// is empty.
	initial string
	// help is a sentence about the flag, or the key if there is no flag.
	help string

	// One of these validates the value and stores it: set if the setting is one
	// of the process, setCorp if it is one of a corp. They are called in the order
	// of the table, and may use what an earlier row has stored.
	set     func(*Config, value)
	setCorp func(*Corp, value)
}

// settings returns the table of all settings, in the order of --help. To add one,
// add a row below, run go test -p=1 ./cli ./config -update for the English documents, and
// add a row to docs/configuration.zh-CN.md.
func settings() []setting {
	return slices.Concat(
		corpSettings(), apiSettings(), targetSettings(), policySettings(),
		pollSettings(), metricsSettings(), processSettings(),
	)
}

// corpSettings returns what identifies a corp and its app, and the file with
// several of them.
func corpSettings() []setting {
	return []setting{
		{
			flag: flagConfigFile,
			help: "YAML file with one or more corps; it replaces the --wecom.*, --target.* and --policy.* flags.",
		},
		{
			flag:    "wecom.corp-name",
			key:     keyName,
			initial: "default",
			help:    "Value of the corp label.",
			setCorp: func(c *Corp, v value) { c.Name = v.corpName() },
		},
		{
			flag:    "wecom.corp-id",
			env:     variableCorpID,
			key:     "corps[].corp_id",
			help:    "ID of the company on WeCom.",
			setCorp: func(c *Corp, v value) { c.CorpID = v.corpID() },
		},
		{
			flag: "wecom.api-secret-file",
			env:  variableAPIFile,
			key:  keyAPIFile,
			help: "File with the secret of the app, read again when it changes; " +
				"the secret itself may be in the environment variable " + variableAPI + " instead.",
			setCorp: func(c *Corp, v value) { c.Secret = v.secretFile() },
		},
		{
			// It has no flag, because everyone on the host can read the command line.
			env:     variableAPI,
			help:    "Secret of the app.",
			setCorp: func(c *Corp, v value) { c.Secret = v.secretOr(c.Secret) },
		},
		{
			flag:    "wecom.agent-id",
			env:     variableAgentID,
			key:     keyAgentID,
			help:    "AgentId of the app, needed to discover members.",
			setCorp: func(c *Corp, v value) { c.AgentID = v.agentID() },
		},
	}
}

// apiSettings returns how to call WeCom for a corp, and what it has bought there.
func apiSettings() []setting {
	return []setting{
		{
			flag:    "wecom.api-url",
			env:     "WECOM_API_URL",
			key:     "corps[].api_url",
			initial: DefaultAPIURL,
			help:    "Base URL of the WeCom API.",
			setCorp: func(c *Corp, v value) { c.APIURL = v.apiURL() },
		},
		{
			flag:    "wecom.proxy-url",
			help:    "Proxy for calls to WeCom. Without it, HTTP_PROXY, HTTPS_PROXY and NO_PROXY apply.",
			setCorp: func(c *Corp, v value) { c.HTTPClientConfig = v.proxy() },
		},
		{
			key:     keyHTTPConfig,
			kind:    yamldoc.Mapping,
			help:    "Proxy, TLS, authentication and headers for calls to WeCom, with the same keys as in Prometheus.",
			setCorp: func(c *Corp, v value) { c.HTTPClientConfig = v.httpConfig() },
		},
		{
			key:     keyQuota,
			help:    "Purchased cloud storage in bytes, for the metric wecom_recording_quota_bytes.",
			setCorp: func(c *Corp, v value) { c.QuotaBytes = v.quota() },
		},
		{
			flag:    "wecom.statistics",
			key:     keyStatistics,
			kind:    yamldoc.Truth,
			help:    "Query the views and downloads of shared recordings, using at most a tenth of the call budget.",
			setCorp: func(c *Corp, v value) { c.Statistics = v.truth() },
		},
		{
			key:  keyDepartments,
			kind: yamldoc.Mapping,
			help: "Names of departments by number, for the department label of --metrics.departments; a department without a " +
				"name appears as its number.",
			setCorp: func(c *Corp, v value) { c.Departments = v.departmentNames() },
		},
	}
}

// targetSettings returns the targets of a corp.
func targetSettings() []setting {
	return []setting{
		{
			flag:         "target.userid",
			key:          "corps[].targets.userids",
			inTargetFile: true,
			kind:         yamldoc.List,
			commas:       true,
			help:         "User whose recordings to list; repeatable, or several separated by commas.",
			setCorp:      func(c *Corp, v value) { c.Targets.UserIDs = v.ids(maxUserIDBytes, strings.ToLower) },
		},
		{
			flag:         "target.meetingid",
			key:          "corps[].targets.meetingids",
			inTargetFile: true,
			kind:         yamldoc.List,
			commas:       true,
			help:         "ID of a meeting whose recordings to list; repeatable, or several separated by commas.",
			setCorp:      func(c *Corp, v value) { c.Targets.MeetingIDs = v.ids(maxMeetingIDBytes, strings.Clone) },
		},
		{
			flag:         "target.meeting-code",
			key:          "corps[].targets.meeting_codes",
			inTargetFile: true,
			kind:         yamldoc.List,
			commas:       true,
			help:         "Code of a meeting whose recordings to list; repeatable, or several separated by commas.",
			setCorp:      func(c *Corp, v value) { c.Targets.MeetingCodes = v.ids(maxMeetingIDBytes, strings.Clone) },
		},
		{
			flag: "target.file",
			key:  "corps[].targets.files",
			kind: yamldoc.List,
			help: "YAML or JSON file with userids, meetingids and meeting_codes, or a glob pattern of such files, " +
				"read again when they change; repeatable.",
			setCorp: func(c *Corp, v value) { c.Targets.Files = v.targetFiles() },
		},
		{
			flag:   "target.discover",
			key:    keyDiscover,
			kind:   yamldoc.List,
			commas: true,
			help: "Find users to list recordings for: members (visible to the app) " +
				"or activity (users who recently started a meeting); repeatable, or both separated by a comma.",
			setCorp: func(c *Corp, v value) { c.Targets.DiscoverMembers, c.Targets.DiscoverActivity = v.discovery() },
		},
	}
}

// policySettings returns the rules of a corp.
func policySettings() []setting {
	return []setting{
		{
			flag: "policy.accepted-file",
			key:  "corps[].policy.accepted_file",
			help: "YAML file that lists intentional exposures, each with id, reason and until. They do not count as exposed. " +
				"The file is read again when it changes.",
			setCorp: func(c *Corp, v value) { c.Policy.AcceptedFile, c.Policy.Accepted = v.acceptedFile() },
		},
		{
			flag: "policy.retention",
			key:  keyRetention,
			help: "How long recordings may be kept, such as 90d, for the metric " +
				"wecom_recording_retention_exceeded_files; --poll.lookback must be longer.",
			setCorp: func(c *Corp, v value) { c.Policy.Retention = v.optionalDuration() },
		},
	}
}

// pollSettings returns when and how fast to poll.
func pollSettings() []setting {
	return []setting{
		{
			flag:    "poll.interval",
			key:     keyInterval,
			initial: "5m",
			help:    "How often to poll a target that has recordings in the lookback or is newly active.",
			set:     func(c *Config, v value) { c.Poll.Interval = v.duration() },
		},
		{
			flag: "poll.settled-interval",
			key:  keySettledInterval,
			help: "How often to poll a target whose recordings are all completed and whose user has not started a meeting " +
				"recently. Needs --target.discover=activity; defaults to --poll.interval.",
			set: func(c *Config, v value) { c.Poll.SettledInterval = v.optionalDuration() },
		},
		{
			flag:    "poll.idle-interval",
			key:     keyIdleInterval,
			initial: "1h",
			help:    "How often to poll a target without recordings in the lookback.",
			set:     func(c *Config, v value) { c.Poll.IdleInterval = v.duration() },
		},
		{
			flag:    "poll.history-interval",
			key:     "poll.history_interval",
			initial: "6h",
			help:    "How often to poll time windows older than the newest one.",
			set:     func(c *Config, v value) { c.Poll.HistoryInterval = v.duration() },
		},
		{
			flag:    "poll.lookback",
			key:     keyLookback,
			initial: "31d",
			help:    "How far back to list recordings, up to 366d.",
			set:     func(c *Config, v value) { c.Poll.Lookback = v.lookback() },
		},
		{
			flag:    "poll.concurrency",
			key:     "poll.concurrency",
			initial: "4",
			help:    "Maximum number of concurrent calls to WeCom, per corp.",
			set:     func(c *Config, v value) { c.Poll.Concurrency = v.wholeNumber(1) },
		},
		{
			flag:    "poll.max-requests-per-minute",
			key:     "poll.max_requests_per_minute",
			initial: "1200",
			help:    "Maximum number of calls to WeCom in any 60 seconds, per corp ID and API host.",
			set:     func(c *Config, v value) { c.Poll.MaxRequestsPerMinute = v.wholeNumber(1) },
		},
	}
}

// metricsSettings returns how to report hosts.
func metricsSettings() []setting {
	return []setting{
		{
			flag:    "metrics.host-label",
			initial: string(HostLabelPlain),
			help: "Value of the host label: plain (the user ID), " +
				"hashed (needs --metrics.host-hash-key-file) or off.",
			set: func(c *Config, v value) { c.Metrics.HostLabel = v.hostLabel() },
		},
		{
			flag: "metrics.host-hash-key-file",
			help: "File with the key for hashing hosts, at least 16 bytes.",
			set:  func(c *Config, v value) { c.Metrics.HostHashKey = v.hashKey(c.Metrics.HostLabel) },
		},
		{
			flag:    "metrics.max-hosts",
			initial: "10000",
			help:    `Maximum number of hosts with their own series. The others are added up as host="other". 0 means no limit.`,
			set:     func(c *Config, v value) { c.Metrics.MaxHosts = v.wholeNumber(0) },
		},
		{
			flag: flagDepartments,
			kind: yamldoc.Truth,
			help: "Report the department of each host as wecom_host_info; needs discovery of members.",
			set:  func(c *Config, v value) { c.Metrics.Departments = v.departments(c.Metrics.HostLabel) },
		},
	}
}

// processSettings returns what concerns the process alone.
func processSettings() []setting {
	return []setting{
		{
			flag: "storage.path",
			help: "Directory for the inventory and the counters, so that both survive a restart. " +
				"Without it they are kept only in memory.",
			set: func(c *Config, v value) { c.StoragePath = v.directory() },
		},
		{
			flag:    "storage.changes-retention",
			initial: "180d",
			help: "How long to keep sharing changes and removals. " +
				"Without --storage.path, at most the last 10,000 are kept.",
			set: func(c *Config, v value) { c.ChangesRetention = v.duration() },
		},
		{
			flag:    "shard.ordinal",
			initial: "0",
			help:    "Number of this shard, from 0.",
			set:     func(c *Config, v value) { c.Shard.Ordinal = v.wholeNumber(0) },
		},
		{
			flag:    "shard.total",
			initial: "1",
			help:    "Number of shards among which the targets are divided.",
			set:     func(c *Config, v value) { c.Shard.Total = v.wholeNumber(1) },
		},
	}
}

// The rows that code refers to one by one.
const (
	flagConfigFile     = "config.file"
	flagDepartments    = "metrics.departments"
	variableCorpID     = "WECOM_CORP_ID"
	variableAPI        = "WECOM_API_SECRET"
	variableAPIFile    = "WECOM_API_SECRET_FILE"
	variableAgentID    = "WECOM_AGENT_ID"
	keyName            = "corps[].name"
	keyAPIFile         = "corps[].api_secret_file"
	keyAgentID         = "corps[].agent_id"
	keyQuota           = "corps[].quota_bytes"
	keyStatistics      = "corps[].statistics"
	keyHTTPConfig      = "corps[].http_config"
	keyDepartments     = "corps[].departments"
	keyRetention       = "corps[].policy.retention"
	keyTargets         = "corps[].targets"
	keyDiscover        = "corps[].targets.discover"
	keyInterval        = "poll.interval"
	keySettledInterval = "poll.settled_interval"
	keyIdleInterval    = "poll.idle_interval"
	keyLookback        = "poll.lookback"
)

// VariablePrefix begins the environment variables of all flags. A few have shorter
// names beside these.
const VariablePrefix = "WECOM_RECORDING_EXPORTER_"

// Variable returns the environment variable of a flag, in the form that kingpin
// derives: the prefix and the flag in upper snake case.
func Variable(flag string) string {
	return VariablePrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(flag))
}

// twin returns the long name of the variable if that has a shorter one, or an empty
// string.
func (s setting) twin() string {
	if s.env == "" {
		return ""
	}
	return VariablePrefix + s.env
}

// variable returns the environment variable of the setting, or an empty string
// if it is one of the configuration file alone.
func (s setting) variable() string {
	if s.env != "" || s.flag == "" {
		return s.env
	}
	return Variable(s.flag)
}

// variables returns all names of the environment variable, the usual one first.
func (s setting) variables() []string {
	var names []string
	for _, name := range []string{s.variable(), s.twin()} {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// String names the setting to a user of flags, in English.
func (s setting) String() string { return s.named(s.variable()).English }

// InChinese is String in Chinese.
func (s setting) InChinese() string { return s.named(s.variable()).Chinese }

// named names the setting to a user of flags, with one of its variables.
func (s setting) named(variable string) bilingual.Text {
	if s.flag == "" {
		return inEnvironment(variable)
	}
	return bilingual.Textf("--%s (or %s)", "--%s（或 %s）", s.flag, variable)
}

func inEnvironment(variable string) bilingual.Text {
	return bilingual.Textf("%s in the environment", "环境变量 %s", variable)
}

// isTarget reports whether the setting gives targets, or finds them.
func (s setting) isTarget() bool {
	return strings.HasPrefix(s.key, keyTargets+".")
}

// isPolicy reports whether the setting is a rule about recordings.
func (s setting) isPolicy() bool { return strings.HasPrefix(s.key, "corps[].policy.") }

// targetKey returns the key of the setting in a target file.
func (s setting) targetKey() string {
	return strings.TrimPrefix(s.key, keyTargets+".")
}

// fileKeys returns the keys of the configuration file.
func fileKeys() []yamldoc.Key {
	keys := []yamldoc.Key{{
		Path: "corps[].api_secret",
		Instead: bilingual.Text{
			English: "a configuration file must not contain a secret: write the secret to a file of its own, and set " +
				"api_secret_file to its path",
			Chinese: "配置文件中不能写 Secret：请将其写入单独的文件，并用 api_secret_file 指定该文件",
		},
	}}
	for _, s := range settings() {
		switch s.key {
		case "":
		case keyHTTPConfig:
			keys = append(keys, httpclient.Keys(s.key)...)
		case keyDepartments:
			keys = append(keys, yamldoc.Key{Path: s.key + ".*"})
		default:
			keys = append(keys, yamldoc.Key{Path: s.key, Kind: s.kind})
		}
	}
	return keys
}

// targetFileKeys returns the keys of a target file.
func targetFileKeys() []yamldoc.Key {
	var keys []yamldoc.Key
	for _, s := range settings() {
		if s.inTargetFile {
			keys = append(keys, yamldoc.Key{Path: s.targetKey(), Kind: s.kind})
		}
	}
	return keys
}

// settingOf returns the setting with a key or a flag. It has neither if there is none.
func settingOf(keyOrFlag string) setting {
	for _, s := range settings() {
		if s.key == keyOrFlag || s.flag == keyOrFlag {
			return s
		}
	}
	return setting{}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/url"
	"os"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	promconfig "github.com/prometheus/common/config"
)

const (
	// VariablePrefix begins the environment variables of all flags but a few.
	VariablePrefix = "WECOM_RECORDING_EXPORTER_"

	// envAPISecret has no flag, because the command line is there for all to see.
	envAPISecret = "WECOM_API_SECRET" //nolint:gosec // The name of a variable.
)

// Flags holds the flags that describe a Config.
type Flags struct {
	lookupEnv func(key string) (value string, ok bool)

	configFile setting

	corpName, corpID, apiSecretFile, agentID, apiURL, proxyURL setting

	userIDs, meetingIDs, meetingCodes, targetFiles, discover setting

	interval, idleInterval, historyInterval, lookback, concurrency, maxRequestsPerMinute setting

	hostLabel, hostHashKeyFile, maxHosts setting

	storagePath setting

	shardOrdinal, shardTotal setting

	// perCorp are the flags that a configuration file replaces.
	perCorp []*setting
}

// Variable returns the environment variable of a flag, in the form that kingpin
// derives: the prefix and the flag in upper snake case.
func Variable(flag string) string {
	return VariablePrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(flag))
}

// setting is a flag and its environment variable. Its values are texts, because
// kingpin's own errors name neither the variable nor a remedy.
type setting struct {
	name   string
	env    string
	value  string
	values []string
	// set tells of the command line only.
	set bool
}

func (s *setting) String() string {
	return "--" + s.name + " (or " + s.env + ")"
}

// AddFlags registers --config.file, --wecom.*, --target.*, --poll.*, --metrics.*,
// --storage.* and --shard.* on app, each with its environment variable.
func AddFlags(app *kingpin.Application) *Flags {
	f := &Flags{lookupEnv: os.LookupEnv}

	add := func(s *setting, name, help string) *kingpin.FlagClause {
		s.name = name
		if s.env == "" {
			s.env = Variable(name)
		}
		if strings.HasPrefix(name, "wecom.") || strings.HasPrefix(name, "target.") {
			f.perCorp = append(f.perCorp, s)
		}
		return app.Flag(name, help).Envar(s.env).IsSetByUser(&s.set)
	}
	one := func(s *setting, name, help, defaultValue string) {
		clause := add(s, name, help)
		if defaultValue != "" {
			clause = clause.Default(defaultValue)
		}
		clause.StringVar(&s.value)
	}
	many := func(s *setting, name, help string) {
		add(s, name, help).StringsVar(&s.values)
	}

	f.corpID.env = "WECOM_CORP_ID"
	f.apiSecretFile.env = "WECOM_API_SECRET_FILE"
	f.agentID.env = "WECOM_AGENT_ID"
	f.apiURL.env = "WECOM_API_URL"

	one(&f.configFile, "config.file", "YAML file with one or many corps; it replaces the --wecom.* and --target.* flags.", "")

	one(&f.corpName, "wecom.corp-name", "Value of the label corp.", "default")
	one(&f.corpID, "wecom.corp-id", "ID of the company on WeCom.", "")
	one(&f.apiSecretFile, "wecom.api-secret-file", "File with the secret of the app, read again when it changes; the secret itself may be in the environment variable "+envAPISecret+" instead.", "")
	one(&f.agentID, "wecom.agent-id", "AgentId of the app, needed to discover members.", "")
	one(&f.apiURL, "wecom.api-url", "Address of the WeCom API.", DefaultAPIURL)
	one(&f.proxyURL, "wecom.proxy-url", "Proxy for calls to WeCom; without it, HTTP_PROXY, HTTPS_PROXY and NO_PROXY hold.", "")

	many(&f.userIDs, "target.userid", "User whose recordings to list; repeatable, or several with commas.")
	many(&f.meetingIDs, "target.meetingid", "ID of a meeting whose recordings to list; repeatable, or several with commas.")
	many(&f.meetingCodes, "target.meeting-code", "Code of a meeting whose recordings to list; repeatable, or several with commas.")
	many(&f.targetFiles, "target.file", "YAML or JSON file with userids, meetingids and meeting_codes, or a glob pattern of such files, read again when they change; repeatable.")
	many(&f.discover, "target.discover", "Find users to list recordings for: members (visible to the app) or activity (who started a meeting lately); repeatable, or both with a comma.")

	one(&f.interval, "poll.interval", "How often to list a target that has recordings in the lookback or is newly active.", "5m")
	one(&f.idleInterval, "poll.idle-interval", "How often to list a target without recordings in the lookback.", "1h")
	one(&f.historyInterval, "poll.history-interval", "How often to list windows older than the newest.", "6h")
	one(&f.lookback, "poll.lookback", "How far back to list recordings, up to 366d.", "31d")
	one(&f.concurrency, "poll.concurrency", "Calls to WeCom in flight, per corp.", "4")
	one(&f.maxRequestsPerMinute, "poll.max-requests-per-minute", "Calls to WeCom in any 60 seconds, per corp ID and API address.", "1200")

	one(&f.hostLabel, "metrics.host-label", "What the label host holds: plain (the user ID), hashed (needs --metrics.host-hash-key-file) or off.", string(HostLabelPlain))
	one(&f.hostHashKeyFile, "metrics.host-hash-key-file", "File with the key that hosts are hashed with, at least 16 bytes.", "")
	one(&f.maxHosts, "metrics.max-hosts", `Hosts with series of their own; further ones are summed up as host="other"; 0 is no limit.`, "10000")

	one(&f.storagePath, "storage.path", "Directory for what is known and what was counted, so that both survive a restart; without it they are kept in memory.", "")

	one(&f.shardOrdinal, "shard.ordinal", "Number of this shard, from 0.", "0")
	one(&f.shardTotal, "shard.total", "Number of shards that the targets are divided among.", "1")
	return f
}

// Load returns the configuration that the parsed flags, the environment and the
// files say now. Call it again to reload. An error holds one line for each
// problem; it names the flag and variable, or the file and key, and tells what to
// write instead.
func (f *Flags) Load() (*Config, error) {
	var p problems
	c := f.common(&p)
	if f.configFile.value == "" {
		c.Corps = []Corp{f.corp(&p)}
	} else {
		f.refusePerCorp(&p)
		p.file(f.configFile.value, c)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// common returns what the flags say of all corps.
func (f *Flags) common(p *problems) *Config {
	return &Config{
		Poll: Poll{
			Interval:             p.duration(f.interval.String(), f.interval.value),
			IdleInterval:         p.duration(f.idleInterval.String(), f.idleInterval.value),
			HistoryInterval:      p.duration(f.historyInterval.String(), f.historyInterval.value),
			Lookback:             p.lookback(f.lookback.String(), f.lookback.value),
			Concurrency:          p.wholeNumber(f.concurrency.String(), f.concurrency.value, 1),
			MaxRequestsPerMinute: p.wholeNumber(f.maxRequestsPerMinute.String(), f.maxRequestsPerMinute.value, 1),
		},
		Metrics:     f.metrics(p),
		Shard:       f.shard(p),
		StoragePath: f.storage(p),
	}
}

func (f *Flags) storage(p *problems) string {
	path := f.storagePath.value
	if info, err := os.Stat(path); path != "" && err == nil && !info.IsDir() {
		p.addf("%s: %s is not a directory: name one; it is made if it is not there", &f.storagePath, path)
	}
	return path
}

func (f *Flags) metrics(p *problems) Metrics {
	m := Metrics{
		HostLabel: p.hostLabel(f.hostLabel.String(), f.hostLabel.value),
		MaxHosts:  p.wholeNumber(f.maxHosts.String(), f.maxHosts.value, 0),
	}
	file := f.hostHashKeyFile.value
	switch {
	case m.HostLabel != HostLabelHashed && file != "":
		p.addf("%s: a key without hashed hosts: remove it, or set --metrics.host-label=hashed", &f.hostHashKeyFile)
	case m.HostLabel == HostLabelHashed && file == "":
		p.addf("%s: no key for --metrics.host-label=hashed: write the path of a file with at least %d random bytes", &f.hostHashKeyFile, MinHashKeyBytes)
	case m.HostLabel == HostLabelHashed:
		key, err := SecretFromFile(file).Read()
		switch {
		case err != nil:
			p.addf("%s: %w", &f.hostHashKeyFile, err)
		case len(key) < MinHashKeyBytes:
			p.addf("%s: the key in %s is too short: write at least %d random bytes to it", &f.hostHashKeyFile, file, MinHashKeyBytes)
		default:
			m.HostHashKey = Key(key)
		}
	}
	return m
}

func (f *Flags) shard(p *problems) Shard {
	before := len(*p)
	s := Shard{
		Ordinal: p.wholeNumber(f.shardOrdinal.String(), f.shardOrdinal.value, 0),
		Total:   p.wholeNumber(f.shardTotal.String(), f.shardTotal.value, 1),
	}
	if len(*p) == before && s.Ordinal >= s.Total {
		p.addf("%s: %d is not below --shard.total=%d: shards are numbered from 0", &f.shardOrdinal, s.Ordinal, s.Total)
	}
	return s
}

// refusePerCorp refuses what would be overlooked beside a configuration file.
func (f *Flags) refusePerCorp(p *problems) {
	const conflict = "%s conflicts with %s: remove it, and write it to the corps of that file"
	for _, s := range f.perCorp {
		if s.set {
			p.addf(conflict, "--"+s.name, &f.configFile)
		}
		if value, _ := f.lookupEnv(s.env); value != "" {
			p.addf(conflict, s.env+" in the environment", &f.configFile)
		}
	}
	if value, _ := f.lookupEnv(envAPISecret); value != "" {
		p.addf("%s in the environment conflicts with %s: remove it, and write api_secret_file to the corps of that file", envAPISecret, &f.configFile)
	}
}

func (f *Flags) corp(p *problems) Corp {
	text := corpText{
		Name:    f.corpName.value,
		CorpID:  f.corpID.value,
		AgentID: f.agentID.value,
		APIURL:  f.apiURL.value,
		Targets: f.targetsText(),
	}
	if f.proxyURL.value != "" {
		text.HTTPConfig = &httpConfig{HTTPClientConfig: promconfig.DefaultHTTPClientConfig}
		text.HTTPConfig.ProxyURL.URL, text.HTTPConfig.err = url.Parse(f.proxyURL.value)
	}
	return p.corp(f.place, text, f.secret(p))
}

func (f *Flags) targetsText() targetsText {
	return targetsText{
		targetFileText: targetFileText{
			UserIDs:      split(f.userIDs.values),
			MeetingIDs:   split(f.meetingIDs.values),
			MeetingCodes: split(f.meetingCodes.values),
		},
		Files:    f.targetFiles.values,
		Discover: split(f.discover.values),
	}
}

func (f *Flags) secret(p *problems) Secret {
	value, _ := f.lookupEnv(envAPISecret)
	switch file := f.apiSecretFile.value; {
	case value != "" && file != "":
		p.addf("%s conflicts with %s in the environment: remove one of them", &f.apiSecretFile, envAPISecret)
		return Secret{}
	case file != "":
		return SecretFromFile(file)
	case strings.TrimSpace(value) != "":
		return SecretFromValue(value)
	}
	p.addf("%s: no secret: write the path of a file that holds the secret of the app, or set %s in the environment", &f.apiSecretFile, envAPISecret)
	return Secret{}
}

// place names the flag that stands for a key of the configuration file.
func (f *Flags) place(key string) string {
	key, _, _ = strings.Cut(key, "[")
	switch key {
	case "name":
		return f.corpName.String()
	case "corp_id":
		return f.corpID.String()
	case "api_secret_file":
		return f.apiSecretFile.String()
	case "agent_id":
		return f.agentID.String()
	case "api_url":
		return f.apiURL.String()
	case "http_config":
		return f.proxyURL.String()
	case "targets.userids":
		return f.userIDs.String()
	case "targets.meetingids":
		return f.meetingIDs.String()
	case "targets.meeting_codes":
		return f.meetingCodes.String()
	case "targets.files":
		return f.targetFiles.String()
	case "targets.discover":
		return f.discover.String()
	}
	return "--target.userid, --target.meetingid, --target.meeting-code, --target.file, --target.discover"
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

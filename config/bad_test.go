// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
)

// These are the flags of a good configuration, of which a test changes some.
var (
	goodCorp   = []string{"--wecom.corp-id=ww0123456789abcdef"}
	goodTarget = []string{"--target.userid=zhangsan"}
	goodEnv    = map[string]string{"WECOM_API_SECRET": "the secret"}
)

func goodWith(args ...string) []string {
	return append(append(append([]string{}, goodCorp...), goodTarget...), args...)
}

func TestLoadRefusesFlags(t *testing.T) {
	t.Parallel()

	const (
		duration = "use a Prometheus duration such as 5m, 31d or 90d"
		positive = "use a duration above zero such as 5m, 31d or 90d"
		apiURL   = "--wecom.api-url (or WECOM_API_URL): "
		proxyURL = "--wecom.proxy-url (or WECOM_RECORDING_EXPORTER_WECOM_PROXY_URL): "
		userID   = "--target.userid (or WECOM_RECORDING_EXPORTER_TARGET_USERID): "
		file     = "--target.file (or WECOM_RECORDING_EXPORTER_TARGET_FILE): "
		secret   = "--wecom.api-secret-file (or WECOM_API_SECRET_FILE)"
		accepted = "--policy.accepted-file (or WECOM_RECORDING_EXPORTER_POLICY_ACCEPTED_FILE): "
		hashKey  = "--metrics.host-hash-key-file (or WECOM_RECORDING_EXPORTER_METRICS_HOST_HASH_KEY_FILE): "

		retention = "--policy.retention (or WECOM_RECORDING_EXPORTER_POLICY_RETENTION): "
	)
	tests := []struct {
		name  string
		files map[string]string
		env   map[string]string // nil: goodEnv
		args  []string
		want  []string
	}{
		{
			name: "nothing at all",
			env:  map[string]string{},
			want: []string{
				"--wecom.corp-id (or WECOM_CORP_ID): no corp ID: write the ID of the company, such as ww0123456789abcdef",
				secret + ": no secret: write the path of a file that holds the secret of the app, or set WECOM_API_SECRET in the environment",
				"--target.userid, --target.meetingid, --target.meeting-code, --target.file, --target.discover: neither targets nor discovery: configure at least one",
			},
		},
		{
			name: "no target",
			args: goodCorp,
			want: []string{"--target.userid, --target.meetingid, --target.meeting-code, --target.file, --target.discover: neither targets nor discovery: configure at least one"},
		},
		{
			name: "no corp ID",
			args: goodTarget,
			want: []string{"--wecom.corp-id (or WECOM_CORP_ID): no corp ID: write the ID of the company, such as ww0123456789abcdef"},
		},
		{
			name: "white space in the corp ID",
			args: append([]string{"--wecom.corp-id=ww0123 "}, goodTarget...),
			want: []string{"--wecom.corp-id (or WECOM_CORP_ID): the corp ID contains white space or a control character: write only the ID, such as ww0123456789abcdef"},
		},
		{
			name: "empty corp name",
			args: goodWith("--wecom.corp-name= "),
			want: []string{"--wecom.corp-name (or WECOM_RECORDING_EXPORTER_WECOM_CORP_NAME): no name: write the value for the label corp"},
		},
		{
			name: "corp name that no label can hold",
			args: goodWith("--wecom.corp-name=\xff"),
			want: []string{`--wecom.corp-name (or WECOM_RECORDING_EXPORTER_WECOM_CORP_NAME): "\xff" is not UTF-8: write a name that is`},
		},
		{
			name:  "secret twice",
			files: map[string]string{"secret": "the secret"},
			args:  goodWith("--wecom.api-secret-file=$DIR/secret"),
			want:  []string{secret + " conflicts with WECOM_API_SECRET in the environment: remove one of them"},
		},
		{
			name: "secret of white space",
			env:  map[string]string{"WECOM_API_SECRET": " \n"},
			args: goodWith(),
			want: []string{secret + ": no secret: write the path of a file that holds the secret of the app, or set WECOM_API_SECRET in the environment"},
		},
		{
			name: "secret file missing",
			env:  map[string]string{},
			args: goodWith("--wecom.api-secret-file=$DIR/secret"),
			want: []string{secret + ": \"$DIR/secret\" cannot be read (no such file or directory): name a readable file that holds only the secret"},
		},
		{
			name: "secret file a folder",
			env:  map[string]string{},
			args: goodWith("--wecom.api-secret-file=$DIR"),
			want: []string{secret + ": \"$DIR\" cannot be read (is a directory): name a readable file that holds only the secret"},
		},
		{
			name:  "secret file empty",
			env:   map[string]string{},
			files: map[string]string{"secret": "\n"},
			args:  goodWith("--wecom.api-secret-file=$DIR/secret"),
			want:  []string{secret + ": \"$DIR/secret\" is empty: write the secret to it"},
		},
		{
			name:  "secret file of another kind",
			env:   map[string]string{},
			files: map[string]string{"secret": strings.Repeat("x", 64<<10+1)},
			args:  goodWith("--wecom.api-secret-file=$DIR/secret"),
			want:  []string{secret + ": \"$DIR/secret\" is longer than 64 KiB: name a file that holds only the secret"},
		},
		{
			name:  "secret file in UTF-16",
			env:   map[string]string{},
			files: map[string]string{"secret": "\xff\xfes\x00e\x00c\x00"},
			args:  goodWith("--wecom.api-secret-file=$DIR/secret"),
			want: []string{secret + ": \"$DIR/secret\": the secret contains NUL characters, as UTF-16 text does: " +
				"write only the secret, on one line, as UTF-8 or ASCII"},
		},
		{
			name: "secret of two lines in the environment",
			env:  map[string]string{"WECOM_API_SECRET": "first\nsecond"},
			args: goodWith(),
			want: []string{"WECOM_API_SECRET in the environment: the secret contains a line break, a control character or a zero-width character: write only the secret, on one line, as UTF-8 or ASCII"},
		},
		{
			name: "agent ID no number",
			args: goodWith("--wecom.agent-id=app"),
			want: []string{"--wecom.agent-id (or WECOM_AGENT_ID): the agent ID is not a number above zero: write the AgentId of the app, such as 1000002"},
		},
		{
			name: "agent ID zero",
			args: goodWith("--wecom.agent-id=0"),
			want: []string{"--wecom.agent-id (or WECOM_AGENT_ID): the agent ID is not a number above zero: write the AgentId of the app, such as 1000002"},
		},
		{
			name: "members without agent ID",
			args: append([]string{"--target.discover=members"}, goodCorp...),
			want: []string{"--target.discover (or WECOM_RECORDING_EXPORTER_TARGET_DISCOVER): members needs the agent ID of the app: set --wecom.agent-id (or WECOM_AGENT_ID), or leave members out"},
		},
		{
			name: "unknown discovery",
			args: append([]string{"--target.discover=activity,everyone"}, goodCorp...),
			want: []string{`--target.discover (or WECOM_RECORDING_EXPORTER_TARGET_DISCOVER): "everyone" is not known: use members or activity`},
		},
		{
			name: "retention no duration",
			args: goodWith("--policy.retention=a year"),
			want: []string{retention + `"a year" is not a duration: ` + duration},
		},
		{
			name: "retention zero",
			args: goodWith("--policy.retention=0s"),
			want: []string{retention + `"0s" is zero: ` + positive},
		},
		{
			name: "retention as long as the lookback",
			args: goodWith("--policy.retention=31d"),
			want: []string{
				retention + "a retention of 31d is not shorter than poll.lookback, which is 31d, " +
					"so no recording could ever exceed it: make the lookback longer than " +
					"the retention, up to 366d, or the retention shorter",
			},
		},
		{
			name: "accepted file missing",
			args: goodWith("--policy.accepted-file=$DIR/none.yml"),
			want: []string{accepted + `the accepted file "$DIR/none.yml" cannot be read (no such file or directory): name a readable file`},
		},
		{
			name:  "accepted file broken",
			files: map[string]string{"a.yml": "- {id: wr1, reason: training, until: tomorrow}\n- {id: wr1}\n"},
			args:  goodWith("--policy.accepted-file=$DIR/a.yml"),
			want: []string{
				accepted + `"$DIR/a.yml": [0].until (line 1): "tomorrow" is not a date: write the last day, such as 2026-12-31, or leave the key out`,
				accepted + `"$DIR/a.yml": [1].id (line 2): "wr1" is also in [0]: remove one of them`,
				accepted + `"$DIR/a.yml": [1].reason (line 2): no reason: write why the recording may be open to anyone with the link`,
			},
		},
		{
			name: "API URL without scheme",
			args: goodWith("--wecom.api-url=qyapi.weixin.qq.com"),
			want: []string{apiURL + "a URL without http:// or https://: write it like https://qyapi.weixin.qq.com"},
		},
		{
			name: "API URL of another scheme",
			args: goodWith("--wecom.api-url=ftp://qyapi.weixin.qq.com"),
			want: []string{apiURL + "a URL without http:// or https://: write it like https://qyapi.weixin.qq.com"},
		},
		{
			name: "API URL without host",
			args: goodWith("--wecom.api-url=https:///cgi-bin"),
			want: []string{apiURL + "a URL without a host: write it like https://qyapi.weixin.qq.com"},
		},
		{
			name: "API URL with query",
			args: goodWith("--wecom.api-url=https://qyapi.weixin.qq.com/?debug=1"),
			want: []string{apiURL + "a URL with a query or a fragment: write it like https://qyapi.weixin.qq.com"},
		},
		{
			name: "API URL with empty fragment",
			args: goodWith("--wecom.api-url=https://qyapi.weixin.qq.com#"),
			want: []string{apiURL + "a URL with a query or a fragment: write it like https://qyapi.weixin.qq.com"},
		},
		{
			name: "API URL with user",
			args: goodWith("--wecom.api-url=https://me@qyapi.weixin.qq.com"),
			want: []string{apiURL + "a URL with a user name or password: write it like https://qyapi.weixin.qq.com"},
		},
		{
			name: "API URL broken",
			args: goodWith("--wecom.api-url=https://qyapi.weixin.qq.com:port"),
			want: []string{apiURL + "not a URL: write it like https://qyapi.weixin.qq.com"},
		},
		{
			name: "proxy URL broken",
			args: goodWith("--wecom.proxy-url=http://me:%zz@egress.example"),
			want: []string{proxyURL + "not a URL: write it like http://proxy.example:3128"},
		},
		{
			name: "proxy URL without scheme",
			args: goodWith("--wecom.proxy-url=egress.example:3128"),
			want: []string{proxyURL + "not the URL of a proxy: write it like http://proxy.example:3128 (or https, socks5, socks5h)"},
		},
		{
			name: "empty user ID",
			args: goodWith("--target.userid=lisi,,wangwu"),
			want: []string{userID + "an empty entry: write an ID or remove the entry"},
		},
		{
			name: "white space in a user ID",
			args: goodWith("--target.userid=li si"),
			want: []string{userID + `"li si" contains white space or a control character: write one ID for each entry`},
		},
		{
			name: "control character in a user ID",
			args: goodWith("--target.userid=li\x00si"),
			want: []string{userID + `"li\x00si" contains white space or a control character: write one ID for each entry`},
		},
		{
			name: "user ID not UTF-8",
			args: goodWith("--target.userid=li\xffsi"),
			want: []string{userID + `"li\xffsi" is not UTF-8: write an ID that is`},
		},
		{
			name: "long user ID",
			args: goodWith("--target.userid=" + strings.Repeat("x", 65)),
			want: []string{userID + "an entry of 65 bytes: write an ID of at most 64"},
		},
		{
			name: "long meeting ID and code",
			args: goodWith("--target.meetingid="+strings.Repeat("x", 129), "--target.meeting-code="+strings.Repeat("1", 129)),
			want: []string{
				"--target.meetingid (or WECOM_RECORDING_EXPORTER_TARGET_MEETINGID): an entry of 129 bytes: write an ID of at most 128",
				"--target.meeting-code (or WECOM_RECORDING_EXPORTER_TARGET_MEETING_CODE): an entry of 129 bytes: write an ID of at most 128",
			},
		},
		{
			name: "target file missing",
			args: goodWith("--target.file=$DIR/targets.yml"),
			want: []string{file + "the target file \"$DIR/targets.yml\" cannot be read (no such file or directory): name a readable file"},
		},
		{
			name: "target file without path",
			args: goodWith("--target.file="),
			want: []string{file + "an empty path: write the path of a target file"},
		},
		{
			name:  "target file broken",
			files: map[string]string{"targets.yml": "userids: [lisi, li si]\nmeetingids: ['']"},
			args:  goodWith("--target.file=$DIR/targets.yml"),
			want: []string{
				file + `"$DIR/targets.yml": userids[1] (line 1): "li si" contains white space or a control character: write one ID for each entry`,
				file + `"$DIR/targets.yml": meetingids[0] (line 2): an empty entry: write an ID or remove the entry`,
			},
		},
		{
			name:  "target file that a pattern matches broken",
			files: map[string]string{"a.yml": "userids: [lisi]", "b.yml": "userids: [li si]", "c.yml": ""},
			args:  goodWith("--target.file=$DIR/*.yml"),
			want: []string{
				file + `"$DIR/b.yml": userids[0] (line 1): "li si" contains white space or a control character: write one ID for each entry`,
				file + `"$DIR/c.yml": the file is empty: write userids, meetingids or meeting_codes`,
			},
		},
		{
			name: "glob pattern malformed",
			args: goodWith("--target.file=$DIR/[.yml"),
			want: []string{file + `"$DIR/[.yml" is not a glob pattern: close every [ with a ], and write \[ for the character itself`},
		},
		{
			name: "interval no duration",
			args: goodWith("--poll.interval=5x"),
			want: []string{`--poll.interval (or WECOM_RECORDING_EXPORTER_POLL_INTERVAL): "5x" is not a duration: ` + duration},
		},
		{
			name: "idle interval zero",
			args: goodWith("--poll.idle-interval=0s"),
			want: []string{`--poll.idle-interval (or WECOM_RECORDING_EXPORTER_POLL_IDLE_INTERVAL): "0s" is zero: ` + positive},
		},
		{
			name: "history interval negative",
			args: goodWith("--poll.history-interval=-6h"),
			want: []string{`--poll.history-interval (or WECOM_RECORDING_EXPORTER_POLL_HISTORY_INTERVAL): "-6h" is not a duration: ` + duration},
		},
		{
			name: "lookback empty",
			args: goodWith("--poll.lookback="),
			want: []string{`--poll.lookback (or WECOM_RECORDING_EXPORTER_POLL_LOOKBACK): "" is not a duration: ` + duration},
		},
		{
			name: "lookback over the limit",
			args: goodWith("--poll.lookback=366d1ms"),
			want: []string{`--poll.lookback (or WECOM_RECORDING_EXPORTER_POLL_LOOKBACK): "366d1ms" is over the limit: use 366d or less`},
		},
		{
			name: "retention of changes zero",
			args: goodWith("--storage.changes-retention=0d"),
			want: []string{`--storage.changes-retention (or WECOM_RECORDING_EXPORTER_STORAGE_CHANGES_RETENTION): "0d" is zero: ` + positive},
		},
		{
			name: "retention of changes empty",
			args: goodWith("--storage.changes-retention="),
			want: []string{`--storage.changes-retention (or WECOM_RECORDING_EXPORTER_STORAGE_CHANGES_RETENTION): "" is not a duration: ` + duration},
		},
		{
			name: "retention of changes negative",
			args: goodWith("--storage.changes-retention=-1d"),
			want: []string{`--storage.changes-retention (or WECOM_RECORDING_EXPORTER_STORAGE_CHANGES_RETENTION): "-1d" is not a duration: ` + duration},
		},
		{
			name: "concurrency zero",
			args: goodWith("--poll.concurrency=0"),
			want: []string{`--poll.concurrency (or WECOM_RECORDING_EXPORTER_POLL_CONCURRENCY): "0" is not accepted: use a whole number, 1 or more`},
		},
		{
			name: "budget no number",
			args: goodWith("--poll.max-requests-per-minute=1e3"),
			want: []string{`--poll.max-requests-per-minute (or WECOM_RECORDING_EXPORTER_POLL_MAX_REQUESTS_PER_MINUTE): "1e3" is not accepted: use a whole number, 1 or more`},
		},
		{
			name: "budget that no number holds",
			args: goodWith("--poll.max-requests-per-minute=99999999999999999999"),
			want: []string{`--poll.max-requests-per-minute (or WECOM_RECORDING_EXPORTER_POLL_MAX_REQUESTS_PER_MINUTE): "99999999999999999999" is not accepted: use a whole number, 1 or more`},
		},
		{
			name: "host label unknown",
			args: goodWith("--metrics.host-label=none"),
			want: []string{`--metrics.host-label (or WECOM_RECORDING_EXPORTER_METRICS_HOST_LABEL): "none" is not known: use plain, hashed or off`},
		},
		{
			name: "hashed without key",
			args: goodWith("--metrics.host-label=hashed"),
			want: []string{hashKey + "no key for --metrics.host-label=hashed: write the path of a file with at least 16 random bytes"},
		},
		{
			name: "hash key missing",
			args: goodWith("--metrics.host-label=hashed", "--metrics.host-hash-key-file=$DIR/key"),
			want: []string{hashKey + "\"$DIR/key\" cannot be read (no such file or directory): name a readable file that holds only the secret"},
		},
		{
			name:  "hash key empty",
			files: map[string]string{"key": ""},
			args:  goodWith("--metrics.host-label=hashed", "--metrics.host-hash-key-file=$DIR/key"),
			want:  []string{hashKey + "the key in \"$DIR/key\" is too short: write at least 16 random bytes to it"},
		},
		{
			name:  "hash key short",
			files: map[string]string{"key": "fifteen bytes..\n"},
			args:  goodWith("--metrics.host-label=hashed", "--metrics.host-hash-key-file=$DIR/key"),
			want:  []string{hashKey + "the key in \"$DIR/key\" is too short: write at least 16 random bytes to it"},
		},
		{
			name:  "hash key without hashed",
			files: map[string]string{"key": "sixteen bytes...\n"},
			args:  goodWith("--metrics.host-hash-key-file=$DIR/key"),
			want:  []string{hashKey + "a key without hashed hosts: remove it, or set --metrics.host-label=hashed"},
		},
		{
			name: "hosts negative",
			args: goodWith("--metrics.max-hosts=-1"),
			want: []string{`--metrics.max-hosts (or WECOM_RECORDING_EXPORTER_METRICS_MAX_HOSTS): "-1" is not accepted: use a whole number, 0 or more`},
		},
		{
			name: "shard ordinal negative and total zero",
			args: goodWith("--shard.ordinal=-1", "--shard.total=0"),
			want: []string{
				`--shard.ordinal (or WECOM_RECORDING_EXPORTER_SHARD_ORDINAL): "-1" is not accepted: use a whole number, 0 or more`,
				`--shard.total (or WECOM_RECORDING_EXPORTER_SHARD_TOTAL): "0" is not accepted: use a whole number, 1 or more`,
			},
		},
		{
			name: "shard total zero alone",
			args: goodWith("--shard.total=0"),
			want: []string{`--shard.total (or WECOM_RECORDING_EXPORTER_SHARD_TOTAL): "0" is not accepted: use a whole number, 1 or more`},
		},
		{
			name: "members with a bad agent ID",
			args: append([]string{"--target.discover=members", "--wecom.agent-id=app"}, goodCorp...),
			want: []string{"--wecom.agent-id (or WECOM_AGENT_ID): the agent ID is not a number above zero: write the AgentId of the app, such as 1000002"},
		},
		{
			name: "shard ordinal past the last",
			args: goodWith("--shard.ordinal=3", "--shard.total=3"),
			want: []string{"--shard.ordinal (or WECOM_RECORDING_EXPORTER_SHARD_ORDINAL): 3 is not below --shard.total=3: shards are numbered from 0"},
		},
		{
			name: "more problems than anyone reads",
			args: goodWith("--target.userid=" + strings.Repeat(",", 30)),
			want: append(slices.Repeat([]string{userID + "an empty entry: write an ID or remove the entry"}, 20), "and 11 more problems: fix these first"),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.env == nil {
				test.env = goodEnv
			}
			dir := writeFiles(t, test.files)
			cfg, err := parse(t, test.env, inDir(dir, test.args)...).Load()
			wantProblems(t, cfg, err, inDir(dir, test.want))
		})
	}
}

func wantProblems(t *testing.T, cfg *Config, err error, want []string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if cfg != nil {
		t.Error("a configuration beside the error")
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("problems differ (-want +got):\n%s", diff)
	}
	chinese := strings.Split(bilingual.Chinese(err), "\n")
	if len(chinese) != len(want) {
		t.Errorf("%d lines in Chinese, and %d in English:\n%s", len(chinese), len(want), strings.Join(chinese, "\n"))
	}
	for _, line := range chinese {
		wantChinese(t, line)
	}
}

// wantChinese checks that a line is in Chinese. Its words in English are names, or an error in
// brackets that others made.
func wantChinese(t *testing.T, line string) {
	t.Helper()
	_, sentence, ok := strings.Cut(line, "：")
	if !ok {
		sentence = line
	}
	own := bracketed.ReplaceAllString(line, "")
	if !han.MatchString(sentence) || strings.Contains(line, "%!") || ownEnglish.MatchString(own) ||
		strings.Contains(own, "） ") {
		t.Errorf("not in Chinese: %s", line)
	}
}

var (
	han = regexp.MustCompile(`\p{Han}`)
	// bracketed matches what the operating system and others say, behind what we say of it.
	bracketed = regexp.MustCompile(`(无法读取(配置文件|目标文件|登记文件|文件|目录) "[^"]*"|http_config（第 \d+ 行）：有误|不是有效的 YAML)（[^（）]*）`)
	// ownEnglish matches words of our own messages, of which none is left in Chinese.
	ownEnglish = regexp.MustCompile(`\b(write|or|remove|line|conflicts|the environment|name a)\b`)
)

// english returns warnings in English. In Chinese they are complete too.
func english(t *testing.T, warnings []bilingual.Text) []string {
	t.Helper()
	texts := make([]string, 0, len(warnings))
	for _, w := range warnings {
		texts = append(texts, w.English)
		wantChinese(t, w.Chinese)
	}
	return texts
}

func TestLoadRefusesFiles(t *testing.T) {
	t.Parallel()

	const (
		start = "corps:\n- name: acme\n  corp_id: ww0123456789abcdef\n  api_secret_file: secret\n"
		good  = start + "  targets: {userids: [zhangsan]}\n"

		path      = `"$DIR/c.yml": `
		corpKeys  = "Use one of name, corp_id, api_secret_file, agent_id, api_url, http_config, quota_bytes, statistics, departments, targets, policy"
		wrongKind = "a value of the wrong kind: write "
		conflict  = " conflicts with --config.file (or WECOM_RECORDING_EXPORTER_CONFIG_FILE): remove it, and set it under corps in that file"
	)
	tests := []struct {
		name  string
		yaml  string
		files map[string]string
		env   map[string]string
		args  []string
		want  []string
	}{
		{
			name: "empty file",
			want: []string{path + "corps: no corp: write at least one, with name, corp_id, api_secret_file and targets"},
		},
		{
			name: "empty list",
			yaml: "corps: []",
			want: []string{path + "corps (line 1): no corp: write at least one, with name, corp_id, api_secret_file and targets"},
		},
		{
			name: "empty corp",
			yaml: "corps: [null]",
			want: []string{
				path + "corps[0].name (line 1): no name: write the value for the label corp",
				path + "corps[0].corp_id (line 1): no corp ID: write the ID of the company, such as ww0123456789abcdef",
				path + "corps[0].api_secret_file (line 1): no secret: write the path of a file that holds the secret of the app",
				path + "corps[0].targets (line 1): neither targets nor discovery: configure at least one",
			},
		},
		{
			name:  "policy",
			yaml:  "poll: {lookback: 60d}\n" + good + "  policy: {retention: 90d, accepted_file: a.yml}\n",
			files: map[string]string{"a.yml": "[{id: wr1, reasons: training}]"},
			want: []string{
				path + `corps[0].policy.accepted_file (line 7): "$DIR/a.yml": [0] (line 1): "reasons" is not a known key: ` +
					"did you mean reason? Use one of id, reason, until",
				path + "corps[0].policy.retention (line 7): a retention of 90d is not shorter than poll.lookback, which is 60d, " +
					"so no recording could ever exceed it: " +
					"make the lookback longer than the retention, up to 366d, or the retention shorter",
			},
		},
		{
			name: "two documents",
			yaml: good + "---\n" + good,
			want: []string{path + "more than one YAML document: write one, without a line of three dashes in between"},
		},
		{
			name: "list instead of keys",
			yaml: "[]",
			want: []string{path + "line 1: " + wrongKind + "keys with values"},
		},
		{
			name: "text instead of keys",
			yaml: "the secret",
			want: []string{path + "line 1: " + wrongKind + "keys with values"},
		},
		{
			name: "list instead of text",
			yaml: "corps:\n- name: [acme]",
			want: []string{path + "corps[0].name (line 2): " + wrongKind + "a single text or number"},
		},
		{
			name: "text instead of list",
			yaml: start + "  targets: {userids: zhangsan}",
			want: []string{path + "corps[0].targets.userids (line 5): " + wrongKind + "a list"},
		},
		{
			name: "text instead of truth",
			yaml: good + "  http_config: {enable_http2: perhaps}",
			want: []string{path + "corps[0].http_config.enable_http2 (line 6): " + wrongKind + "true or false"},
		},
		{
			name: "not YAML",
			yaml: "corps: {",
			want: []string{path + "not YAML: line 1: did not find expected node content"},
		},
		{
			name: "alias of nothing",
			yaml: "corps: *hunter2",
			want: []string{path + "not YAML: a value cannot be read: quote values that begin with !, * or &"},
		},
		{
			name: "unknown key",
			yaml: good + "  corpid: x",
			want: []string{path + `corps[0] (line 6): "corpid" is not a known key: did you mean corp_id? ` + corpKeys},
		},
		{
			name: "unknown key at the top and in poll",
			yaml: "polls: {}\npoll: {period: 5m}\n" + good,
			want: []string{
				path + `line 1: "polls" is not a known key: did you mean poll? Use one of corps, poll`,
				path + `poll (line 2): "period" is not a known key: use one of interval, settled_interval, idle_interval, history_interval, lookback, concurrency, max_requests_per_minute`,
			},
		},
		{
			name: "unknown key of targets",
			yaml: start + "  targets: {userid: [zhangsan]}",
			want: []string{path + `corps[0].targets (line 5): "userid" is not a known key: did you mean userids? Use one of userids, meetingids, meeting_codes, files, discover`},
		},
		{
			name: "unknown key of http_config",
			yaml: good + "  http_config: {proxy: http://egress.example}",
			want: []string{path + `corps[0].http_config (line 6): "proxy" is not a known key: see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#http_config`},
		},
		{
			name: "secret in the file",
			yaml: good + "  api_secret: hunter2",
			want: []string{path + `corps[0] (line 6): "api_secret" is not a known key: a configuration file must not contain a secret: write the secret to a file of its own, and set api_secret_file to its path`},
		},
		{
			name: "key twice",
			yaml: good + "  name: globex",
			want: []string{path + "corps[0] (line 6): the key name appears twice: remove one"},
		},
		{
			name: "name twice",
			yaml: good + strings.TrimPrefix(good, "corps:\n"),
			want: []string{path + `corps[1].name (line 6): "acme" is also the name of corps[0]: choose another`},
		},
		{
			name: "no corp ID",
			yaml: good + "- name: globex\n  api_secret_file: secret\n  targets: {userids: [lisi]}",
			want: []string{path + "corps[1].corp_id (line 6): no corp ID: write the ID of the company, such as ww0123456789abcdef"},
		},
		{
			name: "no targets",
			yaml: start,
			want: []string{path + "corps[0].targets (line 2): neither targets nor discovery: configure at least one"},
		},
		{
			name: "secret file missing",
			yaml: strings.Replace(good, "secret\n", "missing\n", 1),
			want: []string{path + "corps[0].api_secret_file (line 4): \"$DIR/missing\" cannot be read (no such file or directory): name a readable file that holds only the secret"},
		},
		{
			name: "bad API URL",
			yaml: good + "  api_url: qyapi.weixin.qq.com",
			want: []string{path + "corps[0].api_url (line 6): a URL without http:// or https://: write it like https://qyapi.weixin.qq.com"},
		},
		{
			name: "negative quota",
			yaml: good + "  quota_bytes: -1",
			want: []string{path + `corps[0].quota_bytes (line 6): "-1" is not a size: use whole bytes, such as 107374182400, or leave the key out`},
		},
		{
			name: "quota with a unit",
			yaml: good + "  quota_bytes: 100GiB",
			want: []string{path + `corps[0].quota_bytes (line 6): "100GiB" is not a size: use whole bytes, such as 107374182400, or leave the key out`},
		},
		{
			name: "unknown discovery",
			yaml: start + "  targets: {discover: [activity, all]}",
			want: []string{path + `corps[0].targets.discover[1] (line 5): "all" is not known: use members or activity`},
		},
		{
			name: "members without agent ID",
			yaml: start + "  targets: {discover: [members]}",
			want: []string{path + "corps[0].targets.discover (line 5): members needs the agent ID of the app: set corps[0].agent_id, or leave members out"},
		},
		{
			name: "bad user ID",
			yaml: start + "  targets: {userids: [lisi, wang wu, ~]}",
			want: []string{
				path + `corps[0].targets.userids[1] (line 5): "wang wu" contains white space or a control character: write one ID for each entry`,
				path + "corps[0].targets.userids[2] (line 5): an empty entry: write an ID or remove the entry",
			},
		},
		{
			name: "target file missing",
			yaml: start + "  targets: {files: [none/*.yml, none.yml]}",
			want: []string{path + "corps[0].targets.files[1] (line 5): the target file \"$DIR/none.yml\" cannot be read (no such file or directory): name a readable file"},
		},
		{
			name: "http_config that contradicts itself",
			yaml: good + "  http_config: {no_proxy: localhost}",
			want: []string{path + "corps[0].http_config (line 6): if no_proxy is configured, proxy_url must also be configured"},
		},
		{
			name: "http_config with a broken proxy URL",
			yaml: good + "  http_config: {proxy_url: 'http://me:%zz@egress.example'}",
			want: []string{path + "corps[0].http_config.proxy_url (line 6): not a URL: write it like http://proxy.example:3128"},
		},
		{
			name: "http_config with a proxy URL without scheme",
			yaml: good + "  http_config: {proxy_url: 'egress.example:3128'}",
			want: []string{path + "corps[0].http_config (line 6): not the URL of a proxy: write it like http://proxy.example:3128 (or https, socks5, socks5h)"},
		},
		{
			name: "http_config with a CA that is not there",
			yaml: good + "  http_config: {tls_config: {ca_file: ca.pem}}",
			want: []string{path + "corps[0].http_config (line 6): tls_config.ca_file: \"$DIR/ca.pem\" cannot be read (no such file or directory): name a readable file"},
		},
		{
			name: "http_config with a CA that is none",
			yaml: good + "  http_config: {tls_config: {ca_file: secret}}",
			want: []string{path + "corps[0].http_config (line 6): tls_config.ca_file: \"$DIR/secret\" holds no certificate: write the certificate of the CA to it, in PEM"},
		},
		{
			name: "http_config with a certificate that is none",
			yaml: good + "  http_config: {tls_config: {cert_file: secret, key_file: secret}}",
			want: []string{path + "corps[0].http_config (line 6): tls_config: \"$DIR/secret\" and \"$DIR/secret\" are not a certificate and its key (tls: failed to find any PEM data in certificate input): write both in PEM"},
		},
		{
			name: "http_config with a password file that is not there",
			yaml: good + "  http_config: {basic_auth: {username: a, password_file: 'my password'}}",
			want: []string{path + "corps[0].http_config (line 6): basic_auth.password_file: \"$DIR/my password\" cannot be read (no such file or directory): name a readable file"},
		},
		{
			name: "http_config with credentials that are not there",
			yaml: good + "  http_config: {authorization: {credentials_file: none}}",
			want: []string{path + "corps[0].http_config (line 6): authorization.credentials_file: \"$DIR/none\" cannot be read (no such file or directory): name a readable file"},
		},
		{
			name: "http_config with a bearer token that is not there",
			yaml: good + "  http_config: {bearer_token_file: none}",
			want: []string{path + "corps[0].http_config (line 6): bearer_token_file: \"$DIR/none\" cannot be read (no such file or directory): name a readable file"},
		},
		{
			name: "http_config with headers that are not there",
			yaml: good + "  http_config: {http_headers: {X-A: {files: [secret, none]}}}",
			want: []string{path + "corps[0].http_config (line 6): http_headers.X-A.files[1]: \"$DIR/none\" cannot be read (no such file or directory): name a readable file"},
		},
		{
			name: "http_config with files of OAuth 2.0 that are not there",
			yaml: good + "  http_config: {oauth2: {client_id: a, client_secret_file: none, token_url: 'https://login.example', tls_config: {cert_file: none, key_file: none}}}",
			want: []string{
				path + "corps[0].http_config (line 6): oauth2.client_secret_file: \"$DIR/none\" cannot be read (no such file or directory): name a readable file",
				path + "corps[0].http_config (line 6): oauth2.tls_config.cert_file: \"$DIR/none\" cannot be read (no such file or directory): name a readable file",
				path + "corps[0].http_config (line 6): oauth2.tls_config.key_file: \"$DIR/none\" cannot be read (no such file or directory): name a readable file",
			},
		},
		{
			name: "http_config with a value of a forced kind",
			yaml: good + "  http_config: {bearer_token: !!float hunter2}",
			want: []string{path + "corps[0].http_config.bearer_token (line 6): a value cannot be read: quote values that begin with !, * or &"},
		},
		{
			name: "poll",
			yaml: "poll: {interval: 5, lookback: 2y, concurrency: 1.5, max_requests_per_minute: 0}\n" + good,
			want: []string{
				path + `poll.interval (line 1): "5" is not a duration: use a Prometheus duration such as 5m, 31d or 90d`,
				path + `poll.lookback (line 1): "2y" is over the limit: use 366d or less`,
				path + `poll.concurrency (line 1): "1.5" is not accepted: use a whole number, 1 or more`,
				path + `poll.max_requests_per_minute (line 1): "0" is not accepted: use a whole number, 1 or more`,
			},
		},
		{
			name: "flags beside the file",
			yaml: good,
			args: []string{"--wecom.corp-id=ww0123456789abcdef", "--wecom.corp-name=default", "--target.userid=zhangsan"},
			want: []string{
				"--wecom.corp-name" + conflict,
				"--wecom.corp-id" + conflict,
				"--target.userid" + conflict,
			},
		},
		{
			name: "environment beside the file",
			yaml: good,
			env: map[string]string{
				"WECOM_CORP_ID":                            "ww0123456789abcdef",
				"WECOM_API_SECRET":                         "the secret",
				"WECOM_API_SECRET_FILE":                    "/run/secrets/acme",
				"WECOM_AGENT_ID":                           "1000002",
				"WECOM_API_URL":                            "https://qyapi.weixin.qq.com",
				"WECOM_RECORDING_EXPORTER_TARGET_DISCOVER": "activity",
			},
			want: []string{
				"WECOM_CORP_ID in the environment" + conflict,
				"WECOM_API_SECRET_FILE in the environment" + conflict,
				"WECOM_API_SECRET in the environment conflicts with --config.file (or WECOM_RECORDING_EXPORTER_CONFIG_FILE): remove it, and set api_secret_file under corps in that file",
				"WECOM_AGENT_ID in the environment" + conflict,
				"WECOM_API_URL in the environment" + conflict,
				"WECOM_RECORDING_EXPORTER_TARGET_DISCOVER in the environment" + conflict,
			},
		},
		{
			name: "flags and file bad at once",
			yaml: "corps: []",
			args: []string{"--poll.interval=0"},
			want: []string{
				`--poll.interval (or WECOM_RECORDING_EXPORTER_POLL_INTERVAL): "0" is zero: use a duration above zero such as 5m, 31d or 90d`,
				path + "corps (line 1): no corp: write at least one, with name, corp_id, api_secret_file and targets",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"c.yml": test.yaml, "secret": "the secret"}
			maps.Copy(files, test.files)
			dir := writeFiles(t, files)
			if test.env == nil {
				test.env = map[string]string{}
			}
			args := append([]string{"--config.file=" + dir + "/c.yml"}, test.args...)
			cfg, err := parse(t, test.env, args...).Load()
			wantProblems(t, cfg, err, inDir(dir, test.want))
		})
	}

	t.Run("no such file", func(t *testing.T) {
		t.Parallel()
		dir, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := parse(t, map[string]string{}, "--config.file=testdata/missing.yml").Load()
		wantProblems(t, cfg, err, []string{"the configuration file \"" + filepath.Join(dir, "testdata/missing.yml") + "\" cannot be read (no such file or directory): name a readable file"})
	})
}

func TestLoadRefusesTestdata(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.bad.yml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			cfg, err := parse(t, map[string]string{}, "--config.file="+path).Load()
			if cfg != nil || err == nil {
				t.Fatalf("configuration %v, error %v; want an error alone", cfg, err)
			}
			// Paths in messages are absolute, and golden files name the directory $PWD.
			dir, dirErr := os.Getwd()
			if dirErr != nil {
				t.Fatal(dirErr)
			}
			got := strings.ReplaceAll(err.Error(), dir, "$PWD") + "\n"
			golden.Compare(t, strings.TrimSuffix(path, ".yml")+".txt", got)
		})
	}
}

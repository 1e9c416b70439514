// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/discovery"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// Options are how to try a configuration.
type Options struct {
	Language  wecom.Language
	UserAgent string
	// Offline leaves out every step that needs the network.
	Offline bool
	// Report is called with each step when it is over.
	Report func(Step)
}

// Refuse reports a configuration that cannot be loaded, with each of its problems.
func Refuse(problems []error, o Options) {
	r := reporter{Options: o}
	for _, err := range problems {
		r.failed(StepConfiguration, configText(err), text{})
	}
	r.skipAfter(StepConfiguration, slices.Concat(wayThere, calls, []Name{StepPlan})...)
}

// Run tries a configuration. Each step runs if those that it needs have succeeded.
func Run(ctx context.Context, cfg *config.Config, o Options) {
	r := reporter{Options: o}
	warnings := slices.Clone(cfg.Warnings)
	for i := range cfg.Corps {
		warnings = append(warnings, doubts(&cfg.Corps[i])...)
	}
	r.ok(StepConfiguration, textf("valid, corps: %d", "有效，企业数：%d", len(cfg.Corps)), joined(warnings))
	for i := range cfg.Corps {
		r.corp = cfg.Corps[i].Name
		c := &corp{
			reporter:   r,
			config:     &cfg.Corps[i],
			poll:       cfg.Poll,
			shard:      cfg.Shard,
			metrics:    cfg.Metrics,
			recordings: map[string]struct{}{},
		}
		c.run(ctx)
	}
}

// plausibleSecret is a length that secrets of WeCom, which have 43 characters, are not under
// unless a part is missing.
const plausibleSecret = 16

// doubts returns what is unusual about the credentials of a corp. Those of a test or of a
// gateway may be, so nothing is refused. No part of the secret is shown.
func doubts(c *config.Corp) []bilingual.Text {
	var found []bilingual.Text
	if !strings.HasPrefix(c.CorpID, "ww") && !strings.HasPrefix(c.CorpID, "wx") {
		found = append(found, bilingual.Textf(
			"%s: the corp ID does not begin with ww or wx: compare it with 我的企业 > 企业信息 in the admin console",
			"%s：企业 ID 不以 ww 或 wx 开头：请与管理后台“我的企业 > 企业信息”核对", c.Name))
	}
	if secret, err := c.Secret.Read(); err == nil && len(secret) < plausibleSecret {
		found = append(found, bilingual.Textf(
			"%s: the secret has fewer than %d characters, and WeCom's have 43: check that all of it was copied",
			"%s：Secret 不足 %d 个字符，而企业微信的 Secret 为 43 个字符：请确认复制完整", c.Name, plausibleSecret))
	}
	return found
}

// A reporter reports the steps of a corp, or those that are about all of them.
type reporter struct {
	Options

	corp string
}

func (r reporter) ok(name Name, seen, note text) {
	r.Report(Step{Corp: r.corp, Name: name, Status: OK, Seen: seen.in(r.Language), Remedy: note.in(r.Language)})
}

func (r reporter) failed(name Name, seen, remedy text) {
	r.Report(Step{Corp: r.corp, Name: name, Status: Failed, Seen: seen.in(r.Language), Remedy: remedy.in(r.Language)})
}

// skip reports steps that are left out.
func (r reporter) skip(why text, names ...Name) {
	for _, name := range names {
		r.Report(Step{Corp: r.corp, Name: name, Status: Skipped, Seen: why.in(r.Language)})
	}
}

// skipAfter reports steps that cannot run, because one that they need has not succeeded.
func (r reporter) skipAfter(after Name, names ...Name) {
	why := textf("not tried: %s must succeed first", "未执行：要先通过 %s", after).in(r.Language)
	for _, name := range names {
		r.Report(Step{Corp: r.corp, Name: name, Status: Skipped, After: after, Seen: why})
	}
}

// A corp is one that is tried.
type corp struct {
	reporter

	config  *config.Corp
	poll    config.Poll
	shard   config.Shard
	metrics config.Metrics

	client   *wecom.Client
	observer observer
	users    []string             // that were discovered
	starts   map[string]time.Time // when they last started a meeting, if that is known
	targets  []wecom.Target
	others   int // targets of other shards
	sampled  sampled
	// recordings are those on the sampled pages, by ID.
	recordings map[string]struct{}
}

func (c *corp) run(ctx context.Context) {
	c.checkTargetFiles()
	if c.Offline {
		c.skip(text{"skipped because of --offline", "因 --offline 未执行"}, slices.Concat(c.way(), calls)...)
		c.findTargets()
	} else {
		c.call(ctx)
	}
	c.reportPlan()
}

// call runs the steps that need the network.
func (c *corp) call(ctx context.Context) {
	transport, err := promconfig.NewRoundTripperFromConfig(c.config.HTTPClientConfig, "wecom")
	if err != nil { // The configuration was tried with these values when it was loaded.
		c.failed(StepConfiguration, configText(err), text{})
		c.skipAfter(StepConfiguration, slices.Concat(c.way(), calls)...)
		return
	}
	defer (&http.Client{Transport: transport}).CloseIdleConnections()
	c.client = wecom.NewClient(wecom.Config{
		BaseURL:     c.config.APIURL,
		CorpID:      c.config.CorpID,
		Secret:      c.config.Secret.Read,
		Transport:   transport,
		UserAgent:   c.UserAgent,
		Limits:      wecom.NewLimits(c.poll.MaxRequestsPerMinute),
		Concurrency: c.poll.Concurrency,
		Observer:    &c.observer,
	})
	if !c.connect(ctx) {
		c.findTargets()
		c.skipAfter(StepToken, calls...)
		return
	}
	c.checkScope(ctx)
	c.checkActivity(ctx)
	c.findTargets()
	c.checkLists(ctx)
	c.checkClock()
}

// checkTargetFiles reads the target files.
func (c *corp) checkTargetFiles() {
	if len(c.config.Targets.Files) == 0 {
		return
	}
	paths, err := c.config.Targets.ExpandFiles()
	errs := c.config.Targets.FolderErrors()
	if err != nil {
		errs = append(errs, err)
	}
	for _, path := range paths {
		if _, err := config.ReadTargetFile(path); err != nil {
			errs = append(errs, err)
		}
	}
	for _, err := range errs {
		c.failed(StepTargetFiles, configText(err), text{
			"until it is fixed, a running exporter keeps the last targets of the file",
			"更正之前，运行中的 exporter 沿用该文件上次的目标",
		})
	}
	if len(errs) > 0 {
		return
	}
	if wanted := c.config.Targets; c.namesNobody() && !wanted.DiscoverMembers && !wanted.DiscoverActivity {
		c.failed(StepTargetFiles, noTargets(wanted.Unmatched(), len(paths)), text{
			"correct the pattern, or write userids, meetingids or meeting_codes into a file",
			"请更正路径模式，或在文件中写入 userids、meetingids 或 meeting_codes",
		})
		return
	}
	c.ok(StepTargetFiles, textf("read: %d", "已读取：%d 个", len(paths)), text{})
}

// namesNobody reports whether neither the configuration nor the target files name a target.
func (c *corp) namesNobody() bool { return len(discovery.Targets(c.config.Targets, nil)) == 0 }

// noTargets returns why target files give no targets: patterns match no file, or the files that
// were read name none.
func noTargets(unmatched []string, read int) text {
	if len(unmatched) == 0 {
		return textf("there are no targets: the files name none (read: %d)", "没有任何目标：文件中未写目标（已读取：%d 个）", read)
	}
	quoted := make([]string, 0, len(unmatched))
	for _, pattern := range unmatched {
		quoted = append(quoted, fileerr.Quote(pattern))
	}
	return text{
		"there are no targets: no file matches " + strings.Join(quoted, ", "),
		"没有任何目标：没有文件匹配 " + strings.Join(quoted, "、"),
	}
}

// findTargets takes the targets of this shard: those that are configured, those of target
// files, and those that were discovered.
func (c *corp) findTargets() {
	targets := discovery.Targets(c.config.Targets, c.users)
	c.targets = schedule.OfShard(targets, c.shard)
	c.others = len(targets) - len(c.targets)
}

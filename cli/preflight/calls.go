// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// sampleSize is how many targets of each selector are listed. As long as none has recordings, more
// are, up to mostSampled: in a large company few members host meetings.
const (
	sampleSize  = 5
	mostSampled = 50
)

// An observer notes the clock of WeCom.
type observer struct {
	wecom.IgnoreCalls

	mu    sync.Mutex
	known bool
	ahead time.Duration // how far the local clock is
}

// ClockSkew implements wecom.Observer.
func (o *observer) ClockSkew(ahead time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known, o.ahead = true, ahead
}

// checkScope reads the app's visible scope, whose members discovery takes for targets.
func (c *corp) checkScope(ctx context.Context) {
	if c.config.AgentID == 0 {
		c.skip(text{"no agent ID is configured", "未配置 AgentId"}, StepScope)
		return
	}
	scope, err := c.client.Members(ctx, c.config.AgentID, nil)
	switch {
	case err != nil:
		c.failed(StepScope, errorText(err), remedyText(err))
		return
	case len(scope.UserIDs) == 0:
		c.failed(StepScope, text{"no member is visible to the app", "应用可见范围内没有成员"}, text{
			"in the admin console, add the members under 应用管理 > 自建 > the app > 可见范围",
			"请在管理后台“应用管理 > 自建 > 该应用 > 可见范围”中加入成员",
		})
		return
	}
	var note text
	if n := len(scope.Refused); n > 0 {
		err, remedy := errorText(scope.Refused[0]), remedyText(scope.Refused[0])
		note = text{
			fmt.Sprintf("refused departments and tags: %d, such as %s: %s", n, err.English, remedy.English),
			fmt.Sprintf("被拒绝的部门和标签：%d 个，例如 %s：%s", n, err.Chinese, remedy.Chinese),
		}
	}
	c.ok(StepScope, textf("members visible to the app: %d", "应用可见范围内的成员：%d 名", len(scope.UserIDs)), note)
	if c.config.Targets.DiscoverMembers {
		c.users = scope.UserIDs
	}
}

// checkActivity asks who has started meetings.
func (c *corp) checkActivity(ctx context.Context) {
	if !c.config.Targets.DiscoverActivity {
		c.skip(text{"activity discovery is off", "未启用 --target.discover=activity"}, StepActivity)
		return
	}
	now := c.client.Now().Truncate(time.Second)
	span := wecom.Window{Start: now.Add(-min(c.poll.Lookback, wecom.MaxActivity)), End: now}
	starts, _, err := c.client.Starts(ctx, span)
	if err != nil {
		c.failed(StepActivity, errorText(err), remedyText(err))
		return
	}
	c.starts = map[string]time.Time{}
	for _, s := range starts {
		key := strings.ToLower(s.UserID)
		if _, known := c.starts[key]; !known && !c.config.Targets.DiscoverMembers {
			c.users = append(c.users, s.UserID)
		}
		if s.At.After(c.starts[key]) {
			c.starts[key] = s.At
		}
	}
	seen := textf("meetings started in the last 30 days: %d, by %d members",
		"最近 30 天发起的会议：%d 场，涉及 %d 名成员", len(starts), len(c.starts))
	if len(c.starts) == 0 && !c.config.Targets.DiscoverMembers && c.namesNobody() {
		c.failed(StepActivity, seen, text{
			"there are no targets until somebody starts a meeting: name targets, or add --target.discover=members",
			"有人发起会议之前没有任何目标：请指定目标，或加上 --target.discover=members",
		})
		return
	}
	c.ok(StepActivity, seen, text{})
}

// sampled is what the first pages of the lists of a sample of targets held.
type sampled struct {
	listed         int // targets whose list succeeded
	withRecordings int
	recordings     int // of each target; several may have the same
	shared         int // of these, with a shared file
	failures       []failure
}

// A failure is the error of the list of a target.
type failure struct {
	target wecom.Target
	err    error
}

// checkLists lists a few targets of each selector.
func (c *corp) checkLists(ctx context.Context) {
	if len(c.targets) == 0 {
		why := text{"there are no targets", "没有目标"}
		if c.others > 0 {
			why = text{"no targets belong to this shard", "没有目标分到本分片"}
		}
		c.skip(why, StepList, StepRecordings)
		return
	}
	for _, selector := range wecom.Selectors() {
		sample, all := c.sample(selector)
		if all == 0 {
			continue
		}
		s := c.list(ctx, sample)
		c.reportLists(selector, &s, all)
		c.sampled.listed += s.listed
		c.sampled.withRecordings += s.withRecordings
		c.sampled.recordings += s.recordings
		c.sampled.shared += s.shared
		if n := len(s.failures); n > 0 && meetsAll(s.failures[n-1].err) {
			break
		}
	}
	c.reportRecordings()
}

// sample returns targets of a selector to list until enough are known, and how many there are in
// all. Users who started meetings recently come first. Those after the first few are spread over
// all, because neighbors are often colleagues.
func (c *corp) sample(selector wecom.Selector) (sample []wecom.Target, all int) {
	for _, t := range c.targets {
		if t.Selector == selector {
			sample = append(sample, t)
		}
	}
	slices.SortStableFunc(sample, func(a, b wecom.Target) int {
		return c.starts[strings.ToLower(b.ID)].Compare(c.starts[strings.ToLower(a.ID)])
	})
	all = len(sample)
	// A small budget is not to be waited for.
	most := min(all, mostSampled, max(sampleSize, c.poll.MaxRequestsPerMinute/4))
	for i := sampleSize; i < most; i++ {
		sample[i] = sample[sampleSize+(i-sampleSize)*(all-sampleSize)/(most-sampleSize)]
	}
	return sample[:most], all
}

// list lists targets, one page each, until the first few are done and one of all has recordings, or
// an error is one that all will meet.
func (c *corp) list(ctx context.Context, targets []wecom.Target) (s sampled) {
	for i, t := range targets {
		if i >= sampleSize && (s.withRecordings > 0 || s.listed == 0) {
			return s
		}
		n, shared, err := c.firstPage(ctx, t)
		if err != nil {
			s.failures = append(s.failures, failure{t, err})
			if meetsAll(err) {
				return s
			}
			continue
		}
		s.listed++
		s.recordings += n
		s.shared += shared
		if n > 0 {
			s.withRecordings++
		}
	}
	return s
}

// meetsAll reports whether an error will meet the lists of other targets too. WeCom closes the
// API for a while after ClassBlocked, and a call would wait for that.
func meetsAll(err error) bool {
	class := wecom.ClassOf(err)
	return class.CorpWide() || class == wecom.ClassBlocked
}

// sampledSpan returns how far back the lists of the sample reach.
func (c *corp) sampledSpan() time.Duration { return min(c.poll.Lookback, wecom.MaxWindow) }

// firstPage returns how many recordings the first page of a target's newest window has, and
// how many of them have a shared file.
func (c *corp) firstPage(ctx context.Context, t wecom.Target) (n, shared int, err error) {
	end := c.client.Now().Truncate(time.Second)
	window := wecom.Window{Start: end.Add(-c.sampledSpan()), End: end}
	page, err := c.client.List(t, window).Next(ctx, nil)
	if _, incomplete := errors.AsType[*wecom.ChainError](err); incomplete {
		err = nil // What comes after the page does not matter here.
	}
	for i := range page {
		c.recordings[page[i].ID] = struct{}{}
		if slices.ContainsFunc(page[i].Files, func(f wecom.File) bool { return f.Sharing.On }) {
			shared++
		}
	}
	return len(page), shared, err
}

// reportLists reports the lists of a selector. They failed if none succeeded, or if the last
// error is the whole corp's.
func (c *corp) reportLists(selector wecom.Selector, s *sampled, all int) {
	if n := len(s.failures); n > 0 && (s.listed == 0 || meetsAll(s.failures[n-1].err)) {
		last := s.failures[n-1]
		seen := errorText(last.err)
		c.failed(StepList, text{
			string(selector) + "=" + last.target.ID + ": " + seen.English,
			string(selector) + "=" + last.target.ID + "：" + seen.Chinese,
		}, remedyText(last.err))
		return
	}
	var en, zh []string
	for _, f := range s.failures {
		seen, remedy := errorText(f.err), remedyText(f.err)
		en = append(en, f.target.ID+": "+seen.English+": "+remedy.English)
		zh = append(zh, f.target.ID+"："+seen.Chinese+"："+remedy.Chinese)
	}
	tried := s.listed + len(s.failures)
	c.ok(StepList, textf("by %s: tried %d of %d targets, listed %d, with recordings %d",
		"按 %s：抽查 %d 个目标（共 %d 个），成功 %d 个，其中有录制的 %d 个", selector, tried, all, s.listed, s.withRecordings),
		text{strings.Join(en, "; "), strings.Join(zh, "；")})
}

// reportRecordings reports how many recordings of the app were seen: whether there is anything
// for the exporter to show.
func (c *corp) reportRecordings() {
	switch n := len(c.recordings); {
	case c.sampled.listed == 0:
		c.skipAfter(StepList, StepRecordings)
	case n == 0:
		c.ok(StepRecordings, textf("this app's recordings: none seen in the lists of %d of %d targets over the last %s",
			"最近 %[3]s 内未查到本应用的录制（抽查 %[1]d 个目标，共 %[2]d 个）",
			c.sampled.listed, len(c.targets), model.Duration(c.sampledSpan())),
			text{
				"WeCom shows an app only meetings that this app itself created through the API, and returns an empty list " +
					"otherwise. If yours are scheduled by people in the WeCom client, or created by another app, this exporter has " +
					"nothing to show. To be sure, run check with --target.userid set to a user whose meetings were recorded in " +
					"that time",
				"企业微信只返回由本应用通过接口创建的会议，其他会议一律返回空列表。如果会议是成员在客户端预约的，或由其他应用创建，" +
					"本程序就没有数据。如需确认，请用 --target.userid 指定一位在此期间有会议录制的成员，再检查一次",
			})
	default:
		c.ok(StepRecordings, textf("this app's recordings: %d seen on the first pages of %d of %d targets; the exporter has "+
			"something to show",
			"查到本应用的录制 %d 条（抽查 %d 个目标的第一页，共 %d 个目标），本程序会有数据",
			n, c.sampled.listed, len(c.targets)), text{})
	}
}

// checkClock compares the local clock with WeCom's.
func (c *corp) checkClock() {
	c.observer.mu.Lock()
	known, ahead := c.observer.known, c.observer.ahead
	c.observer.mu.Unlock()
	switch {
	case !known:
		c.skip(text{"no answer from WeCom had a Date header", "企业微信的响应中没有时间"}, StepClock)
	case ahead.Abs() > wecom.MaxSkew:
		seen := textf("the local clock is %s ahead of WeCom's", "本机时钟比企业微信快 %s", ahead.Round(time.Minute))
		if ahead < 0 {
			seen = textf("the local clock is %s behind WeCom's", "本机时钟比企业微信慢 %s", -ahead.Round(time.Minute))
		}
		c.failed(StepClock, seen, text{
			"set the clock of this machine, for example with NTP; until then, the exporter uses WeCom's clock",
			"请校准本机时钟（例如使用 NTP）；在此之前，本程序以企业微信的时间为准",
		})
	default:
		within := ahead.Abs().Truncate(time.Minute) + time.Minute
		c.ok(StepClock, text{
			fmt.Sprintf("less than %s from WeCom's", within),
			fmt.Sprintf("与企业微信相差不到 %d 分钟", within/time.Minute),
		}, text{})
	}
}

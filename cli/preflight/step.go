// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package preflight tries, step by step, what the exporter will do with a configuration,
// and says what it found.
package preflight

import (
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Status is how a step went.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Failed  Status = "fail"
	Skipped Status = "skipped"
)

// A Step is one step and what it met. It holds no secret, URL or title.
type Step struct {
	Corp   string `json:"corp,omitempty"` // "": the step is about all corps
	Name   Name   `json:"step"`
	Status Status `json:"status"`
	Seen   string `json:"seen"`             // in the language that was asked for
	Remedy string `json:"remedy,omitempty"` // what to do, or what else to know
	// After is the step that must succeed first, if this one was skipped because it has not.
	After Name  `json:"after,omitempty"`
	Plan  *Plan `json:"plan,omitempty"` // of the step with this name
}

// A Name identifies a step in every language.
type Name string

// The steps, in their order.
const (
	StepConfiguration Name = "configuration"
	StepTargetFiles   Name = "target_files"
	StepDNS           Name = "dns"
	StepTCP           Name = "tcp"
	StepProxy         Name = "proxy"
	StepTLS           Name = "tls"
	StepToken         Name = "token"
	StepScope         Name = "scope"
	StepActivity      Name = "activity"
	StepList          Name = "list"
	StepClock         Name = "clock"
	StepRecordings    Name = "recordings"
	StepPlan          Name = "plan"
)

// The steps that need the network: those on the way to an access token, as far as that is
// known without a configuration, and the calls with one.
var (
	wayThere = []Name{StepDNS, StepTCP, StepTLS, StepToken}
	calls    = []Name{StepScope, StepActivity, StepList, StepRecordings, StepClock}
)

// NotTried returns, in a sentence, which steps were not tried because an earlier one has not
// succeeded. All of them have an After.
func NotTried(steps []Step, l wecom.Language) string {
	names := make([]string, 0, len(steps))
	for _, s := range steps {
		names = append(names, string(s.Name))
	}
	return textf("%d steps were not tried, because %s must succeed first: ", "%d 个步骤未执行（要先通过 %s）：",
		len(steps), steps[0].After).in(l) + strings.Join(names, text{", ", "、"}.in(l))
}

// Legend returns a line that explains the names of the steps that are no words of the network,
// and the mark of a step that was not tried.
func Legend(skipped string, l wecom.Language) string {
	return textf("scope: members visible to the app; activity: users who started meetings recently; list: lists of a few "+
		"targets; recordings: whether the app has any; clock: this machine's compared with WeCom's; plan: the cost of "+
		"polling; "+
		"%s: not tried",
		"scope：应用的可见范围；activity：近期发起过会议的成员；list：抽查部分目标的录制列表；"+
			"recordings：本应用是否有录制；clock：本机时钟与企业微信之差；plan：预计的轮询开销；%s：未执行", skipped).in(l)
}

// A text is the same sentence in two languages.
type text bilingual.Text

func (t text) in(l wecom.Language) string {
	if l == wecom.Chinese {
		return t.Chinese
	}
	return t.English
}

// textf is bilingual.Textf.
func textf(english, chinese string, args ...any) text {
	return text(bilingual.Textf(english, chinese, args...))
}

// configText returns the text of an error of the configuration, or of one of its files.
func configText(err error) text { return text{err.Error(), bilingual.Chinese(err)} }

// joined joins texts to one.
func joined(texts []bilingual.Text) text {
	en, zh := make([]string, 0, len(texts)), make([]string, 0, len(texts))
	for _, t := range texts {
		en, zh = append(en, t.English), append(zh, t.Chinese)
	}
	return text{strings.Join(en, "; "), strings.Join(zh, "；")}
}

// errorText returns the text of an error of a client.
func errorText(err error) text {
	return text{wecom.Describe(err, wecom.English), wecom.Describe(err, wecom.Chinese)}
}

// remedyText returns what an operator can do about an error of a client.
func remedyText(err error) text {
	return text{wecom.Remedy(err, wecom.English), wecom.Remedy(err, wecom.Chinese)}
}

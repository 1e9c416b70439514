// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package preflight tries, step by step, what the exporter will do with a configuration,
// and explains what it meets.
package preflight

import (
	"fmt"

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

// A text is the same sentence in two languages.
type text struct{ en, zh string }

func (t text) in(l wecom.Language) string {
	if l == wecom.Chinese {
		return t.zh
	}
	return t.en
}

// textf formats the same arguments in both languages. They come in the same order.
func textf(en, zh string, args ...any) text {
	return text{fmt.Sprintf(en, args...), fmt.Sprintf(zh, args...)}
}

// errorText returns the text of an error of a client.
func errorText(err error) text {
	return text{wecom.Describe(err, wecom.English), wecom.Describe(err, wecom.Chinese)}
}

// remedyText returns what an operator can do about an error of a client.
func remedyText(err error) text {
	return text{wecom.Remedy(err, wecom.English), wecom.Remedy(err, wecom.Chinese)}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"time"

	"github.com/prometheus/common/model"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/accepted"
)

// ReadAcceptedFile reads the file of what is exposed on purpose. An error holds one line for
// each problem, which names the file, the entry and the line.
func ReadAcceptedFile(path string) ([]accepted.Entry, error) {
	var p problems
	entries, errs := accepted.Read(path)
	p.errs = errs
	return entries, p.err()
}

// acceptedFile reads the path of the file, and the file.
func (v value) acceptedFile() (path string, entries []accepted.Entry) {
	if v.text == "" {
		return "", nil
	}
	path = v.path()
	entries, errs := accepted.Read(path)
	v.problems.addAll(v.where, errs)
	return path, entries
}

// complete takes what is missing from another policy, unless the lookback is too short for it.
func (p *Policy) complete(other *Policy, lookback time.Duration) {
	if p.Retention == 0 && other.Retention < lookback {
		p.Retention = other.Retention
	}
	if p.AcceptedFile == "" {
		p.Accepted = other.Accepted
	}
}

// checkRetention refuses a retention of a corp that the inventory does not reach back beyond:
// no recording would ever be seen to be older.
func (p *problems) checkRetention(from source, c *Corp, lookback time.Duration) {
	if c.Policy.Retention <= 0 || lookback <= 0 || c.Policy.Retention < lookback {
		return
	}
	p.addf("%s: a retention of %s is not shorter than %s, which is %s, so no recording could "+
		"ever exceed it: make the lookback longer than the retention, up to %s, or the retention shorter",
		"%s：保留期限 %s 不短于 %s 的 %s，不会发现任何超期的录制："+
			"请将回溯期调得长于保留期限（最长 %s），或缩短保留期限",
		from.where(keyRetention), model.Duration(c.Policy.Retention), keyLookback, model.Duration(lookback),
		model.Duration(MaxLookback))
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import "time"

// up is whether WeCom accepted the last call chain.
type up uint8

const (
	neverCalled up = iota
	callsRefused
	callsAccepted
)

// An acceptance is whether WeCom accepts calls, and since when. The zero value has seen no call.
type acceptance struct {
	up      up
	since   time.Time // when the first call chain ended that showed up as it is
	changed bool      // calls before that one had shown the opposite
}

// set notes what a call chain has shown that ended now.
func (a *acceptance) set(shown up, now time.Time) {
	if a.up == shown {
		return
	}
	*a = acceptance{up: shown, since: now, changed: a.up != neverCalled}
}

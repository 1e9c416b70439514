// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// askedForChanges remembers the last query, and answers with so many changes.
type askedForChanges struct {
	query collector.ChangeQuery
	total int
}

func (a *askedForChanges) Changes(
	ctx context.Context, q collector.ChangeQuery,
) (part []poll.Change, next uint32, err error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	a.query = q
	number := uint32(a.total)
	if q.Before != 0 {
		number = min(number, q.Before-1)
	}
	for ; number > 0 && len(part) < min(2, q.Limit); number-- {
		part = append(part, poll.Change{
			Number: number, Corp: "acme", Title: "<script>alert(1)</script>",
			Change: ledger.Change{
				At: 1_770_000_000_000, Kind: ledger.Enabled, Recording: "r1", File: "f1", Host: "<b>li",
				After: &ledger.Sharing{Audience: recording.Anyone, Expire: wecom.InstantOf(time.Unix(1_780_000_000, 0))},
			},
		})
		next = number
	}
	if number == 0 {
		next = 0
	}
	return part, next, nil
}

func (a *askedForChanges) ChangesSince() []poll.CorpSince {
	return []poll.CorpSince{{Corp: "acme", Since: time.Unix(1_760_000_000, 0)}, {Corp: "<b>other"}}
}

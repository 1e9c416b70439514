// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestShards(t *testing.T) {
	t.Parallel()
	const total = 5
	owner := map[wecom.Target]int{}
	perShard := map[int]int{}
	for i := range 10_000 {
		target := wecom.Target{Selector: wecom.ByUserID, ID: fmt.Sprintf("User%05d", i)}
		owner[target] = shardOf(target, total)
		perShard[owner[target]]++
		if lower := (wecom.Target{Selector: wecom.ByUserID, ID: strings.ToLower(target.ID)}); shardOf(lower, total) != owner[target] {
			t.Errorf("%s falls to another shard in lower case", target)
		}
		if grown := shardOf(target, total+1); grown != owner[target] && grown != total {
			t.Errorf("%s moves from shard %d to %d when shard %d is added", target, owner[target], grown, total)
		}
	}
	for shard := range total {
		if n := perShard[shard]; n < 1800 || n > 2200 {
			t.Errorf("%d targets fall to shard %d, want about 2000", n, shard)
		}
	}
	if len(perShard) != total {
		t.Errorf("targets fall to shards %v", perShard)
	}
}

func TestOfShard(t *testing.T) {
	t.Parallel()
	targets := append(users("a", "b", "c", "d", "e", "f", "g"), wecom.Target{Selector: wecom.ByMeetingID, ID: "a"})
	if got := OfShard(targets, config.Shard{Total: 1}); len(got) != len(targets) {
		t.Errorf("one shard has %d of %d targets", len(got), len(targets))
	}
	shards := map[wecom.Target]int{}
	for ordinal := range 3 {
		for _, target := range OfShard(targets, config.Shard{Ordinal: ordinal, Total: 3}) {
			shards[target]++
		}
	}
	for _, target := range targets {
		if shards[target] != 1 {
			t.Errorf("%v falls to %d shards", target, shards[target])
		}
	}
}

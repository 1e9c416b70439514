// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package schedule

import (
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// hashOf returns the hash of a target. It is the same in every process, and for every
// spelling of a user ID.
func hashOf(t wecom.Target) uint64 {
	key := keyOf(t)
	return xxhash.Sum64String(string(key.Selector) + "\x00" + key.ID)
}

func phaseOf(t wecom.Target) float64 { return float64(hashOf(t)) / math.MaxUint64 }

// shardOf returns the ordinal of the shard that polls a target, by jump consistent
// hashing: if shards are added, targets move to the new ones only. See Lamping and Veach,
// "A Fast, Minimal Memory, Consistent Hash Algorithm".
func shardOf(t wecom.Target, total int) int {
	key := hashOf(t)
	shard, next := int64(-1), int64(0)
	for next < int64(total) {
		shard = next
		key = key*2862933555777941757 + 1
		next = int64(float64(shard+1) * (float64(int64(1)<<31) / float64(key>>33+1)))
	}
	return int(shard)
}

// OfShard returns the targets that fall to a shard.
func OfShard(targets []wecom.Target, s config.Shard) []wecom.Target {
	if s.Total <= 1 {
		return targets
	}
	kept := make([]wecom.Target, 0, len(targets)/s.Total+1)
	for _, t := range targets {
		if shardOf(t, s.Total) == s.Ordinal {
			kept = append(kept, t)
		}
	}
	return kept
}

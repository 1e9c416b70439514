// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"hash/fnv"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// hashOf returns the hash of a target, the same in every process and for every
// way to spell a user ID.
func hashOf(t wecom.Target) uint64 {
	id := t.ID
	if t.Selector == wecom.ByUserID {
		id = strings.ToLower(id)
	}
	h := fnv.New64a()
	h.Write([]byte(t.Selector))
	h.Write([]byte{0})
	h.Write([]byte(id))
	// The high bits of FNV differ little between IDs that differ in their end.
	return mix(h.Sum64())
}

// mix is the finalizer of MurmurHash3, which spreads every bit over all others.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// shardOf returns the ordinal of the shard that asks for a target, by jump
// consistent hashing: when shards are added, targets move to the new ones only.
// See Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm".
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

// ofShard keeps the targets that fall to a shard.
func ofShard(targets []wecom.Target, s config.Shard) []wecom.Target {
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

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

func TestCombineChecksums(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	text := make([]byte, 1<<20)
	for i := range text {
		text[i] = byte(r.Uint32())
	}
	for _, length := range []int{0, 1, 2, 3, 100, 1 << 10, 1<<16 - 1, 1 << 20} {
		for _, cut := range []int{0, 1, length / 3, length / 2, length - 1, length} {
			if cut < 0 || cut > length {
				continue
			}
			first, second := text[:cut], text[cut:length]
			want := crc32.ChecksumIEEE(text[:length])
			got := combineChecksums(crc32.ChecksumIEEE(first), crc32.ChecksumIEEE(second), uint32(len(second)))
			if got != want {
				t.Errorf("%d and %d bytes: %08x, want %08x", len(first), len(second), got, want)
			}
		}
	}
}

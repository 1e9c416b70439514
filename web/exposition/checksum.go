// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"hash/crc32"
	"math/bits"
)

// combineChecksums returns the CRC-32 (IEEE) of two texts, one after the other, from those of both
// and the length of the second. Without it, all of a body would be read again to change a part.
//
// A CRC is the remainder of a polynomial over GF(2). To append n bytes multiplies that of the first
// text by x to the power of 8n.
func combineChecksums(first, second, n uint32) uint32 {
	return multiply(first, powerOfX(8*uint64(n))) ^ second
}

// The polynomials have the coefficient of the lowest power in the highest bit, as in the table of
// package crc32.
const (
	one = 1 << 31
	x   = 1 << 30
)

// multiply returns the product of two polynomials, modulo that of the CRC.
func multiply(a, b uint32) uint32 {
	product := uint32(0)
	for ; a != 0; a <<= 1 {
		product ^= b & uint32(int32(a)>>31)
		b = b>>1 ^ crc32.IEEE&-(b&1)
	}
	return product
}

// powersOfX are x to the powers of 1, 2, 4, 8 and so on.
var powersOfX = newPowersOfX()

func newPowersOfX() (powers [64]uint32) {
	powers[0] = x
	for i := 1; i < len(powers); i++ {
		powers[i] = multiply(powers[i-1], powers[i-1])
	}
	return powers
}

func powerOfX(n uint64) uint32 {
	power := uint32(one)
	for ; n != 0; n &= n - 1 {
		power = multiply(power, powersOfX[bits.TrailingZeros64(n)])
	}
	return power
}

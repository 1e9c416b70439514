// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestNow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ahead      time.Duration // at the answer, of the local clock
		correction time.Duration
	}{
		"right":            {},
		"a little wrong":   {ahead: -MaxSkew},
		"ahead":            {ahead: 2 * time.Hour, correction: 2 * time.Hour},
		"behind":           {ahead: -24 * time.Hour, correction: -24 * time.Hour},
		"just over 5 min.": {ahead: MaxSkew + time.Second, correction: MaxSkew + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var c Client
				if !c.Now().Equal(time.Now()) || c.Correction() != 0 || c.KnowsClock() {
					t.Error("another time than the local one before the first answer")
				}
				answered := time.Now()
				c.skew.note(answered, answered.Add(-test.ahead))
				time.Sleep(time.Minute)
				if want := time.Now().Add(-test.correction); !c.Now().Equal(want) {
					t.Errorf("now is %s, want %s", c.Now(), want)
				}
				if c.Correction() != test.correction || !c.KnowsClock() {
					t.Errorf("corrected by %s, want %s", c.Correction(), test.correction)
				}
			})
		})
	}
}

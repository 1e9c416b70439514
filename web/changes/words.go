// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"time"

	"github.com/prometheus/common/model"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/page"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// inWords returns how a file is shared on one side of a change. Its audience and password are
// always named, the rest if the other side differs, or if the link had expired then.
func inWords(s, other *ledger.Sharing, at wecom.Instant, language wecom.Language) string {
	w := page.WordsOf(language)
	if s == nil {
		return w.NotShared
	}
	parts := []string{w.Audience[s.Audience], w.Password[s.Password]}
	if other == nil || other.Download != s.Download {
		parts = append(parts, w.Download[s.Download])
	}
	hasExpired := s.Expire != 0 && s.Expire <= at
	if other == nil || other.Expire != s.Expire || hasExpired {
		parts = append(parts, w.Expiry(s.Expire.Time(), at.Time()))
	}
	return w.Join(parts...)
}

// agoWords returns in words how long ago the time of a parameter is if it is given so, or else
// the parameter.
func agoWords(text string, now time.Time, language wecom.Language) string {
	ago, err := model.ParseDuration(text)
	if err != nil {
		return text
	}
	return page.Distance(now.Add(-time.Duration(ago)), now, language)
}

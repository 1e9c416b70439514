// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// LogChanges returns a function for [poll.Options], which logs each change as one line. The host
// is the value of its label, and left out if the metrics have no such label. Nothing is logged of
// titles, links and passwords.
func LogChanges(logger log.Logger) func(*poll.View, []poll.Change) {
	return func(v *poll.View, changes []poll.Change) {
		n := newNaming(v.Metrics)
		admitted := make(map[string]map[string]bool, len(v.Corps))
		for i := range v.Corps {
			admitted[v.Corps[i].Name] = v.Corps[i].Admitted
		}
		for i := range changes {
			level.Info(logger).Log(changeLine(&changes[i], n, admitted[changes[i].Corp])...)
		}
	}
}

// changeLine returns the keys and values of the line of a change.
func changeLine(c *poll.Change, n *naming, admitted map[string]bool) []any {
	line := []any{"msg", "change", "number", c.Number, "corp", c.Corp, "change", c.Kind, "recording", c.Recording}
	if c.File != "" {
		line = append(line, "file", c.File)
	}
	if n.label != config.HostLabelOff {
		host, _ := n.labelOf(c.Host, admitted)
		line = append(line, "host", host)
	}
	if c.Start != 0 {
		line = append(line, "start", timeText(c.Start.Time()))
	}
	if s := c.Before; s != nil {
		line = append(line, "before_audience", s.Audience, "before_password", s.Password, "before_expiry", expiryText(s),
			"before_download", s.Download, "before_exposed", s.Exposed)
	}
	if s := c.After; s != nil {
		line = append(line, "after_audience", s.Audience, "after_password", s.Password, "after_expiry", expiryText(s),
			"after_download", s.Download, "after_exposed", s.Exposed)
	}
	return line
}

func expiryText(s *ledger.Sharing) string {
	if s.Expire == 0 {
		return "never"
	}
	return timeText(s.Expire.Time())
}

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339) }

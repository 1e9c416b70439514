// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import promconfig "github.com/prometheus/common/config"

// A Simulation is the corp of a demo. Its targets are discovered unless the user
// names some.
type Simulation struct {
	CorpID, Secret string
	AgentID        int64
	QuotaBytes     int64
	// Interval and IdleInterval are Prometheus durations, for a user who asks
	// for none.
	Interval, IdleInterval string
}

// LoadSimulated is Load for the corp of a demo. It takes every flag but those of
// the corp's credentials; see [Simulation].
func (f *Flags) LoadSimulated(s Simulation) (*Config, error) {
	f.preset(&f.interval, s.Interval)
	f.preset(&f.idleInterval, s.IdleInterval)
	var p problems
	if f.configFile.value != "" {
		p.addf("%s: a demo simulates its corp: leave the file out", &f.configFile)
	}
	c := f.common(&p)
	targets := f.targetsText()
	if targets.empty() {
		targets.Discover = []string{"members", "activity"}
	}
	c.Corps = []Corp{{
		Name:             f.corpName.value,
		CorpID:           s.CorpID,
		Secret:           SecretFromValue(s.Secret),
		AgentID:          s.AgentID,
		APIURL:           DefaultAPIURL,
		HTTPClientConfig: promconfig.DefaultHTTPClientConfig,
		QuotaBytes:       s.QuotaBytes,
		Targets:          p.targets(f.place, targets),
	}}
	if err := p.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// preset sets a value that the user did not set.
func (f *Flags) preset(s *setting, value string) {
	if _, inEnv := f.lookupEnv(s.env); !s.set && !inEnv {
		s.value = value
	}
}

func (t targetsText) empty() bool {
	return len(t.UserIDs)+len(t.MeetingIDs)+len(t.MeetingCodes)+len(t.Files)+len(t.Discover) == 0
}

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
	// Interval and IdleInterval are Prometheus durations. They replace the
	// defaults of the flags.
	Interval, IdleInterval string
}

// LoadSimulated is Load for the corp of a demo. It takes every flag but those of
// the corp's credentials and address; see [Simulation].
func (f *Flags) LoadSimulated(s Simulation) (*Config, error) {
	f.setDefault(keyInterval, s.Interval)
	f.setDefault(keyIdleInterval, s.IdleInterval)
	var p problems
	if f.file() != "" {
		p.addf("%s: a demo simulates its corp: leave the file out", settingOf(flagConfigFile))
	}
	c := f.process(&p)
	corp := Corp{
		CorpID:           s.CorpID,
		Secret:           SecretFromValue(s.Secret),
		AgentID:          s.AgentID,
		APIURL:           DefaultAPIURL,
		HTTPClientConfig: promconfig.DefaultHTTPClientConfig,
		QuotaBytes:       s.QuotaBytes,
	}
	for _, s := range settings() {
		if s.key == keyName || s.isTarget() {
			v, _ := f.value(&p, s)
			s.setCorp(&corp, v)
		}
	}
	if !hasTarget(f) {
		corp.Targets.DiscoverMembers, corp.Targets.DiscoverActivity = true, true
	}
	c.Corps = []Corp{corp}
	if err := p.err(); err != nil {
		return nil, err
	}
	c.Warnings = p.warnings
	return c, nil
}

// setDefault replaces the default of a flag, unless the user has set the flag.
func (f *Flags) setDefault(key, text string) {
	s := settingOf(key)
	if f.env(s.variable()) == "" && !f.given[s.flag].onCommandLine {
		f.given[s.flag].text = text
	}
}

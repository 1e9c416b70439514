// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/secret"
)

// A Simulation is what the simulated WeCom of a demo expects of all corps. Their
// targets are discovered unless the user names some.
type Simulation struct {
	CorpID, Secret string
	AgentID        int64
	// QuotaBytes and Departments are those of the corp that the flags describe. One in a
	// file has its own.
	QuotaBytes  int64
	Departments map[int64]string
	// Policy is that of the corp that the flags describe, as far as they do not say it: its
	// retention if the lookback is longer, and what is accepted if there is no accepted file.
	Policy Policy
	// Interval and IdleInterval are Prometheus durations. They replace the
	// defaults of the flags.
	Interval, IdleInterval string
}

// LoadSimulated is Load for the corps of a demo. It takes every flag and key, but
// does not read those of credentials, address and proxy. All corps have the corp ID
// of the simulation, so that a store of real ones is never mixed up with them.
func (f *Flags) LoadSimulated(s Simulation) (*Config, error) {
	f.setDefault(keyInterval, s.Interval)
	f.setDefault(keyIdleInterval, s.IdleInterval)
	return f.load(func(p *problems, c *Config, from source) Corp {
		corp := p.simulatedCorp(from, s)
		if from == source(f) {
			corp.QuotaBytes, corp.Departments = s.QuotaBytes, s.Departments
			corp.Policy.complete(&s.Policy, c.Poll.Lookback)
		}
		return corp
	})
}

// simulatedCorp reads the name, the quota, the departments, the policy and the targets of a corp, and
// whether to ask for views.
func (p *problems) simulatedCorp(from source, simulation Simulation) Corp {
	corp := p.partOfCorp(from, func(s setting) bool { return s.key == keyQuota || s.isTarget() })
	corp.CorpID = simulation.CorpID
	corp.Secret = secret.FromValue(simulation.Secret)
	corp.AgentID = simulation.AgentID
	if !hasTarget(from) {
		corp.Targets.DiscoverMembers, corp.Targets.DiscoverActivity = true, true
	}
	return corp
}

// setDefault replaces the default of a flag, unless the user has set the flag.
func (f *Flags) setDefault(key, text string) {
	s := settingOf(key)
	if f.env(s.variable()) == "" && !f.given[s.flag].onCommandLine {
		f.given[s.flag].text = text
	}
}

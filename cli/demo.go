// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	demoSeed    = 1
	demoMembers = 60 // about 40 of them host meetings
	demoQuota   = 4 << 40
	// The simulated company changes quickly, and short intervals make that visible
	// in graphs.
	demoInterval     = "15s"
	demoIdleInterval = "1m"
)

// addDemo adds the command that serves metrics of a simulated company. Its calls
// to WeCom stay in the process.
func addDemo(_ *kingpin.CmdClause, f *flags) action {
	return func(ctx context.Context, out *output) error {
		simulation := config.Simulation{
			CorpID:       wecomtest.DefaultCorpID,
			Secret:       wecomtest.DefaultSecret,
			AgentID:      wecomtest.DefaultAgentID,
			QuotaBytes:   demoQuota,
			Interval:     demoInterval,
			IdleInterval: demoIdleInterval,
		}
		e := &exporter{
			flags:     f,
			out:       out,
			load:      func() (*config.Config, error) { return f.config.LoadSimulated(simulation) },
			transport: wecomtest.DemoServer(wecomtest.Config{RequestLog: -1}, demoSeed, demoMembers),
		}
		level.Info(out.logger).Log("msg", "this is a demo: the company and its recordings are made up")
		return e.run(ctx)
	}
}

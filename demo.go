// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	demoSeed    = 1
	demoMembers = 60 // of whom about 40 host meetings
	demoQuota   = 4 << 40
	// The simulated company moves fast, so that its graphs do.
	demoInterval     = "15s"
	demoIdleInterval = "1m"
)

// runDemo serves metrics of a simulated company. Its WeCom is called without a
// network.
func (f *flags) runDemo(ctx context.Context, logger log.Logger, slogger *slog.Logger) error {
	server := wecomtest.DemoServer(wecomtest.Config{RequestLog: -1}, demoSeed, demoMembers)
	simulation := config.Simulation{
		CorpID:       wecomtest.DefaultCorpID,
		Secret:       wecomtest.DefaultSecret,
		AgentID:      wecomtest.DefaultAgentID,
		QuotaBytes:   demoQuota,
		Interval:     demoInterval,
		IdleInterval: demoIdleInterval,
	}
	level.Info(logger).Log("msg", "this is a demo: the company and its recordings are made up")
	load := func() (*config.Config, error) { return f.config.LoadSimulated(simulation) }
	return f.pollAndServe(ctx, load, server, logger, slogger)
}

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
	cfg, err := f.config.LoadSimulated(config.Simulation{
		CorpID:       wecomtest.DefaultCorpID,
		Secret:       wecomtest.DefaultSecret,
		AgentID:      wecomtest.DefaultAgentID,
		QuotaBytes:   demoQuota,
		UserIDs:      server.UserIDs(),
		Interval:     demoInterval,
		IdleInterval: demoIdleInterval,
	})
	if err != nil {
		return err //nolint:wrapcheck // Each of its lines stands for itself.
	}
	level.Info(logger).Log("msg", "this is a demo: the company and its recordings are made up")
	return f.serveConfig(ctx, cfg, server, logger, slogger)
}

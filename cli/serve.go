// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web"
)

// addServe adds the command that polls the configured corps and serves their
// metrics.
func addServe(_ *kingpin.CmdClause, f *flags) action {
	return func(ctx context.Context, out *output) error {
		e := &exporter{flags: f, out: out, load: f.config.Load}
		return e.run(ctx)
	}
}

// An exporter polls WeCom and serves metrics.
type exporter struct {
	flags *flags
	out   *output
	// load reads the configuration at the start and at each reload.
	load func() (*config.Config, error)
	// transport replaces the network for calls to WeCom unless it is nil.
	transport http.RoundTripper
}

// run polls and serves until the context ends. SIGHUP reloads the configuration.
func (e *exporter) run(ctx context.Context) error {
	// Before anything that takes time: a SIGHUP would end the process until then.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)

	cfg, err := e.load()
	if err != nil {
		return err
	}
	settings, err := e.flags.web.Settings()
	if err != nil {
		return err
	}
	manager, reloader, handler, err := e.setUp(ctx, cfg, settings)
	if err != nil {
		return err
	}
	if settings.Recordings {
		e.warnOfUserIDs(cfg.Metrics.HostLabel)
	}
	e.logWarnings(cfg)
	level.Info(e.out.logger).Log("msg", "starting", "version", version.Info(), "build", version.BuildContext())
	options := web.ServerOptions{
		Handler:       handler,
		Flags:         e.flags.web,
		Logger:        e.out.logger,
		ToolkitLogger: e.out.toolkitLogger,
	}
	return web.Serve(ctx, options, func(ctx context.Context) {
		pollAndReload(ctx, manager, reloader, hangups)
	})
}

// setUp returns what polls, what reloads and what serves.
func (e *exporter) setUp(
	ctx context.Context, cfg *config.Config, settings web.Settings,
) (*poll.Manager, *web.Reloader, http.Handler, error) {
	calls := collector.NewCalls()
	manager, err := poll.NewManager(cfg, poll.Options{
		Logger:    e.out.logger,
		UserAgent: name + "/" + version.Version,
		Transport: e.transport,
		Titles:    settings.Recordings,
		Observer:  calls.Observer,
	})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("setting up: %w", err)
	}
	reloader := e.newReloader(manager)
	return manager, reloader, e.newHandler(ctx, settings, collector.New(manager, calls), reloader), nil
}

func (e *exporter) newReloader(manager *poll.Manager) *web.Reloader {
	return web.NewReloader(e.out.logger, func(context.Context) error {
		cfg, err := e.load()
		if err != nil {
			return err
		}
		if err := manager.ApplyConfig(cfg); err != nil {
			return err
		}
		e.logWarnings(cfg)
		return nil
	})
}

// logWarnings logs what the configuration likely does not mean.
func (e *exporter) logWarnings(cfg *config.Config) {
	for _, warning := range cfg.Warnings {
		level.Warn(e.out.logger).Log("msg", "the configuration is accepted, but for one thing", "warning", warning)
	}
}

func (e *exporter) newHandler(
	ctx context.Context, settings web.Settings, metrics *collector.Collector, reloader *web.Reloader,
) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics, versioncollector.NewCollector(name), reloader)
	if settings.ExporterMetrics {
		registry.MustRegister(
			collectors.NewGoCollector(),
			collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		)
	}
	options := web.Options{
		Logger:          e.out.logger,
		Inventory:       metrics,
		Targets:         metrics,
		Registry:        registry,
		TelemetryPath:   settings.TelemetryPath,
		MaxRequests:     settings.MaxRequests,
		ExporterMetrics: settings.ExporterMetrics,
		Pprof:           settings.Pprof,
		Stopping:        func() bool { return ctx.Err() != nil },
	}
	if settings.Recordings {
		options.Recordings = metrics
	}
	if settings.Lifecycle {
		options.Reloader = reloader
	}
	return web.NewHandler(options)
}

// warnOfUserIDs logs that the pages of recordings show what the labels do not.
func (e *exporter) warnOfUserIDs(label config.HostLabel) {
	if label == config.HostLabelPlain {
		return
	}
	level.Warn(e.out.logger).Log(
		"msg", "the pages of recordings show user IDs and titles, which the metrics do not",
		"flag", "--web.enable-recordings",
		"metrics.host-label", label,
		"remedy", "protect the port with --web.config.file, or leave the flag out",
	)
}

// pollAndReload polls until the context ends and reloads the configuration at each
// signal.
func pollAndReload(
	ctx context.Context, manager *poll.Manager, reloader *web.Reloader, hangups <-chan os.Signal,
) {
	var polling sync.WaitGroup
	polling.Go(func() { manager.Run(ctx) })
	defer polling.Wait()
	for {
		select {
		case <-hangups:
			_ = reloader.Reload(ctx) // It logs its error.
		case <-ctx.Done():
			return
		}
	}
}

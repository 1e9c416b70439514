// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/sync/errgroup"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web"
)

const (
	// A client that is slow to send its request, or an idle one, is let go.
	readTimeout = 10 * time.Second
	idleTimeout = 2 * time.Minute
	// A scrape of a large inventory over a slow line takes a while.
	writeTimeout = time.Minute
	// Stopping takes 5 s at the most.
	drainTimeout = 4 * time.Second
)

func (f *flags) runServe(ctx context.Context, logger log.Logger, slogger *slog.Logger) error {
	cfg, err := f.config.Load()
	if err != nil {
		return err //nolint:wrapcheck // Each of its lines stands for itself.
	}
	return f.serveConfig(ctx, cfg, http.RoundTripper(nil), logger, slogger)
}

// serveConfig polls and serves until the context ends. The transport makes the
// calls to WeCom if it is not nil.
func (f *flags) serveConfig(
	ctx context.Context, cfg *config.Config, transport http.RoundTripper, logger log.Logger, slogger *slog.Logger,
) error {
	maxRequests, err := strconv.Atoi(*f.maxRequests)
	if err != nil || maxRequests < 0 {
		return fmt.Errorf("--web.max-requests (or %sWEB_MAX_REQUESTS): %q is no number of requests: write 0 for no limit, or a number above it",
			envPrefix, *f.maxRequests)
	}
	if !strings.HasPrefix(*f.telemetryPath, "/") || strings.ContainsAny(*f.telemetryPath, " {}?#") || strings.HasPrefix(*f.telemetryPath, "/-/") {
		return fmt.Errorf("--web.telemetry-path (or %sWEB_TELEMETRY_PATH): %q is no path for metrics: write one such as /metrics",
			envPrefix, *f.telemetryPath)
	}
	if err := toolkit.Validate(*f.web.WebConfigFile); err != nil {
		return fmt.Errorf("--web.config.file (or %sWEB_CONFIG_FILE): %s cannot be used: %w", envPrefix, *f.web.WebConfigFile, err)
	}

	poller, err := collector.New(cfg, collector.Options{
		Logger: logger, UserAgent: name + "/" + version.Version, Transport: transport,
	})
	if err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(poller, versioncollector.NewCollector(name), newExporterMetrics(time.Now()))
	if !*f.noExporterMetrics {
		registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	handler, err := web.NewHandler(web.Options{
		Logger:          logger,
		Inventory:       poller,
		Registry:        registry,
		TelemetryPath:   *f.telemetryPath,
		MaxRequests:     maxRequests,
		ExporterMetrics: !*f.noExporterMetrics,
		Stopping:        func() bool { return ctx.Err() != nil },
	})
	if err != nil {
		return err //nolint:wrapcheck // It says what was being done.
	}
	level.Info(logger).Log("msg", "starting", "version", version.Info(), "build", version.BuildContext())
	return f.listen(ctx, handler, poller.Run, logger, slogger)
}

// listen serves and, once it listens, runs poll, until the context ends or
// serving fails. Both have ended when it returns.
func (f *flags) listen(
	ctx context.Context, handler http.Handler, poll func(context.Context), logger log.Logger, slogger *slog.Logger,
) error {
	listening := make(chan struct{}, len(*f.web.WebListenAddresses)+1)
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		BaseContext: func(net.Listener) context.Context {
			select {
			case listening <- struct{}{}:
			default:
			}
			return context.WithoutCancel(ctx)
		},
	}
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := toolkit.ListenAndServe(server, f.web, slogger)
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("--web.listen-address (or %sWEB_LISTEN_ADDRESS): serving: %w: is another process using the address? choose a free one",
			envPrefix, err)
	})
	group.Go(func() error {
		select {
		case <-listening:
			poll(running)
		case <-running.Done():
		}
		return nil
	})
	group.Go(func() error {
		<-running.Done()
		level.Info(logger).Log("msg", "stopping")
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		if err := server.Shutdown(drain); err != nil {
			level.Warn(logger).Log("msg", "requests were cut off", "err", err)
			return server.Close()
		}
		return nil
	})
	return group.Wait() //nolint:wrapcheck // It says what was being done.
}

// newExporterMetrics returns what the exporter tells of itself.
func newExporterMetrics(configRead time.Time) prometheus.Collector {
	return constGauges{
		{collector.ReloadSuccessful, 1},
		{collector.ReloadTimestamp, float64(configRead.UnixMilli()) / 1000},
		{collector.StorageLastWrite, 0},
	}
}

type constGauges []struct {
	definition collector.Definition
	value      float64
}

// Describe implements prometheus.Collector.
func (g constGauges) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range g {
		ch <- c.definition.Desc()
	}
}

// Collect implements prometheus.Collector.
func (g constGauges) Collect(ch chan<- prometheus.Metric) {
	for _, c := range g {
		ch <- prometheus.MustNewConstMetric(c.definition.Desc(), prometheus.GaugeValue, c.value)
	}
}

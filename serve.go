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
	"os"
	"os/signal"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
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
	return f.pollAndServe(ctx, f.config.Load, nil, logger, slogger)
}

// pollAndServe polls what load configures and serves it until the context ends.
// The transport makes the calls to WeCom if it is not nil.
func (f *flags) pollAndServe(
	ctx context.Context, load func() (*config.Config, error), transport http.RoundTripper, logger log.Logger, slogger *slog.Logger,
) error {
	// From here on a SIGHUP waits until it can be followed, and ends nothing.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)

	cfg, err := load()
	if err != nil {
		return err
	}
	maxRequests, err := strconv.Atoi(*f.maxRequests)
	if err != nil || maxRequests < 0 {
		return fmt.Errorf("--web.max-requests (or %s): %q is no number of requests: write 0 for no limit, or a number above it",
			config.Variable("web.max-requests"), *f.maxRequests)
	}
	if !isTelemetryPath(*f.telemetryPath) {
		return fmt.Errorf("--web.telemetry-path (or %s): %q is no path for metrics: write one such as /metrics",
			config.Variable("web.telemetry-path"), *f.telemetryPath)
	}
	if err := toolkit.Validate(*f.web.WebConfigFile); err != nil {
		return fmt.Errorf("--web.config.file (or %s): %s cannot be used: %w", config.Variable("web.config.file"), *f.web.WebConfigFile, err)
	}

	poller, err := collector.New(cfg, collector.Options{
		Logger: logger, UserAgent: name + "/" + version.Version, Transport: transport, Titles: *f.recordings,
	})
	if err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	reloader := web.NewReloader(logger, func(ctx context.Context) error {
		cfg, err := load()
		if err != nil {
			return err
		}
		return poller.Reload(ctx, cfg)
	})
	registry := prometheus.NewRegistry()
	registry.MustRegister(poller, versioncollector.NewCollector(name), reloader)
	if !*f.noExporterMetrics {
		registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	options := web.Options{
		Logger:          logger,
		Inventory:       poller,
		Targets:         poller,
		Registry:        registry,
		TelemetryPath:   *f.telemetryPath,
		MaxRequests:     maxRequests,
		ExporterMetrics: !*f.noExporterMetrics,
		Stopping:        func() bool { return ctx.Err() != nil },
	}
	if *f.recordings {
		options.Recordings = poller
		if label := cfg.Metrics.HostLabel; label != config.HostLabelPlain {
			level.Warn(logger).Log("msg", "the pages of recordings show user IDs and titles, which the metrics do not",
				"flag", "--web.enable-recordings", "metrics.host-label", label,
				"remedy", "protect the port with --web.config.file, or leave the flag out")
		}
	}
	if *f.lifecycle {
		options.Reloader = reloader
	}
	handler, err := web.NewHandler(options)
	if err != nil {
		return err
	}
	level.Info(logger).Log("msg", "starting", "version", version.Info(), "build", version.BuildContext())
	return f.listen(ctx, handler, func(ctx context.Context) { pollAndReload(ctx, poller, reloader, hangups) }, logger, slogger)
}

// isTelemetryPath tells whether metrics can be served at a path, which no other
// page may have.
func isTelemetryPath(p string) bool {
	// A browser would make another path of one with // or .. in it.
	isClean := path.Clean(p) == p || len(p) > 2 && path.Clean(p)+"/" == p
	return isClean && strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "/-/") &&
		!slices.Contains([]string{"/targets", "/recordings", "/api/v1/recordings"}, p) && !strings.ContainsAny(p, " {}?#%")
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
		remedy := "write an address of this host and a port, such as :10168 or 127.0.0.1:10168"
		if errors.Is(err, syscall.EADDRINUSE) {
			remedy = "another process uses the address: choose a free one"
		}
		return fmt.Errorf("--web.listen-address (or %s): serving: %w: %s", config.Variable("web.listen-address"), err, remedy)
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
	return group.Wait()
}

// pollAndReload polls until the context ends, and reads the configuration anew at
// every signal.
func pollAndReload(ctx context.Context, poller *collector.Collector, reloader *web.Reloader, hangups <-chan os.Signal) {
	var polling sync.WaitGroup
	polling.Go(func() { poller.Run(ctx) })
	defer polling.Wait()
	for {
		select {
		case <-hangups:
			_ = reloader.Reload(ctx) // It logs its error itself.
		case <-ctx.Done():
			return
		}
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web"
)

// startPatience is how long the store may be read before /-/healthy answers all the same.
const startPatience = 3 * time.Second

// A service is what polls, what reloads and what serves. The manager reads the store first,
// which a slow disk delays; until then the handler serves what does not depend on it.
type service struct {
	handler  switchingHandler
	reloader *web.Reloader
	loaded   chan struct{} // closed when there is a manager, or an error

	manager *poll.Manager // nil: there is an error, or it is closed already
	err     error
}

// setUp returns a service whose manager is made in the background. It is closed if the context
// has ended by then.
func (e *exporter) setUp(ctx context.Context, cfg *config.Config, settings web.Settings) *service {
	s := &service{loaded: make(chan struct{})}
	s.reloader = e.newReloader(s)
	registry := newRegistry(settings, s.reloader)
	options := web.Options{
		Logger:          e.out.logger,
		Inventory:       noInventory{},
		Registry:        registry,
		TelemetryPath:   settings.TelemetryPath,
		MaxRequests:     settings.MaxRequests,
		ExporterMetrics: settings.ExporterMetrics,
		Pprof:           settings.Pprof,
		Starting:        true,
		Stopping:        func() bool { return ctx.Err() != nil },
	}
	s.handler.set(web.NewHandler(options))
	go func() {
		defer close(s.loaded)
		calls := collector.NewCalls()
		s.manager, s.err = e.newManager(cfg, poll.Options{
			Logger:    e.out.logger,
			UserAgent: name + "/" + version.Version,
			Transport: e.transport,
			Titles:    settings.Recordings,
			Observer:  calls.Observer,
			Changes:   e.logChanges(),
		})
		if s.err != nil {
			s.err = fmt.Errorf("setting up: %w", s.err)
			return
		}
		metrics := collector.New(s.manager, calls)
		registry.MustRegister(metrics)
		if ctx.Err() != nil {
			s.manager.Run(ctx) // Nobody else does any more.
			s.manager = nil
			return
		}
		options = started(options, settings, metrics)
		if settings.Lifecycle {
			options.Reloader, options.Snapshot = s.reloader, s.manager.Snapshot
		}
		s.handler.set(web.NewHandler(options))
	}()
	return s
}

// logChanges returns what logs changes; nil if nobody asks for that.
func (e *exporter) logChanges() func(*poll.View, []poll.Change) {
	if !*e.flags.log.changes {
		return nil
	}
	return collector.LogChanges(e.out.logger)
}

// started returns the options for when the store is read.
func started(o web.Options, settings web.Settings, metrics *collector.Collector) web.Options {
	o.Inventory, o.Targets, o.Overview, o.Starting = metrics, metrics, metrics, false
	if settings.Recordings {
		o.Recordings, o.Changes = metrics, metrics
	}
	return o
}

// newRegistry returns a registry of the metrics of the process.
func newRegistry(settings web.Settings, reloader *web.Reloader) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(versioncollector.NewCollector(name), reloader)
	if settings.ExporterMetrics {
		registry.MustRegister(
			collectors.NewGoCollector(),
			collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		)
	}
	return registry
}

// newReloader returns what reloads the configuration of a service that is loaded.
func (e *exporter) newReloader(s *service) *web.Reloader {
	return web.NewReloader(e.out.logger, func(context.Context) error {
		cfg, err := e.load()
		if err != nil {
			return err
		}
		if err := s.manager.ApplyConfig(cfg); err != nil {
			return err
		}
		e.logWarnings(cfg)
		return nil
	})
}

// A switchingHandler passes requests to another handler, which may change.
type switchingHandler struct{ current atomic.Pointer[http.Handler] }

func (h *switchingHandler) set(handler http.Handler) { h.current.Store(&handler) }

// ServeHTTP implements http.Handler.
func (h *switchingHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*h.current.Load()).ServeHTTP(w, r)
}

// noInventory is what is known of recordings before the store is read.
type noInventory struct{}

// Snapshot implements web.Inventory.
func (noInventory) Snapshot() *collector.Snapshot { return collector.NewSnapshot(0, nil) }

// Ready implements web.Inventory.
func (noInventory) Ready() bool { return false }

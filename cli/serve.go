// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web"
)

// addServe adds the command that polls the configured corps and serves their
// metrics.
func addServe(_ *kingpin.CmdClause, f *flags) action {
	return func(ctx context.Context, out *output) error {
		e := &exporter{flags: f, out: out, load: f.config.Load, newManager: poll.NewManager}
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
	// api serves the API of WeCom beside the exporter unless it is nil.
	api http.Handler
	// newManager is poll.NewManager.
	newManager func(*config.Config, poll.Options) (*poll.Manager, error)
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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := e.setUp(ctx, cfg, settings)
	select {
	case <-s.loaded:
		if s.err != nil {
			return s.err // before anything listens
		}
	case <-time.After(startPatience):
		level.Warn(e.out.logger).Log("msg", "reading the store is taking long; /-/healthy works in the meantime",
			"remedy", "if it does not finish, check whether the disk of --storage.path is healthy",
			"remedy_zh", "长时间读不完时，请检查 --storage.path 所在磁盘是否正常")
	case <-ctx.Done():
		return nil
	}
	if settings.Recordings {
		e.warnOfUserIDs(cfg.Metrics.HostLabel)
	}
	e.logWarnings(cfg)
	level.Info(e.out.logger).Log("msg", "starting", "version", version.Info(), "build", version.BuildContext())
	options := web.ServerOptions{
		Handler:       e.withAPI(&s.handler),
		Flags:         e.flags.web,
		Logger:        e.out.logger,
		ToolkitLogger: e.out.toolkitLogger,
	}
	return web.Serve(ctx, options, func(ctx context.Context) error {
		select {
		case <-s.loaded:
		case <-ctx.Done():
			return nil
		}
		if s.manager == nil {
			return s.err
		}
		pollAndReload(ctx, s.manager, s.reloader, hangups)
		return nil
	})
}

// withAPI returns a handler that has the API too, if there is one. All other paths are passed on
// as they are.
func (e *exporter) withAPI(handler http.Handler) http.Handler {
	if e.api == nil {
		return handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/cgi-bin/") {
			e.api.ServeHTTP(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// logWarnings logs what the configuration likely does not mean.
func (e *exporter) logWarnings(cfg *config.Config) {
	for _, warning := range cfg.Warnings {
		level.Warn(e.out.logger).Log("msg", "the configuration is accepted with a warning", "warning", warning.English)
	}
}

// warnOfUserIDs logs that the pages of recordings show what the labels do not.
func (e *exporter) warnOfUserIDs(label config.HostLabel) {
	if label == config.HostLabelPlain {
		return
	}
	level.Warn(e.out.logger).Log(
		"msg", "the pages show user IDs and titles, which the metrics hide",
		"flag", "--web.enable-recordings",
		"metrics.host-label", label,
		"remedy", "protect the port with --web.config.file, or remove the flag",
		"remedy_zh", "请用 --web.config.file 为端口启用认证，或去掉该参数",
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

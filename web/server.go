// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/sync/errgroup"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/limit"
)

const (
	// readTimeout bounds how long a client may take to send its request.
	readTimeout = 10 * time.Second
	idleTimeout = 2 * time.Minute
	// maxHeaderBytes is enough for the names of all metrics in a query. The default is 1 MiB.
	maxHeaderBytes = 64 << 10
	// writeTimeout leaves time for a scrape of a large inventory over a slow line.
	writeTimeout = time.Minute
	// drainTimeout leaves a second of the five in which the process must stop.
	drainTimeout = 4 * time.Second
)

// ServerOptions configure Serve. All fields are required.
type ServerOptions struct {
	Handler http.Handler
	// Flags name the addresses and the file for TLS and authentication.
	Flags  *Flags
	Logger log.Logger
	// ToolkitLogger logs the addresses; exporter-toolkit takes no other kind.
	ToolkitLogger *slog.Logger
}

// Serve listens at the addresses of the flags and then runs background, until
// the context ends, serving fails, or background returns an error. Requests in flight have
// 4 s to finish; after that they are cut off. The background has returned when Serve
// returns. The error of an address that cannot be used names the flag and its variable.
func Serve(ctx context.Context, o ServerOptions, background func(context.Context) error) error {
	listenAndServe := func(server *http.Server) error {
		return toolkit.ListenAndServe(server, o.Flags.toolkit, o.ToolkitLogger)
	}
	return o.serve(ctx, listenAndServe, background)
}

// serve is Serve with another way to listen.
func (o ServerOptions) serve(
	ctx context.Context, listenAndServe func(*http.Server) error, background func(context.Context) error,
) error {
	listening := make(chan struct{})
	isListening := sync.OnceFunc(func() { close(listening) })
	server := &http.Server{
		Handler:           o.Handler,
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          newErrorLog(o.Logger),
		ConnContext:       limit.SendBuffer,
		// The server calls this once for each listener.
		BaseContext: func(net.Listener) context.Context {
			isListening()
			return context.WithoutCancel(ctx)
		},
	}
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := listenAndServe(server); err != nil && !errors.Is(err, http.ErrServerClosed) {
			return o.Flags.servingError(err)
		}
		return nil
	})
	group.Go(func() error {
		select {
		case <-listening:
			return background(running)
		case <-running.Done():
			return nil
		}
	})
	group.Go(func() error {
		<-running.Done()
		level.Info(o.Logger).Log("msg", "stopping")
		return drain(context.WithoutCancel(ctx), server, o.Logger)
	})
	return group.Wait()
}

// servingError adds to an error the flag that it is about and what to do about it.
func (f *Flags) servingError(err error) error {
	flag := flagListenAddress
	remedy := "use an address of this host and a port, such as :10168 or 127.0.0.1:10168"
	switch {
	case f != nil && f.toolkit.WebSystemdSocket != nil && *f.toolkit.WebSystemdSocket:
		flag = flagSystemdSocket
		remedy = "start the exporter from a systemd socket unit, or leave the flag out to listen on --" + flagListenAddress
	case errors.Is(err, syscall.EADDRINUSE):
		remedy = "another process is using the address: choose a free one"
	}
	return fmt.Errorf("%s: serving: %w: %s", flagAndVariable(flag), err, remedy)
}

// drain stops the server: it waits up to drainTimeout for requests in flight, and
// closes the connections of the others.
func drain(ctx context.Context, server *http.Server, logger log.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	if err == nil {
		return nil
	}
	level.Warn(logger).Log("msg", "requests were cut off", "err", err)
	if err := server.Close(); err != nil {
		return fmt.Errorf("closing connections: %w", err)
	}
	return nil
}

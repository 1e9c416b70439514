// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Command wecom_recording_exporter is a Prometheus exporter for the cloud
// recordings of WeCom (企业微信) meetings.
package main

import (
	"cmp"
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/prometheus/common/version"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/cli"
)

// gcPercent is the default of GOGC. Most of the heap is long-lived inventory, and
// Go's default of 100 would let as much garbage grow beside it.
const gcPercent = 30

func main() {
	// A binary built without -ldflags reports a version too.
	version.Version = cmp.Or(version.Version, "unknown")
	version.Branch = cmp.Or(version.Branch, "unknown")
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal kills the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests the program from outside: built, run as a user runs it, and
// scraped by a real Prometheus. `make e2e` runs it, with build tag e2e and the
// variables PROMETHEUS and PROMTOOL for the paths of those programs.
package e2e

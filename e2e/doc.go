// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests the program from outside: built, run as a user runs it, and
// scraped by a real Prometheus, whose alerts a real Alertmanager sends on. `make
// e2e` runs it, with build tag e2e and the variables PROMETHEUS, PROMTOOL,
// ALERTMANAGER, PARSE (tools/parse) and CHROMIUM for the paths of those programs;
// it needs curl too. With SCREENSHOTS, pictures of the pages are left in that
// folder.
package e2e

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package chart tests the Helm chart in deploy/helm. It has no code of its own.
package chart

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package wecom speaks to the server API of WeCom (企业微信) for one
// self-built app of one corp: access tokens, the call budget, retries, error
// codes, and the list of cloud recordings.
//
// It knows nothing about metrics. What happens on the wire is told to an
// [Observer].
package wecom

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package wecom is a client of the server API of WeCom (企业微信) for one
// self-built app of one corp: access tokens, the call budget, retries, error
// codes, the list of cloud recordings, and the discovery of members.
//
// It has no metrics and no logs. An [Observer] is notified of each call.
package wecom

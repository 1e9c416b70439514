// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const healthTimeout = 3 * time.Second

// healthURL returns the base URL of the exporter that listens on the first
// address of this host, unless one is given.
func healthURL(given string, listenAddresses []string) string {
	if given != "" || len(listenAddresses) == 0 {
		return given
	}
	host, port, err := net.SplitHostPort(listenAddresses[0])
	if err != nil {
		return "http://" + listenAddresses[0]
	}
	switch addr, err := netip.ParseAddr(host); {
	case host == "", err == nil && addr.IsUnspecified() && addr.Is4():
		host = "127.0.0.1"
	case err == nil && addr.IsUnspecified():
		host = "::1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// checkHealth returns an error unless /-/healthy below base answers 200. An
// exporter on this host may serve TLS with a certificate that does not name it.
func checkHealth(ctx context.Context, base string) error {
	u, err := url.Parse(strings.TrimSuffix(base, "/") + "/-/healthy")
	if err != nil || u.Host == "" {
		return fmt.Errorf("%q is no URL of an exporter: write one such as http://127.0.0.1:10168", base)
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // Nothing secret is sent, and the answer is a status.
		DisableKeepAlives: true,
	}}
	status, err := getStatus(ctx, client, u)
	if err == nil && status == http.StatusBadRequest && u.Scheme == "http" {
		u.Scheme = "https"
		status, err = getStatus(ctx, client, u)
	}
	switch {
	case err != nil:
		return err
	case status != http.StatusOK:
		return fmt.Errorf("%s answers with status %d", u.Redacted(), status)
	}
	return nil
}

func getStatus(ctx context.Context, client *http.Client, u *url.URL) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("making the request: %w", err)
	}
	resp, err := client.Do(req)
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		return 0, fmt.Errorf("asking %s: %w", u.Redacted(), urlErr.Err)
	}
	if err != nil {
		return 0, fmt.Errorf("asking %s: %w", u.Redacted(), err)
	}
	return resp.StatusCode, resp.Body.Close()
}

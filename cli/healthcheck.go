// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

const healthTimeout = 3 * time.Second

// addHealthcheck adds the command that asks a running exporter for its health.
func addHealthcheck(c *kingpin.CmdClause, f *flags) action {
	base := c.Arg("url", "Base URL of the exporter. Defaults to the first --web.listen-address on this host.").
		String()
	return func(ctx context.Context, _ *output) error {
		return checkHealth(ctx, healthURL(*base, f.web.ListenAddresses(), servesTLS(f.web.ConfigFile())))
	}
}

// servesTLS reports whether a web configuration file sets up TLS. A file that cannot be
// read sets up nothing.
func servesTLS(file string) bool {
	content, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	var c struct {
		TLS toolkit.TLSConfig `yaml:"tls_server_config"`
	}
	return yaml.Unmarshal(content, &c) == nil && c.TLS.IsEnabled()
}

// healthURL returns given if it is not empty, and else the base URL of an exporter
// on this host that listens at the first of the addresses.
func healthURL(given string, listenAddresses []string, isTLS bool) string {
	if given != "" || len(listenAddresses) == 0 {
		return given
	}
	scheme := "http://"
	if isTLS {
		scheme = "https://" // A plain request would be an error in the exporter's log.
	}
	host, port, err := net.SplitHostPort(listenAddresses[0])
	if err != nil {
		return scheme + listenAddresses[0]
	}
	switch addr, err := netip.ParseAddr(host); {
	case host == "", err == nil && addr.IsUnspecified() && addr.Is4():
		host = "127.0.0.1"
	case err == nil && addr.IsUnspecified():
		host = "::1"
	}
	return scheme + net.JoinHostPort(host, port)
}

// checkHealth returns an error unless /-/healthy below base answers 200. It tries
// TLS if the exporter answers plain HTTP with status 400. The certificate is not
// verified, because that of an exporter on this host need not name 127.0.0.1.
func checkHealth(ctx context.Context, base string) error {
	u, err := url.Parse(strings.TrimSuffix(base, "/") + "/-/healthy")
	if err != nil || u.Host == "" {
		return fmt.Errorf("%q is not the URL of an exporter: use one such as http://127.0.0.1:10168", base)
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, //nolint:gosec // Nothing secret is sent, and the answer is a status.
		},
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
		return fmt.Errorf("%s answered with status %d", u.Redacted(), status)
	}
	return nil
}

// getStatus returns the status of a GET. No error holds a password of the URL.
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

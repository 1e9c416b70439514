// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
)

// way returns the lines of the steps on the way to a token.
func way(steps []Step) []string {
	stages := []Name{StepDNS, StepTCP, StepProxy, StepTLS, StepToken}
	return lines(slices.DeleteFunc(slices.Clone(steps), func(s Step) bool { return !slices.Contains(stages, s.Name) }))
}

// wantWay checks the steps on the way to a token, and the remedy of the first that failed.
func wantWay(t *testing.T, cfg *config.Config, want []string, remedy string) {
	t.Helper()
	steps := run(t, cfg, Options{})
	if diff := cmp.Diff(want, way(steps)); diff != "" {
		t.Errorf("steps differ (-want +got):\n%s", diff)
	}
	failed := failures(steps)
	if remedy == "" {
		if len(failed) > 0 {
			t.Errorf("failed: %+v", failed)
		}
		return
	}
	if len(failed) != 1 || !strings.Contains(failed[0].Remedy, remedy) {
		t.Errorf("failed: %+v, want one step and a remedy with %q", failed, remedy)
	}
}

const notTried = ": not tried: "

// TestNoDNS asks a resolver that cannot be reached. It is not parallel, because the resolver
// is that of the process.
func TestNoDNS(t *testing.T) { //nolint:paralleltest // It replaces the resolver of the process.
	before := net.DefaultResolver
	defer func() { net.DefaultResolver = before }()
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial:     func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no resolver") },
	}
	steps := run(t, configOf("https://wecom.invalid"), Options{})
	got := way(steps)
	if len(got) != 4 || !strings.HasPrefix(got[0], "fail dns: wecom.invalid: ") {
		t.Fatalf("got %q", got)
	}
	// The log and the pages have the same remedy.
	const remedy = "check the spelling of the host in --wecom.api-url and in the proxy's URL, and the DNS of this machine"
	if failed := failures(steps); len(failed) != 1 || !strings.HasPrefix(failed[0].Remedy, remedy) {
		t.Errorf("failed: %+v, want one step with the remedy %q", failed, remedy)
	}
	want := []string{"skipped tcp" + notTried + "dns must succeed first", "skipped tls" + notTried + "dns must succeed first", "skipped token" + notTried + "dns must succeed first"}
	if diff := cmp.Diff(want, got[1:]); diff != "" {
		t.Errorf("steps differ (-want +got):\n%s", diff)
	}
}

func TestCauseInChinese(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, test := range []struct {
		name string
		err  error
		want text
	}{
		{
			name: "no such name",
			err:  &net.DNSError{Err: "no such host", Name: "wecom.invalid", IsNotFound: true},
			want: text{"a: no such host", "a：域名不存在（no such host）"},
		},
		{
			name: "a silent resolver",
			err:  &net.DNSError{Err: "i/o timeout", IsTimeout: true},
			want: text{"a: i/o timeout", "a：DNS 查询超时（i/o timeout）"},
		},
		{
			name: "a broken resolver",
			err:  &net.DNSError{Err: "server misbehaving"},
			want: text{"a: server misbehaving", "a：DNS 查询失败（server misbehaving）"},
		},
		{
			name: "nothing listens",
			err:  dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)),
			want: text{"a: connect: connection refused", "a：连接被拒绝（connect: connection refused）"},
		},
		{
			name: "no route",
			err:  dial(os.NewSyscallError("connect", syscall.ENETUNREACH)),
			want: text{"a: connect: network is unreachable", "a：网络不可达（connect: network is unreachable）"},
		},
		{
			name: "a firewall that drops",
			err:  dial(os.ErrDeadlineExceeded),
			want: text{"a: i/o timeout", "a：连接超时（i/o timeout）"},
		},
		{
			name: "another error",
			err:  dial(errors.New("no buffer")),
			want: text{"a: no buffer", "a：无法连接（no buffer）"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := refusal("a", test.err); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestNothingListens(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.Listener.Addr().String()
	server.Close()
	wantWay(t, configOf("https://"+address), []string{
		"ok dns: 127.0.0.1 is an address",
		"fail tcp: " + address + ": connect: connection refused",
		"skipped tls" + notTried + "tcp must succeed first",
		"skipped token" + notTried + "tcp must succeed first",
	}, "in the firewall")
}

// tlsServer serves a company over TLS, with a certificate of its own.
func tlsServer(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(company())
	server.Config.ErrorLog = stdlog.New(io.Discard, "", 0) // A client that does not trust it hangs up.
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := tlsServer(t)
	address := server.Listener.Addr().String()
	cfg := configOf(server.URL)
	wantWay(t, cfg, []string{
		"ok dns: 127.0.0.1 is an address",
		"ok tcp: connected to " + address,
		"fail tls: no access token: gettoken: calling: tls: failed to verify certificate: x509: certificate signed by unknown authority",
		"skipped token" + notTried + "tls must succeed first",
	}, "name a file with its certificate in http_config: tls_config: ca_file, or in SSL_CERT_FILE")

	cfg.Corps[0].HTTPClientConfig.TLSConfig.CAFile = certificateOf(t, server)
	wantWay(t, cfg, []string{
		"ok dns: 127.0.0.1 is an address",
		"ok tcp: connected to " + address,
		"ok tls: TLS 1.3 with a valid certificate of 127.0.0.1",
		"ok token: WeCom accepts the corp ID and the secret",
	}, "")

	cfg.Corps[0].HTTPClientConfig.TLSConfig.ServerName = "qyapi.invalid"
	wantWay(t, cfg, []string{
		"ok dns: 127.0.0.1 is an address",
		"ok tcp: connected to " + address,
		"fail tls: no access token: gettoken: calling: tls: failed to verify certificate: x509: certificate is valid for " +
			"example.com, *.example.com, not qyapi.invalid",
		"skipped token" + notTried + "tls must succeed first",
	}, "the certificate belongs to another host: check --wecom.api-url")
}

func TestTLSOfPlainHTTP(t *testing.T) {
	t.Parallel()
	address := strings.TrimPrefix(serve(t, company()), "http://")
	wantWay(t, configOf("https://"+address), []string{
		"ok dns: 127.0.0.1 is an address",
		"ok tcp: connected to " + address,
		"fail tls: no access token: gettoken: calling: tls: first record does not look like a TLS handshake",
		"skipped token" + notTried + "tls must succeed first",
	}, "check that the port in --wecom.api-url speaks TLS")
}

// proxy is a proxy that tunnels to whatever it is asked for, if it lets through at all.
func proxy(t *testing.T, lets bool) *url.URL {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || !lets {
			http.Error(w, "not through here", http.StatusForbidden)
			return
		}
		tunnel(t, w, r)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("me", "canary")
	return u
}

func TestProxy(t *testing.T) {
	t.Parallel()
	server := tlsServer(t)
	for _, lets := range []bool{true, false} {
		cfg := configOf(server.URL)
		through := proxy(t, lets)
		cfg.Corps[0].HTTPClientConfig.ProxyURL = promconfig.URL{URL: through}
		cfg.Corps[0].HTTPClientConfig.TLSConfig.CAFile = certificateOf(t, server)
		want, remedy := []string{
			"ok dns: 127.0.0.1 is an address",
			"ok tcp: connected to " + through.Host,
			"ok proxy: " + through.Host + " leads to " + server.Listener.Addr().String(),
			"ok tls: TLS 1.3 with a valid certificate of 127.0.0.1",
			"ok token: WeCom accepts the corp ID and the secret",
		}, ""
		if !lets {
			want, remedy = append(want[:2:2],
				"fail proxy: no access token: gettoken: asking the proxy for a connection: Forbidden",
				"skipped tls"+notTried+"proxy must succeed first",
				"skipped token"+notTried+"proxy must succeed first",
			), "in the proxy"
		}
		wantWay(t, cfg, want, remedy)
	}
}

// tunnel passes bytes on between the client and the host that it names, until either ends.
func tunnel(t *testing.T, w http.ResponseWriter, r *http.Request) {
	t.Helper()
	to, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		t.Error(err)
		return
	}
	defer to.Close()
	w.WriteHeader(http.StatusOK)
	from, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer from.Close()
	var passing sync.WaitGroup
	passing.Go(func() { copyAndClose(to, from) })
	passing.Go(func() { copyAndClose(from, to) })
	passing.Wait()
}

func copyAndClose(to, from net.Conn) {
	_, _ = io.Copy(to, from) // It ends when either side closes.
	to.Close()
}

// certificateOf returns a file with the certificate of a server.
func certificateOf(t *testing.T, server *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

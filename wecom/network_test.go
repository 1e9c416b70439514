// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	promconfig "github.com/prometheus/common/config"
)

func TestRemedyOf(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	verify := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	issued := &x509.Certificate{Issuer: pkix.Name{CommonName: "Acme Egress CA \x1b[1m", Organization: []string{"Acme"}}}
	for name, test := range map[string]struct {
		err  error
		want bilingual
	}{
		"an unknown CA":                   {err: verify(x509.UnknownAuthorityError{Cert: issued}), want: unknownAuthority(`CN=Acme Egress CA  [1m,O=Acme`)},
		"an unknown CA of a proxy":        {err: &net.OpError{Op: "proxyconnect", Err: verify(x509.UnknownAuthorityError{Cert: issued})}, want: unknownAuthority(`CN=Acme Egress CA  [1m,O=Acme`)},
		"an unknown CA, no certificate":   {err: x509.UnknownAuthorityError{}, want: unknownAuthority("")},
		"another host":                    {err: verify(x509.HostnameError{Certificate: issued, Host: "x"}), want: remedyHostName},
		"expired":                         {err: verify(x509.CertificateInvalidError{Cert: issued, Reason: x509.Expired}), want: remedyExpired},
		"no CA":                           {err: verify(x509.CertificateInvalidError{Cert: issued, Reason: x509.NotAuthorizedToSign}), want: remedyTLS},
		"no roots":                        {err: verify(x509.SystemRootsError{}), want: remedyNoRoots},
		"no TLS":                          {err: tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, want: remedyTLS},
		"an alert":                        {err: &net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, want: remedyTLS},
		"no such host":                    {err: dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), want: remedyDNS},
		"no DNS server":                   {err: dial(&net.DNSError{Err: "i/o timeout", Name: "x", IsTimeout: true}), want: remedyDNS},
		"refused":                         {err: dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), want: remedyRefused},
		"a proxy that is not there":       {err: &net.OpError{Op: "proxyconnect", Err: dial(syscall.ECONNREFUSED)}, want: remedyProxy},
		"a proxy without a name":          {err: &net.OpError{Op: "proxyconnect", Err: dial(&net.DNSError{})}, want: remedyProxy},
		"a SOCKS proxy":                   {err: &net.OpError{Op: "socks connect", Err: errors.New("general SOCKS server failure")}, want: remedyProxy},
		"a proxy that wants a login":      {err: errors.New("Proxy Authentication Required"), want: remedyProxyLogin},
		"in other words":                  {err: errors.New("proxy auth needed"), want: remedyProxyLogin},
		"a proxy that forbids":            {err: errors.New("Forbidden"), want: remedyProxyRefusal},
		"a proxy that cannot get through": {err: errors.New("Bad Gateway"), want: remedyProxyRefusal},
		"a dial that takes too long":      {err: dial(os.ErrDeadlineExceeded), want: remedyTimeout},
		"a reset":                         {err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}, want: remedyNetwork},
		"a password file that is gone":    {err: fmt.Errorf("unable to read basic auth password: %w", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}), want: remedyFile},
		"an end":                          {err: fmt.Errorf("read: %w", io.EOF), want: remedyNetwork},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := remedyOf(test.err, nil); got != test.want {
				t.Errorf("remedy %q, want %q", got, test.want)
			}
		})
	}
}

func TestRemediesOfNetworkAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range []bilingual{
		remedyNetwork, remedyTimeout, remedyDNS, remedyRefused, remedyProxy, remedyProxyRefusal, remedyProxyLogin,
		remedyTLS, remedyHostName, remedyExpired, remedyNoRoots, remedyFile, unknownAuthority("CN=x"),
	} {
		for _, text := range []string{r.en, r.zh} {
			if text == "" || seen[text] {
				t.Errorf("remedy %q is empty or there twice", text)
			}
			seen[text] = true
		}
	}
}

// The errors of real connections, made in the way of the program.
func TestRemediesOfConnections(t *testing.T) {
	t.Parallel()
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	secure := httptest.NewTLSServer(page)
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(page)
	t.Cleanup(plain.Close)
	proxy := func(status int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(s.Close)
		return s.URL
	}
	root := t.TempDir() + "/ca.pem"
	writeCertificate(t, root, secure.Certificate())
	nobody := "127.0.0.1:1"
	_, port, _ := strings.Cut(strings.TrimPrefix(secure.URL, "https://"), ":")

	for name, test := range map[string]struct {
		url, proxy, ca string
		want           string // in the English remedy
		kind           ResponseErrorKind
	}{
		"an unknown CA":               {url: secure.URL, want: `issued by "O=Acme Co"`, kind: KindTransport},
		"a known CA":                  {url: secure.URL, ca: root, want: remedyAPIURL.en, kind: KindDecode},
		"another host":                {url: "https://localhost:" + port, ca: root, want: remedyHostName.en, kind: KindTransport},
		"TLS where there is none":     {url: strings.Replace(plain.URL, "http:", "https:", 1), want: remedyTLS.en, kind: KindTransport},
		"nobody listens":              {url: "http://" + nobody, want: remedyRefused.en, kind: KindTransport},
		"no proxy listens":            {url: "https://wecom.test", proxy: "http://" + nobody, want: remedyProxy.en, kind: KindTransport},
		"a proxy that wants a login":  {url: "https://wecom.test", proxy: proxy(407), want: remedyProxyLogin.en, kind: KindTransport},
		"a proxy that forbids":        {url: "https://wecom.test", proxy: proxy(403), want: remedyProxyRefusal.en, kind: KindTransport},
		"the same for plain HTTP":     {url: "http://wecom.test", proxy: proxy(407), want: remedyProxyLogin.en, kind: KindHTTP},
		"plain HTTP, and it does not": {url: "http://wecom.test", proxy: proxy(403), want: remedyAPIURL.en, kind: KindHTTP},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := promconfig.HTTPClientConfig{TLSConfig: promconfig.TLSConfig{CAFile: test.ca}}
			if test.proxy != "" {
				u, err := url.Parse(test.proxy)
				if err != nil {
					t.Fatal(err)
				}
				cfg.ProxyURL = promconfig.URL{URL: u}
			}
			next, err := promconfig.NewRoundTripperFromConfig(cfg, "test")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { (&http.Client{Transport: next}).CloseIdleConnections() })
			tr := &transport{baseURL: test.url, next: next, observer: IgnoreCalls{}, skew: &skew{}}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			err = tr.exchange(ctx, get(tokenEndpoint, nil), &tokenResponse{})
			respErr, ok := errors.AsType[*ResponseError](err)
			if !ok || respErr.Kind != test.kind || !strings.Contains(Remedy(err, English), test.want) {
				t.Errorf("error %v, remedy %q; want %q, of kind %v", err, Remedy(err, English), test.want, test.kind)
			}
		})
	}
}

func writeCertificate(t *testing.T, path string, c *x509.Certificate) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// runReady runs an exporter until it is ready.
func runReady(t *testing.T, args ...string) *exporter {
	t.Helper()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	x := run(t, s.credentials(), append(args, target)...)
	x.awaitStatus(t, "/-/ready", 200)
	return x
}

// links returns the addresses that a page leads to.
func links(t *testing.T, page *answer, base string) []string {
	t.Helper()
	from, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`href="([^"]*)"`).FindAllSubmatch(page.body, -1)
	to := make([]string, 0, len(found))
	for _, href := range found {
		address, err := from.Parse(string(href[1]))
		if err != nil {
			t.Fatal(err)
		}
		to = append(to, address.String())
	}
	return to
}

func TestLandingPage(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/metrics", "/a/b"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			x := runReady(t, "--web.telemetry-path="+path)
			page := x.get(t, "/")
			if page.status != 200 || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
				t.Errorf("status %d, Content-Type %q", page.status, page.header.Get("Content-Type"))
			}
			found := links(t, page, x.url+"/")
			for _, want := range []string{path, "/-/ready", "/-/healthy"} {
				if !slices.Contains(found, x.url+want) {
					t.Errorf("it leads to %q, but not to %s", found, want)
				}
			}
			for _, link := range found {
				x.wantStatus(t, strings.TrimPrefix(link, x.url), 200)
			}
			if path != "/metrics" {
				x.wantStatus(t, "/metrics", http.StatusNotFound)
			}
		})
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	x := runReady(t)
	for _, path := range []string{"/nowhere", "/metrics/", "/-/", "/debug/pprof/", "/recordings", "/api/v1/recordings", "/changes", "/api/v1/changes"} {
		x.wantStatus(t, path, http.StatusNotFound)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	x := runReady(t)
	for _, path := range []string{"/metrics", "/-/healthy", "/-/ready"} {
		for method, want := range map[string]int{
			http.MethodHead:   http.StatusOK,
			http.MethodPost:   http.StatusMethodNotAllowed,
			http.MethodDelete: http.StatusMethodNotAllowed,
		} {
			req, err := http.NewRequestWithContext(t.Context(), method, x.url+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := x.client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s %s: status %d, want %d", method, path, resp.StatusCode, want)
			}
		}
	}
}

func TestExporterMetrics(t *testing.T) {
	t.Parallel()
	for _, disabled := range []bool{false, true} {
		name, args := "enabled", []string(nil)
		if disabled {
			name, args = "disabled", []string{"--web.disable-exporter-metrics"}
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := runReady(t, args...)
			x.scrape(t) // promhttp counts the scrapes before.
			families := x.scrape(t)
			for _, prefix := range []string{"go_", "process_", "promhttp_"} {
				found := false
				for family := range families {
					found = found || strings.HasPrefix(family, prefix)
				}
				if found == disabled {
					t.Errorf("metrics %s*: %t, want %t", prefix, found, !disabled)
				}
			}
			for _, family := range []string{"wecom_up", "wecom_recording_exporter_build_info"} {
				if families[family] == nil {
					t.Errorf("no %s", family)
				}
			}
		})
	}
}

// The hash is of the password scrape-me.
const basicAuth = "basic_auth_users: {prometheus: $2a$04$o3/t5Lc5AuXJhlA3QWjdyOjbzYtWDiQb.NvbrfyKbfVFgk3NDmbFi}\n"

func TestBasicAuth(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	x := run(t, s.credentials(), target, "--web.config.file="+writeFile(t, "web.yml", basicAuth))
	x.awaitStatus(t, "/metrics", http.StatusUnauthorized)
	for _, path := range []string{"/", "/-/ready", "/metrics"} {
		x.wantStatus(t, path, http.StatusUnauthorized)
	}
	for password, want := range map[string]int{"scrape-me": 200, "scrape-you": http.StatusUnauthorized} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, x.url+"/metrics", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("prometheus", password)
		resp, err := x.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("with password %s: status %d, want %d", password, resp.StatusCode, want)
		}
	}
}

// writeWebConfig writes a web configuration with a certificate for the loopback
// interface, and returns its path and a client that trusts the certificate.
func writeWebConfig(t *testing.T) (string, *http.Client) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(day),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyBytes, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificatePEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	path := writeFile(t, "web.yml", "tls_server_config:\n  cert_file: "+writeFile(t, "cert.pem", string(certificatePEM))+
		"\n  key_file: "+writeFile(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyBytes})))+"\n")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificatePEM)
	client := newClient()
	client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableCompression: true, DisableKeepAlives: true}
	return path, client
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	path, client := writeWebConfig(t)
	x := run(t, s.credentials(), target, "--web.config.file="+path)
	x.awaitStatus(t, "/-/healthy", http.StatusBadRequest) // To a client that speaks no TLS.
	x.client, x.url = client, "https://"+x.address
	x.awaitStatus(t, "/-/ready", 200)
	x.wantStatus(t, "/metrics", 200)
	for _, args := range [][]string{
		{"--web.listen-address=" + x.address},
		{"https://" + x.address},
		{"http://" + x.address + "/"},
	} {
		wantHealth(t, nil, 0, args...)
	}
}

func wantHealth(t *testing.T, env []string, want int, args ...string) {
	t.Helper()
	p := start(t, env, programWithRaceDetector, append([]string{"healthcheck"}, args...)...)
	if code := p.await(t, patience).ExitCode(); code != want {
		t.Errorf("healthcheck %q: status %d, want %d\n%s", args, code, want, &p.stderr)
	}
	if want != 0 && p.stderr.String() == "" {
		t.Errorf("healthcheck %q: it does not say why", args)
	}
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	s.Fail(wecomtest.Fault{Status: 500}) // Health does not depend on WeCom.
	x := run(t, s.credentials(), target)
	x.awaitStatus(t, "/-/healthy", 200)
	_, port, err := net.SplitHostPort(x.address)
	if err != nil {
		t.Fatal(err)
	}
	wantHealth(t, nil, 0, "--web.listen-address="+x.address)
	wantHealth(t, []string{"WECOM_RECORDING_EXPORTER_WEB_LISTEN_ADDRESS=" + x.address}, 0)
	wantHealth(t, nil, 0, "--web.listen-address=:"+port)
	wantHealth(t, nil, 0, "--web.listen-address=0.0.0.0:"+port, "--web.listen-address=127.0.0.1:1")
	wantHealth(t, nil, 0, x.url)
	// What a container has in its environment for serve does no harm.
	wantHealth(t, s.credentials("WECOM_RECORDING_EXPORTER_WEB_LISTEN_ADDRESS="+x.address, "WECOM_RECORDING_EXPORTER_TARGET_USERID=a"), 0)
	wantHealth(t, nil, 1, x.url+"/nowhere")
	wantHealth(t, nil, 1, "http://"+freeAddress(t))
	wantHealth(t, nil, 1, "--web.listen-address="+freeAddress(t))
	wantHealth(t, nil, 1, "ftp://"+x.address)
	wantHealth(t, nil, 1, x.address) // It has no scheme.
	wantHealth(t, nil, 1, s.url)     // It is no exporter.
}

func TestLogIsJSON(t *testing.T) {
	t.Parallel()
	s := simulate(t, wecomtest.Config{}, oneRecording("1"))
	s.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 60111})
	x := run(t, s.credentials("WECOM_RECORDING_EXPORTER_LOG_FORMAT=json"), target, "--log.level=debug")
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitLog(t, "60111")
	for _, line := range x.stderr.lines() {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Errorf("%v: %s", err, line)
			continue
		}
		for _, field := range []string{"level", "msg", "caller"} {
			if text, ok := fields[field].(string); !ok || text == "" {
				t.Errorf("no %s in %s", field, line)
			}
		}
	}
	if out := x.stdout.String(); out != "" {
		t.Errorf("on standard output: %s", out)
	}
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	levels := []string{"debug", "info", "warn", "error"}
	for i, level := range levels {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			s := simulate(t, wecomtest.Config{}, oneRecording("1"))
			// The error of a target is a warning, that of a corp an error.
			s.Fail(wecomtest.Fault{Endpoint: listEndpoint, Times: 1, Errcode: 60111})
			s.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 48002})
			x := run(t, s.credentials(), "--log.level="+level, "--target.userid=zhangsan", "--target.userid=lisi", "--poll.concurrency=1")
			x.awaitLog(t, "level=error", "48002")
			for j, other := range levels[1:] {
				found := false
				for _, line := range x.stderr.lines() {
					found = found || strings.HasPrefix(line, "level="+other+" ")
				}
				if want := j+1 >= i; found != want {
					t.Errorf("lines of level %s: %t, want %t", other, found, want)
				}
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flag string
		want []string
	}{
		{"--help", []string{"--wecom.api-secret-file", "--poll.lookback", "serve", "demo", "healthcheck"}},
		{"-h", []string{"--web.listen-address"}},
		{"--version", []string{filepath.Base(module), "go version"}},
	} {
		t.Run(test.flag, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil, programWithRaceDetector, test.flag)
			if code := p.await(t, patience).ExitCode(); code != 0 {
				t.Errorf("status %d", code)
			}
			if out := p.stdout.String(); !holdsAll(out, test.want) {
				t.Errorf("%q are not all in\n%s", test.want, out)
			}
		})
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// A lockedBuffer collects what several goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// writeCertificate writes a certificate that signs itself, its key and a web
// configuration, and returns the path of the last.
func writeCertificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
		"web.yml": []byte("tls_server_config: {cert_file: tls.crt, key_file: tls.key}\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "web.yml")
}

// TestErrorsOfTheServerAreLogged has what makes http.Server write a line of its own,
// with TLS, over real sockets.
func TestErrorsOfTheServerAreLogged(t *testing.T) {
	t.Parallel()
	handler := http.NewServeMux()
	handler.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("a bug") })
	handler.HandleFunc("/twice", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.WriteHeader(http.StatusOK)
	})
	var lines lockedBuffer
	address, stop := listen(t, handler, log.NewJSONLogger(log.NewSyncWriter(&lines)), "--web.config.file="+writeCertificate(t))
	// talk sends text over a connection and waits for its end.
	talk := func(conn net.Conn, err error, text string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			_, _ = io.Copy(io.Discard, bufio.NewReader(conn))
		}
	}
	plain := func(text string) {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		talk(conn, err, text)
	}
	plain("")
	plain("GET / HTTP/1.1\r\nHost: exporter.test\r\n\r\n")
	plain("rubbish that is no TLS either")
	for _, path := range []string{"/panic", "/twice"} {
		dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
		conn, err := dialer.DialContext(t.Context(), "tcp", address)
		talk(conn, err, "GET "+path+" HTTP/1.1\r\nHost: exporter.test\r\nConnection: close\r\n\r\n")
	}
	stop()
	wanted := map[string]level.Value{
		": EOF": level.DebugValue(),
		"client sent an HTTP request to an HTTPS server": level.DebugValue(),
		"does not look like a TLS handshake":             level.DebugValue(),
		"a bug":                                          level.ErrorValue(),
		"superfluous response.WriteHeader":               level.DebugValue(),
	}
	for line := range strings.Lines(lines.String()) {
		var fields struct {
			Level string `json:"level"`
			Msg   string `json:"msg"`
			Err   string `json:"err"`
		}
		err := json.Unmarshal([]byte(line), &fields)
		if err != nil || fields.Level == "" || fields.Msg == "" || strings.TrimSpace(fields.Err) != fields.Err {
			t.Errorf("line %q: %v", line, err)
		}
		for text, want := range wanted {
			if strings.Contains(fields.Err, text) {
				delete(wanted, text)
				if fields.Level != want.String() {
					t.Errorf("%q has the level %s, want %s", fields.Err, fields.Level, want)
				}
			}
		}
	}
	if len(wanted) > 0 {
		t.Errorf("not logged: %v; lines:\n%s", wanted, lines.String())
	}
}

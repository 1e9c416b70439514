// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package httpclient

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// A namedFile is a file that a key names.
type namedFile struct{ key, path string }

// filesOf returns the files that a configuration names. Those that are left out have no path.
func filesOf(c *promconfig.HTTPClientConfig) []namedFile {
	files := filesOfTLS("tls_config", &c.TLSConfig)
	if b := c.BasicAuth; b != nil {
		files = append(files,
			namedFile{"basic_auth.username_file", b.UsernameFile}, namedFile{"basic_auth.password_file", b.PasswordFile})
	}
	if a := c.Authorization; a != nil {
		files = append(files, namedFile{"authorization.credentials_file", a.CredentialsFile})
	}
	if o := c.OAuth2; o != nil {
		files = append(files,
			namedFile{"oauth2.client_secret_file", o.ClientSecretFile},
			namedFile{"oauth2.client_certificate_key_file", o.ClientCertificateKeyFile})
		files = append(files, filesOfTLS("oauth2.tls_config", &o.TLSConfig)...)
	}
	files = append(files, namedFile{"bearer_token_file", c.BearerTokenFile})
	if c.HTTPHeaders != nil {
		for _, name := range slices.Sorted(maps.Keys(c.HTTPHeaders.Headers)) {
			for i, path := range c.HTTPHeaders.Headers[name].Files {
				files = append(files, namedFile{fmt.Sprintf("http_headers.%s.files[%d]", name, i), path})
			}
		}
	}
	return files
}

func filesOfTLS(key string, t *promconfig.TLSConfig) []namedFile {
	return []namedFile{{key + ".ca_file", t.CAFile}, {key + ".cert_file", t.CertFile}, {key + ".key_file", t.KeyFile}}
}

// checkFiles returns an error for each file that cannot be read. The client would quote no
// path, name no key, and notice most of them at its first call only.
func checkFiles(c *promconfig.HTTPClientConfig) []error {
	var problems []error
	for _, f := range filesOf(c) {
		if f.path == "" {
			continue
		}
		if _, err := os.ReadFile(f.path); err != nil {
			problems = append(problems, bilingual.Errorf("%s: %s cannot be read (%w): name a readable file",
				"%s：无法读取文件 %s（%w）：请指定可读的文件", f.key, fileerr.Quote(f.path), fileerr.Cause(err)))
		}
	}
	return problems
}

// checkTLS returns an error if a tls_config, whose files can be read, cannot be used.
func checkTLS(key string, t *promconfig.TLSConfig) error {
	_, err := promconfig.NewTLSConfig(t)
	if err == nil {
		return nil
	}
	if t.CAFile != "" && !holdsCertificate(t.CAFile) {
		return bilingual.Errorf("%s.ca_file: %s holds no certificate: write the certificate of the CA to it, in PEM",
			"%s.ca_file：文件 %s 中没有证书：请写入 PEM 格式的 CA 证书", key, fileerr.Quote(t.CAFile))
	}
	if cause := errors.Unwrap(err); cause != nil && t.CertFile != "" && t.KeyFile != "" {
		return bilingual.Errorf("%s: %s and %s are not a certificate and its key (%w): write both in PEM",
			"%s：%s 与 %s 不是配对的证书与私钥（%w）：请以 PEM 格式写入",
			key, fileerr.Quote(t.CertFile), fileerr.Quote(t.KeyFile), cause)
	}
	return fmt.Errorf("%s: %w", key, err)
}

func holdsCertificate(path string) bool {
	content, err := os.ReadFile(path)
	return err == nil && x509.NewCertPool().AppendCertsFromPEM(content)
}

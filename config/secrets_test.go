// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestHashKeyIsBytes reads keys that are no text.
func TestHashKeyIsBytes(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"random bytes":    "\x00\x01\x1b\xff\xfe\x80 \n\x7fseventeen",
		"byte order mark": "\ufeffsixteen bytes...",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := writeFiles(t, map[string]string{"key": content + "\n"})
			args := goodWith("--metrics.host-label=hashed", "--metrics.host-hash-key-file="+dir+"/key")
			cfg, err := parse(t, goodEnv, args...).Load()
			if err != nil {
				t.Fatal(err)
			}
			if got := string(cfg.Metrics.HostHashKey); got != content {
				t.Errorf("got the key %q, want %q", got, content)
			}
		})
	}
}

// The canary stands wherever a secret may stand.
const canary = "c4n4ry"

func wantNoCanary(t *testing.T, what, text string) {
	t.Helper()
	// The YAML package cuts quoted values after seven characters.
	if strings.Contains(strings.ToLower(text), canary[:5]) {
		t.Errorf("%s shows a secret: %s", what, text)
	}
}

func printed(v any) string {
	return fmt.Sprintf("%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v)
}

func TestPrintingShowsNoSecret(t *testing.T) {
	t.Parallel()
	dir := writeFiles(t, map[string]string{
		"secret": canary,
		"key":    canary + canary + canary,
		"c.yml": `
corps:
- name: acme
  corp_id: ww0123456789abcdef
  api_secret_file: secret
  http_config:
    proxy_url: http://me:` + canary + `@egress.example:3128
    proxy_connect_header: {X-Token: [` + canary + `]}
    http_headers: {X-Token: {secrets: [` + canary + `]}}
    bearer_token: ` + canary + `
  targets: {userids: [zhangsan]}
`,
	})
	hashed := []string{"--metrics.host-label=hashed", "--metrics.host-hash-key-file=" + dir + "/key"}
	loads := map[string]*Flags{
		"environment": parse(t, map[string]string{"WECOM_API_SECRET": canary},
			goodWith(append(hashed, "--wecom.proxy-url=http://me:"+canary+"@egress.example:3128")...)...),
		"file": parse(t, map[string]string{}, append(hashed, "--config.file="+dir+"/c.yml")...),
	}
	for name, flags := range loads {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := flags.Load()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range []any{cfg, *cfg, cfg.Corps, &cfg.Corps[0], cfg.Corps[0].Secret, &cfg.Corps[0].Secret, cfg.Metrics, cfg.Metrics.HostHashKey} {
				wantNoCanary(t, fmt.Sprintf("printing %T", v), printed(v))
			}
			if got, err := cfg.Corps[0].Secret.Read(); got != canary || err != nil {
				t.Errorf("got %q, %v; want %q", got, err, canary)
			}
			if got, want := string(cfg.Metrics.HostHashKey), strings.Repeat(canary, 3); got != want {
				t.Errorf("got the key %q, want %q", got, want)
			}
		})
	}
}

func TestErrorsShowNoSecret(t *testing.T) {
	t.Parallel()

	const corp = "corps:\n- name: acme\n  corp_id: ww0\n  api_secret_file: secret\n  targets: {userids: [zhangsan]}\n  "
	files := map[string]string{
		"the secret in the file":            corp + "api_secret: " + canary,
		"the secret as file alone":          canary,
		"the secret in a list":              corp + "api_secret_file: [" + canary + "]",
		"the secret for the corps":          "corps: " + canary,
		"the secret as agent ID":            corp + "agent_id: " + canary,
		"a token for a truth":               corp + "http_config: {enable_http2: " + canary + "}",
		"a token for keys":                  corp + "http_config: {authorization: " + canary + "}",
		"a token for a list":                corp + "http_config: {proxy_connect_header: {X: " + canary + "}}",
		"a long token with odd characters":  corp + "http_config: {authorization: \"`" + canary + "\\n" + canary + " into bool\"}",
		"a token behind an asterisk":        corp + "http_config: {bearer_token: *" + canary + "}",
		"a token behind a mark":             corp + "http_config: {bearer_token: !!float " + canary + "}",
		"a token as a tag":                  corp + "http_config: {tls_config: !" + canary + " x}",
		"a token as a text block":           corp + "http_config: {bearer_token: \"" + canary,
		"a token as a binary":               corp + "http_config: {bearer_token: !!binary " + canary + "}",
		"a token as a version of TLS":       corp + "http_config: {tls_config: {min_version: " + canary + "}}",
		"a token in the claims, twice":      corp + "http_config: {oauth2: {claims: {a: {" + canary + ": 1, " + canary + ": 2}}}}",
		"a token in the claims, tagged":     corp + "http_config: {oauth2: {claims: {a: !!int " + canary + "}}}",
		"a token in the URL of a proxy":     corp + "http_config: {oauth2: {proxy_url: 'http://me:" + canary + "%zz@egress.example'}}",
		"a token that is merged":            corp + "http_config: {<<: " + canary + "}",
		"a token as a list of texts":        corp + "http_config: {http_headers: {X: {secrets: " + canary + "}}}",
		"a token in a list of texts":        corp + "http_config: {http_headers: {X: {secrets: [!!int " + canary + "]}}}",
		"a token beside a token file":       corp + "http_config: {bearer_token: " + canary + ", bearer_token_file: x}",
		"a key that is none":                corp + "http_config: {tls_config: {cert: " + canary + ", key: " + canary + "}}",
		"a CA that is none":                 corp + "http_config: {tls_config: {ca: " + canary + "}}",
		"a proxy URL that is none":          corp + "http_config: {proxy_url: 'http://me:" + canary + "%zz@egress.example'}",
		"a proxy URL with a bad port":       corp + "http_config: {proxy_url: 'http://egress.example:" + canary + "'}",
		"a proxy URL of another scheme":     corp + "http_config: {proxy_url: 'ftp://me:" + canary + "@egress.example'}",
		"a proxy URL for nothing":           corp + "http_config: {proxy_from_environment: true, proxy_url: 'http://me:" + canary + "@egress.example'}",
		"an API URL with a password":        corp + "api_url: https://me:" + canary + "@wecom.example",
		"an API URL with a password in bad": corp + "api_url: 'https://me:" + canary + "%zz@wecom.example'",
		"an API URL with a token":           corp + "api_url: https://wecom.example/?access_token=" + canary,
		"a corp ID that is the secret":      corp + "corp_id: x\n- name: globex\n  corp_id: " + canary + " x",
	}
	for name, content := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := writeFiles(t, map[string]string{"c.yml": content, "secret": canary})
			_, err := parse(t, map[string]string{}, "--config.file="+dir+"/c.yml").Load()
			if err == nil {
				t.Fatal("no error")
			}
			wantNoCanary(t, "the error", err.Error())
		})
	}

	lines := map[string][]string{
		"agent ID":              goodWith("--wecom.agent-id=" + canary),
		"corp ID":               append([]string{"--wecom.corp-id= " + canary}, goodTarget...),
		"API URL":               goodWith("--wecom.api-url=https://me:" + canary + "@wecom.example"),
		"API URL without host":  goodWith("--wecom.api-url=me:" + canary + "@wecom.example"),
		"proxy URL":             goodWith("--wecom.proxy-url=http://me:" + canary + "%zz@egress.example"),
		"proxy URL, no scheme":  goodWith("--wecom.proxy-url=me:" + canary + "@egress.example"),
		"short hash key":        goodWith("--metrics.host-label=hashed", "--metrics.host-hash-key-file=$DIR/key"),
		"hash key without hash": goodWith("--metrics.host-hash-key-file=$DIR/key"),
		"two secrets":           goodWith("--wecom.api-secret-file=$DIR/key"),
		"secret as target file": goodWith("--target.file=$DIR/key"),
		"secret beside a file":  {"--config.file=testdata/minimal.ok.yml"},
		"secret as config file": {"--config.file=$DIR/key"},
	}
	for name, args := range lines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := writeFiles(t, map[string]string{"key": canary})
			_, err := parse(t, map[string]string{"WECOM_API_SECRET": canary}, inDir(dir, args)...).Load()
			if err == nil {
				t.Fatal("no error")
			}
			wantNoCanary(t, "the error", err.Error())
		})
	}
}

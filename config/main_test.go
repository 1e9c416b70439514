// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kingpin/v2"
)

// TestMain hides the variables of whoever runs the tests.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "WECOM_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	os.Exit(m.Run())
}

// parse returns the flags of a command line. Flags take env for the environment
// where they look into it themselves; kingpin looks into the real one.
func parse(tb testing.TB, env map[string]string, args ...string) *Flags {
	tb.Helper()
	app := kingpin.New("wecom_recording_exporter", "").Terminate(nil).UsageWriter(io.Discard).ErrorWriter(io.Discard)
	app.DefaultEnvars()
	f := AddFlags(app)
	if env != nil {
		f.environ = func() []string {
			environ := make([]string, 0, len(env))
			for key, value := range env {
				environ = append(environ, key+"="+value)
			}
			return environ
		}
		f.lookupEnv = func(key string) (string, bool) {
			value, ok := env[key]
			return value, ok
		}
	}
	if _, err := app.Parse(args); err != nil {
		tb.Fatalf("parsing %q: %v", args, err)
	}
	return f
}

// writeFiles writes files into a new folder, and returns that.
func writeFiles(tb testing.TB, files map[string]string) string {
	tb.Helper()
	dir := tb.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// inDir replaces $DIR.
func inDir(dir string, texts []string) []string {
	replaced := make([]string, 0, len(texts))
	for _, text := range texts {
		replaced = append(replaced, strings.ReplaceAll(text, "$DIR", dir))
	}
	return replaced
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A recorder keeps the failures of a test. Fatalf ends nothing, so Compare must
// not rely on that.
type recorder struct {
	testing.TB

	errors, fatals []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fatals = append(r.fatals, fmt.Sprintf(format, args...))
}

func TestCompare(t *testing.T) { //nolint:paralleltest // The flag is shared.
	path := filepath.Join(t.TempDir(), "a.golden")

	missing := &recorder{TB: t}
	Compare(missing, path, "one\n")
	if len(missing.fatals) != 1 || !strings.Contains(missing.fatals[0], "-update") {
		t.Errorf("without a file: %q, want one failure that names -update", missing.fatals)
	}

	*update = true
	t.Cleanup(func() { *update = false })
	written := &recorder{TB: t}
	Compare(written, path, []byte("one\n"))
	if content, err := os.ReadFile(path); err != nil || string(content) != "one\n" {
		t.Errorf("with -update: the file holds %q (%v)", content, err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(left) > 0 {
		t.Errorf("with -update: other files are left: %q (%v)", left, err)
	}
	if len(written.errors)+len(written.fatals) > 0 {
		t.Errorf("with -update: %q %q", written.errors, written.fatals)
	}
	*update = false

	same := &recorder{TB: t}
	Compare(same, path, "one\n")
	if len(same.errors) > 0 {
		t.Errorf("the same content: %q", same.errors)
	}

	other := &recorder{TB: t}
	Compare(other, path, "two\n")
	if len(other.errors) != 1 || !strings.Contains(other.errors[0], "a.golden") {
		t.Errorf("other content: %q, want one error that names the file", other.errors)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "one\n" {
		t.Errorf("without -update the file changed to %q (%v)", content, err)
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package golden compares what a test made with a file that a person has read.
// It registers the flag -update and is for tests alone.
package golden

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// Compare reports an error if the file at path does not hold exactly got. With
// -update it writes the file first; the folder must exist.
func Compare[T string | []byte](tb testing.TB, path string, got T) {
	tb.Helper()
	if *update {
		if err := write(path, []byte(got)); err != nil {
			tb.Fatalf("writing %s: %v", path, err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatalf("%v; run the test with -update to write the file", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		tb.Errorf("%s differs; if the change is meant, run the test with -update (-want +got):\n%s", path, diff)
	}
}

// write replaces the file in one step, because parallel tests may read it.
func write(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".golden-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	// Grafana loads the dashboards, which are golden files, as another user.
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

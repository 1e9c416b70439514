// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

const module = "github.com/wecom-recording-exporter/wecom_recording_exporter"

// The program, built once. One with the race detector is what most tests run: it
// ends with another status than 0 if there was a race.
var program, programWithRaceDetector string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "e2e-")
	if err == nil {
		program = filepath.Join(dir, "wecom_recording_exporter")
		programWithRaceDetector = program + "-race"
		err = build(program)
	}
	if err == nil {
		err = build(programWithRaceDetector, "-race")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(code)
	}))
}

func build(to string, flags ...string) error {
	args := append([]string{"build", "-buildvcs=false", "-o", to}, flags...)
	out, err := exec.CommandContext(context.Background(), "go", append(args, module)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return nil
}

// tool returns the path of a program that a variable names.
func tool(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Fatalf("%s is not set: set it to the path of the program, or run make e2e, which builds it", variable)
	}
	if _, err := exec.LookPath(path); err != nil {
		t.Fatalf("%s names no program: %v: run make e2e, which builds it", variable, err)
	}
	return path
}

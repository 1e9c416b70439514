// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"io"
	"testing"
)

// A closedPipe is one whose reader is gone.
type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestHelpThatNobodyReads(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"check", "--help"}, {"--version"}, {"--completion-script-bash"}} {
		if status := Run(t.Context(), args, closedPipe{}, io.Discard); status != 0 {
			t.Errorf("%q: exit status %d", args, status)
		}
	}
}

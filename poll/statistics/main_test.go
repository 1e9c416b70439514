// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package statistics_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

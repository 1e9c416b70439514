// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"strconv"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func seconds(i wecom.Instant) string { return strconv.FormatInt(int64(i/1000), 10) }

// TestText compares the whole text: escapes in labels, families that are together, the names
// of counters, and the end.
func TestText(t *testing.T) {
	t.Parallel()
	c := company{grid: days(0, 2), lookback: 31 * day, records: []*recording.Record{
		completed("1", -day),
		completed("2", day),
		hostedBy("a\"b\\c\nd", completed("3", day)),
	}}
	golden.Compare(t, "testdata/history.golden", c.text(t))
}

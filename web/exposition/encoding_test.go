// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func TestNegotiateEncoding(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		header []string
		want   promhttp.Compression
	}{
		{name: "no header", want: promhttp.Identity},
		{name: "an empty one", header: []string{""}, want: promhttp.Identity},
		{name: "Prometheus", header: []string{"gzip"}, want: promhttp.Gzip},
		{name: "a browser", header: []string{"gzip, deflate, br, zstd"}, want: promhttp.Gzip},
		{name: "zstd alone", header: []string{"zstd"}, want: promhttp.Zstd},
		{name: "in capitals", header: []string{"GZIP"}, want: promhttp.Gzip},
		{name: "in two lines", header: []string{"br", "zstd"}, want: promhttp.Zstd},
		{name: "unknown", header: []string{"br, deflate"}, want: promhttp.Identity},
		{name: "by weight", header: []string{"gzip;q=0.5, zstd;q=0.8"}, want: promhttp.Zstd},
		{name: "by weight with spaces", header: []string{"gzip ; Q=0.8 , zstd; q=0.5"}, want: promhttp.Gzip},
		{name: "one excluded", header: []string{"gzip;q=0, zstd"}, want: promhttp.Zstd},
		{name: "identity preferred", header: []string{"identity, gzip"}, want: promhttp.Identity},
		{name: "identity less preferred", header: []string{"identity;q=0.5, gzip"}, want: promhttp.Gzip},
		{name: "anything", header: []string{"*"}, want: promhttp.Identity},
		{name: "anything but identity", header: []string{"*, identity;q=0"}, want: promhttp.Gzip},
		{name: "anything but gzip and identity", header: []string{"*;q=0.1, identity;q=0, gzip;q=0"}, want: promhttp.Zstd},
		{name: "nothing", header: []string{"*;q=0"}, want: promhttp.Identity},
		{name: "identity excluded", header: []string{"identity;q=0"}, want: promhttp.Identity},
		{name: "a weight that is no number", header: []string{"gzip;q=NaN"}, want: promhttp.Identity},
		{name: "a weight that is too great", header: []string{"gzip;q=2"}, want: promhttp.Identity},
		{name: "another parameter", header: []string{"gzip;level=9"}, want: promhttp.Gzip},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := negotiateEncoding(test.header); got != test.want {
				t.Errorf("%q: %s, want %s", test.header, got, test.want)
			}
		})
	}
}

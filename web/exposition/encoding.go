// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package exposition

import (
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// notListed is the weight of a content coding that Accept-Encoding does not name.
const notListed = -1

// negotiateEncoding returns the content coding with the greatest weight in the values of
// Accept-Encoding; see RFC 9110, 12.5.3. Of several it prefers identity where the
// client names it, then gzip. A client that accepts nothing that there is gets
// identity, which such a server may send.
func negotiateEncoding(header []string) promhttp.Compression {
	identity, gzip, zstd, others := float64(notListed), float64(notListed), float64(notListed), float64(notListed)
	for _, value := range header {
		for offered := range strings.SplitSeq(value, ",") {
			coding, params, _ := strings.Cut(offered, ";")
			switch coding = strings.TrimSpace(coding); {
			case strings.EqualFold(coding, string(promhttp.Identity)):
				identity = weight(params)
			case strings.EqualFold(coding, string(promhttp.Gzip)):
				gzip = weight(params)
			case strings.EqualFold(coding, string(promhttp.Zstd)):
				zstd = weight(params)
			case coding == "*":
				others = weight(params)
			}
		}
	}
	best, greatest := promhttp.Identity, 0.0
	for _, candidate := range []struct {
		encoding promhttp.Compression
		weight   float64
	}{
		{promhttp.Identity, identity},
		{promhttp.Gzip, gzip},
		{promhttp.Zstd, zstd},
	} {
		if candidate.weight == notListed {
			candidate.weight = others
		}
		if candidate.weight > greatest {
			best, greatest = candidate.encoding, candidate.weight
		}
	}
	return best
}

// weight returns the parameter q of a content coding: from 0, which means that it is not
// accepted, to 1. A weight that cannot be read is 0.
func weight(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(name, "q") {
			continue
		}
		if q, err := strconv.ParseFloat(value, 64); err == nil && q >= 0 && q <= 1 {
			return q
		}
		return 0
	}
	return 1
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

func TestCallsOfACorp(t *testing.T) {
	t.Parallel()
	calls := NewCalls()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(calls)
	expect := func(want string) {
		t.Helper()
		names := []string{
			"wecom_api_requests_total", "wecom_api_throttled_seconds_total",
			"wecom_access_token_expiry_timestamp_seconds", "wecom_api_clock_skew_seconds",
		}
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want), names...); err != nil {
			t.Error(err)
		}
	}
	acme, other := calls.Observer("acme"), calls.Observer("other")
	for _, o := range []poll.Observer{acme, other} {
		o.Open([]string{"gettoken", "meeting/record/list"}, []string{"missing_id"})
	}
	acme.Called("meeting/record/list", "60020", time.Second)
	acme.Throttled(90 * time.Second)
	acme.ClockSkew(-80 * time.Second)
	other.TokenIssued(time.Unix(1_800_000_000, 0))
	const requests = `# HELP wecom_api_requests_total ` + helpOfRequests + `
# TYPE wecom_api_requests_total counter
`
	const throttled = `# HELP wecom_api_throttled_seconds_total Total seconds that calls waited for the budget or for the end of a block.
# TYPE wecom_api_throttled_seconds_total counter
`
	const expiry = `# HELP wecom_access_token_expiry_timestamp_seconds Expiry time of the access token in seconds since the Unix epoch. Absent before the first token.
# TYPE wecom_access_token_expiry_timestamp_seconds gauge
wecom_access_token_expiry_timestamp_seconds{corp="other"} 1.8e+09
`
	expect(requests + `wecom_api_requests_total{corp="acme",endpoint="gettoken",errcode="0"} 0
wecom_api_requests_total{corp="acme",endpoint="meeting/record/list",errcode="0"} 0
wecom_api_requests_total{corp="acme",endpoint="meeting/record/list",errcode="60020"} 1
wecom_api_requests_total{corp="other",endpoint="gettoken",errcode="0"} 0
wecom_api_requests_total{corp="other",endpoint="meeting/record/list",errcode="0"} 0
` + throttled + `wecom_api_throttled_seconds_total{corp="acme"} 90
wecom_api_throttled_seconds_total{corp="other"} 0
` + expiry + "# HELP wecom_api_clock_skew_seconds " + clockSkew.Help + `
# TYPE wecom_api_clock_skew_seconds gauge
wecom_api_clock_skew_seconds{corp="acme"} -80
`)
	acme.Close()
	expect(requests + `wecom_api_requests_total{corp="other",endpoint="gettoken",errcode="0"} 0
wecom_api_requests_total{corp="other",endpoint="meeting/record/list",errcode="0"} 0
` + throttled + `wecom_api_throttled_seconds_total{corp="other"} 0
` + expiry)
}

// helpOfRequests is the help text with its quotes.
const helpOfRequests = `Calls to the WeCom API by errcode. An errcode that the exporter does not know is "other". ` +
	`A call that got no valid answer from WeCom is "transport", "http" or "decode".`

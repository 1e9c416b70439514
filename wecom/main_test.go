// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var anyone = Target{ByUserID, "li"}

// virtually runs a test with virtual time, which starts on a day on which WeCom has
// meetings.
func virtually(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		time.Sleep(time.Until(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)))
		test(t)
	})
}

// clientOf returns a client of a simulated WeCom, and what its observer counts.
func clientOf(t *testing.T, server *wecomtest.Server, change ...func(*Config)) (*Client, *calls) {
	t.Helper()
	c, seen := configOf(server)
	for _, f := range change {
		f(&c)
	}
	return NewClient(c), seen
}

// configOf returns the configuration of a client of a simulated WeCom, and what its
// observer counts.
func configOf(server *wecomtest.Server) (Config, *calls) {
	seen := &calls{outcomes: map[string]int{}, anomalies: map[Anomaly]int{}}
	return Config{
		BaseURL:     "https://wecom.test",
		CorpID:      wecomtest.DefaultCorpID,
		Secret:      func() (string, error) { return wecomtest.DefaultSecret, nil },
		Transport:   server,
		UserAgent:   "test",
		Limits:      NewLimits(10_000),
		Concurrency: 4,
		Observer:    seen,
	}, seen
}

// calls is an Observer that counts.
type calls struct {
	mu        sync.Mutex
	outcomes  map[string]int // by "endpoint outcome"
	anomalies map[Anomaly]int
	throttled time.Duration
	expiry    time.Time
	all       []Call
	skews     []time.Duration
}

func (c *calls) Called(call Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes[call.Endpoint+" "+call.Outcome.String()]++
	c.all = append(c.all, call)
}

func (c *calls) ClockSkew(skew time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skews = append(c.skews, skew)
}

func (c *calls) Throttled(waited time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.throttled += waited
}

func (c *calls) Anomalous(kind Anomaly) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anomalies[kind]++
}

func (c *calls) TokenIssued(expiry time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expiry = expiry
}

// respond is a transport that responds to gettoken with a token and to everything
// else with one body.
type respond struct {
	status int
	body   string
}

func (r respond) RoundTrip(req *http.Request) (*http.Response, error) {
	status, body := r.status, r.body
	if strings.HasSuffix(req.URL.Path, "/gettoken") {
		status, body = http.StatusOK, `{"errcode":0,"errmsg":"ok","access_token":"marked-token","expires_in":7200}`
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req,
	}, nil
}

// bodyOf returns a body of testdata.
func bodyOf(tb testing.TB, endpoint, name string) string {
	tb.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(endpoint), name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	return string(body)
}

// A byEndpoint responds with the body for the endpoint.
type byEndpoint map[string]string

func (b byEndpoint) RoundTrip(req *http.Request) (*http.Response, error) {
	return respond{http.StatusOK, b[strings.TrimPrefix(req.URL.Path, "/cgi-bin/")]}.RoundTrip(req)
}

// A byCursor responds to a list with the body for its cursor.
type byCursor map[string]string

func (b byCursor) RoundTrip(req *http.Request) (*http.Response, error) {
	var asked listRequest
	if req.Method == http.MethodPost {
		if err := json.NewDecoder(req.Body).Decode(&asked); err != nil {
			return nil, err
		}
	}
	return respond{http.StatusOK, b[asked.Cursor]}.RoundTrip(req)
}

// A lister is a *Client or a *Reservation.
type lister any

// recordingsOf reads a whole list.
func recordingsOf(ctx context.Context, l lister, target Target, w Window) ([]Recording, error) {
	switch l := l.(type) {
	case *Client:
		return readList(ctx, l.List(target, w), nil)
	case *Reservation:
		return readList(ctx, l.client.List(target, w), l)
	default:
		panic(fmt.Sprintf("%T lists nothing", l))
	}
}

func readList(ctx context.Context, l *List, r *Reservation) ([]Recording, error) {
	var list []Recording
	for l.HasMore() {
		page, err := l.Next(ctx, r)
		list = append(list, page...)
		if err != nil {
			return list, err
		}
	}
	return list, nil
}

// listOfIDs returns n IDs of recordings.
func listOfIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("r%d", i)
	}
	return ids
}

func lastMonth() Window {
	now := time.Now().Truncate(time.Second)
	return Window{Start: now.Add(-MaxWindow), End: now}
}

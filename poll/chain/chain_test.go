// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package chain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const day = 24 * time.Hour

// virtually runs a test in virtual time, on a day on which WeCom has meetings.
func virtually(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		time.Sleep(time.Until(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)))
		test(t)
	})
}

// clientOf returns a client of a WeCom that has recordings of li: one each hour, as many as
// given, the newest two hours old.
func clientOf(recordings int) (*wecom.Client, *wecomtest.Server) {
	server := wecomtest.New(wecomtest.Config{})
	for i := range recordings {
		start := time.Now().Add(-time.Duration(i+2) * time.Hour)
		server.Put(wecomtest.Recording{
			ID: fmt.Sprintf("r%d", i), Creator: "li", Host: "li", MeetingStart: start,
			Files: []wecomtest.File{{ID: fmt.Sprintf("f%d", i), Start: start, End: start.Add(time.Hour), Size: 1}},
		})
	}
	return wecom.NewClient(wecom.Config{
		BaseURL: "https://wecom.test", CorpID: wecomtest.DefaultCorpID, Transport: server, Concurrency: 1,
		Secret: func() (string, error) { return wecomtest.DefaultSecret, nil }, Limits: wecom.NewLimits(10_000),
	}), server
}

func newChain(client *wecom.Client, lookback time.Duration) *Chain {
	return New(client, &schedule.Poll{Target: targetOf("li"), History: true}, lookback, 0, time.Now())
}

// run lists all pages.
func run(t *testing.T, c *Chain) error {
	t.Helper()
	for {
		if done, err := c.Next(t.Context(), nil); done {
			return err
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		recordings int
		lookback   time.Duration
		fault      wecomtest.Fault
		limit      int
		pages      int
		err        string // begins like this
		listed     bool
		incomplete bool
		span       time.Duration // of the windows that are complete
	}{
		"one page": {
			recordings: 1,
			lookback:   31 * day,
			pages:      1,
			listed:     true,
			span:       31 * day,
		},
		"three windows, the first of which has 38 pages": {
			recordings: 800,
			lookback:   90 * day,
			pages:      38 + 3 + 1,
			listed:     true,
			span:       90 * day,
		},
		"an error in the first window": {
			recordings: 800,
			lookback:   90 * day,
			fault:      wecomtest.Fault{Endpoint: "meeting/record/list", Errcode: 40058, After: 5},
			pages:      6,
			err:        "page 6 of the list: meeting/record/list: errcode 40058",
		},
		"an error in the second window": {
			recordings: 800,
			lookback:   90 * day,
			fault:      wecomtest.Fault{Endpoint: "meeting/record/list", Errcode: 40058, After: 39},
			pages:      40,
			err:        "page 2 of the list: meeting/record/list: errcode 40058",
			listed:     true,
			span:       31 * day,
		},
		"no end": {
			recordings: 1,
			lookback:   90 * day,
			fault:      wecomtest.Fault{Endpoint: "meeting/record/list", EndlessPages: true},
			pages:      1000,
			err:        "the list is incomplete: it could not be continued after page 1000 (page_limit)",
			listed:     true,
			incomplete: true,
		},
		"more than it may hold": {
			recordings: 800,
			lookback:   90 * day,
			limit:      100 * (128 + 64),
			pages:      5,
			err:        "the list is incomplete: it could not be continued after page 5 (page_limit)",
			listed:     true,
			incomplete: true,
		},
		"more than it may hold on the last page": {
			recordings: 1,
			lookback:   31 * day,
			limit:      1,
			pages:      1,
			listed:     true,
			span:       31 * day,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				client, server := clientOf(test.recordings)
				server.Fail(test.fault)
				c := newChain(client, test.lookback)
				c.limit = test.limit
				err := run(t, c)
				if (err == nil) != (test.err == "") || !strings.HasPrefix(fmt.Sprint(err), test.err) && err != nil {
					t.Errorf("error %v, want %s", err, test.err)
				}
				if n := server.Count("meeting/record/list"); c.Pages != test.pages || n != test.pages {
					t.Errorf("%d pages, %d calls, want %d", c.Pages, n, test.pages)
				}
				span := c.Listing.Span.End.Sub(c.Listing.Span.Start)
				if c.Listed != test.listed || c.Listing.Incomplete != test.incomplete || span != test.span {
					t.Errorf("listed: %t, incomplete: %t, span %s; want %t, %t, %s",
						c.Listed, c.Listing.Incomplete, span, test.listed, test.incomplete, test.span)
				}
			})
		})
	}
}

// The first answer shows that the local clock is two hours behind. The windows are cut again.
func TestNextWithAWrongClock(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		client, server := clientOf(30)
		server.SetClockSkew(2 * time.Hour)
		c := newChain(client, 31*day)
		if err := run(t, c); err != nil {
			t.Fatal(err)
		}
		if want := time.Now().Add(2 * time.Hour); !c.Listing.Span.End.Equal(want) {
			t.Errorf("the span ends at %s, want %s", c.Listing.Span.End, want)
		}
		if n := server.Count("meeting/record/list"); c.Pages != 2 || n != 3 {
			t.Errorf("%d pages, %d calls; want 2, and one more call before the clock was known", c.Pages, n)
		}
	})
}

// Ten lists of as many full pages as a list may have can wait together.
func TestSize(t *testing.T) {
	t.Parallel()
	page := make([]wecom.Recording, 20)
	for i := range page {
		page[i] = wecom.Recording{
			ID: strings.Repeat("r", 32), Host: strings.Repeat("h", 16), Files: []wecom.File{{ID: strings.Repeat("f", 32)}},
		}
	}
	c := &Chain{}
	for range 1000 {
		c.add(page)
	}
	if c.Pages != 1000 || c.size < maxSize/20 || c.size > maxSize/10 {
		t.Errorf("%d pages have %d bytes, want a tenth of %d or somewhat less", c.Pages, c.size, maxSize)
	}
}

func TestNextAfterACancellation(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		client, server := clientOf(30)
		server.Fail(wecomtest.Fault{Endpoint: "meeting/record/list", Hang: true, After: 1})
		c := newChain(client, 31*day)
		if done, err := c.Next(t.Context(), nil); done || err != nil {
			t.Fatalf("done: %t, error %v", done, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if done, err := c.Next(ctx, nil); !done || !errors.Is(err, context.DeadlineExceeded) || c.Listed {
			t.Errorf("done: %t, error %v, listed: %t", done, err, c.Listed)
		}
	})
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func reserve(t *testing.T, c *Client) *Reservation {
	t.Helper()
	r, err := c.Reserve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReservation(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		client, _ := clientOf(t, wecomtest.New(wecomtest.Config{}), func(c *Config) {
			c.Concurrency, c.Limits = 1, NewLimits(2)
		})
		start := time.Now()
		list := func(l lister, want time.Duration) {
			t.Helper()
			_, err := recordingsOf(t.Context(), l, anyone, lastMonth())
			if err != nil || time.Since(start) != want {
				t.Errorf("error %v after %s, want it after %s", err, time.Since(start), want)
			}
		}

		// What was not used is released.
		for range 3 {
			r := reserve(t, client)
			if used := client.Limits().Used(); used != 1 {
				t.Errorf("%d of the budget used by a reservation, want 1", used)
			}
			r.Release()
			r.Release()
			if used := client.Limits().Used(); used != 0 {
				t.Errorf("%d of the budget used after the release, want 0", used)
			}
		}

		// The first call uses the reservation, the second takes its own part of the budget.
		r := reserve(t, client)
		list(r, 0)
		if used := client.Limits().Used(); used != 1 {
			t.Errorf("%d of the budget used by the first call, want 1", used)
		}
		list(r, 0)
		r.Release()
		if used := client.Limits().Used(); used != 2 {
			t.Errorf("%d of the budget used by two calls, want 2", used)
		}

		// The third waits for the budget.
		list(client, time.Minute)
	})
}

func TestReservationIsForTheFirstPageAlone(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		for _, id := range listOfIDs(pageSize + 1) {
			server.Put(wecomtest.Recording{ID: id, Creator: "li", MeetingStart: time.Now().Add(-time.Hour)})
		}
		client, _ := clientOf(t, server, func(c *Config) { c.Concurrency, c.Limits = 1, NewLimits(1) })
		r := reserve(t, client)
		defer r.Release()
		start := time.Now()
		list, err := recordingsOf(t.Context(), r, anyone, lastMonth())
		if err != nil || len(list) != pageSize+1 || time.Since(start) != time.Minute {
			t.Errorf("%d recordings, error %v after %s; want the second page after a minute",
				len(list), err, time.Since(start))
		}
	})
}

func TestRetriesTakeTheirOwnBudget(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: -1, Times: 2})
		client, _ := clientOf(t, server, func(c *Config) { c.Concurrency = 1 })
		r := reserve(t, client)
		defer r.Release()
		if _, err := recordingsOf(t.Context(), r, anyone, lastMonth()); err != nil {
			t.Fatal(err)
		}
		if used := client.Limits().Used(); used != 3 {
			t.Errorf("%d of the budget used, want 1 for each attempt", used)
		}
	})
}

func TestReserveWaits(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		client, _ := clientOf(t, wecomtest.New(wecomtest.Config{}), func(c *Config) { c.Concurrency = 1 })
		first := reserve(t, client)
		reserved := make(chan *Reservation)
		go func() {
			r, err := client.Reserve(t.Context())
			if err != nil {
				t.Error(err)
			}
			reserved <- r
		}()
		synctest.Wait()
		select {
		case <-reserved:
			t.Error("two reservations at a concurrency of 1")
		default:
		}
		first.Release()
		(<-reserved).Release()
		if n := client.limiter.inFlight; n != 0 {
			t.Errorf("%d calls in flight after all releases, want 0", n)
		}
	})
}

func TestReserveEndsWithItsContext(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		client, _ := clientOf(t, wecomtest.New(wecomtest.Config{}), func(c *Config) { c.Limits = NewLimits(1) })
		defer reserve(t, client).Release()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		r, err := client.Reserve(ctx)
		if r != nil || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("reservation %v, error %v after %s", r, err, time.Since(start))
		}
		if n := client.limiter.inFlight; n != 1 {
			t.Errorf("%d calls in flight, want that of the first reservation alone", n)
		}
	})
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

const (
	// WeCom asks not to repeat a failed call more than three times; see
	// https://developer.work.weixin.qq.com/document/path/90313, -1.
	maxRetries = 3
	firstPause = 500 * time.Millisecond
)

// A request is one call of the API.
type request struct {
	method   string
	endpoint string // path below /cgi-bin
	query    url.Values
	body     []byte

	reservation *Reservation // used by the first attempt, if it is not spent; may be nil
}

func get(endpoint string, query url.Values) request {
	return request{method: http.MethodGet, endpoint: endpoint, query: query}
}

// post returns a request whose body is v as JSON.
func post(endpoint string, v any) (request, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return request{}, fmt.Errorf("encoding the request: %w", err)
	}
	return request{method: http.MethodPost, endpoint: endpoint, body: body}, nil
}

// with returns the request with one more parameter in its query.
func (r request) with(name, value string) request {
	query := url.Values{name: {value}}
	maps.Copy(query, r.query)
	r.query = query
	return r
}

// call makes one call of a data API, with a token and within the limits. It retries
// where that may help.
func call[R any, P interface {
	*R
	result
}](ctx context.Context, c *Client, r request) (*R, error) {
	renewed := false
	for retries := 0; ; {
		token, err := c.tokens.get(ctx)
		if err != nil {
			return nil, err
		}
		into := new(R)
		err = c.limited(ctx, r.with("access_token", token), P(into))
		switch {
		case err == nil:
			return into, nil
		case ctx.Err() != nil:
			return nil, err
		case ClassOf(err) == ClassToken && !renewed:
			c.tokens.refused(token)
			renewed = true
		case worthRetrying(err) && retries < maxRetries:
			if err := pause(ctx, retries); err != nil {
				return nil, err
			}
			retries++
		default:
			return nil, err
		}
	}
}

func (c *Client) limited(ctx context.Context, r request, into result) error {
	if !r.reservation.spend() {
		if err := c.acquire(ctx, r.endpoint); err != nil {
			return err
		}
	}
	began := time.Now()
	err := c.exchange(ctx, r, into)
	c.limits.end(r.endpoint, began, err)
	c.limiter.done(began, err)
	return err
}

// exchange makes one HTTP exchange and decodes the response.
func (c *Client) exchange(ctx context.Context, r request, into result) error {
	start := time.Now()
	resp, err := c.transport.do(ctx, r)
	if err == nil {
		err = resp.decode(into, c.observer)
	}
	if ctx.Err() == nil {
		c.observer.Called(r.endpoint, outcomeOf(err), time.Since(start))
	}
	return err
}

func worthRetrying(err error) bool {
	if respErr, ok := errors.AsType[*ResponseError](err); ok {
		return respErr.retryable()
	}
	class := ClassOf(err)
	return class == ClassRetryable || class == ClassConcurrency
}

// pause waits before a retry, longer each time and with jitter.
func pause(ctx context.Context, retries int) error {
	longest := firstPause << retries
	timer := time.NewTimer(longest/2 + rand.N(longest/2)) //nolint:gosec // Jitter is no secret.
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting to retry: %w", context.Cause(ctx))
	}
}

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
	"strconv"
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
	target   string // what it selects, for the observer; may be ""
	// appSecret is in the query only when a token is asked for, but no call may show it.
	appSecret string

	reservation *Reservation // for the first attempt, unless it is spent; may be nil
	// background means that the call must not delay others: it is not retried, and an answer of
	// 45033 to it does not lower the limiter.
	background bool
}

func get(endpoint string, query url.Values) request {
	return request{method: http.MethodGet, endpoint: endpoint, query: query}
}

// getByID returns a request for what has an ID.
func getByID(endpoint, parameter string, id int64) request {
	value := strconv.FormatInt(id, 10)
	r := get(endpoint, url.Values{parameter: {value}})
	r.target = parameter + "=" + value
	return r
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

// secrets returns the parameters that may hold a secret, whether they are sent or not.
func (r request) secrets() url.Values {
	if r.appSecret == "" {
		return r.query
	}
	return r.with("corpsecret", r.appSecret).query
}

// An operation is a series of calls that belong together, such as those for the
// pages of a list. A cursor or an ID from one API means nothing to another, so an
// operation fails with errMoved if the base URL changes after its first success.
type operation struct {
	client  *Client
	baseURL string // of the first success; "" before it

	list bool     // the calls are for the pages of one list, whose size is bounded
	size listSize // of the pages so far
}

var errMoved = errors.New("the API URL has changed since the operation began")

// call makes one call of a data API, with a token and within the limits. It retries
// where that may help.
func call[R any, P interface {
	*R
	result
}](ctx context.Context, op *operation, r request) (*R, error) {
	renewed := false
	for retries := 0; ; {
		s, token, err := op.ready(ctx, r)
		if err != nil {
			return nil, err
		}
		into := new(R)
		began := time.Now()
		r.appSecret = s.app.last()
		err = s.transport.exchange(ctx, r.with("access_token", token), P(into))
		s.limits.end(r.endpoint, began, err)
		if r.background {
			op.client.limiter.release()
		} else {
			op.client.limiter.done(began, err)
		}
		switch {
		case err == nil:
			op.baseURL = s.transport.baseURL
			if err := op.add(r.endpoint, P(into).header().size); err != nil {
				return nil, err
			}
			return into, nil
		case ctx.Err() != nil:
			return nil, err
		case ClassOf(err) == ClassToken && !renewed:
			s.tokens.refused(token)
			renewed = true
		case worthRetrying(err) && retries < maxRetries && !r.background:
			if err := pause(ctx, retries); err != nil {
				return nil, err
			}
			retries++
		default:
			return nil, err
		}
	}
}

// add adds the size of a page. The error is a [*ResponseError].
func (op *operation) add(endpoint string, page listSize) error {
	if !op.list {
		return nil
	}
	err := op.size.add(page)
	if bound, ok := errors.AsType[boundError](err); ok {
		return bound.beyond(endpoint, 0)
	}
	return err
}

// ready waits until the call may be made. It returns the settings to make it with
// and a token, and has taken the call's part of their limits. The error is a
// [*TokenError], the context's, or errMoved.
func (op *operation) ready(ctx context.Context, r request) (*settings, string, error) {
	for {
		s := op.client.settings.Load()
		if op.baseURL != "" && op.baseURL != s.transport.baseURL {
			return nil, "", fmt.Errorf("%s: %w", r.endpoint, errMoved)
		}
		token, err := s.tokens.get(ctx, s.app)
		if err == nil && !r.reservation.use(s.limits) {
			err = op.client.acquire(ctx, s, r.endpoint)
		}
		if errors.Is(err, errReplaced) {
			continue
		}
		return s, token, err
	}
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

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// WeCom asks not to repeat a failed call more than three times; see
	// https://developer.work.weixin.qq.com/document/path/90313, -1.
	maxRetries = 3
	firstPause = 500 * time.Millisecond

	tokenEndpoint = "gettoken"
)

// Config says for which app a [Client] speaks, and how.
type Config struct {
	// BaseURL is the API's scheme, host and path prefix, without /cgi-bin.
	BaseURL string
	CorpID  string
	// Secret returns the app secret. It is called often, so that a new secret
	// is used as soon as it is there.
	Secret func() (string, error)
	// Transport makes the HTTP exchanges; nil is http.DefaultTransport.
	Transport http.RoundTripper
	UserAgent string
	// Limits are shared by all clients of the same corp ID and host.
	Limits *Limits
	// Concurrency is how many calls may be in flight, at least 1.
	Concurrency int
	// Observer may be nil.
	Observer Observer
	// Titles has the titles of recordings read, which may tell secrets.
	Titles bool
}

// A Client calls the API for one app. It is safe for concurrent use.
type Client struct {
	corpID    string
	transport *transport
	tokens    *tokenSource
	limits    *Limits
	limiter   *limiter
	observer  Observer
	titles    bool
}

// NewClient returns a client. It calls nobody yet.
func NewClient(c Config) *Client {
	if c.Transport == nil {
		c.Transport = http.DefaultTransport
	}
	if c.Observer == nil {
		c.Observer = IgnoreCalls{}
	}
	client := &Client{
		corpID:    c.CorpID,
		transport: &transport{base: c.BaseURL, userAgent: c.UserAgent, next: c.Transport},
		limits:    c.Limits,
		limiter:   newLimiter(c.Concurrency),
		observer:  c.Observer,
		titles:    c.Titles,
	}
	client.tokens = &tokenSource{
		fetch: client.fetchToken, secret: c.Secret, observer: c.Observer, turn: make(chan struct{}, 1),
	}
	return client
}

// Limits returns the limits that the client shares with others.
func (c *Client) Limits() *Limits { return c.limits }

// Inherit takes over the access token of another client, of the same corp ID and
// API, and what that client learned from asking for one. It is to be called
// before any other method.
func (c *Client) Inherit(other *Client) { c.tokens.inherit(other.tokens) }

// SecretChanged tells whether the app secret is another one than that with which a
// token was last asked for, so that it is worth asking again at once.
func (c *Client) SecretChanged() bool { return c.tokens.secretChanged() }

// An answer is the body of a call.
type answer interface {
	header() *envelope
	// holdsPayload tells whether the answer holds what was asked for.
	holdsPayload() bool
}

// An envelope is what every answer of WeCom tells; see
// https://developer.work.weixin.qq.com/document/path/90455. Judge by errcode
// alone: the HTTP status is 200 on errors too, and errmsg may change.
type envelope struct {
	Errcode *number `json:"errcode"`
	Errmsg  text    `json:"errmsg"`
}

func (e *envelope) header() *envelope { return e }

// call makes one call of a data API: with a token, within the limits, and again
// where that may help.
func call[A any, P interface {
	*A
	answer
}](ctx context.Context, c *Client, method, endpoint string, query url.Values, body []byte) (*A, error) {
	renewed := false
	for retries := 0; ; {
		token, err := c.tokens.get(ctx)
		if err != nil {
			return nil, err
		}
		withToken := url.Values{"access_token": {token}}
		maps.Copy(withToken, query)
		into := new(A)
		err = c.limited(ctx, method, endpoint, withToken, body, P(into))
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

func (c *Client) limited(ctx context.Context, method, endpoint string, query url.Values, body []byte, into answer) error {
	if err := c.begin(ctx, endpoint); err != nil {
		return err
	}
	began := time.Now()
	err := c.exchange(ctx, method, endpoint, query, body, into)
	c.limits.end(endpoint, began, err)
	c.limiter.done(began, err)
	return err
}

// Admit waits until a list may be asked for, and takes the place of the call in the
// budget and among the calls in flight. So it can be chosen at the last moment for
// whom to ask. The first list that is asked for in the context that it returns
// uses the place. In the end, leave must be called, which gives the place back if
// it was not used.
func (c *Client) Admit(ctx context.Context) (admitted context.Context, leave func(), err error) {
	if err := c.begin(ctx, listEndpoint); err != nil {
		return nil, nil, err
	}
	p := &place{}
	leave = func() {
		if p.use() {
			c.limits.giveBack()
			c.limiter.release()
		}
	}
	return context.WithValue(ctx, placeKey{}, p), leave, nil
}

// A place for a list is one that was taken before it was known for whom.
type place struct{ used atomic.Bool }

type placeKey struct{}

// use tells whether the place was still free.
func (p *place) use() bool { return p.used.CompareAndSwap(false, true) }

// begin waits until a call may be made. Who waits for the budget or for the end of
// a block takes no place among the calls in flight: those of an endpoint that is
// not blocked go on.
func (c *Client) begin(ctx context.Context, endpoint string) error {
	if p, ok := ctx.Value(placeKey{}).(*place); ok && endpoint == listEndpoint && p.use() {
		return nil
	}
	for {
		if err := c.limiter.acquire(ctx); err != nil {
			return fmt.Errorf("%s: waiting for other calls to end: %w", endpoint, err)
		}
		look, wait := c.limits.begin(endpoint)
		if wait == 0 {
			return nil
		}
		c.limiter.release()
		if err := c.throttle(ctx, look, wait); err != nil {
			return fmt.Errorf("%s: waiting for the call budget: %w", endpoint, err)
		}
	}
}

// Waits are told to the observer in steps, so that its counter moves while a long
// block lasts.
const throttleStep = 5 * time.Second

// throttle waits for a while, or until there is reason to look again.
func (c *Client) throttle(ctx context.Context, look <-chan struct{}, wait time.Duration) error {
	start := time.Now()
	timer := time.NewTimer(min(wait, throttleStep))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-look:
	case <-ctx.Done():
	}
	c.observer.Throttled(time.Since(start))
	return context.Cause(ctx)
}

// exchange makes one HTTP exchange and decodes its answer.
func (c *Client) exchange(ctx context.Context, method, endpoint string, query url.Values, body []byte, into answer) error {
	start := time.Now()
	status, payload, err := c.transport.do(ctx, method, endpoint, query, body)
	if err == nil {
		err = c.decode(endpoint, status, payload, query, into)
	}
	if ctx.Err() == nil {
		c.observer.Called(endpoint, outcomeOf(err), time.Since(start))
	}
	return err
}

var (
	byteOrderMark = []byte("\xef\xbb\xbf")

	errNotJSON   = errors.New("not JSON")
	errNotObject = errors.New("not a JSON object")
	errBroken    = errors.New("broken JSON")
	errNotAList  = errors.New("its list is not a list")
	errNoErrcode = errors.New("it has no errcode")
)

// decode reads an answer. A value of the wrong kind is read as absent, but a
// list that is none is an error, since an empty list would mean something else.
func (c *Client) decode(endpoint string, status int, body []byte, query url.Values, into answer) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark))
	err := json.Unmarshal(body, into)
	typeErr, mistyped := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case mistyped && typeErr.Field == "":
		return invalidResponse(endpoint, status, body, query, errNotObject)
	case mistyped || err == nil:
	case bytes.HasPrefix(body, []byte("{")):
		return invalidResponse(endpoint, status, body, query, errBroken)
	default:
		return invalidResponse(endpoint, status, body, query, errNotJSON)
	}
	code := into.header().Errcode
	switch {
	case code == nil && !into.holdsPayload(), code != nil && code.malformed:
		return invalidResponse(endpoint, status, body, query, errNoErrcode)
	case code != nil && code.value != 0:
		return &APIError{Endpoint: endpoint, Code: code.value, IP: callerIP(string(into.header().Errmsg))}
	case mistyped && typeErr.Type.Kind() == reflect.Slice && !strings.Contains(typeErr.Field, "."):
		return invalidResponse(endpoint, status, body, query, errNotAList)
	case mistyped:
		c.observer.Anomalous(MalformedValue)
	}
	return nil
}

var fromIP = regexp.MustCompile(`from ip:\s*([0-9a-fA-F.:]+)`)

// callerIP finds the address that WeCom saw, which is what an operator must put
// on the list of trusted ones, in "..., from ip: 203.0.113.7, more info at ...".
func callerIP(errmsg string) netip.Addr {
	m := fromIP.FindStringSubmatch(errmsg)
	if m == nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(m[1])
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

func worthRetrying(err error) bool {
	if respErr, ok := errors.AsType[*ResponseError](err); ok {
		return respErr.retryable()
	}
	class := ClassOf(err)
	return class == ClassRetryable || class == ClassConcurrency
}

// pause waits before a retry, longer each time and never twice the same.
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

type tokenAnswer struct {
	envelope
	AccessToken text   `json:"access_token"`
	ExpiresIn   number `json:"expires_in"`
}

func (a *tokenAnswer) holdsPayload() bool { return a.AccessToken != "" }

// fetchToken asks for a token; see
// https://developer.work.weixin.qq.com/document/path/91039. It does not count
// against the budget, which is for the data APIs.
func (c *Client) fetchToken(ctx context.Context, secret string) (string, time.Duration, error) {
	query := url.Values{"corpid": {c.corpID}, "corpsecret": {secret}}
	for retries := 0; ; retries++ {
		var a tokenAnswer
		err := c.exchange(ctx, http.MethodGet, tokenEndpoint, query, nil, &a)
		if err == nil && a.AccessToken == "" {
			err = &ResponseError{
				Endpoint: tokenEndpoint, Kind: KindDecode, Status: http.StatusOK,
				Detail: "an answer without access_token", remedy: remedyAPIURL,
			}
		}
		if err == nil {
			lifetime := time.Duration(a.ExpiresIn.value) * time.Second
			if lifetime <= 0 || lifetime > 24*time.Hour {
				lifetime = defaultLifetime
			}
			return string(a.AccessToken), lifetime, nil
		}
		if ctx.Err() != nil || !worthRetrying(err) || retries == maxRetries {
			return "", 0, err
		}
		if err := pause(ctx, retries); err != nil {
			return "", 0, err
		}
	}
}

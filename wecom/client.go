// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"net/http"
)

// Config is for which app a [Client] calls the API, and how.
type Config struct {
	// BaseURL is the API's scheme, host and path prefix, without /cgi-bin.
	BaseURL string
	CorpID  string
	// Secret returns the app secret. It is called before each call, so that a new
	// secret is used as soon as there is one.
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
	// Titles makes the client read the titles of recordings, which may be secret.
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

// NewClient returns a client. It makes no call.
func NewClient(c Config) *Client {
	if c.Transport == nil {
		c.Transport = http.DefaultTransport
	}
	if c.Observer == nil {
		c.Observer = IgnoreCalls{}
	}
	client := &Client{
		corpID:    c.CorpID,
		transport: &transport{baseURL: c.BaseURL, userAgent: c.UserAgent, next: c.Transport},
		limits:    c.Limits,
		limiter:   newLimiter(c.Concurrency),
		observer:  c.Observer,
		titles:    c.Titles,
	}
	client.tokens = &tokenSource{
		fetch:    client.fetchToken,
		secret:   c.Secret,
		observer: c.Observer,
		turn:     make(chan struct{}, 1),
	}
	return client
}

// Limits returns the limits that the client shares with others.
func (c *Client) Limits() *Limits { return c.limits }

// Inherit takes over the access token of another client, of the same corp ID and
// API, and what is remembered of refused secrets. It must be called before any
// other method.
func (c *Client) Inherit(other *Client) { c.tokens.inherit(other.tokens) }

// SecretChanged reports whether the app secret differs from the one with which a
// token was last asked for, so that asking again at once may succeed.
func (c *Client) SecretChanged() bool { return c.tokens.secretChanged() }

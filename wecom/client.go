// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
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
	corpID   string
	observer Observer
	limiter  *limiter
	skew     skew

	configuring sync.Mutex // held by ApplyConfig
	settings    atomic.Pointer[settings]
}

// Settings are what ApplyConfig replaces. They are immutable.
type settings struct {
	transport *transport
	limits    *Limits
	titles    bool
	app       *credentials
	tokens    *tokenSource  // shared by successive settings of the same base URL
	replaced  chan struct{} // closed when other settings are in force
}

// errReplaced means that other settings came into force during a wait.
var errReplaced = errors.New("the configuration was replaced")

// NewClient returns a client. It makes no call.
func NewClient(config Config) *Client {
	c := &Client{corpID: config.CorpID, observer: config.Observer, limiter: newLimiter(config.Concurrency)}
	if c.observer == nil {
		c.observer = IgnoreCalls{}
	}
	c.settings.Store(c.newSettings(config, newTokenSource(c.observer)))
	return c
}

// ApplyConfig makes the client go on with another configuration of the same app.
// HTTP exchanges in flight finish on the old one. Those that begin later follow the
// new one, retries and later pages included. If BaseURL changes, a list of which a
// page was read ends with an error instead.
//
// The access token and what is remembered of refused secrets stay if BaseURL is
// unchanged, and are dropped otherwise. CorpID and Observer stay those of
// [NewClient]. The old Transport is not closed.
func (c *Client) ApplyConfig(config Config) {
	c.configuring.Lock()
	defer c.configuring.Unlock()
	old := c.settings.Load()
	tokens := old.tokens
	if config.BaseURL != old.transport.baseURL {
		tokens = newTokenSource(c.observer)
	}
	c.settings.Store(c.newSettings(config, tokens))
	close(old.replaced)
	c.limiter.setMax(config.Concurrency)
}

func (c *Client) newSettings(config Config, tokens *tokenSource) *settings {
	if config.Transport == nil {
		config.Transport = http.DefaultTransport
	}
	s := &settings{
		transport: &transport{
			baseURL:   config.BaseURL,
			userAgent: config.UserAgent,
			next:      config.Transport,
			observer:  c.observer,
			limits:    config.Limits,
			skew:      &c.skew,
		},
		limits:   config.Limits,
		titles:   config.Titles,
		tokens:   tokens,
		replaced: make(chan struct{}),
	}
	s.app = &credentials{corpID: c.corpID, secret: config.Secret, transport: s.transport, replaced: s.replaced}
	return s
}

// Limits returns the limits that the client shares with others.
func (c *Client) Limits() *Limits { return c.settings.Load().limits }

// Authenticate asks for an access token unless there is one. Every other call does so by
// itself; it is for those who want to know whether that works.
func (c *Client) Authenticate(ctx context.Context) error {
	s := c.settings.Load()
	_, err := s.tokens.get(ctx, s.app)
	return err
}

// CheckSecret returns why the app secret cannot be read; nil if it can. In the meantime the
// last one that could be read is used.
func (c *Client) CheckSecret() error {
	_, err := c.settings.Load().app.secret()
	return err
}

// SecretChanged reports whether the app secret differs from the one with which a
// token was last asked for, so that asking again at once may succeed.
func (c *Client) SecretChanged() bool {
	s := c.settings.Load()
	return s.tokens.secretChanged(s.app)
}

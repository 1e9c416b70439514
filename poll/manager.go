// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package poll lists the recordings of one or more corps in the background. It knows whose
// an error is and when there is an outage, follows another configuration in place, and
// publishes what is known, committed to the store first.
package poll

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	promconfig "github.com/prometheus/common/config"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/commit"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// Options are what a [Manager] needs besides the configuration.
type Options struct {
	Logger    log.Logger
	UserAgent string
	// Transport makes all calls, unless it is nil. By default the HTTP client that is
	// configured for the corp does.
	Transport http.RoundTripper
	// Titles has the titles of recordings kept in memory, for [Manager.Recordings].
	Titles bool
	// KeepLookback goes on with the lookback of what was stored, in place of the configured one.
	KeepLookback bool
	// Observer returns who observes the calls for a corp. It may be nil, and return nil.
	Observer func(corp string) Observer
	// Changes is called when changes may be shown, with the view of that moment: each change comes
	// once, without a title, in the order of the numbers. It may be nil.
	Changes func(*View, []Change)
}

// A Manager owns the corps.
type Manager struct {
	options Options
	store   store.Store

	applying sync.Mutex    // held while corps are started, stopped or changed
	ended    bool          // Run has ended; guarded by applying
	ending   chan struct{} // closed when Run is about to end
	copying  chan struct{} // holds a value while a snapshot is written

	mu        sync.Mutex
	corps     []*corp // by name
	committer *commit.Committer
	limits    map[limitsKey]*wecom.Limits
	metrics   *config.Metrics
	start     func(*corp) // nil: the manager does not run

	subscribers []func(*View)
	view        atomic.Pointer[View]
}

// NewManager returns a manager for a configuration. Nothing is polled before
// [Manager.Run]. What was stored of the corps is known at once.
func NewManager(cfg *config.Config, options Options) (*Manager, error) {
	m := &Manager{
		options: options,
		store:   store.InMemory(),
		ending:  make(chan struct{}),
		copying: make(chan struct{}, 1),
		limits:  map[limitsKey]*wecom.Limits{},
	}
	var stored inventories
	if cfg.StoragePath != "" {
		var err error
		m.store, err = store.Open(cfg.StoragePath, store.Options{
			Logger: options.Logger, Migrations: migrations(), Load: stored.load,
		})
		if err != nil {
			return nil, err
		}
	}
	m.committer = commit.New(m.store, options.Logger)
	if options.Changes != nil {
		m.committer.Changes().Keep()
	}
	stored.raise(m.committer.Changes())
	prepared, err := m.prepare(cfg, stored)
	if err == nil {
		err = stored.deleteAbandoned(m.store, time.Now())
	}
	clear(stored) // The store keeps the function that fills it.
	if err != nil {
		m.closeStore(context.Background())
		return nil, err
	}
	m.apply(cfg, prepared)
	m.publish(context.Background(), time.Now())
	return m, nil
}

// Run polls until the context ends. It returns when everything that it started has ended,
// and what is known is stored, unless the disk takes longer than [commit.Patience]. It can be
// called once.
func (m *Manager) Run(ctx context.Context) {
	m.applying.Lock()
	m.mu.Lock()
	m.start = func(c *corp) { c.start(ctx) }
	for _, c := range m.corps {
		m.start(c)
	}
	m.mu.Unlock()
	m.applying.Unlock()

	m.publishUntil(ctx)

	close(m.ending)
	m.applying.Lock()
	defer m.applying.Unlock()
	m.ended = true
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commit.Patience)
	defer cancel()
	for _, c := range m.current() {
		c.stop()
	}
	m.publishLast(ctx, time.Now())
	m.closeStore(ctx)
}

// errEnded means that a configuration comes too late.
var errEnded = errors.New("the exporter is stopping")

// ApplyConfig goes on with another configuration. Corps that are still configured, by name
// and corp ID, are the same as before: they keep all that they know, and polls go on. On
// an error nothing has changed.
func (m *Manager) ApplyConfig(cfg *config.Config) error {
	m.applying.Lock()
	defer m.applying.Unlock()
	if m.ended {
		return errEnded
	}
	prepared, err := m.prepare(cfg, nil)
	if err != nil {
		return err
	}
	m.stopOthers(prepared)
	m.apply(cfg, prepared)
	return nil
}

// A preparedCorp holds what is made for a corp before a configuration is applied: every step
// that can fail comes before the first change.
type preparedCorp struct {
	config    config.Corp
	transport http.RoundTripper
	corp      *corp                // nil: there is none yet
	inventory *inventory.Inventory // of one that there is not yet; nil: nothing was stored of it
}

func (m *Manager) prepare(cfg *config.Config, stored inventories) ([]preparedCorp, error) {
	list := make([]preparedCorp, 0, len(cfg.Corps))
	for _, c := range cfg.Corps {
		p := preparedCorp{config: c, corp: m.find(keyOf(c))}
		var err error
		if p.transport, err = m.transportOf(c); err != nil {
			return nil, err
		}
		if p.corp == nil {
			if p.inventory, err = stored.take(m.committer, keyOf(c)); err != nil {
				return nil, err
			}
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b preparedCorp) int { return strings.Compare(a.config.Name, b.config.Name) })
	return list, nil
}

func (m *Manager) transportOf(c config.Corp) (http.RoundTripper, error) {
	if m.options.Transport != nil {
		return m.options.Transport, nil
	}
	transport, err := promconfig.NewRoundTripperFromConfig(c.HTTPClientConfig, "wecom")
	if err != nil {
		return nil, fmt.Errorf("corp %s: setting up the HTTP client: %w", c.Name, err)
	}
	return transport, nil
}

func (m *Manager) find(key corpKey) *corp {
	for _, c := range m.current() {
		if c.key == key {
			return c
		}
	}
	return nil
}

func (m *Manager) current() []*corp {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.corps
}

// stopOthers stops the corps that are not among the prepared ones. What they know is stored
// with the next commit.
func (m *Manager) stopOthers(prepared []preparedCorp) {
	for _, c := range m.current() {
		if !slices.ContainsFunc(prepared, func(p preparedCorp) bool { return p.corp == c }) {
			c.stop()
			m.committer.Leave(c.part)
			c.closeObserver()
		}
	}
}

// apply puts prepared corps in the place of the current ones.
func (m *Manager) apply(cfg *config.Config, prepared []preparedCorp) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.limits
	m.limits = map[limitsKey]*wecom.Limits{}
	corps := make([]*corp, 0, len(prepared))
	for _, p := range prepared {
		s := settings{
			config:    p.config,
			poll:      cfg.Poll,
			shard:     cfg.Shard,
			transport: p.transport,
			limits:    m.limitsOf(p.config, before, cfg.Poll.MaxRequestsPerMinute),
		}
		c := p.corp
		if c == nil {
			c = m.newCorp(s, p.inventory)
			m.committer.Return(c.part.Group)
			if m.start != nil {
				m.start(c)
			}
		} else {
			c.applyConfig(s)
		}
		c.inventory.SetChangesRetention(cfg.ChangesRetention)
		corps = append(corps, c)
	}
	metrics := cfg.Metrics
	m.corps, m.metrics = corps, &metrics
}

// A limitsKey identifies what WeCom counts calls for.
type limitsKey struct{ corpID, host string }

// limitsOf returns the limits of a corp, which it may share with others. The lock is held.
func (m *Manager) limitsOf(c config.Corp, before map[limitsKey]*wecom.Limits, budget int) *wecom.Limits {
	host := c.APIURL
	if u, err := url.Parse(c.APIURL); err == nil {
		host = strings.ToLower(u.Host)
	}
	key := limitsKey{c.CorpID, host}
	if m.limits[key] == nil {
		m.limits[key] = before[key]
	}
	if m.limits[key] == nil {
		m.limits[key] = wecom.NewLimits(budget)
	}
	m.limits[key].SetBudget(budget)
	return m.limits[key]
}

func (m *Manager) closeStore(ctx context.Context) {
	err := m.committer.Close(ctx)
	switch {
	case errors.Is(err, commit.ErrSlow):
		level.Error(m.options.Logger).Log("msg", "the last changes may not have been stored; they will be counted again "+
			"after the next start if WeCom still lists them", "err", err)
	case err != nil:
		level.Error(m.options.Logger).Log("msg", "closing the store failed", "err", err)
	}
}

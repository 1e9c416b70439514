// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log/level"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/accepted"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	demoSeed    = 1
	demoMembers = 60 // about 40 of them host meetings
	demoQuota   = 4 << 40
	// The simulated company changes quickly, and short intervals make that visible
	// in graphs.
	demoInterval     = "15s"
	demoIdleInterval = "1m"
	demoRetention    = 30 * 24 * time.Hour // a day less than the lookback
)

// demoPolicy returns the rules of a made-up company. A recording and a file of its history are
// exposed on purpose.
func demoPolicy(now time.Time) config.Policy {
	return config.Policy{
		Retention: demoRetention,
		Accepted: []accepted.Entry{
			{ID: "wr0d53101e1ad30426", Reason: "public training", Until: now.UTC().Truncate(24*time.Hour).AddDate(0, 2, 0)},
			{ID: "wf611b0af85eb303bc", Reason: "town hall"},
		},
	}
}

// addDemo adds the command that serves metrics of simulated companies. Its calls
// to WeCom stay in the process.
func addDemo(_ *kingpin.CmdClause, f *flags) action {
	return func(ctx context.Context, out *output) error {
		level.Info(out.logger).Log("msg", "this is a demo: the company and its recordings are made up")
		return newDemo(f, out).run(ctx)
	}
}

// newDemo returns an exporter of simulated companies.
func newDemo(f *flags, out *output) *exporter {
	simulation := config.Simulation{
		CorpID:       wecomtest.DefaultCorpID,
		Secret:       wecomtest.DefaultSecret,
		AgentID:      wecomtest.DefaultAgentID,
		QuotaBytes:   demoQuota,
		Departments:  wecomtest.DemoDepartments(),
		Policy:       demoPolicy(time.Now()),
		Interval:     demoInterval,
		IdleInterval: demoIdleInterval,
	}
	var companies companies
	return &exporter{
		flags: f,
		out:   out,
		load: func() (*config.Config, error) {
			cfg, err := f.config.LoadSimulated(simulation)
			if err != nil {
				return nil, err
			}
			for i := range cfg.Corps {
				cfg.Corps[i].APIURL = companies.url(cfg.Corps[i].Name)
			}
			return cfg, nil
		},
		transport:  &companies,
		api:        &companies,
		newManager: poll.NewManager,
	}
}

// companies are a simulated WeCom for each corp, by its name. A corp that is gone
// after a reload keeps its own, and finds it again. They are safe for concurrent use.
type companies struct {
	mu      sync.Mutex
	hosts   map[string]string // by name
	servers map[string]*wecomtest.Server
}

// url returns the address of the company of a corp, and makes one if there is none.
func (c *companies) url(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	host, ok := c.hosts[name]
	if !ok {
		if c.hosts == nil {
			c.hosts, c.servers = make(map[string]string), make(map[string]*wecomtest.Server)
		}
		n := len(c.hosts)
		host = hostOfCompany(n)
		c.hosts[name] = host
		server := wecomtest.DemoServer(wecomtest.Config{RequestLog: -1}, demoSeed+uint64(n), demoMembers)
		server.Fail(membersWhoLeft())
		c.servers[host] = server
	}
	return "https://" + host
}

// membersWhoLeft has the company no longer know two members, who host no meetings, so that some
// targets fail. They are known for the first minutes: a demo that has just started is well.
func membersWhoLeft() wecomtest.Fault {
	const polls = 6 // of both, one a minute each
	return wecomtest.Fault{
		Endpoint: "meeting/record/list",
		Errcode:  60111,
		Match:    func(r wecomtest.Request) bool { return r.Target == "gaoming" || r.Target == "zhouyang" },
		After:    polls,
	}
}

// ServeHTTP serves the API of the first company, for commands that have no account to try on.
func (c *companies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	server := c.servers[hostOfCompany(0)]
	c.mu.Unlock()
	server.ServeHTTP(w, r)
}

// hostOfCompany returns the host of a company by its number. No such host ever exists (RFC 2606).
func hostOfCompany(n int) string { return fmt.Sprintf("company%d.invalid", n+1) }

// RoundTrip implements http.RoundTripper.
func (c *companies) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	server := c.servers[r.URL.Host]
	c.mu.Unlock()
	if server == nil {
		return nil, fmt.Errorf("the demo has no company at %s", r.URL.Host)
	}
	return server.RoundTrip(r)
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package exposition serves metrics in every format and encoding that Prometheus asks for.
package exposition

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/limit"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/web/query"
)

// Inventory provides the metrics of the recordings.
type Inventory interface {
	// Snapshot returns them as they are now.
	Snapshot() *collector.Snapshot
}

// A handler serves metrics. The inventory may have hundreds of thousands, and
// they change far less often than they are scraped. Each encoding of them is
// therefore cached until they change. The few metrics of the registry are gathered
// at each scrape and appended.
type handler struct {
	logger    log.Logger
	inventory Inventory
	registry  prometheus.Gatherer
	accepted  []expfmt.Format
	uncached  *limit.Turns

	mu     sync.Mutex
	bodies map[variant]*cached
}

// A cached is the body of a variant that was last asked for.
type cached struct {
	version uint64
	body    func() (*body, error)
	asked   time.Time
}

// keptFor is how long the body of an earlier snapshot is kept for what does not change. Nobody
// who scrapes asks less often.
const keptFor = 10 * time.Minute

// A variant is a key of the cache. It ignores the versions of a format and the
// ways to escape names, because the names of this exporter are the same in all.
type variant struct {
	format   expfmt.FormatType
	encoding promhttp.Compression
}

// uncachedAtOnce is how many answers that are not cached are made and written at once: each
// encodes up to hundreds of thousands of metrics, in 50 MB.
const uncachedAtOnce = 1

// isCached reports whether a body of the variant is worth keeping.
func (v variant) isCached() bool {
	switch v.format {
	case expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim:
		return true
	default:
		return false // Nothing but a person who debugs asks for it.
	}
}

// New returns the handler of an inventory, and of a registry that is gathered at each
// scrape. The two must not hold a family of the same name.
func New(logger log.Logger, inventory Inventory, registry prometheus.Gatherer) http.Handler {
	return &handler{
		logger:    logger,
		inventory: inventory,
		registry:  registry,
		accepted:  expfmt.DefaultOpenMetricsAcceptedFormats(),
		uncached:  limit.NewTurns(uncachedAtOnce),
		bodies:    map[variant]*cached{},
	}
}

// ServeHTTP implements http.Handler. The parameter name[] selects families by name;
// others are ignored.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	names, err := metricNames(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	contentType := expfmt.NegotiateAccept(r.Header, h.accepted...)
	v := variant{contentType.FormatType(), negotiateEncoding(r.Header["Accept-Encoding"])}
	isCached := names == nil && v.isCached()
	if !isCached { // The turn goes on while it is written.
		endTurn, ok := h.uncached.Take(r.Context())
		if !ok {
			limit.Busy(w)
			return
		}
		defer endTurn()
	}
	end := getBuffer()
	defer buffers.Put(end)
	start, err := h.start(v, names, isCached)
	if err == nil {
		err = h.finish(end, start, v.format, names)
	}
	header := w.Header()
	header.Set("Vary", "Accept, Accept-Encoding")
	if err != nil {
		level.Error(h.logger).Log("msg", "serving metrics failed", "err", err)
		http.Error(w, "An error has occurred while serving metrics: "+err.Error(), http.StatusInternalServerError)
		return
	}
	header.Set("Content-Type", string(contentType))
	if v.encoding != promhttp.Identity {
		header.Set("Content-Encoding", string(v.encoding))
	}
	header.Set("Content-Length", strconv.Itoa(len(start.start)+end.Len()))
	// Writing fails only if the client has gone.
	if _, err := w.Write(start.start); err == nil {
		_, _ = w.Write(end.Bytes())
	}
}

// metricNames returns the values of name[] in a query, or nil if all metrics are
// asked for.
func metricNames(rawQuery string) ([]string, error) {
	if rawQuery == "" {
		return nil, nil
	}
	values, err := query.Split(rawQuery)
	return values["name[]"], err
}

// withNames returns the families with the names; nil means all of them.
func withNames(families []*dto.MetricFamily, names []string) []*dto.MetricFamily {
	if names == nil {
		return families
	}
	var selected []*dto.MetricFamily
	for _, family := range families {
		if slices.Contains(names, family.GetName()) {
			selected = append(selected, family)
		}
	}
	return selected
}

// start returns the body of the inventory's metrics, from the cache if it is one
// that many ask for.
func (h *handler) start(v variant, names []string, isCached bool) (*body, error) {
	if isCached {
		return h.body(v)
	}
	snapshot := h.inventory.Snapshot()
	if names != nil {
		snapshot = collector.NewSnapshot(snapshot.Version, withNames(snapshot.Gather(), names))
	}
	return newBody(v, snapshot, nil, 1)
}

// finish writes what follows the start of a response: the metrics of the registry.
func (h *handler) finish(end *bytes.Buffer, start *body, format expfmt.FormatType, names []string) error {
	live, err := h.registry.Gather()
	if err != nil {
		return fmt.Errorf("gathering: %w", err)
	}
	if format == expfmt.TypeOpenMetrics {
		live = slices.DeleteFunc(live, func(f *dto.MetricFamily) bool { return f.GetName() == clashing })
	}
	rest := getBuffer()
	defer buffers.Put(rest)
	if err := encode(rest, expfmt.NewFormat(format), withNames(live, names), true); err != nil {
		return err
	}
	return start.finish(end, rest.Bytes())
}

// buffers holds *bytes.Buffer.
var buffers sync.Pool

// getBuffer returns an empty buffer; the caller puts it back into buffers.
func getBuffer() *bytes.Buffer {
	buffer, ok := buffers.Get().(*bytes.Buffer)
	if !ok {
		return new(bytes.Buffer)
	}
	buffer.Reset()
	return buffer
}

// body returns the cached body of the inventory's metrics. The first caller for a
// version and variant encodes it, and the others wait.
func (h *handler) body(v variant) (*body, error) {
	h.mu.Lock()
	// Read under the lock, so that an earlier version cannot replace a later one.
	snapshot, now := h.inventory.Snapshot(), time.Now()
	c := h.bodies[v]
	if c == nil || c.version != snapshot.Version {
		earlier := c
		c = &cached{version: snapshot.Version, body: sync.OnceValues(func() (*body, error) {
			return newBody(v, snapshot, earlier.finished(), runtime.GOMAXPROCS(0))
		})}
		h.bodies[v] = c
	}
	c.asked = now
	maps.DeleteFunc(h.bodies, func(v variant, c *cached) bool {
		return c.version != snapshot.Version && (v.encoding != promhttp.Gzip || now.Sub(c.asked) > keptFor)
	})
	h.mu.Unlock()
	return c.body()
}

// finished returns the body; nil if there is none.
func (c *cached) finished() *body {
	if c == nil {
		return nil
	}
	b, _ := c.body() // After an error, nothing is kept.
	return b
}

// clashing is left out of OpenMetrics: there, this counter and the gauge
// go_memstats_alloc_bytes are one family.
const clashing = "go_memstats_alloc_bytes_total"

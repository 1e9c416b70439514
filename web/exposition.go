// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // offers zstd
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// An exposition serves metrics. The inventory may have hundreds of thousands, and
// they change far less often than they are scraped. Each encoding of them is
// therefore cached until they change. The few metrics of the registry are gathered
// at each scrape and appended.
type exposition struct {
	logger    log.Logger
	inventory Inventory
	registry  prometheus.Gatherer
	accepted  []expfmt.Format
	// uncached serves the requests that are too rare to keep a body for.
	uncached http.Handler

	mu      sync.Mutex
	version uint64
	bodies  map[variant]func() (*body, error) // of that version
}

// A variant is a key of the cache. It ignores the versions of a format and the
// ways to escape names, because the names of this exporter are the same in all.
type variant struct {
	format   expfmt.FormatType
	encoding promhttp.Compression
}

// canonical returns the format in which bodies of type t are cached, and whether
// they are cached.
func canonical(t expfmt.FormatType) (expfmt.Format, bool) {
	switch t {
	case expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim:
		return expfmt.NewFormat(t), true
	default:
		return "", false
	}
}

// newMetricsHandler returns the handler of the exposition.
func newMetricsHandler(o *Options) http.Handler {
	e := &exposition{
		logger:    o.Logger,
		inventory: o.Inventory,
		registry:  o.Registry,
		accepted:  expfmt.DefaultOpenMetricsAcceptedFormats(),
		uncached: promhttp.HandlerForTransactional(gatherer{o.Registry, o.Inventory}, promhttp.HandlerOpts{
			ErrorLog:          errorLog{o.Logger},
			ErrorHandling:     promhttp.HTTPErrorOnError,
			EnableOpenMetrics: true,
			// A counter that starts above 0 looks like a jump without its created timestamp.
			EnableOpenMetricsTextCreatedSamples: true,
		}),
	}
	handler := limitRequests(e, o.MaxRequests)
	if o.ExporterMetrics {
		return promhttp.InstrumentMetricHandler(o.Registry, handler)
	}
	return handler
}

// limitRequests serves up to limit requests at once and answers the others with
// 503; 0 means no limit.
func limitRequests(handler http.Handler, limit int) http.Handler {
	if limit == 0 {
		return handler
	}
	inFlight := make(chan struct{}, limit)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case inFlight <- struct{}{}:
			defer func() { <-inFlight }()
			handler.ServeHTTP(w, r)
		default:
			message := fmt.Sprintf("%d scrapes are being answered already, as many as --web.max-requests allows: "+
				"try again later.", limit)
			http.Error(w, message, http.StatusServiceUnavailable)
		}
	})
}

// ServeHTTP implements http.Handler.
func (e *exposition) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	contentType := expfmt.NegotiateAccept(r.Header, e.accepted...)
	format, isCached := canonical(contentType.FormatType())
	encoding, isPlain := encodingFor(r.Header["Accept-Encoding"])
	if !isCached || !isPlain || r.URL.RawQuery != "" {
		e.uncached.ServeHTTP(w, r)
		return
	}
	end := getBuffer()
	defer buffers.Put(end)
	cached, err := e.body(variant{contentType.FormatType(), encoding})
	if err == nil {
		err = e.finish(end, cached, format)
	}
	if err != nil {
		level.Error(e.logger).Log("msg", "serving metrics failed", "err", err)
		http.Error(w, "An error has occurred while serving metrics: "+err.Error(), http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header["Vary"] = []string{"Accept", "Accept-Encoding"}
	header.Set("Content-Type", string(contentType))
	if encoding != promhttp.Identity {
		header.Set("Content-Encoding", string(encoding))
	}
	header.Set("Content-Length", strconv.Itoa(len(cached.start)+end.Len()))
	// Writing fails only if the client has gone.
	if _, err := w.Write(cached.start); err == nil {
		_, _ = w.Write(end.Bytes())
	}
}

// finish writes what follows a cached body: the metrics of the registry.
func (e *exposition) finish(end *bytes.Buffer, cached *body, format expfmt.Format) error {
	live, err := gatherLive(e.registry)
	if err != nil {
		return err
	}
	rest := getBuffer()
	defer buffers.Put(rest)
	if err := encode(rest, format, live, true); err != nil {
		return err
	}
	return cached.finish(end, rest.Bytes())
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

// encodingFor returns the encoding for the values of Accept-Encoding, and whether
// they are plain: a single header without weights or wildcards, as scrapers send.
func encodingFor(header []string) (encoding promhttp.Compression, isPlain bool) {
	encoding = promhttp.Identity
	if len(header) > 1 || len(header) == 1 && strings.ContainsAny(header[0], ";*") {
		return encoding, false
	}
	for _, value := range header {
		for offered := range strings.SplitSeq(value, ",") {
			switch offered := promhttp.Compression(strings.TrimSpace(offered)); offered {
			case promhttp.Identity:
				return encoding, false // The client excludes compression.
			case promhttp.Gzip:
				encoding = offered
			case promhttp.Zstd:
				if encoding != promhttp.Gzip {
					encoding = offered
				}
			}
		}
	}
	return encoding, true
}

// body returns the cached body of the inventory's metrics. The first caller for a
// version and variant encodes it, and the others wait.
func (e *exposition) body(v variant) (*body, error) {
	e.mu.Lock()
	// Read under the lock, so that an earlier version cannot replace a later one.
	families, version := e.inventory.Families()
	if e.bodies == nil || e.version != version {
		e.version, e.bodies = version, map[variant]func() (*body, error){}
	}
	get := e.bodies[v]
	if get == nil {
		get = sync.OnceValues(func() (*body, error) { return newBody(v, families) })
		e.bodies[v] = get
	}
	e.mu.Unlock()
	return get()
}

// clashing is left out: in OpenMetrics, this counter and the gauge
// go_memstats_alloc_bytes are one family.
const clashing = "go_memstats_alloc_bytes_total"

// gatherLive gathers the metrics of the registry.
func gatherLive(registry prometheus.Gatherer) ([]*dto.MetricFamily, error) {
	live, err := registry.Gather()
	isClashing := func(f *dto.MetricFamily) bool { return f.GetName() == clashing }
	return slices.DeleteFunc(live, isClashing), err
}

// A gatherer merges the families of the registry with those of the inventory,
// which all scrapes share.
type gatherer struct {
	registry  prometheus.Gatherer
	inventory Inventory
}

// Gather implements prometheus.TransactionalGatherer.
func (g gatherer) Gather() (families []*dto.MetricFamily, done func(), err error) {
	live, err := gatherLive(g.registry)
	shared, _ := g.inventory.Families()
	families = slices.Concat(live, shared)
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int {
		return strings.Compare(a.GetName(), b.GetName())
	})
	return families, func() {}, err
}

// An errorLog is a promhttp.Logger.
type errorLog struct{ logger log.Logger }

// Println implements promhttp.Logger.
func (l errorLog) Println(v ...any) {
	level.Error(l.logger).Log("msg", "serving metrics failed", "err", strings.TrimSpace(fmt.Sprintln(v...)))
}

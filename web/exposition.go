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

// An exposition serves metrics. There may be hundreds of thousands of the
// inventory, and they change far less often than they are scraped, so each body
// of them is made once. Those of the registry, which are few and always new, come
// behind it.
type exposition struct {
	logger    log.Logger
	inventory Inventory
	registry  prometheus.Gatherer
	accepted  []expfmt.Format
	// ordinary answers what is seldom asked for.
	ordinary http.Handler

	mu      sync.Mutex
	version uint64
	bodies  map[variant]func() (*body, error) // of that version
}

// A variant is one way to write the same metrics. The versions of a format and
// the ways to escape names make no difference to the names of this exporter.
type variant struct {
	format   expfmt.FormatType
	encoding promhttp.Compression
}

// canonical are the formats of which bodies are kept.
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
		logger: o.Logger, inventory: o.Inventory, registry: o.Registry,
		accepted: expfmt.DefaultOpenMetricsAcceptedFormats(),
		ordinary: promhttp.HandlerForTransactional(gatherer{o.Registry, o.Inventory}, promhttp.HandlerOpts{
			ErrorLog:          errorLog{o.Logger},
			ErrorHandling:     promhttp.HTTPErrorOnError,
			EnableOpenMetrics: true,
			// Without these, a counter that starts above 0 looks like a jump.
			EnableOpenMetricsTextCreatedSamples: true,
		}),
	}
	handler := limitRequests(e, o.MaxRequests)
	if o.ExporterMetrics {
		return promhttp.InstrumentMetricHandler(o.Registry, handler)
	}
	return handler
}

// limitRequests answers only so many requests at once; 0 is no limit.
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
			http.Error(w, fmt.Sprintf("%d scrapes are being answered already, as many as --web.max-requests allows: try again later.", limit),
				http.StatusServiceUnavailable)
		}
	})
}

// ServeHTTP implements http.Handler.
func (e *exposition) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	contentType := expfmt.NegotiateAccept(r.Header, e.accepted...)
	format, isKept := canonical(contentType.FormatType())
	encoding, isPlain := encodingFor(r.Header["Accept-Encoding"])
	if !isKept || !isPlain || r.URL.RawQuery != "" {
		e.ordinary.ServeHTTP(w, r)
		return
	}
	end := buffers.Get().(*bytes.Buffer) //nolint:forcetypeassert,revive // Nothing else is put.
	defer buffers.Put(end)
	end.Reset()
	kept, err := e.body(variant{contentType.FormatType(), encoding})
	if err == nil {
		err = e.finish(end, kept, format)
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
	header.Set("Content-Length", strconv.Itoa(len(kept.start)+end.Len()))
	// Who went away need not be told that writing failed.
	if _, err := w.Write(kept.start); err == nil {
		_, _ = w.Write(end.Bytes())
	}
}

// finish writes what comes behind a kept body: the metrics of the registry.
func (e *exposition) finish(end *bytes.Buffer, kept *body, format expfmt.Format) error {
	live, err := gatherLive(e.registry)
	if err != nil {
		return err
	}
	rest := buffers.Get().(*bytes.Buffer) //nolint:forcetypeassert,revive // Nothing else is put.
	defer buffers.Put(rest)
	rest.Reset()
	if err := encode(rest, format, live, true); err != nil {
		return err
	}
	return kept.finish(end, rest.Bytes())
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// encodingFor returns the encoding to answer with. It tells too whether the header
// is one of the plain ones that scrapers send, without weights or wildcards.
func encodingFor(header []string) (encoding promhttp.Compression, isPlain bool) {
	encoding = promhttp.Identity
	if len(header) > 1 || len(header) == 1 && strings.ContainsAny(header[0], ";*") {
		return encoding, false
	}
	for _, value := range header {
		for offered := range strings.SplitSeq(value, ",") {
			switch offered := promhttp.Compression(strings.TrimSpace(offered)); offered {
			case promhttp.Identity:
				return encoding, false // Someone has a wish.
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

// body returns the body of the inventory's metrics in a variant. It is made at
// most once for each version, by whoever asks first.
func (e *exposition) body(v variant) (*body, error) {
	e.mu.Lock()
	// Read under the lock, so that nobody puts an earlier version back.
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

// To OpenMetrics this counter and the gauge go_memstats_alloc_bytes are one family.
const clashing = "go_memstats_alloc_bytes_total"

func gatherLive(registry prometheus.Gatherer) ([]*dto.MetricFamily, error) {
	live, err := registry.Gather()
	return slices.DeleteFunc(live, func(f *dto.MetricFamily) bool { return f.GetName() == clashing }), err
}

// A gatherer joins what is gathered at each scrape to the families of the
// inventory, which are made once and shared by all scrapes.
type gatherer struct {
	registry  prometheus.Gatherer
	inventory Inventory
}

// Gather implements prometheus.TransactionalGatherer.
func (g gatherer) Gather() (families []*dto.MetricFamily, done func(), err error) {
	live, err := gatherLive(g.registry)
	kept, _ := g.inventory.Families()
	families = slices.Concat(live, kept)
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return families, func() {}, err
}

// An errorLog lets promhttp log.
type errorLog struct{ logger log.Logger }

// Println implements promhttp.Logger.
func (l errorLog) Println(v ...any) {
	level.Error(l.logger).Log("msg", "serving metrics failed", "err", strings.TrimSpace(fmt.Sprintln(v...)))
}

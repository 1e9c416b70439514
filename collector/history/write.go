// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
)

// Write writes the history as OpenMetrics: one family after the other, and the samples of
// each series in the order of time. It calls wrote with the number of samples of each series
// that it has written. When the context ends, it returns its cause.
func (h *History) Write(ctx context.Context, to io.Writer, wrote func(samples int)) error {
	h.sort()
	w := &writer{w: bufio.NewWriterSize(to, writeBuffer), grid: h.grid}
	family := ""
	for i := range h.metrics {
		if h.metrics[i].Name == family {
			continue
		}
		family = h.metrics[i].Name
		w.header(&h.metrics[i].Definition)
		for _, c := range h.corps {
			for _, of := range c.sorted {
				for m := i; m < len(h.metrics) && h.metrics[m].Name == family; m++ {
					if ctx.Err() != nil {
						return context.Cause(ctx)
					}
					wrote(w.hostSeries(c, of, &h.metrics[m]))
					if w.err != nil {
						return w.err
					}
				}
			}
		}
	}
	w.header(&collector.FilesByAge)
	for _, c := range h.corps {
		for age := range c.ages {
			wrote(w.ageSeries(c, recording.Age(age)))
		}
	}
	w.write([]byte("# EOF\n"))
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

const writeBuffer = 1 << 16

// A writer writes samples. After an error it writes no more.
type writer struct {
	w      *bufio.Writer
	grid   Grid
	prefix []byte // of the lines of a series, up to the timestamp
	named  int    // the part of it that the name and the labels take
	line   []byte
	err    error
}

func (w *writer) write(line []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(line)
	}
}

// escapes are those of help texts and of values of labels.
var escapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

// header begins a family, whose name lacks what the samples of a counter end in.
func (w *writer) header(d *collector.Definition) {
	name := strings.TrimSuffix(d.Name, "_total")
	w.write(fmt.Appendf(nil, "# HELP %s %s\n# TYPE %s %s\n", name, escapes.Replace(d.Help), name, d.Type))
}

type label struct{ name, value string }

// begin begins a series. The labels, of which there is at least one, are in the order of
// their names.
func (w *writer) begin(name string, labels ...label) {
	w.prefix = append(w.prefix[:0], name...)
	separator := byte('{')
	for _, l := range labels {
		w.prefix = append(w.prefix, separator)
		w.prefix = append(w.prefix, l.name...)
		w.prefix = append(w.prefix, '=', '"')
		w.prefix = append(w.prefix, escapes.Replace(l.value)...)
		w.prefix = append(w.prefix, '"')
		separator = ','
	}
	w.prefix = append(w.prefix, "} "...)
	w.named = len(w.prefix)
}

// value sets the value of the samples that follow.
func (w *writer) value(v float64) {
	w.prefix = w.prefix[:w.named]
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		w.prefix = strconv.AppendInt(w.prefix, int64(v), 10)
	} else {
		w.prefix = strconv.AppendFloat(w.prefix, v, 'g', -1, 64)
	}
	w.prefix = append(w.prefix, ' ')
}

// sample writes a sample.
func (w *writer) sample(i int32) {
	at := w.grid.at(i)
	w.line = append(w.line[:0], w.prefix...)
	w.line = strconv.AppendInt(w.line, int64(at/1000), 10)
	w.line = append(w.line, '\n')
	w.write(w.line)
}

// hostSeries writes a series of a host, and returns how many samples it has.
func (w *writer) hostSeries(c *corp, of *host, m *collector.PastMetric) (samples int) {
	labels := []label{{"corp", c.name}}
	if c.labelOf != nil {
		labels = append(labels, label{"host", of.label})
	}
	if m.State != "" {
		labels = append(labels, label{"state", m.State})
	}
	w.begin(m.Name, labels...)
	s := newSweep(of)
	served := false
	for i := of.first(); i < w.grid.n; i++ {
		if s.advance(i) {
			var value float64
			if value, served = m.Value(&s.sums, &s.totals); served {
				w.value(value)
			}
		}
		if served {
			w.sample(i)
			samples++
		}
	}
	return samples
}

// ageSeries writes the series of an age, and returns how many samples it has.
func (w *writer) ageSeries(c *corp, age recording.Age) (samples int) {
	w.begin(collector.FilesByAge.Name, label{"age", age.String()}, label{"corp", c.name})
	files := int32(0)
	for i := range w.grid.n {
		files += c.ages[age][i]
		w.value(float64(files))
		w.sample(i)
	}
	return int(w.grid.n)
}

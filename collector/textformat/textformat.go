// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package textformat writes gauges and counters in the text formats of Prometheus, byte for byte
// as package expfmt does. It is for the series of many hosts: their labels are escaped once, and a
// sample is a few bytes appended to a slice.
package textformat

import (
	"math"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// A Format is a text format.
type Format int

// The text formats.
const (
	Text        Format = iota // of Prometheus, version 0.0.4 or 1.0.0
	OpenMetrics               // version 0.0.1 or 1.0.0
)

// A Section is a part of an exposition that never changes. It must be comparable: equal sections
// have the same text.
type Section interface {
	// AppendText appends the text, which ends a line.
	AppendText(dst []byte, f Format) ([]byte, error)
}

const (
	totalSuffix   = "_total"
	createdSuffix = "_created"
)

var (
	helpEscaper  = strings.NewReplacer("\\", `\\`, "\n", `\n`)
	valueEscaper = strings.NewReplacer("\\", `\\`, "\n", `\n`, `"`, `\"`)
)

// AppendHead appends the comments before the samples of a family. The name of a counter must end
// in "_total".
func (f Format) AppendHead(dst []byte, name, help string, kind dto.MetricType) []byte {
	escaper := helpEscaper
	if f == OpenMetrics {
		escaper = valueEscaper
		if kind == dto.MetricType_COUNTER {
			name = strings.TrimSuffix(name, totalSuffix)
		}
	}
	dst = append(append(dst, "# HELP "...), name...)
	dst = append(append(dst, ' '), escaper.Replace(help)...)
	dst = append(append(dst, "\n# TYPE "...), name...)
	dst = append(append(dst, ' '), strings.ToLower(kind.String())...)
	return append(dst, '\n')
}

// AppendLabel appends a label to others, or to nothing.
func AppendLabel(labels []byte, name, value string) []byte {
	if len(labels) > 0 {
		labels = append(labels, ',')
	}
	labels = append(append(labels, name...), `="`...)
	return append(append(labels, valueEscaper.Replace(value)...), '"')
}

// AppendSample appends the sample of a gauge or a counter with the labels, of which there is at
// least one: see [AppendLabel]. More is appended to them; it may be empty.
func (f Format) AppendSample(dst []byte, name, labels, more string, value float64) []byte {
	dst = append(append(append(dst, name...), '{'), labels...)
	dst = append(append(dst, more...), "} "...)
	return append(f.appendFloat(dst, value), '\n')
}

// AppendCreated appends the sample with the time at which a counter was created. Only OpenMetrics
// has one.
func (f Format) AppendCreated(dst []byte, name, labels string, created time.Time) []byte {
	if f != OpenMetrics {
		return dst
	}
	dst = append(append(dst, strings.TrimSuffix(name, totalSuffix)...), createdSuffix...)
	return f.AppendSample(dst, "", labels, "", float64(created.UnixNano())/1e9)
}

// firstWithExponent is the first integer that is written with an exponent.
const firstWithExponent = 1_000_000

func (f Format) appendFloat(dst []byte, v float64) []byte {
	if v != math.Trunc(v) || math.Abs(v) >= firstWithExponent {
		return strconv.AppendFloat(dst, v, 'g', -1, 64)
	}
	dst = strconv.AppendInt(dst, int64(v), 10) // Most values are counts.
	if f == OpenMetrics {
		dst = append(dst, ".0"...)
	}
	return dst
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package textformat

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// A family is one with a sample that has the labels host and state.
type family struct {
	help, host, state string
	isCounter         bool
	value             float64
	created           time.Time // of a counter
}

func (x *family) name() string {
	if x.isCounter {
		return "wecom_views_total"
	}
	return "wecom_files"
}

// ours returns what this package writes of a family.
func (x *family) ours(f Format) string {
	kind := dto.MetricType_GAUGE
	if x.isCounter {
		kind = dto.MetricType_COUNTER
	}
	labels := string(AppendLabel(nil, "host", x.host))
	more := string(AppendLabel([]byte(labels), "state", x.state))[len(labels):]
	dst := f.AppendHead(nil, x.name(), x.help, kind)
	dst = f.AppendSample(dst, x.name(), labels, more, x.value)
	if x.isCounter {
		dst = f.AppendCreated(dst, x.name(), labels+more, x.created)
	}
	return string(dst)
}

// theirs returns what expfmt writes of a family.
func (x *family) theirs(tb testing.TB, f Format) string {
	tb.Helper()
	name := x.name()
	m := &dto.Metric{Label: []*dto.LabelPair{{Name: new("host"), Value: &x.host}, {Name: new("state"), Value: &x.state}}}
	all := &dto.MetricFamily{Name: &name, Help: &x.help, Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{m}}
	if x.isCounter {
		all.Type = dto.MetricType_COUNTER.Enum()
		m.Counter = &dto.Counter{Value: &x.value, CreatedTimestamp: timestamppb.New(x.created)}
	} else {
		m.Gauge = &dto.Gauge{Value: &x.value}
	}
	kind := expfmt.TypeTextPlain
	if f == OpenMetrics {
		kind = expfmt.TypeOpenMetrics
	}
	var out bytes.Buffer
	if err := expfmt.NewEncoder(&out, expfmt.NewFormat(kind), expfmt.WithCreatedLines()).Encode(all); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}

// FuzzAgainstExpfmt compares what is written of one sample with what expfmt writes of it.
func FuzzAgainstExpfmt(f *testing.F) {
	for _, value := range []float64{
		0, math.Copysign(0, -1), 1, -1, 0.5, 12, -12, 999_999, 1_000_000, -999_999, -1_000_000, 1_048_576, 1e20, 1e21, 1e300, 1e-7,
		math.MaxInt64, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(), 1767225600.123,
	} {
		f.Add("A help.", "li", "completed", false, value, int64(0))
		f.Add(`A "help" with \ and`+"\nlines", "四\n\"\\", "a,b{}= #", true, value, int64(1_767_225_600_123))
	}
	f.Add("", "", "", true, 7.0, int64(-1))
	f.Fuzz(func(t *testing.T, help, host, state string, isCounter bool, value float64, created int64) {
		created %= 9e12 // UnixNano overflows beyond that.
		utf8 := func(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
		x := &family{
			help: utf8(help), host: utf8(host), state: utf8(state), isCounter: isCounter, value: value,
			created: time.UnixMilli(created),
		}
		for _, format := range []Format{Text, OpenMetrics} {
			if diff := cmp.Diff(x.theirs(t, format), x.ours(format)); diff != "" {
				t.Errorf("format %d (-expfmt +ours):\n%s", format, diff)
			}
		}
	})
}

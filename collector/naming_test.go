// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/sorted"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

var (
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

	plain  = &naming{label: config.HostLabelPlain}
	hashed = &naming{label: config.HostLabelHashed, hashKey: []byte("0123456789abcdef")}
	off    = &naming{label: config.HostLabelOff}
)

// withBytes returns a host with so many bytes held, and ten times as many counted.
func withBytes(name string, bytes int64) *inventory.HostView {
	return &inventory.HostView{
		Host: name, Sums: &sums.Sums{Bytes: bytes, Files: 1}, Totals: ledger.Totals{Bytes: 10 * bytes},
	}
}

// viewOrder makes lists as an inventory does, of small blocks.
var viewOrder = sorted.Order[*inventory.HostView, *sums.Sums]{
	Key: hostOf, Summarize: func([]*inventory.HostView) *sums.Sums { return &sums.Sums{} }, BlockSize: 4,
}

func viewOf(admitted map[string]bool, views ...*inventory.HostView) *poll.CorpView {
	return &poll.CorpView{Name: "acme", View: &inventory.View{
		Listed: true, Settled: true, Birth: noon, Total: &sums.Sums{}, Hosts: viewOrder.Update(hostList{}, views, nil), Admitted: admitted,
	}}
}

// withFolded has 70 bytes counted of hosts that are folded and gone.
func withFolded(v *poll.CorpView) *poll.CorpView {
	v.Folded = ledger.Totals{Bytes: 70, Created: 1}
	return v
}

func TestFold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		naming *naming
		view   *poll.CorpView
		want   []string         // names in order
		bytes  map[string]int64 // by name
		folded int
	}{
		"plain": {
			naming: plain,
			view:   viewOf(nil, withBytes("", 2), withBytes("a", 1)),
			want:   []string{"a", "unknown"},
			bytes:  map[string]int64{"a": 1, "unknown": 2},
		},
		"hashed": {
			naming: hashed,
			view:   viewOf(nil, withBytes("", 2), withBytes("li", 1)),
			want:   []string{"ea209521508d4cff", "unknown"},
			bytes:  map[string]int64{"ea209521508d4cff": 1, "unknown": 2},
		},
		"off": {
			naming: off,
			view:   viewOf(nil, withBytes("", 3), withBytes("a", 1), withBytes("b", 2)),
			want:   []string{""},
			bytes:  map[string]int64{"": 6},
		},
		"off, without hosts": {
			naming: off,
			view:   viewOf(nil),
			want:   []string{""},
			bytes:  map[string]int64{"": 0},
		},
		"beyond the limit": {
			naming: plain,
			view:   viewOf(map[string]bool{"b": true, "z": true}, withBytes("a", 1), withBytes("b", 5), withBytes("c", 3), withBytes("z", 4)),
			want:   []string{"b", "other", "z"},
			bytes:  map[string]int64{"b": 5, "other": 4, "z": 4},
			folded: 2,
		},
		"hosts of the reserved names": {
			naming: plain,
			view:   viewOf(map[string]bool{"": true, "unknown": true, "other": true}, withBytes("", 1), withBytes("a", 2), withBytes("other", 4), withBytes("unknown", 8)),
			want:   []string{"other", "unknown"},
			bytes:  map[string]int64{"other": 6, "unknown": 9},
			folded: 1,
		},
		"hosts that are folded and gone": {
			naming: plain,
			view:   withFolded(viewOf(map[string]bool{"a": true}, withBytes("a", 1), withBytes("b", 2))),
			want:   []string{"a", "other"},
			bytes:  map[string]int64{"a": 1, "other": 2},
			folded: 1,
		},
		"hosts that are folded and gone, and no others": {
			naming: plain,
			view:   withFolded(viewOf(nil, withBytes("a", 1), withBytes("z", 2))),
			want:   []string{"a", "other", "z"},
			bytes:  map[string]int64{"a": 1, "other": 0, "z": 2},
		},
		"hosts that are folded and gone, beside one of that name": {
			naming: plain,
			view:   withFolded(viewOf(nil, withBytes("other", 1))),
			want:   []string{"other"},
			bytes:  map[string]int64{"other": 1},
		},
		"off, with hosts that are folded and gone": {
			naming: off,
			view:   withFolded(viewOf(nil, withBytes("a", 1))),
			want:   []string{""},
			bytes:  map[string]int64{"": 1},
		},
		"a host without recordings": {
			naming: off,
			view:   viewOf(nil, &inventory.HostView{Host: "a", Totals: ledger.Totals{Bytes: 10}}, withBytes("b", 1)),
			want:   []string{""},
			bytes:  map[string]int64{"": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			series := (*hosts)(nil).update(test.view, test.naming)
			var names []string
			bytes := map[string]int64{}
			counted := int64(0)
			for h := range series.list.All() {
				names = append(names, h.name)
				bytes[h.name] = 0
				if h.view.Sums != nil {
					bytes[h.name] = h.view.Sums.Bytes
				}
				counted += h.view.Totals.Bytes
			}
			if diff := cmp.Diff(test.want, names); diff != "" || series.numFolded() != test.folded {
				t.Errorf("%d folded, want %d; names (-want +got):\n%s", series.numFolded(), test.folded, diff)
			}
			if diff := cmp.Diff(test.bytes, bytes); diff != "" {
				t.Errorf("bytes (-want +got):\n%s", diff)
			}
			counted -= test.view.Folded.Bytes
			for h := range test.view.Hosts.All() {
				counted -= h.Totals.Bytes
				if h.Sums != nil && h.Sums.Files != 1 {
					t.Errorf("folding changes host %s", h.Host)
				}
			}
			if counted != 0 {
				t.Errorf("folding adds %d bytes to the totals", counted)
			}
		})
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		naming      *naming
		asked, host string
		folded      bool
		want        bool
	}{
		"a user ID":                       {naming: plain, asked: "li", host: "li", want: true},
		"another user ID":                 {naming: plain, asked: "li", host: "wang"},
		"no host":                         {naming: plain, asked: "unknown", host: "", want: true},
		"a user ID if labels are hashed":  {naming: hashed, asked: "li", host: "li", want: true},
		"the label of a hashed host":      {naming: hashed, asked: "ea209521508d4cff", host: "li", want: true},
		"the label of a folded host":      {naming: hashed, asked: "ea209521508d4cff", host: "li", folded: true},
		"folded hosts":                    {naming: plain, asked: "other", host: "li", folded: true, want: true},
		"a folded host by its user ID":    {naming: plain, asked: "li", host: "li", folded: true, want: true},
		"a user ID if there is no label":  {naming: off, asked: "li", host: "li", want: true},
		"other if there is no label":      {naming: off, asked: "other", host: "li"},
		"a hash if there is no such host": {naming: hashed, asked: "ea209521508d4cff", host: "wang"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.naming.matches(test.asked, test.host, test.folded); got != test.want {
				t.Errorf("matches: %t, want %t", got, test.want)
			}
		})
	}
}

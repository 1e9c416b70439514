// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
)

var hashPattern = regexp.MustCompile(`^[0-9a-f]{16}$`)

// Hosts of any names are folded into names that differ and are sorted. What they hold and
// what was counted of them is there once, under the name that a simple model gives.
func FuzzFold(f *testing.F) {
	f.Add(uint8(0), "li,wang,,other,unknown", uint16(0b10110))
	f.Add(uint8(1), "li,wang,,other,unknown", uint16(0xffff))
	f.Add(uint8(2), "li,\xff,张三", uint16(0))
	f.Add(uint8(3), "", uint16(0))
	namings := []*naming{plain, hashed, off}
	f.Fuzz(func(t *testing.T, which uint8, list string, mask uint16) {
		n := namings[int(which)%len(namings)]
		var admitted map[string]bool
		if which/3%2 == 0 {
			admitted = map[string]bool{}
		}
		users := strings.Split(list, ",")
		slices.Sort(users)
		users = slices.Compact(users)
		views := make([]*inventory.HostView, 0, len(users))
		bytes, counted, names, wantFolded := map[string]int64{}, map[string]int64{}, map[string]string{}, 0
		for i, host := range users {
			view := withBytes(host, int64(i)+1)
			if i%3 == 2 {
				view = &inventory.HostView{Host: host, Totals: ledger.Totals{Bytes: 7}} // of which nothing is left
			}
			views = append(views, view)
			isAdmitted := admitted == nil || mask>>(i%16)&1 == 1
			if isAdmitted && admitted != nil {
				admitted[host] = true
			}
			name := n.name(host)
			switch {
			case n == off:
				name = ""
			case !isAdmitted:
				name = "other"
				wantFolded++
			}
			names[host] = name
			counted[name] += view.Totals.Bytes
			if view.Sums != nil {
				bytes[name] += view.Sums.Bytes
			}
		}
		series := (*hosts)(nil).update(viewOf(admitted, views...), n)
		if got := series.numFolded(); got != wantFolded {
			t.Errorf("%d hosts are folded, want %d", got, wantFolded)
		}
		folded := slices.Collect(series.list.All())
		for i, h := range folded {
			if i > 0 && folded[i-1].name >= h.name {
				t.Errorf("%q comes before %q", folded[i-1].name, h.name)
			}
			held := int64(0)
			if h.view.Sums != nil {
				held = h.view.Sums.Bytes
			}
			if held != bytes[h.name] || h.view.Totals.Bytes != counted[h.name] {
				t.Errorf("%q holds %d bytes and counted %d, want %d and %d", h.name, held, h.view.Totals.Bytes, bytes[h.name], counted[h.name])
			}
			if n == hashed && h.name != "other" && h.name != "unknown" && !hashPattern.MatchString(h.name) {
				t.Errorf("the label %q is not hashed", h.name)
			}
			delete(counted, h.name)
		}
		if len(counted) > 0 {
			t.Errorf("nothing is said of %v", counted)
		}
		for _, host := range users {
			isFolded := admitted != nil && !admitted[host]
			if name := names[host]; n != off && !n.matches(name, host, isFolded) {
				t.Errorf("whoever asks for %q does not get %q", name, host)
			}
		}
	})
}

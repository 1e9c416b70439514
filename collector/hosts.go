// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"maps"
	"slices"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector/textformat"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/sorted"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/sums"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/discovery"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// corpSeries is what the series of all hosts of a corp have in common.
type corpSeries struct {
	name      string
	naming    *naming
	birth     time.Time // of the ledger
	settled   bool
	retaining bool // the corp has a retention
	views     bool // statistics are asked for
}

func (c *corpSeries) hasHostLabel() bool { return c.naming.label != config.HostLabelOff }

func (c *corpSeries) equal(other *corpSeries) bool {
	return c.name == other.name && c.naming.equal(other.naming) && c.birth.Equal(other.birth) &&
		c.settled == other.settled && c.retaining == other.retaining && c.views == other.views
}

// hosts are the series of a corp's hosts. They are kept from one publication to the next, and only
// those of hosts that have changed are made again.
type hosts struct {
	corp        *corpSeries
	departments *discovery.Departments
	admitted    map[string]bool
	// views are those that the series were made of, but for the hosts that are folded.
	views  hostList
	folded foldedList
	gone   ledger.Totals // of the hosts that are folded and gone
	list   seriesList
}

type hostList = sorted.List[*inventory.HostView, *sums.Sums]

// A foldedList is hosts without series of their own, with the sum of each block.
type foldedList = sorted.List[*inventory.HostView, *inventory.HostView]

var (
	hostOrder   = sorted.Order[*inventory.HostView, *sums.Sums]{Key: hostOf}
	foldedOrder = sorted.Order[*inventory.HostView, *inventory.HostView]{
		Key:       hostOf,
		Summarize: sumOf,
		BlockSize: 64,
	}
)

func hostOf(v *inventory.HostView) string { return v.Host }

// update returns the series of a corp as a view has them.
func (h *hosts) update(v *poll.CorpView, n *naming) *hosts {
	corp := &corpSeries{
		name:      v.Name,
		naming:    n,
		birth:     v.Birth,
		settled:   v.Settled,
		retaining: v.Policy.Retaining(),
		views:     v.Statistics,
	}
	if h == nil || !h.corp.equal(corp) {
		h = &hosts{corp: corp}
	}
	next := *h
	if h.departments != v.Departments || !haveSame(h.admitted, v.Admitted) {
		next = hosts{corp: h.corp, departments: v.Departments, admitted: v.Admitted}
	}
	if !v.Listed {
		return &next
	}
	u := update{hosts: &next, before: h.list, members: map[string][]*inventory.HostView{}}
	u.apply(v)
	return &next
}

// haveSame reports whether the same hosts are admitted; nil: all are.
func haveSame(admitted, other map[string]bool) bool {
	return maps.Equal(admitted, other) && (admitted == nil) == (other == nil)
}

// numFolded returns how many hosts with recordings are summed up as "other".
func (h *hosts) numFolded() int {
	if !h.corp.hasHostLabel() {
		return 0
	}
	return h.folded.Len()
}

// nameOf returns the name of a host, and whether it is folded. Without the label host, all are.
func (h *hosts) nameOf(host string) (name string, folded bool) {
	if !h.corp.hasHostLabel() {
		return "", true
	}
	return h.corp.naming.labelOf(host, h.admitted)
}

// otherName returns the name under which folded hosts are summed up.
func (h *hosts) otherName() string {
	if !h.corp.hasHostLabel() {
		return ""
	}
	return hostOther
}

// other returns what there is to serve of the folded hosts, and of those that are gone; nil if that
// is nothing.
func (h *hosts) other() *inventory.HostView {
	sum := &inventory.HostView{Totals: h.gone}
	for _, b := range h.folded.Blocks {
		add(sum, b.Summary)
	}
	if h.corp.hasHostLabel() && sum.Sums == nil && sum.Totals == (ledger.Totals{}) {
		return nil
	}
	return sum
}

// An update brings the series of hosts up to date with a view.
type update struct {
	*hosts

	before seriesList
	// members are the hosts with each name of which anything changes.
	members map[string][]*inventory.HostView
}

func (u *update) apply(v *poll.CorpView) {
	isNew := u.views.Blocks == nil
	put, removed := sorted.Diff(&hostOrder, u.views, v.Hosts)
	var foldedPut []*inventory.HostView
	var foldedRemoved []string
	for _, host := range removed {
		if name, folded := u.nameOf(host); folded {
			foldedRemoved = append(foldedRemoved, host)
		} else {
			u.replace(name, host, nil)
		}
	}
	for _, view := range put {
		if name, folded := u.nameOf(view.Host); folded {
			foldedPut = append(foldedPut, view)
		} else {
			u.replace(name, view.Host, view)
		}
	}
	if isNew || len(foldedPut)+len(foldedRemoved) > 0 || u.gone != v.Folded {
		u.members[u.otherName()] = u.membersOf(u.otherName())
	}
	u.views, u.gone = v.Hosts, v.Folded
	u.folded = foldedOrder.Update(u.folded, foldedPut, foldedRemoved)
	u.updateList()
}

// membersOf returns the hosts with a name.
func (u *update) membersOf(name string) []*inventory.HostView {
	if members, ok := u.members[name]; ok {
		return members
	}
	if s, ok := seriesOrder.Find(u.list, name); ok {
		return s.members()
	}
	return nil
}

// replace puts a view in place of that of the same host; nil removes the host.
func (u *update) replace(name, host string, view *inventory.HostView) {
	var members []*inventory.HostView
	for _, member := range u.membersOf(name) {
		if member.Host != host {
			members = append(members, member)
		}
	}
	if view != nil {
		members = append(members, view)
	}
	u.members[name] = members
}

// updateList makes the series that have changed.
func (u *update) updateList() {
	var put []*hostSeries
	var removed []string
	for name, members := range u.members {
		var other *inventory.HostView
		if name == u.otherName() {
			other = u.other()
		}
		if len(members) == 0 && other == nil {
			removed = append(removed, name)
			continue
		}
		put = append(put, u.seriesOf(name, members, other))
	}
	u.list = seriesOrder.Update(u.list, put, removed)
}

// seriesOf returns the series of the members with a name, and of the folded hosts if other is not
// nil: those from before, if nothing has changed about them.
func (u *update) seriesOf(name string, members []*inventory.HostView, other *inventory.HostView) *hostSeries {
	s := &hostSeries{name: name, corp: u.corp}
	if len(members) == 1 && other == nil {
		s.view = members[0]
	} else {
		s.summed = append([]*inventory.HostView{}, members...)
		s.view = sumOf(members)
		if other != nil {
			add(s.view, other)
		}
	}
	if s.view.Host != "" {
		s.department = u.departments.Of(s.view.Host) // Hosts that are summed up have no user ID.
	}
	if same, ok := seriesOrder.Find(u.before, name); ok && same.view == s.view && same.department == s.department {
		return same
	}
	s.setLabels()
	// Without the label host, the counters are those of the corp.
	if s.created = s.view.Totals.Created; !u.corp.hasHostLabel() {
		s.created = wecom.InstantOf(u.corp.birth)
	}
	for i := range hostMetrics {
		if m := &hostMetrics[i]; m.isServed(s) {
			s.served |= 1 << i
			s.values[i] = m.value(s.view)
		}
	}
	return s
}

// sumOf returns what there is to serve of several hosts together.
func sumOf(views []*inventory.HostView) *inventory.HostView {
	sum := &inventory.HostView{}
	for _, v := range views {
		add(sum, v)
	}
	return sum
}

// add adds what there is to serve of a host to a view that is being made.
func add(to, h *inventory.HostView) {
	to.Totals.Add(&h.Totals)
	switch {
	case h.Sums == nil:
	case to.Sums == nil:
		to.Sums = new(*h.Sums)
	default:
		to.Sums.Add(h.Sums)
	}
}

// setLabels sets the labels as they stand in a text format.
func (h *hostSeries) setLabels() {
	var array [256]byte
	corp := textformat.AppendLabel(array[:0], labelCorp, h.corp.name)
	if h.department != "" && (h.corp.settled || h.view.Sums != nil) {
		info := textformat.AppendLabel(slices.Clone(corp), labelDepartment, h.department)
		h.info = string(textformat.AppendLabel(info, labelHost, h.name))
	}
	if h.corp.hasHostLabel() {
		corp = textformat.AppendLabel(corp, labelHost, h.name)
	}
	h.labels = string(corp)
}

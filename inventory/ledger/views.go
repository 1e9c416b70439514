// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"math"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/views"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// ObserveViews takes in an answer about the views of a recording, and counts for its host what
// is new in it. A day before that of the ledger's birth is the baseline; of the day of the birth
// itself all is counted, since WeCom counts by day. It is the day in China time, as the dates of
// an answer are taken to be: see [wecom.Date].
func (l *Ledger) ObserveViews(host string, book *views.Book, number uint32, a *views.Answer) {
	grown := book.Note(number, a, wecom.DateOf(l.Birth))
	if grown == (views.Growth{}) {
		return
	}
	l.open(host, a.At)
	t := l.change(host)
	before := t.isViewed()
	t.addViews(grown.Views, grown.Downloads)
	if !before {
		l.viewed++
	}
}

// ViewedHosts returns how many hosts have views or downloads in their totals.
func (l *Ledger) ViewedHosts() int { return l.viewed }

// RestoreViews sets the views of a host that was restored, and reports whether there is one.
func (l *Ledger) RestoreViews(host string, viewed, downloaded uint64) bool {
	t := l.hosts[host]
	if t == nil || t.isViewed() {
		return false
	}
	t.addViews(viewed, downloaded)
	if t.isViewed() {
		l.viewed++
	}
	return t.isViewed()
}

func (t *Totals) isViewed() bool { return t.Views > 0 || t.Downloads > 0 }

func (t *Totals) addViews(viewed, downloaded uint64) {
	t.Views, t.Downloads = addCount(t.Views, viewed), addCount(t.Downloads, downloaded)
}

// addCount adds counts. A sum that cannot be expressed stays at the largest one that can.
func addCount(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

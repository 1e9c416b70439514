// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/collector"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// details are single recordings and changes of two corps.
type details struct {
	recordings map[string]poll.Recording // by ID
	changes    []poll.Change             // the newest first
	since      time.Time
	cut        bool // there are more changes
	err        error
	looked     int // how many recordings were looked up
}

func (d *details) Recordings(
	_ context.Context, q collector.RecordingQuery,
) (part []poll.Recording, totals inventory.Totals, err error) {
	if q.ID == "" {
		return nil, totals, errors.New("all recordings are visited")
	}
	d.looked++
	r, ok := d.recordings[q.ID]
	if !ok || r.Corp != q.Corp {
		return nil, totals, nil
	}
	return []poll.Recording{r}, totals, nil
}

func (d *details) Changes(
	_ context.Context, q collector.ChangeQuery,
) (part []poll.Change, next uint32, err error) {
	if d.err != nil {
		return nil, 0, d.err
	}
	for _, c := range d.changes {
		if q.Exposed == nil || (c.After != nil && c.After.Exposed) == *q.Exposed {
			part = append(part, c)
		}
	}
	if d.cut {
		next = 1
	}
	return part[:min(len(part), q.Limit)], next, nil
}

func (d *details) ChangesSince() []poll.CorpSince {
	return []poll.CorpSince{{Corp: "acme", Since: d.since}, {Corp: "other", Since: d.since}}
}

// add adds a recording of a corp whose file is exposed, and the change that exposed it.
func (d *details) add(number uint32, corp, id string, ago time.Duration) {
	if d.recordings == nil {
		d.recordings = map[string]poll.Recording{}
	}
	d.recordings[id] = poll.Recording{Corp: corp, Recording: inventory.Recording{
		ID: id, Host: "<host>" + id, Title: "title of " + id, Files: []inventory.File{{ID: "f0"}, openToAnyone},
	}}
	d.changes = append(d.changes, exposing(number, corp, id, ago))
}

// exposing returns a change that exposes a file.
func exposing(number uint32, corp, id string, ago time.Duration) poll.Change {
	return poll.Change{
		Number: number, Corp: corp, Title: "title of " + id,
		Change: ledger.Change{
			At: wecom.InstantOf(noon.Add(-ago)), Kind: ledger.Widened, Recording: id, File: "f1", Host: "<host>" + id,
			Before: &ledger.Sharing{Audience: recording.Company}, After: &ledger.Sharing{Exposed: true},
		},
	}
}

// openToAnyone is an exposed file.
var openToAnyone = inventory.File{
	ID: "f1", Shared: true, Class: recording.Class{Download: recording.DownloadAllowed, Expiry: recording.NeverExpires},
}

// detailedOptions has the pages of recordings on.
func detailedOptions(o *overview, d *details) Options {
	options := landingOptions(o)
	options.Recordings, options.Changes = d, d
	return options
}

func TestNewestExposures(t *testing.T) {
	t.Parallel()
	const newest = "Newest exposed files"
	for _, test := range []struct {
		name          string
		details       func(d *details)
		want, without []string
	}{
		{
			name:    "nothing has changed",
			details: func(*details) {},
			want:    []string{"0 new in 24 h", "There are no changes yet."},
			without: []string{newest, "Latest changes", "all changes"},
		},
		{
			name:    "nothing was counted before",
			details: func(d *details) { d.since = noon.Add(-time.Hour) },
			want:    []string{"0 new in 1 h"},
		},
		{
			name: "a file that is exposed now, and one of long ago",
			details: func(d *details) {
				d.add(9, "acme", "r9", 5*time.Minute)
				d.add(7, "acme", "r7", 25*time.Hour)
			},
			want: []string{
				"1 new in 24 h", newest, `<span class="chip exposed">exposed</span> ` +
					`<a href="./recordings?corp=acme&amp;lang=en&amp;recording=r9">r9</a> · host &lt;host&gt;r9</div>`,
				`<span class="ago">5 min ago</span></span> · <span class="phrase">download, <wbr>never expires</span></div>`,
				">r7</a>", "all changes", `<dd class="value bad"><a href="./recordings?exposed=true&amp;lang=en">3</a></dd>`,
			},
			without: []string{"<host>", "Latest changes", "There are no changes yet."}, // Both are shown already.
		},
		{
			name: "a file that is not exposed any more",
			details: func(d *details) {
				d.add(9, "acme", "r9", 5*time.Minute)
				d.recordings["r9"].Files[1].Shared = false
			},
			want:    []string{"1 new in 24 h", "all changes", `<span class="chip widened">widened</span> <span class="chip exposed">`, ">r9</a>"},
			without: []string{newest},
		},
		{
			name: "a recording that is gone",
			details: func(d *details) {
				d.changes = []poll.Change{exposing(9, "acme", "gone", time.Minute)}
			},
			want:    []string{"1 new in 24 h"},
			without: []string{newest},
		},
		{
			name: "two changes of one file, and one of a file that was exposed before",
			details: func(d *details) {
				d.add(9, "acme", "r9", 5*time.Minute)
				d.changes = append(d.changes, exposing(8, "acme", "r9", 6*time.Minute), exposing(7, "acme", "r7", time.Hour))
				d.changes[2].Before.Exposed = true
			},
			want: []string{"1 new in 24 h", newest},
		},
		{
			name: "more than are counted",
			details: func(d *details) {
				d.add(9, "acme", "r9", 5*time.Minute)
				d.cut = true
			},
			want: []string{"at least 1 new in 24 h"},
		},
		{
			name: "a change of another kind",
			details: func(d *details) {
				d.changes = []poll.Change{{Number: 3, Corp: "acme", Change: ledger.Change{
					At: wecom.InstantOf(noon.Add(-time.Hour)), Kind: ledger.Removed, Recording: "r3", Host: "li",
				}}}
			},
			want: []string{
				`<span class="chip removed">removed</span> <a href="./changes?corp=acme&amp;lang=en&amp;recording=r3">r3</a> · host li</div>`, "</span> · removed from WeCom</div>",
				`<a href="./changes?lang=en">all changes</a>`,
			},
			without: []string{newest},
		},
		{
			name:    "the disk is slow",
			details: func(d *details) { d.err = fmt.Errorf("reading: %w", poll.ErrSlow) },
			want:    []string{"WeCom has accepted calls", "The changes cannot be read right now because the disk of --storage.path is too slow."},
			without: []string{"Latest changes", "There are no changes yet.", "new in"},
		},
		{
			name:    "the changes cannot be read",
			details: func(d *details) { d.err = errors.New("checksum of secrets") },
			want:    []string{"WeCom has accepted calls", "The changes cannot be read; the log has the reason."},
			without: []string{"Latest changes", "checksum"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			atNoon(t, func(t *testing.T) {
				o := one(func(_ *overview, _ *poll.Status, v *poll.CorpView) { v.Total.Exposed = 3 })
				d := &details{since: noon.Add(-240 * time.Hour)}
				test.details(d)
				w := serve(t, detailedOptions(o, d), http.MethodGet, "/?lang=en")
				wantParts(t, w.Body.String(), test.want, test.without)
				if got := w.Header().Get("Cache-Control"); got != "no-store" {
					t.Errorf("Cache-Control %q of a page with titles", got)
				}
			})
		})
	}
}

// TestNewestExposuresOfSeveralCorps counts those of each corp on its own.
func TestNewestExposuresOfSeveralCorps(t *testing.T) {
	t.Parallel()
	atNoon(t, func(t *testing.T) {
		o := &overview{}
		for _, name := range []string{"acme", "other"} {
			status, view := healthy(name)
			o.status, o.view.Corps = append(o.status, status), append(o.view.Corps, view)
		}
		d := &details{}
		for i := range 30 {
			d.add(uint32(100-i), []string{"acme", "other", "other"}[i%3], fmt.Sprintf("r%02d", i), time.Duration(i)*time.Minute)
		}
		body := serve(t, detailedOptions(o, d), http.MethodGet, "/?lang=zh").Body.String()
		wantParts(t, body, []string{
			"新增 10 个（24 小时内）", "新增 20 个（24 小时内）", "r00</a> · 主持人 &lt;host&gt;r00 · acme</div>", `</span> · <span class="phrase">可下载 · <wbr>永不过期</span></div>`, "r02</a>",
			`<a href="./recordings?corp=other&amp;exposed=true&amp;lang=zh">0</a>`, ">r07</a>",
		}, []string{">r08</a>"})
		if len(body) > 20_000 {
			t.Errorf("the page has %d bytes", len(body))
		}
		if d.looked != newestExposed {
			t.Errorf("%d recordings were looked up, want %d", d.looked, newestExposed)
		}
	})
}

// TestLookUpsAreBounded has many files that are not exposed any more.
func TestLookUpsAreBounded(t *testing.T) {
	t.Parallel()
	atNoon(t, func(t *testing.T) {
		d := &details{}
		for i := range 30 {
			d.changes = append(d.changes, exposing(uint32(100-i), "acme", strconv.Itoa(i), time.Minute))
		}
		o := one(func(*overview, *poll.Status, *poll.CorpView) {})
		body := serve(t, detailedOptions(o, d), http.MethodGet, "/?lang=en").Body.String()
		if d.looked != mostCandidates || !strings.Contains(body, "30 new in 24 h") {
			t.Errorf("%d recordings were looked up, want %d:\n%s", d.looked, mostCandidates, body)
		}
	})
}

// TestLandingOfAClientThatHasGone has a context that ends before the changes are found.
func TestLandingOfAClientThatHasGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	fullOptions().serveLanding(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "took too long: try again later") {
		t.Errorf("status %d, want 503: %s", w.Code, w.Body)
	}
}

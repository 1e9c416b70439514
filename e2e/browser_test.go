// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// browse has a real browser open a page, and returns what it made of it.
func browse(t *testing.T, url string) (dom string) {
	t.Helper()
	screenshot := filepath.Join(t.TempDir(), "page.png")
	if folder := os.Getenv("SCREENSHOTS"); folder != "" {
		screenshot = filepath.Join(folder, regexp.MustCompile(`\W+`).ReplaceAllString(t.Name(), "-")+".png")
	}
	browser := func(flags ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), tool(t, "CHROMIUM"), slices.Concat(flags, browserFlags,
			[]string{"--window-size=1200,800", "--user-data-dir=" + t.TempDir(), url})...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
		}
		return out
	}
	dom = string(browser("--dump-dom"))
	browser("--screenshot=" + screenshot)
	file, err := os.Open(screenshot)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	colors := map[color.Color]bool{}
	bounds := picture.Bounds()
	for x := bounds.Min.X; x < bounds.Max.X; x += 2 {
		for y := bounds.Min.Y; y < bounds.Max.Y; y += 2 {
			colors[picture.At(x, y)] = true
		}
	}
	if bounds.Dx() != 1200 || bounds.Dy() != 800 || len(colors) < 10 {
		t.Errorf("the picture of %s has %v and %d colors", url, bounds, len(colors))
	}
	return dom
}

// TestPagesFit opens the pages of the demo on screens of several widths, in both languages.
func TestPagesFit(t *testing.T) {
	t.Parallel()
	x := run(t, nil, "demo", "--web.enable-recordings")
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitSomeChange(t)
	for _, width := range []int{360, 800, 1024, 1100, 1280} {
		p := newPhone(t, width, "light")
		for _, page := range []string{"/?", "/targets?", "/recordings?", "/recordings?sort=shared&", "/recordings?overdue=true&", "/recordings?accepted=true&", "/changes?", "/changes?exposed=true&since=1d&"} {
			for _, lang := range []string{"en", "zh"} {
				p.open(t, x.url+page+"lang="+lang)
				name := fmt.Sprintf("%s in %s on %d pixels", page, lang, width)
				p.wantFit(t, name)
				p.wantWholeDates(t, name)
				if text := p.text(t); page == "/targets?" && !strings.Contains(text, " of 1,200 calls") && !strings.Contains(text, " / 1,200 次") {
					t.Errorf("%s: the page does not show the budget:\n%s", name, text)
				}
			}
		}
	}
}

// TestFirstRowsAreVisible opens the lists on a small phone: nobody has to scroll to find out
// whether something is exposed, not even with the form for filters open.
func TestFirstRowsAreVisible(t *testing.T) {
	t.Parallel()
	x := run(t, nil, "demo", "--web.enable-recordings")
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitSomeChange(t)
	p := newPhone(t, 400, "light")
	for _, page := range []string{"/recordings?", "/recordings?corp=default&exposed=true&", "/changes?"} {
		for _, lang := range []string{"en", "zh"} {
			p.open(t, x.url+page+"lang="+lang)
			bottom := p.evaluate(t, "document.querySelector('tbody tr .chip').getBoundingClientRect().bottom")
			if y, err := strconv.ParseFloat(bottom, 64); err != nil || y > 800 {
				t.Errorf("%s in %s: the first chip ends at %s of 800 pixels", page, lang, bottom)
			}
		}
	}
}

// TestOverviewOnAPhone has the state of one corp and its numbers on the first screen of a phone.
func TestOverviewOnAPhone(t *testing.T) {
	t.Parallel()
	x := run(t, nil, "demo", "--web.enable-recordings")
	x.awaitStatus(t, "/-/ready", 200)
	for _, scheme := range []string{"light", "dark"} {
		p := newPhone(t, 400, scheme)
		for lang, want := range map[string][]string{
			"en": {"WeCom has accepted calls since", "Exposed files", "Coverage", "of 4 TiB", "lag "},
			"zh": {"企业微信接受调用，始于", "暴露文件", "覆盖率", "共 4 TiB", "滞后 "},
		} {
			p.open(t, x.url+"/?lang="+lang)
			text := p.text(t)
			for _, part := range want {
				if !strings.Contains(text, part) {
					t.Errorf("%s: the page lacks %q:\n%s", lang, part, text)
				}
			}
			if below := p.evaluate(t, "[...document.querySelectorAll('.state, .tiles dd')]"+
				".filter(e => e.getBoundingClientRect().bottom > 800).map(e => e.textContent).join(' | ')"); below != "" {
				t.Errorf("%s, %s: below the first screen: %s", lang, scheme, below)
			}
			p.screenshot(t, "overview-"+lang+"-"+scheme)
		}
	}
}

// awaitSomeChange waits until a change is listed.
func (x *exporter) awaitSomeChange(t *testing.T) {
	t.Helper()
	eventually(t, time.Minute, func() error {
		if strings.Contains(string(x.get(t, "/api/v1/changes").body), `"changes":[]`) {
			return errors.New("no change yet")
		}
		return nil
	})
}

func TestBrowser(t *testing.T) {
	t.Parallel()
	x := run(t, nil, "demo", "--web.enable-recordings")
	x.awaitStatus(t, "/-/ready", 200)
	rows := regexp.MustCompile(`<tr><td `)
	marks := regexp.MustCompile(`<tr><td class="title">.*<span class="chip exposed">`)
	external := regexp.MustCompile(`(?:src|href)="(?:https?:)?//[^"]*"`)
	for name, test := range map[string]struct {
		path string
		want []string
	}{
		"landing":            {"/", []string{`href="./recordings"`, `href="./targets"`, `href="./metrics"`}},
		"targets":            {"/targets?lang=en", []string{"<h1>Targets</h1>", "userid"}},
		"recordings":         {"/recordings?lang=en", []string{"<h1>Recordings</h1>", `aria-sort="descending"`}},
		"changes":            {"/changes?lang=en", []string{"<h1>Changes</h1>", "Complete since: <time ", `name="since"`}},
		"exposed recordings": {"/recordings?exposed=true&lang=zh", []string{"<h1>录制</h1>", `<option value="true" selected="">是`, `<span class="chip exposed">暴露：任何人 · <wbr>无密码`, `<details class="filter" open="">`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dom := browse(t, x.url+test.path)
			for _, want := range test.want {
				if !strings.Contains(dom, want) {
					t.Errorf("the page lacks %s:\n%s", want, dom)
				}
			}
			for _, link := range external.FindAllString(dom, -1) {
				if !strings.Contains(link, x.address) && !strings.Contains(link, "github.com/") {
					t.Errorf("the page leads elsewhere: %s", link)
				}
			}
			if query, isRecordings := strings.CutPrefix(test.path, "/recordings?"); isRecordings {
				var answer struct {
					Total int `json:"total"`
				}
				if err := json.Unmarshal(x.get(t, "/api/v1/recordings?"+query).body, &answer); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(query, "exposed=true") {
					if marked := len(marks.FindAllString(dom, -1)); marked != len(rows.FindAllString(dom, -1)) {
						t.Errorf("%d rows of exposed recordings among %d", marked, len(rows.FindAllString(dom, -1)))
					}
				}
				// The demo moves, so the two may differ by a few.
				if got, want := len(rows.FindAllString(dom, -1)), min(answer.Total, 100); got < want-5 || got > want+5 || got == 0 {
					t.Errorf("%d rows, and the API tells of %d recordings", got, want)
				}
			}
		})
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// A key is one of a keyboard. Its text is what it types, if anything.
type key struct {
	name, code, text string
	number           int
}

var (
	tabKey   = key{name: "Tab", code: "Tab", number: 9}
	enterKey = key{name: "Enter", code: "Enter", text: "\r", number: 13}
	spaceKey = key{name: " ", code: "Space", text: " ", number: 32}
)

// press presses and releases a key.
func (p *phone) press(t *testing.T, k key) {
	t.Helper()
	event := map[string]any{"type": "rawKeyDown", "key": k.name, "code": k.code, "windowsVirtualKeyCode": k.number}
	if k.text != "" {
		event["type"], event["text"] = "keyDown", k.text
	}
	p.call(t, nil, "Input.dispatchKeyEvent", event)
	p.call(t, nil, "Input.dispatchKeyEvent", map[string]any{
		"type": "keyUp", "key": k.name, "code": k.code, "windowsVirtualKeyCode": k.number,
	})
}

// write types a text of lower-case letters.
func (p *phone) write(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		p.press(t, key{name: string(r), code: "Key" + strings.ToUpper(string(r)), text: string(r), number: int(r - 'a' + 'A')})
	}
}

// stopsScript numbers what the keyboard must reach, in the order of the document, as window.stops. What a closed
// fold hides is not among them.
const stopsScript = `(window.stops = [...document.querySelectorAll('a, button, input, select, summary')]
	.filter(e => e.type != 'hidden' && e.checkVisibility())).length`

// A stop is where the focus is.
type stop struct {
	Number    int    `json:"number"` // of window.stops; -1: on none of them
	Text      string `json:"text"`
	HasMark   bool   `json:"hasMark"`  // the focus is visible
	IsInView  bool   `json:"isInView"` // with its outline
	HasName   bool   `json:"hasName"`
	IsClicked bool   `json:"isClicked"` // nothing lies over its middle
}

const stopScript = `(() => {
	const e = document.activeElement, style = getComputedStyle(e), at = e.getClientRects()[0] || new DOMRect();
	const over = document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);
	const mark = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
	return JSON.stringify({
		number: stops.indexOf(e),
		text: e.outerHTML.slice(0, 120),
		hasMark: style.outlineStyle != 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow != 'none',
		isInView: at.width > 0 && at.top >= mark && at.left >= mark && at.bottom <= innerHeight - mark && at.right <= innerWidth - mark,
		hasName: (e.getAttribute('aria-label') || (e.labels ? [...e.labels].map(l => l.innerText).join('') : '') || e.innerText).trim() != '',
		isClicked: over != null && (e.contains(over) || over.contains(e)),
	});
})()`

func (p *phone) stop(t *testing.T) (s stop) {
	t.Helper()
	if err := json.Unmarshal([]byte(p.evaluate(t, stopScript)), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// tabTo presses the tab key until the focus is on what a selector finds.
func (p *phone) tabTo(t *testing.T, selector string) {
	t.Helper()
	for range 100 {
		p.press(t, tabKey)
		if p.evaluate(t, fmt.Sprintf("document.activeElement.matches(%q)", selector)) == "true" {
			return
		}
	}
	t.Fatalf("the tab key does not reach %s", selector)
}

// TestKeyboardReachesEverything goes through the pages with the tab key. It must come by each link, field, button
// and fold once, in the order of the document, see where it is, and come out at the end.
func TestKeyboardReachesEverything(t *testing.T) {
	t.Parallel()
	x := run(t, nil, "demo", "--web.enable-recordings", "--wecom.statistics")
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitSomeChange(t)
	for lang, width := range map[string]int{"zh": 400, "en": 1280} {
		p := newPhone(t, width, "dark")
		for _, path := range []string{
			"/?refresh=off&", "/targets?", "/targets?search=li&", "/recordings?", "/recordings?exposed=true&", "/changes?",
			"/changes?since=1d&", "/changes?since=never&",
		} {
			p.open(t, x.url+path+"lang="+lang)
			p.wantStops(t, fmt.Sprintf("%slang=%s on %d pixels", path, lang, width))
		}
	}
}

// wantStops fails the test unless the tab key reaches everything on the page.
func (p *phone) wantStops(t *testing.T, page string) {
	t.Helper()
	var number int
	if _, err := fmt.Sscan(p.evaluate(t, stopsScript), &number); err != nil || number < 5 {
		t.Fatalf("%s: %d stops: %v", page, number, err)
	}
	for want := range number {
		p.press(t, tabKey)
		s := p.stop(t)
		if s.Number != want {
			t.Errorf("%s: the tab key leads to %d of %d, %s, want %d, %s", page, s.Number, number, s.Text, want,
				p.evaluate(t, fmt.Sprintf("stops[%d].outerHTML.slice(0, 120)", want)))
			return
		}
		if !s.HasMark || !s.IsInView || !s.HasName || !s.IsClicked {
			t.Errorf("%s: %s: the focus is visible: %t, in view: %t, not covered: %t; it has a name: %t",
				page, s.Text, s.HasMark, s.IsInView, s.IsClicked, s.HasName)
		}
	}
	p.press(t, tabKey)
	if s := p.stop(t); s.Number > 0 {
		t.Errorf("%s: after the end, the tab key leads to %s", page, s.Text)
	}
}

// TestKeyboardAlone uses the pages with no other device.
func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	x := run(t, nil, "demo", "--web.enable-recordings")
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitSomeChange(t)
	p := newPhone(t, 1280, "light")

	p.open(t, x.url+"/?lang=en")
	if got := p.evaluate(t, "document.querySelectorAll('meta[http-equiv]').length"); got != "1" {
		t.Errorf("%s refreshes of the overview, want 1", got)
	}
	p.tabTo(t, ".asof a")
	p.press(t, enterKey)
	p.await(t, x.url+"/?lang=en&refresh=off")
	if got := p.evaluate(t, "document.querySelectorAll('meta[http-equiv]').length"); got != "0" {
		t.Errorf("%s refreshes that were stopped", got)
	}

	p.open(t, x.url+"/targets?lang=en")
	p.press(t, tabKey)
	if s := p.evaluate(t, "document.activeElement.innerText"); s != "Skip to content" {
		t.Errorf("the first stop is %q", s)
	}
	p.press(t, enterKey)
	p.press(t, tabKey)
	if got := p.evaluate(t, "document.activeElement == document.querySelector('main input')"); got != "true" {
		t.Errorf("after the head the tab key leads to %s", p.evaluate(t, "document.activeElement.outerHTML"))
	}

	p.open(t, x.url+"/targets?lang=en")
	p.tabTo(t, "[name=search]")
	p.write(t, "zhang")
	p.press(t, enterKey)
	p.await(t, x.url+"/targets?search=zhang&status=&error=&selector=&lang=en")
	if got := p.evaluate(t, "[...document.querySelectorAll('td.target')].every(e => e.innerText.includes('zhang')) && "+
		"document.querySelectorAll('td.target').length > 1"); got != "true" {
		t.Errorf("the search finds something else:\n%s", p.text(t))
	}

	for _, path := range []string{"/recordings", "/changes"} {
		p.open(t, x.url+path+"?lang=en")
		p.tabTo(t, "summary")
		for _, press := range []struct {
			key    key
			isOpen string
		}{{enterKey, "true"}, {spaceKey, "false"}, {spaceKey, "true"}} {
			p.press(t, press.key)
			if got := p.evaluate(t, "document.activeElement.parentElement.open"); got != press.isOpen {
				t.Errorf("%s: after %q the fold is open: %s, want %s", path, press.key.code, got, press.isOpen)
			}
		}
		p.tabTo(t, "[name=host]")
		p.write(t, "nobody")
		p.press(t, enterKey)
		eventually(t, patience, func() error {
			if got := p.evaluate(t, "document.readyState + ' ' + location.search"); !strings.HasPrefix(got, "complete ") ||
				!strings.Contains(got, "host=nobody") {
				return fmt.Errorf("the page is %s", got)
			}
			return nil
		})
		if text := p.text(t); !strings.Contains(text, "match.") || !strings.Contains(text, "Host: nobody") {
			t.Errorf("%s: the filter is not in force:\n%s", path, text)
		}
	}
}

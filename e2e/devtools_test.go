// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// browserFlags are for each start of the browser.
var browserFlags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
}

// A phone is a browser with a narrow screen, which follows links as its user does.
type phone struct {
	to      io.Writer
	from    *bufio.Reader
	id      int
	session string
}

// newPhone starts a browser with a screen of so many pixels, in the dark or not.
func newPhone(t *testing.T, width int, scheme string) *phone {
	t.Helper()
	fromUs, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, toUs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	flags := append([]string{"--remote-debugging-pipe", "--user-data-dir=" + folder}, browserFlags...)
	// The browser is to end by itself, after the test's own context.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Minute)
	cmd := exec.CommandContext(ctx, tool(t, "CHROMIUM"), append(flags, "about:blank")...)
	cmd.ExtraFiles = []*os.File{fromUs, toUs} // 3 and 4, as the browser expects
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fromUs.Close()
	toUs.Close()
	p := &phone{to: to, from: bufio.NewReader(from)}
	t.Cleanup(func() {
		defer cancel()
		p.session = ""
		p.call(t, nil, "Browser.close", nil)
		to.Close()
		_ = cmd.Wait() // How it ends is its own matter.
		from.Close()
		// Its helpers end a little later, and write until then.
		eventually(t, patience, func() error { return os.RemoveAll(folder) })
	})
	var created struct {
		TargetID string `json:"targetId"`
	}
	p.call(t, &created, "Target.createTarget", map[string]any{"url": "about:blank"})
	var attached struct {
		SessionID string `json:"sessionId"`
	}
	p.call(t, &attached, "Target.attachToTarget", map[string]any{"targetId": created.TargetID, "flatten": true})
	p.session = attached.SessionID
	p.call(t, nil, "Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": true,
	})
	p.call(t, nil, "Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	})
	return p
}

// call calls a method of the browser's protocol and reads its result.
func (p *phone) call(t *testing.T, result any, method string, params map[string]any) {
	t.Helper()
	p.id++
	message := map[string]any{"id": p.id, "method": method}
	if params != nil {
		message["params"] = params
	}
	if p.session != "" {
		message["sessionId"] = p.session
	}
	request, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.to.Write(append(request, 0)); err != nil {
		t.Fatal(err)
	}
	for {
		message, err := p.from.ReadBytes(0)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			ID     int             `json:"id"`
			Result json.RawMessage `json:"result"`
			Error  *struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		if err := json.Unmarshal(message[:len(message)-1], &answer); err != nil {
			t.Fatal(err)
		}
		if answer.ID != p.id {
			continue // an event
		}
		if answer.Error != nil {
			t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(answer.Result, result); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
}

// evaluate returns the value of an expression on the page as text.
func (p *phone) evaluate(t *testing.T, expression string) string {
	t.Helper()
	var answer struct {
		Result struct {
			Value string `json:"value"`
		} `json:"result"`
		ExceptionDetails any `json:"exceptionDetails"`
	}
	p.call(t, &answer, "Runtime.evaluate", map[string]any{"expression": "String(" + expression + ")", "returnByValue": true})
	if answer.ExceptionDetails != nil {
		t.Fatalf("%s: %v", expression, answer.ExceptionDetails)
	}
	return answer.Result.Value
}

// open opens an address and waits until it is there.
func (p *phone) open(t *testing.T, url string) {
	t.Helper()
	p.call(t, nil, "Page.navigate", map[string]any{"url": url})
	p.await(t, url)
}

// tap taps the first link that a selector finds and waits until its page is there.
func (p *phone) tap(t *testing.T, selector string) {
	t.Helper()
	link := fmt.Sprintf("document.querySelector(%q)", selector)
	address := p.evaluate(t, link+".href")
	var at struct {
		X float64 `json:"x"`
		Y float64 `json:"y"`
	}
	position := p.evaluate(t, "(l => {l.scrollIntoView({block: 'center'}); const r = l.getClientRects()[0];"+
		"return JSON.stringify({x: r.x + r.width/2, y: r.y + r.height/2})})("+link+")")
	if err := json.Unmarshal([]byte(position), &at); err != nil {
		t.Fatalf("%s: %v", selector, err)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		p.call(t, nil, "Input.dispatchMouseEvent", map[string]any{
			"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1,
		})
	}
	p.await(t, address)
}

func (p *phone) await(t *testing.T, url string) {
	t.Helper()
	eventually(t, patience, func() error {
		if got := p.evaluate(t, "document.readyState + ' ' + location.href"); got != "complete "+url {
			return fmt.Errorf("the page is %s, want %s", got, url)
		}
		return nil
	})
}

// text returns what the page shows.
func (p *phone) text(t *testing.T) string {
	t.Helper()
	return p.evaluate(t, "document.body.innerText")
}

// wantFit fails the test if something that is shown is wider than the screen. The heads of tables
// are for screen readers alone.
func (p *phone) wantFit(t *testing.T, page string) {
	t.Helper()
	wide := p.evaluate(t, "[...document.body.querySelectorAll('*')]"+
		".filter(e => getComputedStyle(e.closest('thead') || e).position != 'absolute' && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)"+
		".map(e => e.outerHTML.slice(0, 100)).slice(0, 3).join(' | ') || "+
		"(document.documentElement.scrollWidth > document.documentElement.clientWidth ? 'the page' : '')")
	if wide != "" {
		t.Errorf("%s: wider than the screen: %s", page, wide)
	}
}

// wantWholeDates fails the test if a line breaks inside of a date, or inside of a part of how a file is shared.
func (p *phone) wantWholeDates(t *testing.T, page string) {
	t.Helper()
	broken := p.evaluate(t, `(() => {
		const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (texts.nextNode()) {
			const text = texts.currentNode;
			for (const match of text.data.matchAll(/\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d UTC)?|(no|never|not) [a-z]+(?=,|$)/g)) {
				const range = document.createRange();
				range.setStart(text, match.index);
				range.setEnd(text, match.index + match[0].length);
				const lines = new Set([...range.getClientRects()].map(r => r.top));
				if (lines.size > 1) found.push(text.data);
			}
		}
		return found.slice(0, 3).join(' | ');
	})()`)
	if broken != "" {
		t.Errorf("%s: a line breaks in %s", page, broken)
	}
}

// screenshot keeps a picture of the page if SCREENSHOTS names a folder.
func (p *phone) screenshot(t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return
	}
	var answer struct {
		Data []byte `json:"data"`
	}
	p.call(t, &answer, "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true})
	if err := os.WriteFile(filepath.Join(folder, name+".png"), answer.Data, 0o600); err != nil {
		t.Fatal(err)
	}
}

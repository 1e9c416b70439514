// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
)

// TestSampleOfReadmes runs the demo in virtual time and compares the sample of its
// metrics in the readmes with what it serves a few seconds after its start. With
// -update it writes the sample.
func TestSampleOfReadmes(t *testing.T) {
	t.Parallel()
	exposition := demoExposition(t)
	for _, page := range []string{"../README.md", "../README.zh-CN.md"} {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		command := regexp.MustCompile("(?m)^[$] curl -s localhost:10168/metrics \\| grep -E '(.*)'\n")
		m := command.FindSubmatchIndex(content)
		if m == nil {
			t.Fatalf("%s has no sample", page)
		}
		before, rest := string(content[:m[1]]), string(content[m[1]:])
		_, after, ok := strings.Cut(rest, "```\n")
		if !ok {
			t.Fatalf("the sample of %s does not end", page)
		}
		var sample strings.Builder
		grep := regexp.MustCompile(string(content[m[2]:m[3]]))
		for line := range strings.Lines(exposition) {
			if grep.MatchString(line) {
				sample.WriteString(line)
			}
		}
		if n := strings.Count(sample.String(), "\n"); n < 10 {
			t.Errorf("the command of %s shows %d lines", page, n)
		}
		golden.Compare(t, page, before+sample.String()+"```\n"+after)
	}
}

// demoExposition returns what the demo serves soon after it was started at a fixed time.
func demoExposition(t *testing.T, flags ...string) string {
	t.Helper()
	return demoExpositionAfter(t, 10*time.Second, flags...)
}

// demoExpositionAfter returns what the demo serves some time after it was started.
func demoExpositionAfter(t *testing.T, age time.Duration, flags ...string) string {
	t.Helper()
	var body string
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, time.November, 24, 2, 0, 0, 0, time.UTC)))
		a := newApplication()
		if _, err := a.kingpin.Parse(append([]string{"demo"}, flags...)); err != nil {
			t.Fatal(err)
		}
		e := newDemo(a.flags, &output{logger: log.NewNopLogger(), toolkitLogger: slog.New(slog.DiscardHandler)})
		cfg, err := e.load()
		if err != nil {
			t.Fatal(err)
		}
		settings, err := a.flags.web.Settings()
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		s := e.setUp(ctx, cfg, settings)
		<-s.loaded
		if s.err != nil {
			t.Fatal(s.err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.manager.Run(ctx)
		}()
		time.Sleep(age)
		synctest.Wait()
		recorder := httptest.NewRecorder()
		s.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", http.NoBody))
		if recorder.Code != http.StatusOK {
			t.Errorf("status %d", recorder.Code)
		}
		body = recorder.Body.String()
		stop()
		<-done
	})
	return body
}

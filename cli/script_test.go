// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	// scrapeTimeout bounds how long a script waits for a page.
	scrapeTimeout = 20 * time.Second
	// scriptMembers is how many members the company of a script has.
	scriptMembers = 12
	// scriptsTimeout bounds all scripts. A program that starts although it must not
	// is stopped then.
	scriptsTimeout = 5 * time.Minute
)

func TestMain(m *testing.M) {
	// Scripts start this test binary again under the name of the program.
	testscript.Main(leakFinder{m}, map[string]func(){name: program})
}

// program is what package main does.
func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// A leakFinder runs the tests without the WECOM_ variables of whoever runs them,
// and fails if goroutines are left.
type leakFinder struct{ tests *testing.M }

func (f leakFinder) Run() int {
	for _, variable := range os.Environ() {
		if key, _, _ := strings.Cut(variable, "="); strings.HasPrefix(key, "WECOM_") {
			os.Unsetenv(key)
		}
	}
	if code := f.tests.Run(); code != 0 {
		return code
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left:", err)
		return 1
	}
	return 0
}

// TestScripts runs the scripts, which are cases of using the program. Beside the
// commands of testscript, they have these:
//
//	refused [arg...]     runs the program, which must refuse the arguments
//	address NAME         sets a variable to a free address
//	listen NAME          sets a variable to an address in use
//	scrape URL REGEXP    gets the URL until the body matches; stdout holds the body
//	expand FILE          replaces variables in a file by their values
//	wecom [ENDPOINT=ERRCODE...]
//	                     starts a WeCom, with a company and faults, and sets the variables of the
//	                     credentials and of its URL
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(scriptsTimeout),
		Setup: func(env *testscript.Env) error {
			// What starts although it must not should disturb nobody.
			env.Setenv("WECOM_RECORDING_EXPORTER_WEB_LISTEN_ADDRESS", "127.0.0.1:0")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"refused": refused,
			"address": address,
			"listen":  listen,
			"scrape":  scrape,
			"wecom":   startWeCom,
			"expand":  expand,
		},
	})
}

// refused runs the program and fails unless it exits with status 1 before it
// listens, without printing the secret.
func refused(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("unsupported: ! refused")
	}
	err := ts.Exec(name, args...)
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 1 {
		ts.Fatalf("%v, want exit status 1", err)
	}
	stderr := ts.ReadFile("stderr")
	for _, never := range []string{"canary-secret", "Listening"} {
		if strings.Contains(stderr, never) {
			ts.Fatalf("stderr has %q", never)
		}
	}
	if stdout := ts.ReadFile("stdout"); stdout != "" {
		ts.Fatalf("stdout has %q", stdout)
	}
}

// startWeCom serves the company of the demo, which is the same each time, over loopback.
func startWeCom(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: wecom [ENDPOINT=ERRCODE...]")
	}
	company := wecomtest.DemoServer(wecomtest.Config{}, demoSeed, scriptMembers)
	for _, arg := range args {
		endpoint, code, _ := strings.Cut(arg, "=")
		errcode, err := strconv.Atoi(code)
		ts.Check(err)
		company.Fail(wecomtest.Fault{Endpoint: endpoint, Errcode: errcode})
	}
	server := httptest.NewServer(company)
	ts.Defer(server.Close)
	ts.Setenv("WECOM_API_URL", server.URL)
	ts.Setenv("WECOM_CORP_ID", wecomtest.DefaultCorpID)
	ts.Setenv("WECOM_API_SECRET", wecomtest.DefaultSecret)
	ts.Setenv("WECOM_AGENT_ID", strconv.Itoa(wecomtest.DefaultAgentID))
}

// expand replaces variables in a file by their values.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: expand FILE")
	}
	content := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(content), 0o600))
}

func address(ts *testscript.TestScript, neg bool, args []string) {
	listener := bind(ts, neg, args)
	ts.Check(listener.Close())
}

func listen(ts *testscript.TestScript, neg bool, args []string) {
	listener := bind(ts, neg, args)
	ts.Defer(func() { listener.Close() })
}

func bind(ts *testscript.TestScript, neg bool, args []string) net.Listener {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: address|listen NAME")
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], listener.Addr().String())
	return listener
}

func scrape(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: scrape URL REGEXP")
	}
	want, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		body, err := get(ctx, args[0])
		if err == nil && want.MatchString(body) {
			fmt.Fprint(ts.Stdout(), body)
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("%s never matches %s: %v\n%s", args[0], args[1], err, body)
		}
	}
}

// get returns the body of an answer with status 200.
func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", resp.StatusCode)
	}
	return string(body), err
}

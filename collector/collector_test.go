// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll/schedule"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const listEndpoint = "meeting/record/list"

// recorded returns a completed recording of an hour that began some time ago,
// with one file of 1000 bytes.
func recorded(id, host string, ago time.Duration, shares ...wecomtest.Share) wecomtest.Recording {
	start := time.Now().Add(-ago)
	return wecomtest.Recording{
		ID: id, Creator: host, Host: host, MeetingStart: start, Title: "canary-title",
		Files: []wecomtest.File{{ID: id + "-file", Start: start, End: start.Add(time.Hour), Size: 1000, Shares: shares}},
	}
}

// worldOf returns a small company in which everything occurs.
func worldOf(c wecomtest.Config) *wecomtest.Server {
	server := wecomtest.New(c)
	now := time.Now()
	open := wecomtest.Share{On: true, Download: true}
	running := recorded("r1", "li", 30*time.Minute)
	running.Transcoding, running.Completed = now.Add(time.Hour), now.Add(2*time.Hour)
	transcoding := recorded("r2", "li", 90*time.Minute)
	transcoding.Transcoding, transcoding.Completed = now.Add(-time.Minute), now.Add(time.Hour)
	odd := 7
	unknown := recorded("r3", "wang", 3*time.Hour)
	unknown.State = &odd
	two := recorded("r4", "wang", 10*day, open)
	two.Files = append(two.Files, wecomtest.File{
		ID: "r4-second", Start: now.Add(-10 * day), End: now.Add(-10*day + 90*time.Second), Size: 5 << 30,
		Shares: []wecomtest.Share{{On: true, SameCorp: true, Password: "canary-password", Expire: now.Add(3 * day)}},
	})
	noHost := recorded("r5", "wang", 20*day, wecomtest.Share{On: true, Attendee: true, SameCorp: true, Expire: now.Add(-day)})
	noHost.Host = ""
	other := recorded("r6", "wang", 2*day, wecomtest.Share{On: true, Expire: now.Add(time.Hour)})
	other.Host = "zhao"
	server.Put(running, transcoding, unknown, two, noHost, other)
	return server
}

func TestExposition(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]wecomtest.Config{
		"the sample's spelling": {},
		"the table's spelling":  {TableSpelling: true},
		"numbers as strings":    {NumbersAsStrings: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				cfg := configOf("li", "wang", "nobody")
				cfg.Corps[0].QuotaBytes = 100 << 30
				r := start(t, worldOf(wire), cfg)
				r.wait(10 * time.Second)
				golden.Compare(t, "testdata/exposition.golden", r.exposition())
			})
		})
	}
}

func TestMetricsAreWellNamed(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		r := start(t, worldOf(wecomtest.Config{}), configOf("li", "wang"))
		r.wait(10 * time.Second)
		families := r.gather()
		problems, err := promlint.NewWithMetricFamilies(families).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
		defined := map[string]Definition{}
		for _, d := range Definitions() {
			defined[d.Name] = d
		}
		for _, family := range families {
			d, ok := defined[family.GetName()]
			if !ok || d.Help != family.GetHelp() || !strings.EqualFold(d.Type, family.GetType().String()) {
				t.Errorf("%s is not as in the table of definitions: %+v", family.GetName(), d)
			}
			for _, m := range family.GetMetric() {
				if len(m.GetLabel()) != len(d.Labels) {
					t.Errorf("%s has labels %v, and not %v", family.GetName(), m.GetLabel(), d.Labels)
				}
				for _, l := range m.GetLabel() {
					if l.GetValue() == "" {
						t.Errorf("%s has an empty label %s", family.GetName(), l.GetName())
					}
				}
			}
		}
	})
}

func TestSampleOfTheDocument(t *testing.T) {
	t.Parallel()
	const sample = `{"errcode": 0, "errmsg": "ok", "record_meetings": [{
		"meeting_record_id": "GEIGN", "meetingid": "GEMIGE", "meeting_code": "GEJIGNEO", "host_user_id": "XGMEIG",
		"meeting_start_time": 177777777, "title": "TJIE", "state": 1,
		"record_files": [{"record_file_id": "FILEID", "record_start_time": 15555, "record_end_time": 1777777,
			"record_size": 323235325, "sharing_state": 1, "sharing_url": "https://share.url", "required_same_corp": true,
			"required_attendee": true, "password": "fgjisnge", "sharing_expire": 3323, "allow_download": true}]}]}`
	virtually(t, func(t *testing.T) {
		r := start(t, respond(sample), configOf("li"))
		want := map[string]string{
			`wecom_recordings{host="XGMEIG",state="recording"}`:                                                      "1",
			`wecom_recordings{host="XGMEIG",state="completed"}`:                                                      "0",
			`wecom_recording_files{host="XGMEIG"}`:                                                                   "1",
			`wecom_recording_bytes{host="XGMEIG"}`:                                                                   "323235325",
			`wecom_recording_duration_seconds{host="XGMEIG"}`:                                                        "1762.222",
			`wecom_recording_shared_files{host="XGMEIG"}`:                                                            "1",
			`wecom_recording_exposed_files{host="XGMEIG"}`:                                                           "0",
			`wecom_recording_last_start_timestamp_seconds{host="XGMEIG"}`:                                            "177777.777",
			`wecom_recording_oldest_unfinished_timestamp_seconds{state="recording"}`:                                 "177777.777",
			`wecom_recording_sharing_files{audience="attendees",download="allowed",expiry="expired",password="set"}`: "1",
		}
		r.wait(5 * time.Second)
		r.expect(want)
		r.wait(day) // It is in every list, so its age does not matter.
		r.expect(want)
	})
}

func TestScrapesCallNobody(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		r := start(t, server, configOf("li", "wang"))
		r.wait(10 * time.Second)
		before := server.Count(listEndpoint)
		for range 100 {
			r.exposition()
		}
		r.wait(time.Second)
		if after := server.Count(listEndpoint); after != before || before == 0 {
			t.Errorf("%d calls after 100 scrapes, %d before", after, before)
		}
	})
}

func TestBrokenChainLeavesTheInventory(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		for i := range 50 {
			server.Put(recorded(fmt.Sprintf("r%d", i), "li", time.Duration(i+1)*time.Hour))
		}
		r := start(t, server, configOf("li"))
		r.wait(10 * time.Second)
		r.expect(map[string]string{`wecom_recording_files{host="li"}`: "50", `wecom_poll_targets{selector="userid",status="ok"}`: "1"})

		for i := range 20 {
			server.Remove(fmt.Sprintf("r%d", i))
		}
		for i := range 40 {
			server.Put(recorded(fmt.Sprintf("new%d", i), "li", time.Duration(i+1)*time.Minute+2*time.Hour))
		}
		mend := server.Fail(wecomtest.Fault{
			Endpoint: listEndpoint, Status: 502,
			Match: func(req wecomtest.Request) bool { return strings.Count(pages(server, req.Cursor), "x") == 2 },
		})
		r.wait(5 * time.Minute)
		r.expect(map[string]string{
			`wecom_recording_files{host="li"}`:                       "50",
			`wecom_poll_targets{selector="userid",status="failing"}`: "1",
			`wecom_poll_targets{selector="userid",status="ok"}`:      "0",
			`wecom_up`: "0",
		})
		mend()
		r.wait(6 * time.Minute)
		r.expect(map[string]string{`wecom_recording_files{host="li"}`: "70", `wecom_up`: "1"})
	})
}

// pages returns an x for each page of the chain so far.
func pages(server *wecomtest.Server, cursor string) string {
	if cursor == "" {
		return ""
	}
	x := ""
	for _, req := range server.Requests() {
		switch {
		case req.Endpoint != listEndpoint:
		case req.Cursor == "":
			x = "x"
		case req.Errcode == 0:
			x += "x"
		}
	}
	return x
}

func TestOneBadTargetHurtsNoOther(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{
			Endpoint: listEndpoint, Errcode: 60111,
			Match: func(req wecomtest.Request) bool { return req.Target == "gone" },
		})
		r := start(t, server, configOf("gone", "li", "wang"))
		r.wait(10 * time.Second)
		r.expect(map[string]string{
			`wecom_recordings{host="li",state="recording"}`:                            "1",
			`wecom_recording_files{host="wang"}`:                                       "2",
			`wecom_poll_targets{selector="userid",status="failing"}`:                   "1",
			`wecom_poll_targets{selector="userid",status="ok"}`:                        "2",
			`wecom_api_requests_total{endpoint="meeting/record/list",errcode="60111"}`: "1",
			`wecom_up`: "1",
		})
		r.wait(59 * time.Minute)
		if n := server.Count(listEndpoint, 60111); n != 1 {
			t.Errorf("%d calls for the bad target within the idle interval, want 1", n)
		}
		if text := r.log.String(); strings.Count(text, "60111") != 1 || !strings.Contains(text, "target=gone") {
			t.Errorf("log:\n%s", text)
		}
	})
}

func TestOutageOfTheCorp(t *testing.T) {
	t.Parallel()
	for _, code := range []int{60020, 48002, 50003, 40014} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := worldOf(wecomtest.Config{})
				users := append(make([]string, 0, 102), "li", "wang")
				for i := range 100 {
					users = append(users, fmt.Sprintf("user%d", i))
				}
				r := start(t, server, configOf(users...))
				r.wait(time.Minute)
				mend := server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: code})
				server.ResetRequests()
				begin := time.Now()
				r.wait(4 * time.Hour)
				var asked []int
				for _, req := range server.Requests() {
					if minute := int(req.Time.Sub(begin).Minutes()); req.Endpoint == listEndpoint && (len(asked) == 0 || asked[len(asked)-1] != minute) {
						asked = append(asked, minute)
					}
				}
				// Hot targets fall due after about 4 minutes; then the outage is waited out for 1, 2, 4, 8, 15, 15 ... minutes.
				if len(asked) < 8 || len(asked) > 21 || asked[1]-asked[0] != 1 || asked[2]-asked[1] != 2 || asked[6]-asked[5] != 15 {
					t.Errorf("asked in minutes %v", asked)
				}
				if n := server.Count(listEndpoint); n > 45 {
					t.Errorf("%d calls in four hours", n)
				}
				r.expect(map[string]string{`wecom_recording_files{host="wang"}`: "2", `wecom_up`: "0"})
				if n := strings.Count(r.log.String(), "level=error"); n != 1 || !strings.Contains(r.log.String(), "remedy_zh=") {
					t.Errorf("%d errors logged, want 1:\n%s", n, r.log)
				}
				mend()
				r.wait(20 * time.Minute)
				r.expect(map[string]string{
					`wecom_up`: "1",
					`wecom_poll_targets{selector="userid",status="failing"}`: "0",
					`wecom_poll_coverage_ratio`:                              "1",
				})
			})
		})
	}
}

func TestOneTargetWithoutAnswersHurtsNoOther(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{
			Endpoint: listEndpoint, Status: 502, Match: func(req wecomtest.Request) bool { return req.Target == "odd" },
		})
		r := start(t, server, configOf("li", "wang", "odd"))
		r.wait(3 * time.Hour)
		if n := asked(server, "odd"); n < 4*unansweredLimit {
			t.Fatalf("the odd target was asked %d times, too few for this test", n)
		}
		if text := r.log.String(); strings.Contains(text, "level=error") {
			t.Errorf("one target makes an outage:\n%s", text)
		}
	})
}

func TestPollsUnderWaySayNothingAboutAnOutage(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		isWang := func(req wecomtest.Request) bool { return req.Target == "wang" }
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Delay: 5 * time.Second, Match: isWang, Times: 1})
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 60020, Delay: time.Second})
		r := start(t, server, configOf("li", "wang"))
		r.wait(30 * time.Second)
		if n := server.Count(listEndpoint); n != 2 {
			t.Errorf("%d calls, want the two that began before the outage was known", n)
		}
		if text := r.log.String(); strings.Contains(text, "accepts calls again") || strings.Count(text, "level=error") != 1 {
			t.Errorf("log:\n%s", text)
		}
	})
}

func TestUpstreamThatIsAway(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]wecomtest.Fault{
		"no connection": {Endpoint: listEndpoint, Drop: true},
		"bad gateway":   {Endpoint: listEndpoint, Status: 502},
		"busy":          {Endpoint: listEndpoint, Errcode: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				users := make([]string, 0, 500)
				for i := range 500 {
					users = append(users, fmt.Sprintf("user%d", i))
					server.Put(recorded("r"+users[i], users[i], time.Hour))
				}
				r := start(t, server, configOf(users...))
				r.wait(2 * time.Minute)
				mend := server.Fail(fault)
				server.ResetRequests()
				r.wait(time.Hour)
				// Some in a row, then one probe a minute, each of four tries.
				if n := server.Count(listEndpoint); n > 400 {
					t.Errorf("%d calls in an hour without an answer", n)
				}
				r.expect(map[string]string{`wecom_up`: "0", `wecom_recording_files{host="user7"}`: "1"})
				if n := strings.Count(r.log.String(), "level=error"); n != 1 {
					t.Errorf("%d errors logged, want 1:\n%s", n, r.log)
				}
				mend()
				r.wait(2 * time.Minute)
				r.expect(map[string]string{`wecom_up`: "1"})
				r.wait(5 * time.Minute)
				r.expect(map[string]string{`wecom_poll_coverage_ratio`: "1"})
			})
		})
	}
}

func TestCorpErrorOfOneTarget(t *testing.T) {
	t.Parallel()
	for code, what := range map[int]string{730005: "of a meeting", 40058: "of an argument"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := worldOf(wecomtest.Config{})
				server.Fail(wecomtest.Fault{
					Endpoint: listEndpoint, Errcode: code,
					Match: func(req wecomtest.Request) bool { return req.Selector == "meetingid" },
				})
				cfg := configOf("li", "wang")
				cfg.Corps[0].Targets.MeetingIDs = []string{"of-another-app"}
				r := start(t, server, cfg)
				r.wait(5 * time.Minute)
				r.expect(map[string]string{
					`wecom_poll_targets{selector="userid",status="ok"}`:         "2",
					`wecom_poll_targets{selector="meetingid",status="failing"}`: "1",
					`wecom_up`: "1",
				})
				before := server.Count(listEndpoint, code)
				r.wait(50 * time.Minute)
				if n := server.Count(listEndpoint, code) - before; n > 0 {
					t.Errorf("%d more calls for the bad target within the idle interval", n)
				}
			})
		})
	}
}

// A target that always meets an error of the whole corp must not make an outage that
// is one look like its own.
func TestOutageBesideACorpErrorOfOneTarget(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]wecomtest.Fault{
		"an errcode":       {Endpoint: listEndpoint, Errcode: 60020},
		"a refused secret": {Endpoint: "gettoken", Errcode: 40001},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := worldOf(wecomtest.Config{})
				var away atomic.Bool
				server.Fail(wecomtest.Fault{
					Endpoint: listEndpoint, Errcode: 40058,
					Match: func(req wecomtest.Request) bool { return req.Selector == "meetingid" && !away.Load() },
				})
				cfg := configOf("li", "wang")
				cfg.Corps[0].Targets.MeetingIDs = []string{"malformed"}
				r := start(t, server, cfg)
				r.wait(90 * time.Minute)
				r.expect(map[string]string{`wecom_up`: "1"})

				away.Store(true)
				mend := server.Fail(outage)
				server.InvalidateTokens()
				r.wait(5 * time.Minute)
				for range 4 * 60 {
					r.wait(time.Minute)
					r.expect(map[string]string{`wecom_up`: "0"})
				}
				mend()
				away.Store(false)
				r.wait(20 * time.Minute)
				r.expect(map[string]string{
					`wecom_up`: "1",
					`wecom_poll_targets{selector="userid",status="ok"}`:         "2",
					`wecom_poll_targets{selector="meetingid",status="failing"}`: "1",
				})
			})
		})
	}
}

func TestWhoseErrorItIs(t *testing.T) {
	t.Parallel()
	code := func(code int64) error { return &wecom.APIError{Endpoint: listEndpoint, Code: code} }
	for name, test := range map[string]struct {
		selector         wecom.Selector // by user, if empty
		err, before, own error          // of the target
		outage           error
		accepted         bool // whether another target was, since this one was asked
		want             wecom.Class
	}{
		"the first time":                {err: code(40058), accepted: true, want: wecom.ClassCorp},
		"again, and others accepted":    {err: code(40058), before: code(40058), accepted: true, want: wecom.ClassTarget},
		"again, and nobody accepted":    {err: code(40058), before: code(40058), want: wecom.ClassCorp},
		"another errcode than before":   {err: code(60020), before: code(40058), accepted: true, want: wecom.ClassCorp},
		"its own, after an outage":      {err: code(40058), before: code(60020), own: code(40058), want: wecom.ClassTarget},
		"its own, to end an outage":     {err: code(40058), own: code(40058), outage: code(60020), want: wecom.ClassTarget},
		"that of the outage":            {err: code(60020), before: code(60020), outage: code(60020), accepted: true, want: wecom.ClassCorp},
		"no token":                      {err: &wecom.TokenError{Err: code(40001)}, before: &wecom.TokenError{Err: code(40001)}, accepted: true, want: wecom.ClassCorp},
		"of a target's kind":            {err: code(60111), outage: code(60020), want: wecom.ClassTarget},
		"of a meeting, for a meeting":   {selector: wecom.ByMeetingID, err: code(730005), want: wecom.ClassTarget},
		"of a meeting, for its code":    {selector: wecom.ByMeetingCode, err: code(730011), want: wecom.ClassTarget},
		"of a meeting, for a user":      {selector: wecom.ByUserID, err: code(730010), want: wecom.ClassCorp},
		"of the corp, asking a meeting": {selector: wecom.ByMeetingID, err: code(48002), want: wecom.ClassCorp},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.selector == "" {
				test.selector = wecom.ByUserID
			}
			target := wecom.Target{Selector: test.selector, ID: "x"}
			last := schedule.Attempt{At: noon, Err: test.before, Own: test.own}
			c := &corp{accepted: noon}
			if test.accepted {
				c.accepted = noon.Add(time.Minute)
			}
			if test.outage != nil {
				c.outage = &outage{err: test.outage}
			}
			if got, _ := c.judge(target, test.err, &last); got != test.want {
				t.Errorf("class %d, want %d", got, test.want)
			}
		})
	}
}

func TestCorpErrorsOfManyTargets(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{
			Endpoint: listEndpoint, Errcode: 730010,
			Match: func(req wecomtest.Request) bool { return req.Selector == "meeting_code" },
		})
		cfg := configOf("li", "wang")
		for i := range 30 {
			cfg.Corps[0].Targets.MeetingCodes = append(cfg.Corps[0].Targets.MeetingCodes, fmt.Sprintf("90000%d", i))
		}
		r := start(t, server, cfg)
		r.wait(30 * time.Minute)
		r.expect(map[string]string{
			`wecom_poll_targets{selector="userid",status="ok"}`:            "2",
			`wecom_poll_targets{selector="meeting_code",status="failing"}`: "30",
			`wecom_up`: "1",
		})
		server.ResetRequests()
		r.wait(30 * time.Minute)
		if n := asked(server, "li"); n < 5 {
			t.Errorf("a good target was asked %d times in 30 minutes, want every 5", n)
		}
	})
}

func TestSecretFileIsReadAgain(t *testing.T) {
	t.Parallel()
	file, write := changingFile(t, "secret", "canary-refused-secret\n")
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		cfg := configOf("li", "wang")
		cfg.Corps[0].Secret = config.SecretFromFile(file)
		r := start(t, server, cfg)
		r.wait(20 * time.Second)
		if n := server.Count("gettoken"); n != 1 {
			t.Errorf("%d calls of gettoken in 20 s with a wrong secret, want 1", n)
		}
		r.expect(map[string]string{`wecom_up`: "0", `wecom_recording_files{host="wang"}`: "-", `wecom_access_token_expiry_timestamp_seconds`: "-"})
		write(wecomtest.DefaultSecret + "\n")
		r.wait(5 * time.Second)
		r.expect(map[string]string{`wecom_up`: "1", `wecom_recording_files{host="wang"}`: "2"})
		for _, secret := range []string{wecomtest.DefaultSecret, "canary-refused-secret"} {
			if strings.Contains(r.log.String(), secret) {
				t.Errorf("the log tells the secret %s:\n%s", secret, r.log)
			}
		}
		if text := r.log.String(); !strings.Contains(text, "errcode 40001") || !strings.Contains(text, "check the corp ID") {
			t.Errorf("the log does not tell of the refused secret and the remedy:\n%s", text)
		}
	})
}

// The secret of another app gives tokens that no list accepts.
func TestSecretOfAnotherApp(t *testing.T) {
	t.Parallel()
	file, write := changingFile(t, "secret", "of-another-app")
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.SetSecret("of-another-app")
		mend := server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 48002})
		cfg := configOf("li")
		cfg.Corps[0].Secret = config.SecretFromFile(file)
		r := start(t, server, cfg)
		r.wait(40 * time.Minute)
		mend()
		server.SetSecret(wecomtest.DefaultSecret)
		write(wecomtest.DefaultSecret)
		server.ResetRequests()
		r.wait(5 * time.Second)
		r.expect(map[string]string{`wecom_up`: "1"})
		if n := server.Count("gettoken"); n != 1 {
			t.Errorf("%d calls of gettoken for the new secret, want one", n)
		}
	})
}

func TestFrequencyLimit(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 45009, Times: 1})
		r := start(t, server, configOf("li", "wang", "zhao", "qian", "sun"))
		r.wait(59 * time.Second)
		if n := server.Count(listEndpoint); n > 4 {
			t.Errorf("%d calls within the block, want those in flight at the most", n)
		}
		r.wait(10 * time.Second)
		r.expect(map[string]string{`wecom_poll_targets{selector="userid",status="ok"}`: "5", `wecom_up`: "1"})
	})
}

func TestNewTargetsAreAskedBeforeOldOnesThatWaitForTheBudget(t *testing.T) {
	t.Parallel()
	file, write := changingFile(t, "targets.yml", "userids: [u0, u1, u2, u3]")
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		cfg := configOf()
		cfg.Corps[0].Targets.Files = []string{file}
		cfg.Poll.Interval, cfg.Poll.IdleInterval, cfg.Poll.MaxRequestsPerMinute = time.Second, time.Second, 4
		r := start(t, server, cfg)
		r.wait(10 * time.Second)
		write("userids: [u0, u1, u2, u3, new0, new1, new2, new3]")
		r.wait(5 * time.Second)
		r.expect(map[string]string{`wecom_poll_targets{selector="userid",status="pending"}`: "4"})
		server.ResetRequests()
		r.wait(50 * time.Second)
		requests := server.Requests()
		got := make([]string, 0, len(requests))
		for _, req := range requests {
			got = append(got, req.Target)
		}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"new0", "new1", "new2", "new3"}, got); diff != "" {
			t.Errorf("asked for in the next minute (-want +got):\n%s", diff)
		}
	})
}

func TestReadyOnceEveryTargetWasAsked(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		mend := server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 60020})
		r := start(t, server, configOf("li", "wang", "zhao", "qian", "sun", "zhou"))
		r.wait(30 * time.Second)
		if r.collector.Ready() {
			t.Error("ready while most targets were never asked")
		}
		mend()
		r.wait(time.Minute)
		if !r.collector.Ready() {
			t.Error("not ready though every target was asked")
		}
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Errcode: 60020})
		r.wait(day)
		if !r.collector.Ready() {
			t.Error("not ready because of WeCom")
		}
	})
}

func TestWhatIsReadyIsServed(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		r := start(t, worldOf(wecomtest.Config{}), configOf("li", "wang"))
		for !r.collector.Ready() {
			r.wait(time.Millisecond)
		}
		r.expect(map[string]string{`wecom_recording_files{host="wang"}`: "2", `wecom_recordings{host="li",state="recording"}`: "1"})
	})
}

func TestARecordingWithoutTimesGoesWithTheNextList(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		remove := server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Body: []byte(
			`{"errcode":0,"record_list":[{"meeting_record_id":"r","host_user_id":"li","state":3,"record_file_list":[{"record_file_id":"f","record_size":5}]}]}`,
		)})
		r := start(t, server, configOf("li"))
		r.wait(time.Minute)
		r.expect(map[string]string{`wecom_recording_bytes{host="li"}`: "5"})
		remove()
		r.wait(5 * time.Minute)
		r.expect(map[string]string{`wecom_recording_bytes{host="li"}`: "-", `wecom_recordings_removed_total`: "0"})
	})
}

func TestRecordingsOfSeveralTargetsCountOnce(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		shared := recorded("r1", "li", time.Hour)
		shared.MeetingID, shared.MeetingCode = "m1", "123"
		later := recorded("r2", "li", 30*time.Minute)
		later.MeetingID, later.MeetingCode = "m1", "123"
		server.Put(shared, later)
		cfg := configOf("li", "LI")
		cfg.Corps[0].Targets.MeetingIDs = []string{"m1"}
		cfg.Corps[0].Targets.MeetingCodes = []string{"123"}
		r := start(t, server, cfg)
		r.wait(10 * time.Second)
		r.expect(map[string]string{
			`wecom_recording_files{host="li"}`:                        "2",
			`wecom_recording_bytes{host="li"}`:                        "2000",
			`wecom_poll_targets{selector="userid",status="ok"}`:       "1",
			`wecom_poll_targets{selector="meetingid",status="ok"}`:    "1",
			`wecom_poll_targets{selector="meeting_code",status="ok"}`: "1",
		})
		server.Remove("r1")
		r.wait(10 * time.Minute)
		r.expect(map[string]string{`wecom_recording_files{host="li"}`: "1"})
	})
}

func TestTargetFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yml", "userids: [li]")
	virtually(t, func(t *testing.T) {
		cfg := configOf()
		cfg.Corps[0].Targets.Files = []string{filepath.Join(dir, "*.yml")}
		r := start(t, worldOf(wecomtest.Config{}), cfg)
		li, wang := `wecom_recordings{host="li",state="recording"}`, `wecom_recording_files{host="wang"}`
		r.wait(10 * time.Second)
		r.expect(map[string]string{li: "1", wang: "-"})

		write("b.yml", "userids: [wang, LI]")
		r.wait(10 * time.Second)
		r.expect(map[string]string{li: "1", wang: "2", `wecom_poll_targets{selector="userid",status="ok"}`: "2"})

		write("b.yml", "userid: [zhao]")
		r.wait(time.Minute)
		r.expect(map[string]string{li: "1", wang: "2"})
		if text := r.log.String(); strings.Count(text, "b.yml") != 1 {
			t.Errorf("the broken file is not told of once:\n%s", text)
		}

		write("b.yml", "userids: []")
		r.wait(10 * time.Second)
		r.expect(map[string]string{li: "1", wang: "-"})

		if err := os.Remove(filepath.Join(dir, "a.yml")); err != nil {
			t.Fatal(err)
		}
		r.wait(10 * time.Second)
		r.expect(map[string]string{li: "-", `wecom_poll_targets{selector="userid",status="ok"}`: "0"})
	})
}

func TestAnAppThatSeesNoRecordingsIsToldWhy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		users []string
		told  int
	}{
		"none": {[]string{"nobody", "noone"}, 1},
		"some": {[]string{"nobody", "wang"}, 0},
		"left": {[]string{"left"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := worldOf(wecomtest.Config{})
				server.Fail(wecomtest.Fault{
					Endpoint: listEndpoint, Errcode: 60111, Match: func(req wecomtest.Request) bool { return req.Target == "left" },
				})
				r := start(t, server, configOf(test.users...))
				r.wait(2 * time.Hour)
				if n := strings.Count(r.log.String(), "created by this very app"); n != test.told {
					t.Errorf("told %d times, want %d:\n%s", n, test.told, r.log)
				}
			})
		})
	}
}

func TestTargetDroppedWhileItIsAsked(t *testing.T) {
	t.Parallel()
	file, write := changingFile(t, "targets.yml", "userids: [li, wang]")
	virtually(t, func(t *testing.T) {
		server := worldOf(wecomtest.Config{})
		server.Fail(wecomtest.Fault{Endpoint: listEndpoint, Delay: 5 * time.Second})
		cfg := configOf()
		cfg.Corps[0].Targets.Files = []string{file}
		r := start(t, server, cfg)
		r.wait(2 * time.Second)
		write("userids: [wang, zhao]")
		r.wait(20 * time.Second)
		r.expect(map[string]string{
			`wecom_recordings{host="li",state="recording"}`: "-", `wecom_recording_files{host="wang"}`: "2",
			`wecom_poll_targets{selector="userid",status="ok"}`: "2",
		})
	})
}

func TestIntervals(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(recorded("r1", "hot", time.Hour))
		cfg := configOf("hot", "idle")
		cfg.Poll.Lookback = 90 * day
		r := start(t, server, cfg)
		begin := time.Now()
		r.wait(6*time.Hour + 30*time.Minute)
		newest, history := map[string]int{}, map[string]int{}
		type window struct{ start, end int64 }
		first := map[string][]window{}
		for _, req := range server.Requests() {
			if req.Endpoint != listEndpoint {
				continue
			}
			if req.End-req.Time.Unix() > -60 {
				newest[req.Target]++
			} else {
				history[req.Target]++
			}
			if req.Time.Sub(begin) < time.Minute {
				first[req.Target] = append(first[req.Target], window{req.Start, req.End})
			}
		}
		if n := newest["hot"]; n < 78 || n > 80 {
			t.Errorf("the hot target was asked %d times in 6.5 hours, want 79 or so", n)
		}
		if n := newest["idle"]; n != 7 {
			t.Errorf("the idle target was asked %d times in 6.5 hours, want 7", n)
		}
		if history["hot"] != 4 || history["idle"] != 4 {
			t.Errorf("older windows were asked for %v times, want two windows twice each", history)
		}
		for user, windows := range first {
			if len(windows) != 3 {
				t.Errorf("%s: %d windows for 90 days, want 3", user, len(windows))
				continue
			}
			for i, w := range windows {
				if w.end-w.start > 31*86400 || i > 0 && w.end != windows[i-1].start {
					t.Errorf("%s: window %d is %+v after %+v", user, i, w, windows[max(0, i-1)])
				}
			}
			if covered := windows[0].end - windows[2].start; covered != 90*86400 {
				t.Errorf("%s: the windows cover %d s, want 90 days", user, covered)
			}
		}
	})
}

func TestNothingTellsSecrets(t *testing.T) {
	t.Parallel()
	const secret = "canary-secret"
	for name, fault := range map[string]wecomtest.Fault{
		"none":         {Endpoint: "none", Errcode: 1},
		"echo":         {EchoSecrets: true},
		"echo of list": {Endpoint: listEndpoint, EchoSecrets: true},
		"untrusted":    {Endpoint: listEndpoint, Errcode: 60020, Errmsg: "canary-title from ip: 203.0.113.7"},
		"unknown":      {Endpoint: listEndpoint, Errcode: 123456, Errmsg: "canary-title"},
		"drop":         {Drop: true},
		"hang":         {Hang: true},
		"cut":          {Endpoint: listEndpoint, CutAfter: 200},
		"half":         {Endpoint: listEndpoint, Body: []byte(`{"record_list":[{"title":"canary-title","sharing_url":"https://canary.test`)},
		"redirect":     {Redirect: "https://canary.test/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := worldOf(wecomtest.Config{Secret: secret})
				server.Fail(fault)
				cfg := configOf("li", "wang")
				cfg.Corps[0].Secret = config.SecretFromValue(secret)
				r := start(t, server, cfg)
				r.wait(10 * time.Minute)
				for what, text := range map[string]string{"the log": r.log.String(), "the exposition": r.exposition()} {
					if strings.Contains(text, "canary") {
						t.Errorf("%s tells:\n%s", what, text)
					}
				}
			})
		})
	}
}

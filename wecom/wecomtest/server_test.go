// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// epoch is a Monday noon in Shanghai.
var epoch = time.Date(2026, 6, 1, 4, 0, 0, 0, time.UTC)

// client speaks to a server without a network, with a clock of its own.
type client struct {
	*Server

	now   time.Time
	token string
}

func newClient(t *testing.T, c Config) *client {
	t.Helper()
	x := &client{now: epoch}
	if c.Now == nil {
		c.Now = func() time.Time { return x.now }
	}
	x.Server = New(c)

	return x
}

// reply is what any endpoint may answer, in the spelling of the sample.
type reply struct {
	Errcode        int               `json:"errcode"`
	Errmsg         string            `json:"errmsg"`
	AccessToken    string            `json:"access_token"`
	ExpiresIn      int               `json:"expires_in"`
	HasMore        bool              `json:"has_more"`
	NextCursor     string            `json:"next_cursor"`
	RecordMeetings []sampleRecording `json:"record_meetings"`
	MeetingList    []struct {
		UserID    string `json:"userid"`
		StartTime int64  `json:"start_time"`
	} `json:"meeting_list"`
}

// sampleRecording has the fields of the sample in the document, and their types.
type sampleRecording struct {
	MeetingRecordID  string       `json:"meeting_record_id"`
	MeetingID        string       `json:"meetingid"`
	MeetingCode      string       `json:"meeting_code"`
	HostUserID       string       `json:"host_user_id"`
	MeetingStartTime int64        `json:"meeting_start_time"`
	Title            string       `json:"title"`
	State            int          `json:"state"`
	RecordFiles      []sampleFile `json:"record_files"`
}

type sampleFile struct {
	RecordFileID     string `json:"record_file_id"`
	RecordStartTime  int64  `json:"record_start_time"`
	RecordEndTime    int64  `json:"record_end_time"`
	RecordSize       int64  `json:"record_size"`
	SharingState     int    `json:"sharing_state"`
	SharingURL       string `json:"sharing_url"`
	RequiredSameCorp bool   `json:"required_same_corp"`
	RequiredAttendee bool   `json:"required_attendee"`
	Password         string `json:"password"`
	SharingExpire    int64  `json:"sharing_expire"`
	AllowDownload    bool   `json:"allow_download"`
}

// received is an answer read to its end.
type received struct {
	status int
	header http.Header
	body   []byte
}

// roundTrip returns the answer to a GET, or to a POST if there is a body to send.
func (x *client) roundTrip(t *testing.T, path string, query url.Values, body string) received {
	t.Helper()
	method, content := http.MethodGet, io.Reader(nil)
	if body != "" {
		method, content = http.MethodPost, strings.NewReader(body)
	}
	target := "https://qyapi.example.com" + path + "?" + query.Encode()
	r, err := http.NewRequestWithContext(t.Context(), method, target, content)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := x.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}

	return received{status: resp.StatusCode, header: resp.Header, body: b}
}

func decode(t *testing.T, b []byte) reply {
	t.Helper()
	var r reply
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatalf("%v in %s", err, b)
	}

	return r
}

func (x *client) getTokenWith(t *testing.T, corpID, secret string) reply {
	t.Helper()
	query := url.Values{"corpid": {corpID}, "corpsecret": {secret}}

	return decode(t, x.roundTrip(t, "/cgi-bin/gettoken", query, "").body)
}

// raw calls with a token, which it gets when it needs one.
func (x *client) raw(t *testing.T, endpoint string, query url.Values, body string) []byte {
	t.Helper()
	if x.token == "" {
		x.token = x.getTokenWith(t, DefaultCorpID, DefaultSecret).AccessToken
	}
	if query == nil {
		query = url.Values{}
	}
	query.Set("access_token", x.token)

	return x.roundTrip(t, "/cgi-bin/"+endpoint, query, body).body
}

func (x *client) call(t *testing.T, endpoint, body string) reply {
	t.Helper()

	return decode(t, x.raw(t, endpoint, nil, body))
}

func TestGetTokenRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		corpID, secret string
		want           int
	}{
		"good":           {DefaultCorpID, DefaultSecret, 0},
		"no corp ID":     {"", DefaultSecret, 41002},
		"no secret":      {DefaultCorpID, "", 41004},
		"other corp ID":  {"ww1", DefaultSecret, 40013},
		"other secret":   {DefaultCorpID, "wrong", 40001},
		"secret in part": {DefaultCorpID, DefaultSecret[:4], 40001},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newClient(t, Config{}).getTokenWith(t, tc.corpID, tc.secret)
			if got.Errcode != tc.want || (got.AccessToken == "") != (tc.want != 0) {
				t.Errorf("got %+v, want errcode %d", got, tc.want)
			}
		})
	}
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		config Config
		age    func(*client)
		want   int
		same   bool // Whether gettoken gives the same token then.
	}{
		"fresh":             {Config{}, func(*client) {}, 0, true},
		"just valid":        {Config{}, func(x *client) { x.now = x.now.Add(7200*time.Second - 1) }, 0, true},
		"just expired":      {Config{}, func(x *client) { x.now = x.now.Add(7200 * time.Second) }, 42001, false},
		"short lifetime":    {Config{TokenLifetime: time.Minute}, func(x *client) { x.now = x.now.Add(time.Minute) }, 42001, false},
		"expired, in truth": {Config{ExpiredErrcode: 40014}, func(x *client) { x.now = x.now.Add(3 * time.Hour) }, 40014, false},
		"invalidated":       {Config{}, func(x *client) { x.InvalidateTokens() }, 40014, false},
		"made up":           {Config{}, func(x *client) { x.token += "x" }, 40014, true},
		"secret rotated":    {Config{}, func(x *client) { x.SetSecret("new"); x.SetSecret(DefaultSecret) }, 40014, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newClient(t, tc.config)
			first := x.getTokenWith(t, DefaultCorpID, DefaultSecret)
			x.token = first.AccessToken
			tc.age(x)
			if got := x.call(t, endpointRecordList, listBody("userid", "a", epoch, 1, "")); got.Errcode != tc.want {
				t.Errorf("got %+v, want errcode %d", got, tc.want)
			}
			again := x.getTokenWith(t, DefaultCorpID, DefaultSecret)
			if (again.AccessToken == first.AccessToken) != tc.same {
				t.Errorf("same token again: %v, want %v", !tc.same, tc.same)
			}
		})
	}
}

func TestTokenExpiresIn(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	if got := x.getTokenWith(t, DefaultCorpID, DefaultSecret).ExpiresIn; got != 7200 {
		t.Errorf("expires_in %d of a new token, want 7200", got)
	}
	x.now = x.now.Add(200 * time.Second)
	if got := x.getTokenWith(t, DefaultCorpID, DefaultSecret).ExpiresIn; got != 7000 {
		t.Errorf("expires_in %d of a token 200 s old, want 7000", got)
	}
}

func TestSetSecret(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.SetSecret("new")
	if got := x.getTokenWith(t, DefaultCorpID, DefaultSecret).Errcode; got != 40001 {
		t.Errorf("errcode %d for the old secret, want 40001", got)
	}
	if got := x.getTokenWith(t, DefaultCorpID, "new").Errcode; got != 0 {
		t.Errorf("errcode %d for the new secret, want 0", got)
	}
}

func TestRouting(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	for _, path := range []string{"/", "/cgi-bin/", "/cgi-bin/user/list", "/gettoken", "/cgi-bin/cgi-bin/gettoken"} {
		got := x.roundTrip(t, path, nil, "")
		if got.status != http.StatusNotFound || !bytes.HasPrefix(got.body, []byte("<html>")) {
			t.Errorf("%s: got %d and %q, want an HTML page of 404", path, got.status, got.body)
		}
	}

	resp := x.roundTrip(t, "/cgi-bin/"+endpointRecordList, nil, "{}")
	if got := decode(t, resp.body).Errcode; got != 41001 || resp.status != http.StatusOK {
		t.Errorf("without a token: errcode %d, status %d, want 41001 with 200", got, resp.status)
	}
	if got := resp.header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	if got := x.call(t, endpointRecordList, "").Errcode; got != 40058 {
		t.Errorf("GET of a POST endpoint: errcode %d, want 40058", got)
	}
	if got := x.call(t, "agent/get", "{}").Errcode; got != 40058 {
		t.Errorf("POST of a GET endpoint: errcode %d, want 40058", got)
	}
}

func TestErrmsg(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^invalid Request Parameter, hint: \[\d+\], from ip: 203\.0\.113\.7, ` +
		`more info at https://open\.work\.weixin\.qq\.com/devtool/query\?e=40058( Warning: wrong json format\.)?$`)
	x := newClient(t, Config{})
	first := x.call(t, endpointRecordList, "{}").Errmsg
	second := x.call(t, endpointRecordList, "[").Errmsg
	for _, got := range []string{first, second} {
		if !shape.MatchString(got) {
			t.Errorf("errmsg %q", got)
		}
	}
	if strings.Contains(first, "Warning") || !strings.Contains(second, "Warning") {
		t.Errorf("the warning belongs to broken JSON: %q, %q", first, second)
	}
	if x.call(t, endpointRecordList, "{}").Errmsg == first {
		t.Error("the same hint twice")
	}
}

func TestRequestsPerMinute(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{RequestsPerMinute: 3})
	steps := []struct {
		at   time.Duration
		want int
	}{
		{0, 0},
		{30 * time.Second, 0},
		{59 * time.Second, 0},
		{60 * time.Second, 0},         // The first is 60 s ago.
		{61 * time.Second, 45009},     // A fourth within 60 s.
		{62 * time.Second, 45009},     // Blocked, and does not prolong the block.
		{95 * time.Second, 45009},     // Blocked, although the window has room again.
		{121*time.Second - 1, 45009},  // Blocked for the last time.
		{121 * time.Second, 0},        // Open again.
		{121*time.Second + 1, 0},      //
		{121*time.Second + 2, 0},      //
		{121*time.Second + 3, 45009},  // And full again.
		{3 * time.Minute, 45009},      //
		{181*time.Second + 3, 0},      //
		{181*time.Second + 4, 0},      //
		{500 * time.Second, 0},        //
		{500*time.Second + 1, 0},      //
		{500*time.Second + 2, 0},      //
		{500*time.Second + 3, 45009},  //
		{1000*time.Second + 3, 0},     //
		{1000*time.Second + 100, 0},   //
		{1000*time.Second + 200, 0},   //
		{1060*time.Second + 3, 0},     //
		{1060*time.Second + 4, 45009}, //
	}
	for _, step := range steps {
		x.now = epoch.Add(step.at)
		if got := x.call(t, endpointRecordList, listBody("userid", "a", epoch, 1, "")).Errcode; got != step.want {
			t.Errorf("at %v: errcode %d, want %d", step.at, got, step.want)
		}
		if got := x.getTokenWith(t, DefaultCorpID, DefaultSecret).Errcode; got != 0 {
			t.Errorf("at %v: errcode %d of gettoken, want it unlimited", step.at, got)
		}
	}
	if got := x.call(t, endpointStartList, startsBody(epoch.Add(-day), epoch, "")).Errcode; got != 0 {
		t.Errorf("errcode %d of another API, want a limit of its own", got)
	}
}

func TestMaxInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := newClient(t, Config{Now: time.Now, MaxInFlight: 2})
		x.token = x.getTokenWith(t, DefaultCorpID, DefaultSecret).AccessToken
		defer x.Fail(Fault{Endpoint: endpointRecordList, Delay: time.Second})()
		body := listBody("userid", "a", time.Now(), 1, "")
		var mu sync.Mutex
		got := map[int]int{}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				errcode := x.call(t, endpointRecordList, body).Errcode
				mu.Lock()
				defer mu.Unlock()
				got[errcode]++
			})
		}
		wg.Wait()
		if diff := cmp.Diff(map[int]int{0: 2, 45033: 3}, got); diff != "" {
			t.Errorf("errcodes (-want +got):\n%s", diff)
		}
		if errcode := x.call(t, endpointRecordList, body).Errcode; errcode != 0 {
			t.Errorf("errcode %d afterwards, want 0", errcode)
		}
	})
}

func TestRequests(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.raw(t, endpointRecordList, nil, `{"userid":"A","start_time":1780000000,"end_time":1780000001,"limit":20,"cursor":"no"}`)
	x.raw(t, endpointRecordList, nil, `{"meeting_code":"9","start_time":1780000000,"end_time":1780000001}`)
	x.raw(t, endpointStartList, nil, `{"type":1,"begin_time":1780000000,"end_time":1780000001}`)
	x.raw(t, "user/simplelist", url.Values{"department_id": {"4"}}, "")
	want := []Request{
		{Time: epoch, Endpoint: "gettoken", Selector: "corpid", Target: DefaultCorpID},
		{Time: epoch, Endpoint: endpointRecordList, Selector: "userid", Target: "A", Start: 1780000000, End: 1780000001, Limit: 20, Cursor: "no", Errcode: 40058},
		{Time: epoch, Endpoint: endpointRecordList, Selector: "meeting_code", Target: "9", Start: 1780000000, End: 1780000001, Limit: 10, Errcode: 730004},
		{Time: epoch, Endpoint: endpointStartList, Selector: "type", Target: "1", Start: 1780000000, End: 1780000001, Limit: 200},
		{Time: epoch, Endpoint: "user/simplelist", Selector: "department_id", Target: "4", Errcode: 60003},
	}
	if diff := cmp.Diff(want, x.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if got := x.Count(endpointRecordList); got != 2 {
		t.Errorf("counted %d lists, want 2", got)
	}
	if got := x.Count(endpointRecordList, 40058); got != 1 {
		t.Errorf("counted %d lists with 40058, want 1", got)
	}
	if got := x.Count(endpointRecordList, 0, 40058, 730004); got != 2 {
		t.Errorf("counted %d lists with 0, 40058 or 730004, want 2", got)
	}
	x.ResetRequests()
	if got, n := x.Requests(), x.Count(endpointRecordList); len(got) != 0 || n != 0 {
		t.Errorf("after a reset: %v and %d", got, n)
	}
}

func TestRequestLogIsBounded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		log  int
		want []string
	}{
		{3, []string{"c", "d", "e"}},
		{5, []string{"a", "b", "c", "d", "e"}},
		{-1, []string{}},
	} {
		x := newClient(t, Config{RequestLog: tc.log})
		for _, corpID := range []string{"a", "b", "c", "d", "e"} {
			x.getTokenWith(t, corpID, "x")
		}
		requests := x.Requests()
		got := make([]string, 0, len(requests))
		for _, r := range requests {
			got = append(got, r.Target)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("a log of %d (-want +got):\n%s", tc.log, diff)
		}
		if n := x.Count("gettoken", 40013); n != 5 {
			t.Errorf("a log of %d counted %d, want 5", tc.log, n)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	x := DemoServer(Config{}, 1, 6)
	x.Put(Recording{ID: "r", Creator: "zhangwei", MeetingStart: time.Now()})
	token := (&client{Server: x}).getTokenWith(t, DefaultCorpID, DefaultSecret).AccessToken
	var wg sync.WaitGroup
	for range 4 {
		y := &client{Server: x, token: token}
		wg.Go(func() {
			for range 20 {
				remove := x.Fail(Fault{ClockSkew: time.Second})
				x.Put(Recording{ID: "r", Creator: "lina", MeetingStart: time.Now()})
				y.call(t, endpointRecordList, listBody("userid", "lina", time.Now(), 20, ""))
				y.call(t, endpointStartList, startsBody(time.Now().Add(-day), time.Now(), ""))
				y.raw(t, "department/simplelist", nil, "")
				x.Requests()
				x.Remove("r")
				remove()
			}
		})
	}
	wg.Wait()
	if got := x.Count(endpointRecordList, 0); got != 80 {
		t.Errorf("%d good lists, want 80", got)
	}
}

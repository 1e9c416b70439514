// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package wecomtest simulates WeCom for tests and demos: the part of its API about meeting
// recordings and members, as strict as WeCom's documents, with faults on demand. It opens no
// connection and starts no goroutine.
package wecomtest

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of Config.
const (
	DefaultCorpID  = "ww0123456789abcdef"
	DefaultSecret  = "secret-of-the-app"
	DefaultAgentID = 1000002

	defaultTokenLifetime     = 7200 * time.Second
	defaultRequestsPerMinute = 10_000
	defaultRequestLog        = 100_000
)

// NoErrcode is the Errcode of a Request whose response was not WeCom's: a fault sent HTML, garbage
// or nothing.
const NoErrcode = math.MinInt

// maxRequestBody bounds what a call may send, in bytes.
const maxRequestBody = 1 << 20

// Config is how a Server behaves. The zero value is a WeCom as documented.
type Config struct {
	CorpID  string // Default DefaultCorpID.
	Secret  string // Default DefaultSecret.
	AgentID int64  // Default DefaultAgentID.

	// Now is the server's clock; default time.Now.
	Now func() time.Time
	// TokenLifetime is how long an access token is good; default 7200 s, as in
	// https://developer.work.weixin.qq.com/document/path/91039.
	TokenLifetime time.Duration
	// ExpiredErrcode is the errcode for an expired token; default 42001. WeCom may send 40014.
	ExpiredErrcode int
	// RequestsPerMinute is how many calls an API accepts in any 60 seconds before it responds with
	// 45009 for the next 60 seconds; default 10000, as in
	// https://developer.work.weixin.qq.com/document/path/90454. The call gettoken is not limited.
	RequestsPerMinute int
	// MaxInFlight is how many calls an API accepts at once; more get 45033. 0 is no limit.
	MaxInFlight int

	// FilterByRecordStart makes meeting/record/list select by the start of the recording and not of
	// the meeting. Which of them WeCom uses is not documented.
	FilterByRecordStart bool
	// TableSpelling uses the names record_list and record_file_list, as in the field table of
	// https://developer.work.weixin.qq.com/document/path/98192, and not record_meetings and
	// record_files, as in its sample.
	TableSpelling bool
	// NumbersAsStrings gives numbers as JSON strings and booleans as 0 and 1.
	NumbersAsStrings bool

	// RequestLog is how many of the latest requests Requests returns; default 100000, negative none.
	RequestLog int
}

// Server is an http.Handler for paths under /cgi-bin/. It is safe for concurrent use.
type Server struct {
	config    Config
	cursorKey [32]byte
	faults    faults
	skew      atomic.Int64 // How far the clock is ahead of that of the configuration.

	mu        sync.Mutex
	store     store
	live      *live
	views     map[string]map[string]views // By recording and date.
	directory *directory
	secret    string
	token     string
	tokens    map[string]time.Time // Expiry of each token not invalidated.
	usage     map[string]*usage    // By endpoint.
	counts    map[string]map[int]int
	log       []Request // A ring once it is full.
	logNext   int
	hints     int64
}

// Request is one call as the server understood it.
type Request struct {
	Time     time.Time
	Endpoint string // "gettoken", "meeting/record/list" and so on.
	Selector string // The parameter that selects: "userid", "department_id" and so on.
	Target   string // Its value.
	Start    int64  // Unix seconds.
	End      int64  // Unix seconds.
	Cursor   string
	Limit    int64 // As sent; 0 when it was not.
	Errcode  int   // As answered, or NoErrcode.
}

// usage is the state of the limits of one API.
type usage struct {
	inFlight     int
	arrivals     []time.Time // Those of the last 60 seconds.
	blockedUntil time.Time
}

// route is the method of one endpoint and its handler. A handler returns the body of a success, or
// the errcode of a failure.
type route struct {
	method   string
	selector string // The parameter in the query, for GET.
	handle   func(*Server, *call) (body []byte, errcode int)
}

const (
	endpointToken      = "gettoken"
	endpointRecordList = "meeting/record/list"
	endpointStartList  = "meeting/statistics/get_start_list"
	endpointStatistics = "meeting/record/get_statistics"
)

func routeOf(endpoint string) (route, bool) {
	switch endpoint {
	case endpointToken:
		return route{method: http.MethodGet, selector: "corpid", handle: (*Server).getToken}, true
	case endpointRecordList:
		return route{method: http.MethodPost, handle: (*Server).listRecordings}, true
	case endpointStartList:
		return route{method: http.MethodPost, handle: (*Server).listStarts}, true
	case endpointStatistics:
		return route{method: http.MethodPost, handle: (*Server).getStatistics}, true
	case "agent/get":
		return route{method: http.MethodGet, selector: "agentid", handle: (*Server).getAgent}, true
	case "department/simplelist":
		return route{method: http.MethodGet, selector: "id", handle: (*Server).listDepartments}, true
	case "user/simplelist":
		return route{method: http.MethodGet, selector: "department_id", handle: (*Server).listMembers}, true
	case "tag/get":
		return route{method: http.MethodGet, selector: "tagid", handle: (*Server).getTag}, true
	default:
		return route{}, false
	}
}

// call is a request on its way through the server.
type call struct {
	Request

	query     url.Values
	params    params
	malformed bool      // The body is not JSON of the documented types.
	now       time.Time // The server's clock for this call.
	paging    paging    // How a fault changes the cursors.
}

// params is the union of the parameters of the POST endpoints.
type params struct {
	RecordID    string `json:"meeting_record_id"`
	MeetingID   string `json:"meetingid"`
	MeetingCode string `json:"meeting_code"`
	UserID      string `json:"userid"`
	Type        *int64 `json:"type"`
	StartTime   *int64 `json:"start_time"`
	BeginTime   *int64 `json:"begin_time"`
	EndTime     *int64 `json:"end_time"`
	Cursor      string `json:"cursor"`
	Limit       *int64 `json:"limit"`
}

// New returns a Server without recordings and without a directory.
func New(c Config) *Server {
	if c.CorpID == "" {
		c.CorpID = DefaultCorpID
	}
	if c.Secret == "" {
		c.Secret = DefaultSecret
	}
	if c.AgentID == 0 {
		c.AgentID = DefaultAgentID
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.TokenLifetime == 0 {
		c.TokenLifetime = defaultTokenLifetime
	}
	if c.ExpiredErrcode == 0 {
		c.ExpiredErrcode = codeTokenExpired
	}
	if c.RequestsPerMinute == 0 {
		c.RequestsPerMinute = defaultRequestsPerMinute
	}
	if c.RequestLog == 0 {
		c.RequestLog = defaultRequestLog
	}
	s := &Server{
		config: c,
		store:  newStore(),
		secret: c.Secret,
		tokens: map[string]time.Time{},
		usage:  map[string]*usage{},
		counts: map[string]map[int]int{},
		views:  map[string]map[string]views{},
	}
	_, _ = rand.Read(s.cursorKey[:]) // Never fails, as documented.

	return s
}

// Put adds recordings. Each replaces one with the same ID. The slices in them must not be changed
// afterwards.
func (s *Server) Put(recs ...Recording) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range recs {
		s.store.put(&r)
	}
}

// Remove removes recordings, as if they had never existed.
func (s *Server) Remove(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.store.remove(id)
	}
}

// SetClockSkew changes how far the server's clock is ahead of Config.Now.
func (s *Server) SetClockSkew(skew time.Duration) {
	s.skew.Store(int64(skew))
}

func (s *Server) now() time.Time {
	return s.config.Now().Add(time.Duration(s.skew.Load()))
}

func setDate(w http.ResponseWriter, now time.Time) {
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
}

// SetSecret changes the app secret. Tokens of the old one are invalid at once.
func (s *Server) SetSecret(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secret = secret
	s.dropTokens()
}

// InvalidateTokens makes every token invalid before it expires, which WeCom may do.
func (s *Server) InvalidateTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropTokens()
}

func (s *Server) dropTokens() {
	s.token = ""
	clear(s.tokens)
}

// Requests returns the latest requests, the oldest first, up to Config.RequestLog. A request is
// added when its response is decided; one that a fault hangs is added at once.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()

	return append(append(make([]Request, 0, len(s.log)), s.log[s.logNext:]...), s.log[:s.logNext]...)
}

// Count returns how many requests an endpoint had or, with errcodes, how many of them were answered
// with one of these. It does not depend on Config.RequestLog.
func (s *Server) Count(endpoint string, errcodes ...int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	total := 0
	if len(errcodes) == 0 {
		for n := range maps.Values(s.counts[endpoint]) {
			total += n
		}
	}
	for _, errcode := range errcodes {
		total += s.counts[endpoint][errcode]
	}

	return total
}

// ResetRequests clears Requests and Count. It does not reset the limits.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log, s.logNext = nil, 0
	clear(s.counts)
}

func (s *Server) record(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts[r.Endpoint] == nil {
		s.counts[r.Endpoint] = map[int]int{}
	}
	s.counts[r.Endpoint][r.Errcode]++
	switch {
	case s.config.RequestLog < 0:
	case len(s.log) < s.config.RequestLog:
		s.log = append(s.log, r)
	default:
		s.log[s.logNext] = r
		s.logNext = (s.logNext + 1) % len(s.log)
	}
}

// ServeHTTP responds as WeCom does: with status 200 to errors too. It panics with
// http.ErrAbortHandler if a Fault breaks the connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setDate(w, s.now())
	endpoint := strings.TrimPrefix(r.URL.Path, "/cgi-bin/")
	to, ok := routeOf(endpoint)
	if !ok || endpoint == r.URL.Path {
		writePage(w, http.StatusNotFound, "404 Not Found")

		return
	}

	c := s.newCall(to, endpoint, r)
	errcode := s.enter(c)
	defer s.leave(endpoint)
	var f *Fault
	if errcode == 0 {
		f = s.faults.take(c.Request)
	}
	if f != nil {
		if f.Delay > 0 && !wait(r.Context(), f.Delay) {
			return
		}
		c.now = s.now().Add(f.ClockSkew)
		setDate(w, c.now)
		maps.Copy(w.Header(), f.Header)
		if f.replaces() {
			s.misbehave(w, r, c, f)

			return
		}
		c.paging = f.paging()
	}

	var body []byte
	if errcode == 0 {
		body, errcode = s.answer(to, r.Method, c)
	}
	if errcode != 0 {
		body = s.refusal(c, errcode, "")
	}
	c.Errcode = errcode
	s.record(c.Request)

	send(r.Context(), w, body, f)
}

// send sends the right body, in the way of a fault if there is one.
func send(ctx context.Context, w http.ResponseWriter, body []byte, f *Fault) {
	if f == nil {
		f = &Fault{}
	}
	setDefault(w, "Content-Type", "application/json; charset=utf-8")
	if f.Gzip {
		body = pack(body)
		setDefault(w, "Content-Encoding", "gzip")
	}
	setDefault(w, "Content-Length", strconv.Itoa(len(body)))
	switch {
	case f.Pieces > 0:
		trickle(ctx, w, body, f)
	case f.CutAfter > 0 && f.CutAfter < len(body):
		cut(w, body[:f.CutAfter])
	default:
		_, _ = w.Write(body) // The caller may have gone away.
	}
}

func (s *Server) newCall(to route, endpoint string, r *http.Request) *call {
	c := &call{
		Request: Request{Time: s.now(), Endpoint: endpoint, Selector: to.selector},
		query:   r.URL.Query(),
	}
	c.now = c.Time
	if to.method == http.MethodGet {
		c.Target = c.query.Get(to.selector)

		return c
	}

	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBody))
	if err == nil {
		err = json.Unmarshal(body, &c.params)
	}
	c.malformed = err != nil
	p := &c.params
	switch {
	case p.RecordID != "":
		c.Selector, c.Target = "meeting_record_id", p.RecordID
	case p.MeetingID != "":
		c.Selector, c.Target = byMeetingID, p.MeetingID
	case p.MeetingCode != "":
		c.Selector, c.Target = byMeetingCode, p.MeetingCode
	case p.UserID != "":
		c.Selector, c.Target = byUserID, p.UserID
	case p.Type != nil:
		c.Selector, c.Target = "type", strconv.FormatInt(*p.Type, 10)
	}
	c.Start, c.End = value(p.StartTime), value(p.EndTime)
	if endpoint == endpointStartList {
		c.Start = value(p.BeginTime)
	}
	c.Cursor, c.Limit = p.Cursor, value(p.Limit)

	return c
}

func value(n *int64) int64 {
	if n == nil {
		return 0
	}

	return *n
}

// enter counts a call against the limits of its API. It returns 0 or the errcode of the limit that
// the call exceeds. Each call needs one leave.
func (s *Server) enter(c *call) (errcode int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.usage[c.Endpoint]
	if u == nil {
		u = &usage{}
		s.usage[c.Endpoint] = u
	}
	u.inFlight++
	if c.Endpoint != endpointToken {
		if c.Time.Before(u.blockedUntil) {
			return codeTooOften
		}
		for len(u.arrivals) > 0 && c.Time.Sub(u.arrivals[0]) >= time.Minute {
			u.arrivals = u.arrivals[1:]
		}
		if len(u.arrivals) >= s.config.RequestsPerMinute {
			u.blockedUntil = c.Time.Add(time.Minute)

			return codeTooOften
		}
		u.arrivals = append(u.arrivals, c.Time)
	}
	if s.config.MaxInFlight > 0 && u.inFlight > s.config.MaxInFlight {
		return codeTooMany
	}

	return 0
}

func (s *Server) leave(endpoint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage[endpoint].inFlight--
}

// answer checks what all calls have in common, and calls the handler.
func (s *Server) answer(to route, method string, c *call) (body []byte, errcode int) {
	if method != to.method {
		return nil, codeInvalidParameter
	}
	if c.Endpoint != endpointToken {
		if errcode := s.checkToken(c); errcode != 0 {
			return nil, errcode
		}
	}
	if c.malformed {
		return nil, codeInvalidParameter
	}

	return to.handle(s, c)
}

func (s *Server) checkToken(c *call) (errcode int) {
	token := c.query.Get("access_token")
	if token == "" {
		return codeTokenMissing
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	expiry, ok := s.tokens[token]
	switch {
	case !ok:
		return codeTokenInvalid
	case !c.now.Before(expiry):
		return s.config.ExpiredErrcode
	default:
		return 0
	}
}

func (s *Server) getToken(c *call) (body []byte, errcode int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	secret := c.query.Get("corpsecret")
	switch {
	case c.Target == "":
		return nil, codeCorpIDMissing
	case secret == "":
		return nil, codeSecretMissing
	case c.Target != s.config.CorpID:
		return nil, codeCorpIDInvalid
	case subtle.ConstantTimeCompare([]byte(secret), []byte(s.secret)) == 0:
		return nil, codeSecretInvalid
	}
	if !c.now.Before(s.tokens[s.token]) {
		// WeCom's tokens are long; clients must have room for 512 bytes.
		s.token = rand.Text() + rand.Text() + rand.Text() + rand.Text()
		s.tokens[s.token] = c.now.Add(s.config.TokenLifetime)
	}
	e := s.ok()
	e.string("access_token", s.token)
	e.int("expires_in", int64(s.tokens[s.token].Sub(c.now)/time.Second))

	return e.end(), 0
}

// ok begins the body of a success.
func (s *Server) ok() *encoder {
	e := &encoder{numbersAsStrings: s.config.NumbersAsStrings, buf: make([]byte, 0, 1024)}
	e.open("", '{')
	e.int("errcode", 0)
	e.string("errmsg", "ok")

	return e
}

// refusal returns the body of a failure. The errmsg begins with text, or with WeCom's text if that
// is empty.
func (s *Server) refusal(c *call, errcode int, text string) []byte {
	s.mu.Lock()
	s.hints++
	hint := s.hints
	s.mu.Unlock()
	if text == "" {
		text = errmsg(errcode)
	}
	warning := ""
	if c.malformed {
		warning = " Warning: wrong json format."
	}
	e := &encoder{numbersAsStrings: s.config.NumbersAsStrings}
	e.open("", '{')
	e.int("errcode", int64(errcode))
	e.string("errmsg", fmt.Sprintf(
		"%s, hint: [%d%06d], from ip: 203.0.113.7, more info at https://open.work.weixin.qq.com/devtool/query?e=%d%s",
		text, c.Time.UnixMicro(), hint, errcode, warning))

	return e.end()
}

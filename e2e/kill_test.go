// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	// seedVariable has a test throw the same dice again.
	seedVariable = "E2E_SEED"

	killRounds    = 10
	killsPerRound = 5
	longestLife   = 1500 * time.Millisecond
)

// dice returns a source of chance, and logs how to have the same again.
func dice(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	t.Logf("%s=%d", seedVariable, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// launch starts the program without the race detector, which takes less time, on
// an address.
func launch(t *testing.T, address string, env []string, args ...string) *exporter {
	t.Helper()
	return &exporter{
		process: start(t, env, program, append(args, "--web.listen-address="+address)...),
		address: address, url: "http://" + address, client: newClient(),
	}
}

// kill ends the program without a word.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGKILL)
	if state := p.await(t, patience); state.Sys() != syscall.WaitStatus(syscall.SIGKILL) {
		t.Fatalf("it was not killed, but ended before: %s", state)
	}
}

// ledger returns what must never go down, by series: counters, and of histograms
// the counts, the sums and the buckets.
func (e exposition) ledger() map[string]float64 {
	values := map[string]float64{}
	for name, family := range e {
		if !strings.HasPrefix(name, "wecom_recording") {
			continue
		}
		for _, m := range family.GetMetric() {
			switch family.GetType() {
			case dto.MetricType_COUNTER:
				values[series(name, m)] = m.GetCounter().GetValue()
			case dto.MetricType_HISTOGRAM:
				values[series(name+"_count", m)] = float64(m.GetHistogram().GetSampleCount())
				values[series(name+"_sum", m)] = m.GetHistogram().GetSampleSum()
				for _, b := range m.GetHistogram().GetBucket() {
					values[series(name+"_bucket", m)+fmt.Sprint(b.GetUpperBound())] = float64(b.GetCumulativeCount())
				}
			}
		}
	}
	return values
}

// hideCompletion has recordings with the title "unfinished" list their files and
// yet not be completed.
func hideCompletion(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(hidingWriter{w}, r) })
}

type hidingWriter struct{ http.ResponseWriter }

// Write implements http.ResponseWriter.
func (w hidingWriter) Write(p []byte) (int, error) {
	const title = `"title":"unfinished","state":`
	return w.ResponseWriter.Write(bytes.ReplaceAll(p, []byte(title+"3"), []byte(title+"2")))
}

// Stages of a subject.
const (
	isRecording = iota
	isUnfinished
	isCompleted
)

// A subject is a recording that things happen to.
type subject struct {
	id, creator, host string
	start             time.Time
	stage             int
	gone, removed     bool // not listed now; its removal was counted
	touched           bool // something happened to it that may not have been observed
	files             []*subjectFile
}

type subjectFile struct {
	id      string
	seconds int
	size    int64
	sharing int // index into sharings
	hidden  bool
	// What was counted of it; it is not counted at all if it is of the baseline.
	baseline       bool
	countedSize    int64
	countedSeconds int
}

// sharings are the ways in which a file is shared, each one change from the one
// before; the change to it is at the same place of sharingChanges.
var (
	sharings = [][]wecomtest.Share{
		nil,
		{{On: true, SameCorp: true}},
		{{On: true}},
		{{On: true, Password: "123456"}},
		{{On: true, Password: "123456", Download: true}},
		{{On: true, Password: "123456", Download: true, Attendee: true, Expire: sharingEnd}},
	}
	sharingChanges = []string{"disabled", "enabled", "widened", "narrowed", "widened", "narrowed"}
	sharingEnd     = time.Now().Add(10 * day).Truncate(time.Millisecond)
)

// A company is a WeCom to which things happen by chance, and the totals that an
// exporter must have which saw all of them.
type company struct {
	*simulation

	dice     *rand.Rand
	subjects []*subject
	counting bool // the exporter has seen the baseline
	ledger   map[string]float64
	changes  map[string][]ledger.Change // by the ID of a file, or of a recording that was removed
}

var companyMembers = []string{"zhangsan", "lisi", "wangwu", "zhaoliu", "sunqi"}

func newCompany(t *testing.T) *company {
	t.Helper()
	c := &company{simulation: simulate(t, wecomtest.Config{}), dice: dice(t), ledger: map[string]float64{}, changes: map[string][]ledger.Change{}}
	server := httptest.NewServer(hideCompletion(c.simulation))
	t.Cleanup(server.Close)
	c.url = server.URL
	for range 4 * len(companyMembers) {
		c.appear()
	}
	c.counting = true
	c.settle()
	return c
}

// args are those of an exporter that reaches the first subject in three ways.
func (c *company) args(dir string) []string {
	args := make([]string, 0, 5+len(companyMembers))
	args = append(args,
		"--storage.path="+dir, "--poll.interval=1s", "--poll.idle-interval=1s",
		"--target.meetingid=hy-"+c.subjects[0].id, "--target.meeting-code=code-"+c.subjects[0].id,
	)
	for _, member := range companyMembers {
		args = append(args, "--target.userid="+member)
	}
	return args
}

// settle notes that all was observed.
func (c *company) settle() {
	for _, s := range c.subjects {
		s.touched = false
	}
}

// count adds to a total; labels are as in an exposition.
func (c *company) count(name, labels string, value float64) {
	if c.counting {
		c.ledger[name+`{`+labels+`corp="default"}`] += value
	}
}

func (c *company) countHost(name, host string, value float64) {
	if c.counting {
		c.ledger[fmt.Sprintf(`%s{corp="default",host=%q}`, name, host)] += value
	}
}

// appear adds a recording in any stage.
func (c *company) appear() {
	n := len(c.subjects)
	s := &subject{
		id: fmt.Sprint("r", n), creator: companyMembers[n%len(companyMembers)], host: companyMembers[c.dice.IntN(len(companyMembers))],
		start: time.Now().Add(-2 * time.Hour).Truncate(time.Second), touched: true,
	}
	c.subjects = append(c.subjects, s)
	c.countHost("wecom_recordings_discovered_total", s.host, 1)
	c.advance(s, c.dice.IntN(3))
	c.list(s)
}

// advance brings a subject to a stage.
func (c *company) advance(s *subject, stage int) {
	if stage > isRecording && len(s.files) == 0 {
		c.addFile(s)
	}
	if s.stage = stage; stage == isCompleted {
		c.count("wecom_recording_transcoding_seconds_count", "", 1)
	}
}

func (c *company) addFile(s *subject) {
	f := &subjectFile{
		id: fmt.Sprint(s.id, "-", len(s.files)), seconds: 1 + c.dice.IntN(3600), size: 1 + c.dice.Int64N(1e9), baseline: !c.counting,
		sharing: c.dice.IntN(len(sharings)),
	}
	s.files = append(s.files, f)
	c.count("wecom_recording_file_size_bytes_count", "", 1)
	c.count("wecom_recording_file_size_bytes_sum", "", float64(f.size))
	c.count("wecom_recording_file_duration_seconds_count", "", 1)
	c.count("wecom_recording_file_duration_seconds_sum", "", float64(f.seconds))
	if sharings[f.sharing] != nil {
		c.count("wecom_recording_sharing_changes_total", `change="enabled",`, 1)
		c.note("enabled", s, f, 0, f.sharing)
	}
	c.countGrowth(s, f)
}

// resize lets a file grow or shrink, which is counted where it grows beyond what
// was counted before the recording is completed.
func (c *company) resize(s *subject, f *subjectFile) {
	f.seconds, f.size = f.seconds+c.dice.IntN(600), max(1, f.size+c.dice.Int64N(2e6)-5e5)
	if s.stage == isUnfinished && !f.baseline {
		c.countGrowth(s, f)
	}
}

func (c *company) countGrowth(s *subject, f *subjectFile) {
	size, seconds := max(f.size, f.countedSize), max(f.seconds, f.countedSeconds)
	c.countHost("wecom_recording_discovered_bytes_total", s.host, float64(size-f.countedSize))
	c.countHost("wecom_recording_discovered_seconds_total", s.host, float64(seconds-f.countedSeconds))
	f.countedSize, f.countedSeconds = size, seconds
}

// happen lets something happen to a subject to which nothing has happened since
// it was last observed, or lets one appear.
func (c *company) happen() {
	untouched := slices.DeleteFunc(slices.Clone(c.subjects), func(s *subject) bool { return s.touched })
	if len(untouched) == 0 || c.dice.IntN(5) == 0 {
		c.appear()
		return
	}
	s := untouched[c.dice.IntN(len(untouched))]
	s.touched = true
	event := c.dice.IntN(10)
	switch {
	case s.gone:
		s.gone = false
	case event < 2:
		s.gone = true
		if !s.removed {
			s.removed = true
			c.count("wecom_recordings_removed_total", "", 1)
			c.note("removed", s, nil, 0, 0)
		}
	case s.stage == isRecording:
		c.advance(s, isUnfinished+event%2)
	case event < 4:
		c.addFile(s)
	case event < 6:
		c.resize(s, s.files[0])
		if s.stage == isUnfinished && event == 5 {
			c.advance(s, isCompleted)
		}
	default:
		f := s.files[c.dice.IntN(len(s.files))]
		if f.hidden || event == 6 && s.stage == isCompleted {
			f.hidden = !f.hidden
			break
		}
		before := f.sharing
		f.sharing = (f.sharing + 1) % len(sharings)
		c.count("wecom_recording_sharing_changes_total", fmt.Sprintf("change=%q,", sharingChanges[f.sharing]), 1)
		c.note(sharingChanges[f.sharing], s, f, before, f.sharing)
	}
	c.list(s)
}

// list has WeCom list a subject as it is now.
func (c *company) list(s *subject) {
	r := wecomtest.Recording{
		ID: s.id, MeetingID: "hy-" + s.id, MeetingCode: "code-" + s.id, Creator: s.creator, Host: s.host, Title: "ordinary", MeetingStart: s.start,
	}
	switch s.stage {
	case isRecording:
		r.Transcoding = time.Now().Add(day)
		r.Completed = r.Transcoding
	case isUnfinished:
		r.Title = "unfinished"
	}
	if s.gone {
		r.Deleted = s.start
	}
	for _, f := range s.files {
		if !f.hidden {
			end := s.start.Add(time.Duration(f.seconds) * time.Second)
			r.Files = append(r.Files, wecomtest.File{ID: f.id, Start: s.start, End: end, Size: f.size, Shares: sharings[f.sharing]})
		}
	}
	c.Put(r)
}

// observedGauges show whether all was observed.
var observedGauges = map[string]bool{
	"wecom_recordings": true, "wecom_recording_files": true, "wecom_recording_bytes": true, "wecom_recording_duration_seconds": true,
	"wecom_recording_shared_files": true, "wecom_recording_exposed_files": true,
}

// inventory returns the values of those gauges, or nothing where one is 0.
func (c *company) inventory() map[string]float64 {
	values := map[string]float64{}
	for _, s := range c.subjects {
		if s.gone {
			continue
		}
		labels := fmt.Sprintf(`{corp="default",host=%q`, s.host)
		values["wecom_recordings"+labels+`,state="`+[]string{"recording", "transcoding", "completed"}[s.stage]+`"}`]++
		for _, f := range s.files {
			if f.hidden {
				continue
			}
			values["wecom_recording_files"+labels+"}"]++
			values["wecom_recording_bytes"+labels+"}"] += float64(f.size)
			values["wecom_recording_duration_seconds"+labels+"}"] += float64(f.seconds)
			values["wecom_recording_shared_files"+labels+"}"] += float64(min(1, f.sharing))
			if f.sharing == 2 {
				values["wecom_recording_exposed_files"+labels+"}"]++
			}
		}
	}
	return values
}

// compare returns an error unless an exposition tells the truth, and no total is
// more than the truth or less than it was before.
func (c *company) compare(t *testing.T, e exposition, before map[string]float64) error {
	t.Helper()
	got := e.ledger()
	maps.DeleteFunc(got, func(name string, _ float64) bool {
		return strings.Contains(name, "_bucket{") || strings.HasPrefix(name, "wecom_recording_transcoding_seconds_sum")
	})
	for name, value := range before {
		if got[name] < value {
			t.Fatalf("%s went down from %v to %v", name, value, got[name])
		}
	}
	for name, value := range got {
		if before[name] = value; value > c.ledger[name] {
			t.Fatalf("%s is %v, and should be %v at the most", name, value, c.ledger[name])
		}
	}
	want := c.inventory()
	maps.Copy(want, c.ledger)
	for name, value := range e.inventory() {
		if metric, _, _ := strings.Cut(name, "{"); observedGauges[metric] {
			got[name] = value
		}
	}
	for _, values := range []map[string]float64{want, got} {
		maps.DeleteFunc(values, func(_ string, value float64) bool { return value == 0 })
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("(-truth +got):\n%s", diff)
	}
	return nil
}

// awaitWrite waits until a file is written, but not for long: it returns while
// that goes on, or soon after.
func awaitWrite(path string, limit time.Duration) {
	before, err := os.Stat(path)
	again := time.NewTicker(200 * time.Microsecond)
	defer again.Stop()
	for begin := time.Now(); err == nil && time.Since(begin) < limit; <-again.C {
		var now os.FileInfo
		if now, err = os.Stat(path); err == nil && !now.ModTime().Equal(before.ModTime()) {
			return
		}
	}
}

// scrape scrapes a program, and compares what it serves with the company, as compare does.
func (c *company) scrape(t *testing.T, x *exporter, before map[string]float64) error {
	t.Helper()
	a, err := get(t.Context(), x.client, x.url+"/metrics")
	if err != nil {
		return err
	}
	e, err := parse(a)
	if err != nil {
		return err
	}
	return c.compare(t, e, before)
}

// awaitObserved waits until a program has observed all that has happened.
func (c *company) awaitObserved(t *testing.T, x *exporter, before map[string]float64) {
	t.Helper()
	eventually(t, patience, func() error { return c.scrape(t, x, before) })
	c.settle()
}

// TestKill kills the program again and again while things happen. Every once in a
// while it may live until it has observed everything, since what happens to a
// recording twice between two polls, nobody can tell apart.
func TestKill(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	dir := t.TempDir()
	env, args := c.credentials(), c.args(dir)
	before := map[string]float64{}
	x := launch(t, freeAddress(t), env, args...)
	observed := func() { t.Helper(); c.awaitObserved(t, x, before) }
	observed()
	for range killRounds {
		for n := range killsPerRound {
			life := time.Duration(c.dice.Int64N(int64(longestLife)))
			for range 4 {
				c.happen()
				<-time.After(life / 5)
			}
			if n%2 == 0 {
				<-time.After(life / 5)
			} else {
				awaitWrite(filepath.Join(dir, "state.db"), longestLife)
			}
			if n%3 == 0 {
				_ = c.scrape(t, x, before) // It may not listen yet, and not everything was observed.
			}
			x.kill(t)
			x = launch(t, x.address, env, args...)
		}
		observed()
	}
}

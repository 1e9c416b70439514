// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

//go:build attack

package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

const (
	hostileTargets = 4        // as many as there are calls in flight by default
	hostileBody    = 16 << 20 // bytes; one more would not be read
	hostileRounds  = 3        // of all hostile targets at once, for each kind

	maxResident = 400 // MiB
	// maxData is the limit of RLIMIT_DATA. The Go runtime takes memory from the system in
	// pieces of 64 MiB, and threads take stacks: an exporter that stays below maxResident
	// fits, and one that does not is ended by the runtime.
	maxData = 640 << 20
)

// A hostile is a WeCom that answers the lists of some targets with bodies of an attacker.
// These answers are held until they can all be given at once.
type hostile struct {
	*simulation

	packed bool
	answer func(userID, cursor string) []byte

	mu      sync.Mutex
	waiting int
	letGo   chan struct{}
	rounds  int
	answers int
}

func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		UserID string `json:"userid"`
		Cursor string `json:"cursor"`
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	_ = json.Unmarshal(body, &asked) // A call without a body asks for no list.
	if !strings.HasPrefix(asked.UserID, "hostile") {
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.simulation.ServeHTTP(w, r)
		return
	}
	if asked.Cursor == "" {
		h.waitForOthers(r)
	}
	answer := h.answer(asked.UserID, asked.Cursor)
	h.mu.Lock()
	h.answers++
	h.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if !h.packed {
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		_, _ = w.Write(answer)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	_, _ = w.Write(answer)
}

// waitForOthers waits until all hostile targets are asked for, but not for ever.
func (h *hostile) waitForOthers(r *http.Request) {
	h.mu.Lock()
	if h.letGo == nil {
		h.letGo = make(chan struct{})
	}
	letGo := h.letGo
	if h.waiting++; h.waiting == hostileTargets {
		close(letGo)
		h.letGo, h.waiting = nil, 0
		h.rounds++
	}
	h.mu.Unlock()
	select {
	case <-letGo:
	case <-r.Context().Done():
	case <-time.After(patience):
	}
}

func (h *hostile) counts() (rounds, answers int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rounds, h.answers
}

// filled returns a body of JSON that is as long as may be.
func filled(start, element, end string) []byte {
	n := (hostileBody - len(start) - len(end)) / len(element)
	return []byte(start + strings.TrimSuffix(strings.Repeat(element, n), ",") + end)
}

func gzipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// TestAttackAnswers has four targets answered at once by an attacker, in a process whose
// memory is limited.
func TestAttackAnswers(t *testing.T) { //nolint:paralleltest // The figures are those of a machine that is its own.
	const list = `{"errcode":0,"record_list":[`
	for _, test := range []struct { //nolint:paralleltest // As above.
		name string
		body []byte
		want string // in the log, about each hostile target; "" means that they are fine
	}{
		{name: "zeros", body: filled(list, `0,`, `]}`), want: "more than 1000 recordings on one page"},
		{name: "empty objects", body: filled(list, `{},`, `]}`), want: "more than 1000 recordings on one page"},
		{
			name: "files of one recording",
			body: filled(list+`{"meeting_record_id":"r","state":3,"record_files":[`, `0,`, `]}]}`),
			want: "more than 10000 files of one recording",
		},
		{
			name: "files of many recordings",
			body: filled(list, `{"meeting_record_id":"r","record_files":[`+strings.Repeat(`{"password":1},`, 9999)+`0]},`, `]}`),
			want: "more than 200000 recordings and files on one page",
		},
		{
			name: "nested lists",
			body: []byte(list + strings.Repeat("[", hostileBody/2-100) + strings.Repeat("]", hostileBody/2-100) + `]}`),
			want: "broken JSON",
		},
		{name: "a title", body: []byte(list + `{"meeting_record_id":"r","title":"` + strings.Repeat("t", hostileBody-100) + `"}]}`)},
	} {
		for _, packed := range []bool{false, true} {
			name := test.name
			answer := test.body
			if packed {
				name, answer = name+", packed", gzipped(t, test.body)
			}
			t.Run(name, func(t *testing.T) {
				h := &hostile{packed: packed, answer: func(string, string) []byte { return answer }}
				x := runAttacked(t, h)
				eventually(t, 2*patience, func() error {
					if rounds, _ := h.counts(); rounds < hostileRounds {
						return fmt.Errorf("%d rounds", rounds)
					}
					return nil
				})
				wantAttackSurvived(t, x, h, test.want)
			})
		}
	}
}

// TestAttackAnswersChains has four targets answered by pages of 4 MiB without end.
func TestAttackAnswersChains(t *testing.T) { //nolint:paralleltest // As above.
	id := strings.Repeat("i", 1000)
	file := fmt.Sprintf(`{"record_file_id":%q},`, id)
	of := func(n int, recording string) string { return strings.TrimSuffix(strings.Repeat(recording+",", n), ",") }
	for _, test := range []struct { //nolint:paralleltest // As above.
		name string
		page string // the recordings
		want string
	}{
		{
			name: "what is not kept",
			page: of(20, fmt.Sprintf(`{"meeting_record_id":%q,"title":%q}`, id, strings.Repeat("t", 200<<10))),
			want: "more than 64 MiB of answers in one list",
		},
		{
			name: "IDs",
			page: of(950, fmt.Sprintf(`{"meeting_record_id":%q,"record_files":[%s{}]}`, id, strings.Repeat(file, 3))),
			want: "more than 16 MiB of IDs and titles in one list",
		},
		{
			name: "files",
			page: of(20, `{"meeting_record_id":"r","record_files":[`+strings.Repeat(`{"password":1},`, 4999)+`{}],"x":"`+strings.Repeat("x", 128<<10)+`"}`),
			want: "more than 200000 recordings and files in one list",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			pages := 0
			h := &hostile{}
			h.answer = func(string, string) []byte {
				h.mu.Lock()
				defer h.mu.Unlock()
				pages++
				return fmt.Appendf(nil, `{"errcode":0,"has_more":true,"next_cursor":"%d","record_list":[%s]}`, pages, test.page)
			}
			x := runAttacked(t, h)
			eventually(t, 2*patience, func() error {
				if rounds, _ := h.counts(); rounds < hostileRounds {
					return fmt.Errorf("%d rounds", rounds)
				}
				return nil
			})
			wantAttackSurvived(t, x, h, test.want)
		})
	}
}

// runAttacked runs an exporter with four hostile targets and two honest ones, in a process
// whose memory is limited.
func runAttacked(t *testing.T, h *hostile) *exporter {
	t.Helper()
	h.simulation = simulate(t, wecomtest.Config{}, smallWorld()...)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	h.url = server.URL
	address := freeAddress(t)
	args := append(make([]string, 0, 20),
		"-c", `ulimit -d "$1" && shift && exec "$@"`, "sh", strconv.Itoa(maxData>>10), program,
		"--web.listen-address="+address, "--web.enable-recordings", "--poll.interval=1s", "--poll.idle-interval=1s",
		target, "--target.userid=lisi",
	)
	for i := range hostileTargets {
		args = append(args, fmt.Sprintf("--target.userid=hostile%d", i))
	}
	return &exporter{
		process: start(t, h.credentials(), "/bin/sh", args...),
		address: address,
		url:     "http://" + address,
		client:  newClient(),
	}
}

// wantAttackSurvived checks that honest targets are known, that the hostile ones fail with
// words, and that memory is bounded.
func wantAttackSurvived(t *testing.T, x *exporter, h *hostile, want string) {
	t.Helper()
	x.awaitStatus(t, "/-/ready", 200)
	x.awaitValue(t, 4000, bytesMetric, "host", "lisi")
	x.awaitValue(t, 1, "wecom_up")
	if want == "" {
		x.awaitValue(t, 2+hostileTargets, "wecom_poll_targets", "selector", "userid", "status", "ok")
	} else {
		x.awaitValue(t, hostileTargets, "wecom_poll_targets", "selector", "userid", "status", "failing")
		for i := range hostileTargets {
			x.awaitLog(t, "target is failing", fmt.Sprintf("target=hostile%d", i), want, "remedy=", "remedy_zh=")
		}
	}
	rounds, answers := h.counts()
	resident := x.memory(t, "VmHWM")
	t.Logf("answers: %s: %.0f MiB resident at the most, after %d hostile answers, %d times 4 at once",
		strings.TrimPrefix(t.Name(), "TestAttackAnswers"), resident, answers, rounds)
	if resident >= maxResident {
		t.Errorf("%.0f MiB resident, want less than %d", resident, maxResident)
	}
	for _, marked := range []string{"iiiii", "ttttt", "[[[["} {
		if strings.Contains(x.stderr.String(), marked) {
			t.Errorf("the log holds %q of a body", marked)
		}
	}
}

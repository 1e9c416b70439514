// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
)

// answerPatience is how long a walk waits for the first answer of WeCom before it says so.
const answerPatience = 5 * time.Second

// troubles report what a walk waits for, each once: that may take minutes, and unless stderr is a
// terminal there is no progress to see.
type troubles struct {
	begun    time.Time
	progress *progress
	reported map[trouble]bool
}

// A trouble is what a corp waits for: the name of a closed endpoint, noAnswer, or outage.
type trouble struct{ corp, what string }

const (
	noAnswer = "no answer"
	outage   = "outage"
)

func newTroubles(p *progress) *troubles {
	return &troubles{begun: time.Now(), progress: p, reported: map[trouble]bool{}}
}

// report writes what has begun since the last report.
func (t *troubles) report(statuses []poll.Status, now time.Time) {
	for i := range statuses {
		s := &statuses[i]
		switch {
		case s.Outage != nil && !isRefused(s.Outage):
			t.write(s, outage, fmt.Sprintf("%v: trying again for up to %s", s.Outage, model.Duration(outagePatience)))
		case s.Outage == nil && !s.Called && now.Sub(t.begun) >= answerPatience:
			t.write(s, noAnswer, fmt.Sprintf("no answer from WeCom after %s: still waiting", model.Duration(answerPatience)))
		}
		for _, b := range s.Blocks {
			t.write(s, b.Endpoint, fmt.Sprintf("%s is closed until %s: %v", b.Endpoint, stamp(b.Until), b.Err))
		}
		if s.Outage == nil {
			delete(t.reported, trouble{s.Name, outage})
		}
	}
}

func (t *troubles) write(s *poll.Status, what, text string) {
	if key := (trouble{s.Name, what}); !t.reported[key] {
		t.reported[key] = true
		t.progress.line(fmt.Sprintf("%s: corp %s: %s", name, s.Name, text))
	}
}

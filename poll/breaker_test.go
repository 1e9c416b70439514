// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"errors"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// at returns a time some seconds after noon.
func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// wantWait checks how long the breaker stays open, in seconds after noon.
func wantWait(t *testing.T, b *breaker, seconds int) {
	t.Helper()
	if !b.isOpen() || !b.wait.Until().Equal(at(seconds)) {
		t.Errorf("open: %t, until %s; want %s", b.isOpen(), b.wait.Until(), at(seconds))
	}
}

func TestBreakerOfARefusal(t *testing.T) {
	t.Parallel()
	var b breaker
	if b.isOpen() || b.accept(noon) {
		t.Error("a new breaker is open")
	}
	if _, news := b.fail(errcode(60020), wecom.ClassCorp, at(0), at(1)); !news {
		t.Error("the first refusal is no news")
	}
	wantWait(t, &b, 61)
	// This one was under way when the outage began.
	if tripped, _ := b.fail(errcode(60020), wecom.ClassCorp, at(0), at(2)); tripped || b.accept(at(1)) {
		t.Error("a poll that was under way counts")
	}
	wantWait(t, &b, 61)
	if tripped, news := b.fail(errcode(60020), wecom.ClassCorp, at(61), at(62)); !tripped || news {
		t.Error("the same refusal is news")
	}
	wantWait(t, &b, 182)
	if _, news := b.fail(errcode(48002), wecom.ClassCorp, at(182), at(183)); !news {
		t.Error("another refusal is no news")
	}
	wantWait(t, &b, 423)
	if !b.accept(at(423)) || b.isOpen() {
		t.Error("a probe that is accepted does not close it")
	}
	b.fail(errcode(60020), wecom.ClassCorp, at(500), at(500))
	wantWait(t, &b, 560)
}

func TestBreakerWithoutAnswers(t *testing.T) {
	t.Parallel()
	var b breaker
	dropped := errors.New("dropped")
	for i := range unansweredLimit - 1 {
		if tripped, _ := b.fail(dropped, wecom.ClassRetryable, at(i), at(i)); tripped || b.isOpen() {
			t.Fatalf("it opens after %d polls without an answer", i+1)
		}
	}
	b.accept(at(20)) // The count begins again.
	for i := range unansweredLimit {
		b.fail(dropped, wecom.ClassRetryable, at(30+i), at(30+i))
	}
	wantWait(t, &b, 44)
	b.fail(dropped, wecom.ClassRetryable, at(44), at(44))
	wantWait(t, &b, 54)
}

func TestBreakerOfATargetsError(t *testing.T) {
	t.Parallel()
	var b breaker
	for i := range 3 * unansweredLimit {
		if tripped, _ := b.fail(errcode(60111), wecom.ClassConcurrency, at(i), at(i)); tripped || b.isOpen() {
			t.Fatal("it opens")
		}
	}
}

func TestBreakerWithoutAToken(t *testing.T) {
	t.Parallel()
	var b breaker
	b.fail(&wecom.TokenError{RetryAt: at(100), Err: errcode(40001)}, wecom.ClassCorp, at(0), at(1))
	wantWait(t, &b, 100)
	b.fail(&wecom.TokenError{RetryAt: at(50), Err: errcode(40001)}, wecom.ClassCorp, at(100), at(101))
	wantWait(t, &b, 101)
}

func TestBreakerThatMayRetryNow(t *testing.T) {
	t.Parallel()
	var b breaker
	b.retryNow(at(0))
	if b.isOpen() {
		t.Error("a closed breaker opens")
	}
	b.fail(errcode(60020), wecom.ClassCorp, at(0), at(1))
	b.retryNow(at(5))
	wantWait(t, &b, 5)
}

// TestLongPollThatSettlesLate has a poll that began long ago be accepted after another one.
func TestLongPollThatSettlesLate(t *testing.T) {
	t.Parallel()
	c := &corp{logger: log.NewNopLogger()}
	for _, started := range []int{60, 1} {
		c.updateOutage(&outcome{started: at(started)}, &verdict{accepted: true}, at(100))
	}
	if !c.accepted.Equal(at(60)) {
		t.Errorf("a poll was last accepted at %s, want the one that began last: %s", c.accepted, at(60))
	}
}

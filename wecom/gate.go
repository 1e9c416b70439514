// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"sync"
	"time"
)

// After so many calls without a refusal, one more may be in flight.
const gateGrowth = 20

// A gate bounds the calls in flight. When WeCom finds them too many (45033) the
// bound is halved; it grows back one by one.
type gate struct {
	mu         sync.Mutex
	configured int
	bound      int
	inFlight   int
	smooth     int       // calls that ended well since the bound last moved
	narrowed   time.Time // when the bound was last halved
	freed      chan struct{}
}

func newGate(bound int) *gate {
	return &gate{configured: bound, bound: bound, freed: make(chan struct{})}
}

func (g *gate) enter(ctx context.Context) error {
	for {
		g.mu.Lock()
		if g.inFlight < g.bound {
			g.inFlight++
			g.mu.Unlock()
			return nil
		}
		freed := g.freed
		g.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// giveBack leaves without a call.
func (g *gate) giveBack() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free()
}

// leave ends a call that began at the given time.
func (g *gate) leave(began time.Time, class Class, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free()
	switch {
	case err == nil:
		g.smooth++
		if g.smooth >= gateGrowth && g.bound < g.configured {
			g.bound++
			g.smooth = 0
		}
	case class == ClassConcurrency && began.After(g.narrowed):
		// Calls that were in flight when the bound was halved say nothing new.
		g.bound = max(1, g.bound/2)
		g.smooth = 0
		g.narrowed = time.Now()
	}
}

// free gives a place back. The lock is held.
func (g *gate) free() {
	g.inFlight--
	close(g.freed)
	g.freed = make(chan struct{})
}

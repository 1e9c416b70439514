// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestUpSince follows a corp that is refused for a while: the time is that of the first call of
// its kind, and not that of the last.
func TestUpSince(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		r := rig.Start(t, server, rig.ConfigOf("li", "wang"))
		began := time.Now()
		want := func(when string, up bool, since, until time.Time, changed bool) {
			t.Helper()
			s := r.Manager.Status()[0]
			if !s.Started.Equal(began) || !s.Called || s.Up != up || s.UpChanged != changed ||
				s.UpSince.Before(since) || s.UpSince.After(until) {
				t.Errorf("%s: %+v", when, s)
			}
		}
		r.Wait(time.Hour)
		want("in the beginning", true, began, began, false)

		refused := time.Now()
		repair := server.Fail(wecomtest.Fault{Endpoint: rig.ListEndpoint, Errcode: 60020})
		r.Wait(2 * time.Hour)
		want("refused", false, refused, refused.Add(10*time.Minute), true)

		repair()
		repaired := time.Now()
		r.Wait(time.Hour)
		want("accepted again", true, repaired, repaired.Add(20*time.Minute), true)

		other := rig.ConfigOf("li", "wang")
		other.Corps[0].APIURL = "https://other.test"
		reloaded := time.Now()
		r.Reload(other)
		if s := r.Manager.Status()[0]; s.Called || !s.UpSince.IsZero() {
			t.Errorf("after another API was configured: %+v", s)
		}
		r.Wait(time.Hour)
		want("another API", true, reloaded, reloaded.Add(10*time.Minute), false)
	})
}

// TestUpSinceOfARefusedCorp is refused from the start, by the discovery first.
func TestUpSinceOfARefusedCorp(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		server := rig.WorldOf(wecomtest.Config{})
		repair := server.Fail(wecomtest.Fault{Errcode: 60020})
		server.SetDirectory(rig.Staff("li"))
		r := rig.Start(t, server, rig.Discovering(true, false))
		began := time.Now()
		if s := r.Manager.Status()[0]; s.Called || !s.UpSince.IsZero() || s.UpChanged {
			t.Errorf("before the first call: %+v", s)
		}
		r.Wait(5 * time.Second)
		report := func() poll.Status { return r.Manager.Status()[0] }
		if s := report(); s.Up || !s.UpSince.Equal(began) || s.UpChanged || !s.Undiscovered || s.DiscoveryErr == nil {
			t.Errorf("refused: %+v", s)
		}
		repair()
		r.Wait(time.Hour)
		if s := report(); !s.Up || !s.UpSince.After(began) || !s.UpChanged || s.Undiscovered || s.DiscoveryErr != nil {
			t.Errorf("accepted: %+v", s)
		}
	})
}

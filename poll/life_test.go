// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// counters are what was counted, and how many files are held.
type counters struct {
	recordings, files, transcoded        int // files are of 1000 bytes and an hour
	enabled, disabled, widened, narrowed int
	removed                              int
	held                                 string
}

func (c counters) series() map[string]string {
	return map[string]string{
		`wecom_recordings_discovered_total{host="li"}`:             strconv.Itoa(c.recordings),
		`wecom_recording_discovered_bytes_total{host="li"}`:        strconv.Itoa(1000 * c.files),
		`wecom_recording_discovered_seconds_total{host="li"}`:      strconv.Itoa(3600 * c.files),
		`wecom_recording_file_size_bytes_count`:                    strconv.Itoa(c.files),
		`wecom_recording_file_duration_seconds_count`:              strconv.Itoa(c.files),
		`wecom_recording_transcoding_seconds_count`:                strconv.Itoa(c.transcoded),
		`wecom_recordings_removed_total`:                           strconv.Itoa(c.removed),
		`wecom_recording_sharing_changes_total{change="enabled"}`:  strconv.Itoa(c.enabled),
		`wecom_recording_sharing_changes_total{change="disabled"}`: strconv.Itoa(c.disabled),
		`wecom_recording_sharing_changes_total{change="widened"}`:  strconv.Itoa(c.widened),
		`wecom_recording_sharing_changes_total{change="narrowed"}`: strconv.Itoa(c.narrowed),
		`wecom_recording_files{host="li"}`:                         c.held,
	}
}

// TestALifeIsCounted follows a recording that was running when counting began,
// beside one that was there.
func TestALifeIsCounted(t *testing.T) {
	t.Parallel()
	for name, targets := range map[string]config.Targets{
		"one target":    {UserIDs: []string{"li"}},
		"three targets": {UserIDs: []string{"li"}, MeetingIDs: []string{"m1"}, MeetingCodes: []string{"123"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				birth := time.Now()
				after := birth.Add
				running := rig.Recorded("running", "li", 30*time.Minute,
					wecomtest.Share{At: after(2 * time.Hour), On: true, SameCorp: true},
					wecomtest.Share{At: after(3 * time.Hour), On: true, Download: true},
					wecomtest.Share{At: after(4 * time.Hour), On: true, Download: true, Password: "canary-password", Expire: after(5 * time.Hour)},
					wecomtest.Share{At: after(6 * time.Hour)})
				running.Transcoding, running.Completed, running.Deleted = after(30*time.Minute), after(41*time.Minute), after(7*time.Hour)
				later := rig.Recorded("later", "li", -8*time.Hour)
				later.Started, later.Transcoding, later.Completed = later.MeetingStart, after(9*time.Hour), after(9*time.Hour+time.Minute)
				recs := []wecomtest.Recording{running, later, rig.Recorded("old", "li", 3*time.Hour)}
				for i := range recs {
					recs[i].MeetingID, recs[i].MeetingCode = "m1", "123"
				}
				server := wecomtest.New(wecomtest.Config{})
				server.Put(recs...)
				cfg := rig.ConfigOf()
				cfg.Corps[0].Targets, cfg.Poll.Lookback = targets, rig.Day
				r := rig.Start(t, server, cfg)
				for _, step := range []struct {
					at   time.Duration
					want counters
				}{
					{at: time.Minute, want: counters{held: "1"}},
					{at: 40 * time.Minute, want: counters{held: "1"}},
					{at: time.Hour, want: counters{files: 1, transcoded: 1, held: "2"}},
					{at: 2*time.Hour + 10*time.Minute, want: counters{files: 1, transcoded: 1, enabled: 1, held: "2"}},
					{at: 3*time.Hour + 10*time.Minute, want: counters{files: 1, transcoded: 1, enabled: 1, widened: 1, held: "2"}},
					{
						at:   4*time.Hour + 10*time.Minute,
						want: counters{files: 1, transcoded: 1, enabled: 1, widened: 1, narrowed: 1, held: "2"},
					},
					{
						at:   5*time.Hour + 10*time.Minute, // The link expired.
						want: counters{files: 1, transcoded: 1, enabled: 1, widened: 1, narrowed: 1, held: "2"},
					},
					{
						at:   6*time.Hour + 10*time.Minute,
						want: counters{files: 1, transcoded: 1, enabled: 1, widened: 1, narrowed: 1, disabled: 1, held: "2"},
					},
					{
						at: 7*time.Hour + 10*time.Minute,
						want: counters{
							files: 1, transcoded: 1, enabled: 1, widened: 1, narrowed: 1, disabled: 1, removed: 1, held: "1",
						},
					},
					{
						at: 8*time.Hour + 10*time.Minute,
						want: counters{
							recordings: 1, files: 1, transcoded: 1,
							enabled: 1, widened: 1, narrowed: 1, disabled: 1, removed: 1, held: "1",
						},
					},
					{
						at: 10 * time.Hour,
						want: counters{
							recordings: 1, files: 2, transcoded: 2,
							enabled: 1, widened: 1, narrowed: 1, disabled: 1, removed: 1, held: "2",
						},
					},
					{
						at: 35 * time.Hour, // All left the lookback.
						want: counters{
							recordings: 1, files: 2, transcoded: 2,
							enabled: 1, widened: 1, narrowed: 1, disabled: 1, removed: 1, held: "-",
						},
					},
				} {
					r.Wait(time.Until(after(step.at)))
					r.Expect(step.want.series())
				}
				// It took 11 minutes, and was seen within five; the other a minute.
				r.Expect(map[string]string{
					`wecom_recording_transcoding_seconds_bucket{le="600"}`:  "1",
					`wecom_recording_transcoding_seconds_bucket{le="1200"}`: "2",
				})
			})
		})
	}
}

func TestCorpsAreCountedApart(t *testing.T) {
	t.Parallel()
	rig.Virtually(t, func(t *testing.T) {
		acme, other := wecomtest.New(wecomtest.Config{}), wecomtest.New(wecomtest.Config{})
		cfg := rig.ConfigOf("li")
		second := cfg.Corps[0]
		second.Name, second.APIURL = "other", "https://other.test"
		cfg.Corps = append(cfg.Corps, second)
		r := rig.Start(t, rig.ByHost{"wecom.test": acme, "other.test": other}, cfg)
		r.Wait(time.Minute)
		// The same IDs at both.
		acme.Put(rig.Recorded("r", "li", time.Hour))
		other.Put(rig.Recorded("r", "li", time.Hour), rig.Recorded("s", "li", time.Hour))
		r.Wait(2 * time.Hour)
		other.Remove("r")
		r.Wait(10 * time.Minute)
		r.Expect(map[string]string{
			`wecom_recordings_discovered_total{host="li"}`: "1", `wecom_recordings_discovered_total{corp="other",host="li"}`: "2",
			`wecom_recordings_removed_total`: "0", `wecom_recordings_removed_total{corp="other"}`: "1",
			`wecom_recording_files{host="li"}`: "1", `wecom_recording_files{corp="other",host="li"}`: "1",
		})
	})
}

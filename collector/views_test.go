// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector_test

import (
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/rig"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// TestViews has a host with series of its own, two that are folded, and one without a host.
func TestViews(t *testing.T) {
	t.Parallel()
	const views, downloads = "wecom_recording_views_total", "wecom_recording_downloads_total"
	for name, test := range map[string]struct {
		change func(*config.Config)
		want   map[string]string
	}{
		"all hosts": {
			change: func(*config.Config) {},
			want: map[string]string{
				views + `{host="li"}`: "1", downloads + `{host="li"}`: "0",
				views + `{host="wang"}`: "20", downloads + `{host="wang"}`: "2",
				views + `{host="unknown"}`: "300", downloads + `{host="unknown"}`: "0",
				views + `{host="other"}`: "-",
			},
		},

		"folded hosts": {
			change: func(c *config.Config) { c.Metrics.MaxHosts = 1 },
			want: map[string]string{
				views + `{host="li"}`: "1", downloads + `{host="li"}`: "0",
				views + `{host="other"}`: "320", downloads + `{host="other"}`: "2",
				views + `{host="wang"}`: "-",
			},
		},

		"no hosts": {
			change: func(c *config.Config) { c.Metrics.HostLabel = config.HostLabelOff },
			want:   map[string]string{views: "321", downloads: "2", views + `{host="li"}`: "-"},
		},

		"no statistics": {
			change: func(c *config.Config) { c.Corps[0].Statistics = false },
			want:   map[string]string{views + `{host="li"}`: "-", downloads + `{host="li"}`: "-", views: "-"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				open := wecomtest.Share{On: true}
				large := rig.Recorded("a", "li", 3*time.Hour, open)
				large.Files[0].Size = 1 << 40
				nobody := rig.Recorded("c", "li", 3*time.Hour, open)
				nobody.Host = ""
				server.Put(large, rig.Recorded("b", "wang", 3*time.Hour, open), nobody)
				server.AddViews("a", time.Now(), 1, 0)
				server.AddViews("b", time.Now(), 20, 2)
				server.AddViews("c", time.Now(), 300, 0)
				cfg := rig.ConfigOf("li", "wang")
				cfg.Corps[0].Statistics = true
				test.change(cfg)
				r := rig.Start(t, server, cfg)
				r.Wait(30 * time.Second)
				r.Expect(test.want)
			})
		})
	}
}

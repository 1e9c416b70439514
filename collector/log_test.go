// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"bytes"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/ledger"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/poll"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

func TestLogChanges(t *testing.T) {
	t.Parallel()
	changes := []poll.Change{
		{
			Number: 12, Corp: "acme", Title: "secret plans",
			Change: ledger.Change{
				At: wecom.InstantOf(noon), Kind: ledger.Widened, Recording: "r1", File: "f1", Host: "zhangsan",
				Start:  wecom.InstantOf(noon.Add(-time.Hour)),
				Before: &ledger.Sharing{Audience: recording.Company, Password: recording.PasswordSet, Expire: wecom.InstantOf(noon)},
				After:  &ledger.Sharing{Download: recording.DownloadAllowed, Exposed: true},
			},
		},
		{Number: 13, Corp: "acme", Change: ledger.Change{Kind: ledger.Removed, Recording: "r2"}},
		{Number: 14, Corp: "gone", Change: ledger.Change{Kind: ledger.Enabled, Recording: "r3", File: "f3", Host: "lisi", After: &ledger.Sharing{}}},
	}
	const (
		first = "level=info msg=change number=12 corp=acme change=widened recording=r1 file=f1 "
		then  = "start=2026-03-02T11:00:00Z before_audience=company before_password=set before_expiry=2026-03-02T12:00:00Z " +
			"before_download=blocked before_exposed=false " +
			"after_audience=anyone after_password=none after_expiry=never after_download=allowed after_exposed=true\n"
		second = "level=info msg=change number=13 corp=acme change=removed recording=r2"
		third  = "level=info msg=change number=14 corp=gone change=enabled recording=r3 file=f3"
		last   = " after_audience=anyone after_password=none after_expiry=never after_download=blocked after_exposed=false\n"
	)
	for name, test := range map[string]struct {
		metrics  config.Metrics
		admitted map[string]bool
		want     string
	}{
		"plain": {
			metrics: config.Metrics{HostLabel: config.HostLabelPlain},
			want:    first + "host=zhangsan " + then + second + " host=unknown\n" + third + " host=lisi" + last,
		},
		"folded": {
			metrics:  config.Metrics{HostLabel: config.HostLabelPlain},
			admitted: map[string]bool{"": true},
			want:     first + "host=other " + then + second + " host=unknown\n" + third + " host=lisi" + last,
		},
		"hashed": {
			metrics: config.Metrics{HostLabel: config.HostLabelHashed, HostHashKey: hashed.hashKey},
			want: first + "host=" + hashed.name("zhangsan") + " " + then + second + " host=unknown\n" +
				third + " host=" + hashed.name("lisi") + last,
		},
		"off": {
			metrics: config.Metrics{HostLabel: config.HostLabelOff},
			want:    first + then + second + "\n" + third + last,
		},
	} {
		var b bytes.Buffer
		view := &poll.View{Metrics: &test.metrics, Corps: []poll.CorpView{*viewOf(test.admitted)}}
		LogChanges(log.NewLogfmtLogger(&b))(view, changes)
		if diff := cmp.Diff(test.want, b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

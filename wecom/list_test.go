// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestSelectors(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.Put(wecomtest.Recording{ID: "r", Creator: "li", MeetingID: "m", MeetingCode: "123", MeetingStart: time.Now().Add(-time.Hour)})
		client, _ := clientOf(t, server)
		for _, target := range []Target{{ByUserID, "li"}, {ByMeetingID, "m"}, {ByMeetingCode, "123"}} {
			list, err := recordingsOf(t.Context(), client, target, lastMonth())
			if err != nil || len(list) != 1 {
				t.Errorf("%v: %d recordings, error %v", target, len(list), err)
			}
		}
	})
}

// FuzzListResponse decodes arbitrary bodies as pages of a list. Whatever they hold,
// what is read must be sound, and no error may quote what JSON holds.
func FuzzListResponse(f *testing.F) {
	for _, name := range []string{"sample", "table", "strings", "untrusted_ip"} {
		f.Add([]byte(bodyOf(f, listEndpoint, name)))
	}
	f.Add([]byte(`{"errcode":"0","record_list":[{"meeting_record_id":7,"state":"3","record_files":[{"record_size":-1}]},null,1]}`))
	f.Add([]byte(`<html>Bad Gateway</html>`))
	f.Add([]byte(`{"errcode":0,"record_list":[{"title":"canary`))
	now := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		var list listResponse
		sent := get(listEndpoint, url.Values{"access_token": {"marked-token"}})
		resp := response{request: sent, status: http.StatusOK, body: body}
		if err := resp.decode(&list, IgnoreCalls{}); err != nil {
			if strings.Contains(err.Error(), "marked-token") {
				t.Errorf("the error holds the token: %v", err)
			}
			if respErr, isInvalid := errors.AsType[*ResponseError](err); isInvalid && !pagePattern.Match(body) && strings.Contains(respErr.Detail, `"`) {
				t.Errorf("the error quotes what is no page: %v", err)
			}
			return
		}
		read := reader{now: now, observer: IgnoreCalls{}, titles: true}
		for _, r := range read.recordings(&list) {
			if r.ID == "" || r.State < StateUnknown || r.State > StateCompleted || r.MeetingStart < 0 || r.MeetingStart > InstantOf(now.Add(maxClockSkew)) {
				t.Errorf("recording %+v", r)
			}
			for _, file := range r.Files {
				if file.Size < 0 || file.Duration() < 0 || file.Sharing.Expire < 0 || !file.Sharing.On && file.Sharing != (Sharing{}) {
					t.Errorf("file %+v", file)
				}
			}
		}
	})
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzListAnswer reads arbitrary bodies as answers to a list. Whatever they hold,
// what is read must be sound, and no error may quote what JSON holds.
func FuzzListAnswer(f *testing.F) {
	f.Add([]byte(documented))
	f.Add([]byte(`{"errcode":"0","record_list":[{"meeting_record_id":7,"state":"3","record_files":[{"record_size":-1}]},null,1]}`))
	f.Add([]byte(`{"errcode":60020,"errmsg":"not allow to access from your ip, from ip: 203.0.113.7"}`))
	f.Add([]byte(`<html>Bad Gateway</html>`))
	f.Add([]byte(`{"errcode":0,"record_list":[{"title":"canary`))
	now := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		client := NewClient(Config{Secret: func() (string, error) { return "", nil }, Concurrency: 1, Limits: NewLimits(1)})
		var answer listAnswer
		query := url.Values{"access_token": {"marked-token"}}
		if err := client.decode(listEndpoint, http.StatusOK, body, query, &answer); err != nil {
			if strings.Contains(err.Error(), "marked-token") {
				t.Errorf("the error tells the token: %v", err)
			}
			if _, isInvalid := errors.AsType[*ResponseError](err); isInvalid && json.Valid(body) && strings.Contains(err.Error(), "it begins") && body[0] == '{' {
				t.Errorf("the error quotes JSON: %v", err)
			}
			return
		}
		read := reader{now: now, observer: IgnoreCalls{}, titles: true}
		for _, r := range read.recordings(&answer) {
			if r.ID == "" || r.State < StateUnknown || r.State > StateCompleted || r.MeetingStart < 0 || r.MeetingStart > InstantOf(now.Add(largestSkew)) {
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

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestCompanies(t *testing.T) {
	t.Parallel()
	var c companies
	a, b := c.url("a"), c.url("b")
	if a == b {
		t.Errorf("two corps share %s", a)
	}
	if again := c.url("a"); again != a {
		t.Errorf("after a reload the corp is at %s, was at %s", again, a)
	}
	get := func(base string) (*http.Response, error) {
		path := "/cgi-bin/gettoken?corpid=" + wecomtest.DefaultCorpID + "&corpsecret=" + wecomtest.DefaultSecret
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return c.RoundTrip(r)
	}
	for _, base := range []string{a, b} {
		resp, err := get(base)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s answers with status %d", base, resp.StatusCode)
		}
	}
	resp, err := get("https://qyapi.weixin.qq.com")
	if err == nil {
		resp.Body.Close()
		t.Error("an address outside of the demo answers")
	} else if strings.Contains(err.Error(), wecomtest.DefaultSecret) {
		t.Errorf("the error shows a secret: %v", err)
	}
}

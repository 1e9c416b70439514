// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// office has two branches below the root, of which the app sees one and bits of the other.
//
//	1 ── 2 ── 3 (scope: 2)
//	  └─ 4 ── 5 (scope: 5 through tag 8)
func office() Directory {
	return Directory{
		Departments: []Department{{ID: 1}, {ID: 2, ParentID: 1}, {ID: 3, ParentID: 2}, {ID: 4, ParentID: 1}, {ID: 5, ParentID: 4}},
		Members: []Member{
			{UserID: "boss", Name: "老板", Departments: []int{1}},
			{UserID: "two", Name: "二", Departments: []int{2, 4}},
			{UserID: "Three", Name: "三", Departments: []int{3}},
			{UserID: "four", Name: "四", Departments: []int{4}},
			{UserID: "five", Name: "五", Departments: []int{5}},
			{UserID: "named", Name: "六", Departments: []int{4}},
			{UserID: "tagged", Name: "七", Departments: []int{4}},
			{UserID: "nowhere", Name: "八"},
		},
		Tags: []Tag{
			{ID: 8, Name: "试点", Users: []string{"tagged"}, Departments: []int{5}},
			{ID: 9, Name: "其他", Users: []string{"nowhere", "three"}, Departments: []int{4, 2}},
		},
		Scope: Scope{Users: []string{"NAMED"}, Departments: []int{2}, Tags: []int{8}},
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.SetDirectory(office())
	for user, want := range map[string]int{
		"two": 0, "three": 0, "five": 0, "named": 0, "tagged": 0, "TAGGED": 0,
		"boss": 50002, "four": 50002, "nowhere": 50002, "stranger": 60111,
	} {
		if got := x.call(t, endpointRecordList, listBody("userid", user, epoch, 20, "")).Errcode; got != want {
			t.Errorf("%s: errcode %d, want %d", user, got, want)
		}
	}
}

func TestDirectoryEndpoints(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		endpoint, query string
		want            string // The answer after errcode and errmsg, or the errcode.
	}{
		{"agent/get", "agentid=1000002", `"agentid":1000002,"name":"会议录制","allow_userinfos":{"user":[{"userid":"NAMED"}]},` +
			`"allow_partys":{"partyid":[2]},"allow_tags":{"tagid":[8]},"close":0}`},
		{"agent/get", "agentid=1000003", "301002"},
		{"agent/get", "agentid=x", "40056"},
		{"agent/get", "", "40056"},
		{"department/simplelist", "", `"department_id":[{"id":2,"parentid":1,"order":4},{"id":3,"parentid":2,"order":3},{"id":5,"parentid":4,"order":1}]}`},
		{"department/simplelist", "id=2", `"department_id":[{"id":2,"parentid":1,"order":4},{"id":3,"parentid":2,"order":3}]}`},
		{"department/simplelist", "id=3", `"department_id":[{"id":3,"parentid":2,"order":3}]}`},
		{"department/simplelist", "id=1", "60011"},
		{"department/simplelist", "id=4", "60011"},
		{"department/simplelist", "id=6", "60003"},
		{"department/simplelist", "id=x", "60123"},
		{"user/simplelist", "department_id=2", `"userlist":[{"userid":"two","name":"二","department":[2,4]}]}`},
		{"user/simplelist", "department_id=3", `"userlist":[{"userid":"Three","name":"三","department":[3]}]}`},
		{"user/simplelist", "department_id=5", `"userlist":[{"userid":"five","name":"五","department":[5]}]}`},
		{"user/simplelist", "department_id=4", "60011"},
		{"user/simplelist", "department_id=1", "60011"},
		{"user/simplelist", "department_id=7", "60003"},
		{"user/simplelist", "", "60123"},
		{"tag/get", "tagid=8", `"tagname":"试点","userlist":[{"userid":"tagged","name":"七"}],"partylist":[5]}`},
		{"tag/get", "tagid=9", `"tagname":"其他","userlist":[{"userid":"three","name":"三"}],"partylist":[2]}`},
		{"tag/get", "tagid=10", "40068"},
		{"tag/get", "", "40068"},
	} {
		t.Run(tc.endpoint+"?"+tc.query, func(t *testing.T) {
			t.Parallel()
			x := newClient(t, Config{})
			x.SetDirectory(office())
			query, err := url.ParseQuery(tc.query)
			if err != nil {
				t.Fatal(err)
			}
			b := x.raw(t, tc.endpoint, query, "")
			if !json.Valid(b) {
				t.Fatalf("no JSON: %s", b)
			}
			got, good := strings.CutPrefix(string(b), `{"errcode":0,"errmsg":"ok",`)
			if !good {
				got, _, _ = strings.Cut(strings.TrimPrefix(got, `{"errcode":`), ",")
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutDirectory(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{AgentID: 7})
	if got := string(x.raw(t, "agent/get", url.Values{"agentid": {"7"}}, "")); !strings.Contains(got, `"user":[]`) {
		t.Errorf("got %s, want an empty scope", got)
	}
	if got := string(x.raw(t, "department/simplelist", nil, "")); !strings.Contains(got, `"department_id":[]`) {
		t.Errorf("got %s, want no departments", got)
	}
}

func TestSetDirectoryAgain(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.SetDirectory(office())
	d := office()
	d.Scope = Scope{Departments: []int{4}}
	x.SetDirectory(d)
	for user, want := range map[string]int{"four": 0, "five": 0, "two": 0, "three": 50002} {
		if got := x.call(t, endpointRecordList, listBody("userid", user, epoch, 20, "")).Errcode; got != want {
			t.Errorf("%s: errcode %d, want %d", user, got, want)
		}
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// staff is a company with departments 1 (the root), 2, 3 below 2, and 4, which
// only tag 7 names.
func staff(scope wecomtest.Scope) wecomtest.Directory {
	return wecomtest.Directory{
		Members: []wecomtest.Member{
			{UserID: "Boss", Departments: []int{1}},
			{UserID: "li", Departments: []int{2}},
			{UserID: "wang", Departments: []int{3}},
			{UserID: "zhao", Departments: []int{4}},
			{UserID: "qian", Departments: []int{1}},
		},
		Departments: []wecomtest.Department{{ID: 1}, {ID: 2, ParentID: 1}, {ID: 3, ParentID: 2}, {ID: 4, ParentID: 1}},
		Tags:        []wecomtest.Tag{{ID: 7, Name: "hosts", Users: []string{"qian"}, Departments: []int{4}}},
		Scope:       scope,
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scope   wecomtest.Scope
		config  wecomtest.Config
		fault   wecomtest.Fault
		want    []string
		refused int
		fails   bool
	}{
		"named members":        {scope: wecomtest.Scope{Users: []string{"Boss", "li"}}, want: []string{"Boss", "li"}},
		"a tree":               {scope: wecomtest.Scope{Departments: []int{2}}, want: []string{"li", "wang"}},
		"a tree within a tree": {scope: wecomtest.Scope{Departments: []int{3, 2}}, want: []string{"li", "wang"}},
		"a member named twice": {scope: wecomtest.Scope{Users: []string{"LI"}, Departments: []int{2}}, want: []string{"LI", "wang"}},

		"a tag with a department": {
			scope: wecomtest.Scope{Tags: []int{7}}, want: []string{"qian", "zhao"},
		},

		"everybody, numbers as strings": {
			scope:  wecomtest.Scope{Departments: []int{1}},
			config: wecomtest.Config{NumbersAsStrings: true},
			want:   []string{"Boss", "li", "qian", "wang", "zhao"},
		},

		"a forbidden department": {
			scope: wecomtest.Scope{Departments: []int{2, 4}},
			fault: wecomtest.Fault{
				Errcode: 60011,
				Match:   func(r wecomtest.Request) bool { return r.Endpoint == usersEndpoint && r.Target == "3" },
			},
			want: []string{"li", "zhao"}, refused: 1,
		},

		"a tree that is forbidden as a tree": {
			scope: wecomtest.Scope{Users: []string{"Boss"}, Departments: []int{2}},
			fault: wecomtest.Fault{Endpoint: departmentsEndpoint, Errcode: 60011},
			want:  []string{"Boss", "li"}, refused: 1,
		},

		"a department that fails": {
			scope: wecomtest.Scope{Departments: []int{2}},
			fault: wecomtest.Fault{Endpoint: usersEndpoint, Status: 502},
			fails: true,
		},

		"a department that is refused for another reason": {
			scope: wecomtest.Scope{Departments: []int{2}},
			fault: wecomtest.Fault{Endpoint: usersEndpoint, Errcode: 48009},
			fails: true,
		},

		"a tree that is refused for another reason": {
			scope: wecomtest.Scope{Departments: []int{2}},
			fault: wecomtest.Fault{Endpoint: departmentsEndpoint, Errcode: 48002},
			fails: true,
		},

		"a tag with a code that nobody knows": {
			scope: wecomtest.Scope{Users: []string{"li"}, Tags: []int{7}},
			fault: wecomtest.Fault{Endpoint: tagEndpoint, Errcode: 999999},
			fails: true,
		},

		"a department of which an argument is refused": {
			scope: wecomtest.Scope{Departments: []int{2}},
			fault: wecomtest.Fault{Endpoint: usersEndpoint, Errcode: 40058},
			fails: true,
		},

		"a WeCom that is busy for ever": {
			scope: wecomtest.Scope{Departments: []int{2}},
			fault: wecomtest.Fault{Endpoint: usersEndpoint, Errcode: -1},
			fails: true,
		},

		"a scope that is refused": {
			scope: wecomtest.Scope{Departments: []int{2}},
			fault: wecomtest.Fault{Endpoint: agentEndpoint, Errcode: 60011},
			fails: true,
		},

		"a department that is refused as a tree and in itself": {
			scope: wecomtest.Scope{Users: []string{"Boss"}, Departments: []int{2}},
			fault: wecomtest.Fault{
				Errcode: 60003,
				Match:   func(r wecomtest.Request) bool { return r.Target == "2" },
			},
			want: []string{"Boss"}, refused: 1,
		},

		"an untrusted IP": {
			scope: wecomtest.Scope{Users: []string{"li"}},
			fault: wecomtest.Fault{Endpoint: agentEndpoint, Errcode: 60020},
			fails: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(test.config)
				server.SetDirectory(staff(test.scope))
				if test.fault.Errcode != 0 || test.fault.Status != 0 {
					server.Fail(test.fault)
				}
				client, _ := clientOf(t, server)
				got, err := client.Members(t.Context(), wecomtest.DefaultAgentID, nil)
				if (err != nil) != test.fails || (got == nil) != test.fails {
					t.Fatalf("scope %v, error %v", got, err)
				}
				if test.fails {
					return
				}
				slices.Sort(got.UserIDs)
				asked := map[string]bool{}
				if diff := cmp.Diff(test.want, got.UserIDs); diff != "" {
					t.Errorf("members (-want +got):\n%s", diff)
				}
				for _, req := range server.Requests() {
					if req.Endpoint == usersEndpoint && asked[req.Target] {
						t.Errorf("department %s was asked for twice", req.Target)
					}
					asked[req.Target] = asked[req.Target] || req.Endpoint == usersEndpoint
				}
				if len(got.Refused) != test.refused {
					t.Errorf("refused: %v, want %d", got.Refused, test.refused)
				}
			})
		})
	}
}

func TestMembersOfDocuments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		agent string
		want  []string
	}{
		"as documented":     {agent: "fields", want: []string{"zhangsan", "lisi", "zhaoliu", "wangwu"}},
		"as older versions": {agent: "strings", want: []string{"zhangsan", "7", "LISI", "wangwu"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				client, seen := clientOf(t, nil, func(c *Config) {
					c.Transport = byEndpoint{
						agentEndpoint:       bodyOf(t, agentEndpoint, test.agent),
						departmentsEndpoint: bodyOf(t, departmentsEndpoint, "fields"),
						usersEndpoint:       bodyOf(t, usersEndpoint, "fields"),
						tagEndpoint:         bodyOf(t, tagEndpoint, "fields"),
					}
				})
				got, err := client.Members(t.Context(), 1000002, nil)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got.UserIDs); diff != "" || got.Refused != nil {
					t.Errorf("refused %v; members (-want +got):\n%s", got.Refused, diff)
				}
				if len(seen.anomalies) != 0 {
					t.Errorf("anomalies %v, want none", seen.anomalies)
				}
			})
		})
	}
}

// What is refused keeps what it last had, for as long as it is refused.
func TestRefusedKeepTheirMembers(t *testing.T) {
	t.Parallel()
	of := func(targets ...string) func(wecomtest.Request) bool {
		return func(r wecomtest.Request) bool { return slices.Contains(targets, r.Endpoint+" "+r.Target) }
	}
	for name, test := range map[string]struct {
		match   func(wecomtest.Request) bool
		errcode int
		want    []string // while it is refused; zhou is new in department 2, li has left it
		refused int
	}{
		"nothing": {
			match: of(), errcode: 60011,
			want: []string{"Boss", "qian", "wang", "zhao", "zhou"},
		},
		"a department": {
			match: of("user/simplelist 2"), errcode: 60011,
			want: []string{"Boss", "li", "qian", "wang", "zhao"}, refused: 1,
		},
		"a department below another": {
			match: of("user/simplelist 3"), errcode: 60003,
			want: []string{"Boss", "qian", "wang", "zhao", "zhou"}, refused: 1,
		},
		"a tree": {
			match: of("department/simplelist 2"), errcode: 60123,
			want: []string{"Boss", "qian", "wang", "zhao", "zhou"}, refused: 1,
		},
		"a tree and all in it": {
			match: of("department/simplelist 2", "user/simplelist 2", "user/simplelist 3"), errcode: 60011,
			want: []string{"Boss", "li", "qian", "wang", "zhao"}, refused: 2,
		},
		"a tag": {
			match: of("tag/get 7"), errcode: 40068,
			want: []string{"Boss", "qian", "wang", "zhao", "zhou"}, refused: 1,
		},
		"a department of a tag": {
			match: of("tag/get 7", "department/simplelist 4", "user/simplelist 4"), errcode: 60011,
			want: []string{"Boss", "qian", "wang", "zhao", "zhou"}, refused: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				company := staff(wecomtest.Scope{Users: []string{"Boss"}, Departments: []int{2}, Tags: []int{7}})
				server.SetDirectory(company)
				client, _ := clientOf(t, server)
				scope, err := client.Members(t.Context(), wecomtest.DefaultAgentID, nil)
				if err != nil {
					t.Fatal(err)
				}
				first := slices.Clone(scope.UserIDs)

				company.Members = slices.DeleteFunc(company.Members, func(m wecomtest.Member) bool { return m.UserID == "li" })
				company.Members = append(company.Members, wecomtest.Member{UserID: "zhou", Departments: []int{2}})
				server.SetDirectory(company)
				remove := server.Fail(wecomtest.Fault{Errcode: test.errcode, Match: test.match})
				before := scope
				for range 3 {
					if scope, err = client.Members(t.Context(), wecomtest.DefaultAgentID, scope); err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(test.want, slices.Sorted(slices.Values(scope.UserIDs))); diff != "" || len(scope.Refused) != test.refused {
						t.Errorf("refused %v; members (-want +got):\n%s", scope.Refused, diff)
					}
				}
				if diff := cmp.Diff(first, before.UserIDs); diff != "" {
					t.Errorf("the scope before has changed:\n%s", diff)
				}
				remove()
				if scope, err = client.Members(t.Context(), wecomtest.DefaultAgentID, scope); err != nil || len(scope.Refused) > 0 {
					t.Fatalf("refused %v, error %v", scope.Refused, err)
				}
				if diff := cmp.Diff([]string{"Boss", "qian", "wang", "zhao", "zhou"}, slices.Sorted(slices.Values(scope.UserIDs))); diff != "" {
					t.Errorf("members in the end (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What is no longer in the scope is not kept, whether it was refused before or not.
func TestMembersOutsideTheScopeAreDropped(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.SetDirectory(staff(wecomtest.Scope{Departments: []int{2, 4}}))
		client, _ := clientOf(t, server)
		scope, err := client.Members(t.Context(), wecomtest.DefaultAgentID, nil)
		if err != nil {
			t.Fatal(err)
		}
		server.SetDirectory(staff(wecomtest.Scope{Departments: []int{4}}))
		server.Fail(wecomtest.Fault{Endpoint: usersEndpoint, Errcode: 60011})
		scope, err = client.Members(t.Context(), wecomtest.DefaultAgentID, scope)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"zhao"}, scope.UserIDs); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
	})
}

func TestStrictDiscovery(t *testing.T) {
	t.Parallel()
	const (
		agent       = `"allow_userinfos":{"user":[{"userid":"li"}]},"allow_partys":{"partyid":[2]},"allow_tags":{"tagid":[7]}`
		departments = `"department_id":[{"id":2}]`
		users       = `"userlist":[{"userid":"wang"}]`
		tag         = `"userlist":[{"userid":"zhao"}],"partylist":[2]`
		none        = ""
	)
	for name, test := range map[string]struct {
		endpoint, body string
		want           string // the reason in the error; "" if it is fine
	}{
		"a scope":                        {endpoint: agentEndpoint, body: agent},
		"a scope without tags":           {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":[{"userid":"li"}]},"allow_partys":{"partyid":[2]}`},
		"a scope of nobody":              {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":[]},"allow_partys":{},"allow_tags":null`},
		"a scope with strings":           {endpoint: agentEndpoint, body: `"allow_partys":{"partyid":["2","3"]},"allow_tags":{"tagid":["7"]}`},
		"a user ID of digits":            {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":[{"userid":7}]}`},
		"no scope":                       {endpoint: agentEndpoint, body: none, want: "it has no visible scope"},
		"a scope of null":                {endpoint: agentEndpoint, body: `"allow_userinfos":null,"allow_partys":null,"allow_tags":null`, want: "it has no visible scope"},
		"a scope with nothing in it":     {endpoint: agentEndpoint, body: `"allow_userinfos":{},"allow_partys":{},"allow_tags":{}`, want: "it has no visible scope"},
		"departments that are a number":  {endpoint: agentEndpoint, body: `"allow_partys":{"partyid":2}`, want: "its allow_partys is not as documented"},
		"departments in an object":       {endpoint: agentEndpoint, body: `"allow_partys":{"partyid":{"0":2}}`, want: "its allow_partys is not as documented"},
		"a department in a list":         {endpoint: agentEndpoint, body: `"allow_partys":{"partyid":[[2]]}`, want: "its allow_partys is not as documented"},
		"a department of null":           {endpoint: agentEndpoint, body: `"allow_partys":{"partyid":[2,null]}`, want: "its allow_partys is not as documented"},
		"half a department":              {endpoint: agentEndpoint, body: `"allow_partys":{"partyid":[2.5]}`, want: "its allow_partys is not as documented"},
		"a department in words":          {endpoint: agentEndpoint, body: `"allow_partys":{"partyid":["sales"]}`, want: "its allow_partys is not as documented"},
		"departments that are a list":    {endpoint: agentEndpoint, body: `"allow_partys":[2],"allow_userinfos":{"user":[]}`, want: "its allow_partys is not as documented"},
		"departments that are true":      {endpoint: agentEndpoint, body: `"allow_partys":true,"allow_userinfos":{"user":[]}`, want: "its allow_partys is not as documented"},
		"tags that are a string":         {endpoint: agentEndpoint, body: `"allow_tags":"","allow_userinfos":{"user":[]}`, want: "its allow_tags is not as documented"},
		"a tag that is false":            {endpoint: agentEndpoint, body: `"allow_tags":{"tagid":[false]}`, want: "its allow_tags is not as documented"},
		"users that are an object":       {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":{"userid":"li"}}`, want: "its allow_userinfos is not as documented"},
		"users that are strings":         {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":["li"]}`, want: "its allow_userinfos is not as documented"},
		"a user without an ID":           {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":[{"name":"li"}]}`, want: "its allow_userinfos is not as documented"},
		"a user of null":                 {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":[null]}`, want: "its allow_userinfos is not as documented"},
		"a user ID in an object":         {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":[{"userid":{"id":"li"}}]}`, want: "its allow_userinfos is not as documented"},
		"a user ID of null":              {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":[{"userid":null}]}`, want: "its allow_userinfos is not as documented"},
		"an empty user ID":               {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":[{"userid":""}]}`, want: "its allow_userinfos is not as documented"},
		"an empty user ID beside others": {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":[{"userid":"li"},{"userid":""}]}`, want: "its allow_userinfos is not as documented"},
		"an empty one beside a tag":      {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":[{"userid":""}]},"allow_tags":{"tagid":[7]}`, want: "its allow_userinfos is not as documented"},
		"a user ID of spaces":            {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":[{"userid":" \u3000"}]}`, want: "its allow_userinfos is not as documented"},
		"an empty ID in a department":    {endpoint: usersEndpoint, body: `"userlist":[{"userid":""}]`, want: "its userlist is not as documented"},
		"an empty ID in a tag":           {endpoint: tagEndpoint, body: `"userlist":[{"userid":""}],"partylist":[2]`, want: "its userlist is not as documented"},
		"no users beside a department":   {endpoint: agentEndpoint, body: `"allow_userinfos":{},"allow_partys":{"partyid":[2]}`},
		"null beside a department":       {endpoint: agentEndpoint, body: `"allow_userinfos":{"user":null},"allow_partys":{"partyid":[2]},"allow_tags":null`},
		"no department":                  {endpoint: departmentsEndpoint, body: `"department_id":[]`},
		"a department as a string":       {endpoint: departmentsEndpoint, body: `"department_id":[{"id":"2","parentid":"1"}]`},
		"no list of departments":         {endpoint: departmentsEndpoint, body: none, want: "it has no department_id"},
		"a list of null":                 {endpoint: departmentsEndpoint, body: `"department_id":null`, want: "it has no department_id"},
		"one department":                 {endpoint: departmentsEndpoint, body: `"department_id":{"id":2}`, want: "its department_id is not as documented"},
		"numbers of departments":         {endpoint: departmentsEndpoint, body: `"department_id":[2]`, want: "its department_id is not as documented"},
		"a department without an ID":     {endpoint: departmentsEndpoint, body: `"department_id":[{"parentid":1}]`, want: "its department_id is not as documented"},
		"nobody":                         {endpoint: usersEndpoint, body: `"userlist":[]`},
		"no list of users":               {endpoint: usersEndpoint, body: none, want: "it has no userlist"},
		"a list of strings":              {endpoint: usersEndpoint, body: `"userlist":["wang"]`, want: "its userlist is not as documented"},
		"a list that is a string":        {endpoint: usersEndpoint, body: `"userlist":"wang"`, want: "its userlist is not as documented"},
		"a list in an object":            {endpoint: usersEndpoint, body: `"userlist":{"user":[]}`, want: "its userlist is not as documented"},
		"a tag of users":                 {endpoint: tagEndpoint, body: `"userlist":[{"userid":"zhao"}]`},
		"a tag of departments":           {endpoint: tagEndpoint, body: `"partylist":["2"]`},
		"a tag without anything":         {endpoint: tagEndpoint, body: `"tagname":"t"`, want: "it has no userlist"},
		"a tag with a number":            {endpoint: tagEndpoint, body: `"userlist":[],"partylist":2`, want: "its partylist is not as documented"},
		"a tag of strings":               {endpoint: tagEndpoint, body: `"userlist":["zhao"],"partylist":[]`, want: "its userlist is not as documented"},
		"a tag of departments, in words": {endpoint: tagEndpoint, body: `"partylist":["sales"]`, want: "its partylist is not as documented"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				bodies := map[string]string{agentEndpoint: agent, departmentsEndpoint: departments, usersEndpoint: users, tagEndpoint: tag}
				bodies[test.endpoint] = test.body
				responses := byEndpoint{}
				for endpoint, body := range bodies {
					responses[endpoint] = strings.TrimSuffix(`{"errcode":0,"errmsg":"ok",`+body, ",") + `}`
				}
				client, _ := clientOf(t, nil, func(c *Config) { c.Transport = responses })
				scope, err := client.Members(t.Context(), 1000002, nil)
				if test.want == "" {
					if err != nil {
						t.Errorf("error %v", err)
					}
					return
				}
				respErr, ok := errors.AsType[*ResponseError](err)
				if !ok || scope != nil || respErr.Kind != KindDecode || respErr.Endpoint != test.endpoint || !strings.HasSuffix(err.Error(), ": "+test.want) {
					t.Errorf("scope %v, error %v; want %q of %s", scope, err, test.want, test.endpoint)
				}
			})
		})
	}
}

// An errcode counts whatever comes with it.
func TestStrictResponsesHaveErrcodes(t *testing.T) {
	t.Parallel()
	body := []byte(`{"errcode":60011,"department_id":"","userlist":{},"partylist":7,"allow_partys":[],"meeting_list":0}`)
	for _, into := range []result{&agentResponse{}, &departmentsResponse{}, &usersResponse{}, &tagResponse{}, &startsResponse{}} {
		err := response{request: get("x", nil), status: http.StatusOK, body: body}.decode(into, IgnoreCalls{})
		if apiErr, ok := errors.AsType[*APIError](err); !ok || apiErr.Code != 60011 {
			t.Errorf("%T: error %v, want errcode 60011", into, err)
		}
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"slices"
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
				got, err := client.Members(t.Context(), wecomtest.DefaultAgentID)
				if (err != nil) != test.fails {
					t.Fatalf("error %v", err)
				}
				slices.Sort(got.UserIDs)
				asked := map[string]bool{}
				if diff := cmp.Diff(test.want, got.UserIDs); diff != "" {
					t.Errorf("members (-want +got):\n%s", diff)
				}
				for _, req := range server.Requests() {
					if req.Endpoint == usersEndpoint && asked[req.Target] && !test.fails {
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
				got, err := client.Members(t.Context(), 1000002)
				if diff := cmp.Diff(test.want, got.UserIDs); diff != "" || err != nil || got.Refused != nil {
					t.Errorf("error %v, refused %v; members (-want +got):\n%s", err, got.Refused, diff)
				}
				if len(seen.anomalies) != 0 {
					t.Errorf("anomalies %v, want none", seen.anomalies)
				}
			})
		})
	}
}

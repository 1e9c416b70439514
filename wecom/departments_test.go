// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

// What cannot be read as a department is left out; the member stays one of the department
// that was asked for.
func TestDepartmentsOfAMember(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value string // of the key department, or the key left out
		want  int64
	}{
		"as documented":          {value: `,"department":[5,2]`, want: 5},
		"strings":                {value: `,"department":["5","2"]`, want: 5},
		"a number":               {value: `,"department":5`, want: 5},
		"a string":               {value: `,"department":"5"`, want: 5},
		"a number as a fraction": {value: `,"department":[5.0]`, want: 5},
		"left out":               {want: 2},
		"null":                   {value: `,"department":null`, want: 2},
		"an empty list":          {value: `,"department":[]`, want: 2},
		"an object":              {value: `,"department":{"0":5}`, want: 2},
		"a word":                 {value: `,"department":"sales"`, want: 2},
		"no ID":                  {value: `,"department":[0,-5,1.5,true,null,""]`, want: 2},
		"one that can be read":   {value: `,"department":[[7],{"a":8},"x", "5" ]`, want: 5},
		"an endless number":      {value: `,"department":[` + strings.Repeat("7", 2000) + `]`, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				client, seen := clientOf(t, nil, func(c *Config) {
					c.Transport = byEndpoint{
						agentEndpoint:       `{"errcode":0,"allow_partys":{"partyid":[2]}}`,
						departmentsEndpoint: `{"errcode":0,"department_id":[{"id":2}]}`,
						usersEndpoint:       `{"errcode":0,"userlist":[{"userid":"Li"` + test.value + `}]}`,
					}
				})
				scope, err := client.Members(t.Context(), 1000002, nil)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(map[string]int64{"li": test.want}, scope.Departments); diff != "" {
					t.Errorf("departments (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{"Li"}, scope.UserIDs); diff != "" || len(seen.anomalies) > 0 {
					t.Errorf("anomalies %v; members (-want +got):\n%s", seen.anomalies, diff)
				}
			})
		})
	}
}

// Members without a department that an answer names have none.
func TestMembersWithoutADepartment(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		server.SetDirectory(staff(wecomtest.Scope{Users: []string{"Boss"}, Departments: []int{2}, Tags: []int{7}}))
		client, _ := clientOf(t, server)
		scope, err := client.Members(t.Context(), wecomtest.DefaultAgentID, nil)
		if err != nil {
			t.Fatal(err)
		}
		// Boss is named in the scope, and qian in the tag.
		want := map[string]int64{"li": 2, "wang": 3, "zhao": 4}
		if diff := cmp.Diff(want, scope.Departments); diff != "" {
			t.Errorf("departments (-want +got):\n%s", diff)
		}
	})
}

// A user keeps a department from scope to scope while WeCom names it, in whatever order, and
// while WeCom refuses to name any.
func TestDepartmentsAreStable(t *testing.T) {
	t.Parallel()
	type step struct {
		li      []int // the departments of li, in the order in which WeCom names them
		scope   []int
		refused string // a department whose members are refused
		want    int64  // 0: none
	}
	for name, steps := range map[string][]step{
		"the first counts": {
			{li: []int{4, 3}, scope: []int{3, 4}, want: 4},
		},
		"another order": {
			{li: []int{3, 4}, scope: []int{3, 4}, want: 3},
			{li: []int{4, 3}, scope: []int{3, 4}, want: 3},
			{li: []int{4, 3}, scope: []int{4, 3}, want: 3},
		},
		"another department": {
			{li: []int{3, 4}, scope: []int{3, 4}, want: 3},
			{li: []int{4}, scope: []int{3, 4}, want: 4},
			{li: []int{3, 4}, scope: []int{3, 4}, want: 4},
		},
		"the department is refused": {
			{li: []int{3}, scope: []int{3, 4}, want: 3},
			{li: []int{3}, scope: []int{3, 4}, refused: "3", want: 3},
			{li: []int{3}, scope: []int{3, 4}, refused: "3", want: 3},
			{li: []int{4}, scope: []int{3, 4}, want: 4},
		},
		"the department is refused, and the user moved": {
			{li: []int{3}, scope: []int{3, 4}, want: 3},
			{li: []int{4}, scope: []int{3, 4}, refused: "3", want: 4},
		},
		"a refused department of which nothing is known": {
			{li: []int{3}, scope: []int{3, 4}, refused: "3"},
			{li: []int{3}, scope: []int{3, 4}, want: 3},
		},
		"the user left": {
			{li: []int{3}, scope: []int{3}, want: 3},
			{li: []int{4}, scope: []int{3}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				server := wecomtest.New(wecomtest.Config{})
				client, _ := clientOf(t, server)
				var scope *Scope
				for i, step := range steps {
					company := staff(wecomtest.Scope{Departments: step.scope})
					company.Members[1].Departments = step.li
					server.SetDirectory(company)
					remove := server.Fail(wecomtest.Fault{
						Errcode: 60011,
						Match: func(r wecomtest.Request) bool {
							return r.Endpoint == usersEndpoint && r.Target == step.refused
						},
					})
					next, err := client.Members(t.Context(), wecomtest.DefaultAgentID, scope)
					remove()
					if err != nil {
						t.Fatal(err)
					}
					if got := next.Departments["li"]; got != step.want {
						t.Errorf("step %d: department %d, want %d", i+1, got, step.want)
					}
					scope = next
				}
			})
		})
	}
}

// An ID that is too long is that of nobody, and takes no memory.
func TestOversizedUsersHaveNoDepartment(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		server := wecomtest.New(wecomtest.Config{})
		company := staff(wecomtest.Scope{Departments: []int{2}})
		company.Members[1].UserID = strings.Repeat("u", MaxUserIDBytes+1)
		server.SetDirectory(company)
		client, _ := clientOf(t, server)
		scope, err := client.Members(t.Context(), wecomtest.DefaultAgentID, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int64{"wang": 3}
		if diff := cmp.Diff(want, scope.Departments); diff != "" {
			t.Errorf("departments (-want +got):\n%s", diff)
		}
		// Nor do they get one when their department is refused, and keeps its members.
		server.Fail(wecomtest.Fault{Endpoint: usersEndpoint, Errcode: 60011})
		scope, err = client.Members(t.Context(), wecomtest.DefaultAgentID, scope)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, scope.Departments); diff != "" {
			t.Errorf("departments when they are refused (-want +got):\n%s", diff)
		}
	})
}

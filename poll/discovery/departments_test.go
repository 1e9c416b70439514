// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom/wecomtest"
)

func TestDepartmentsOfUsers(t *testing.T) {
	t.Parallel()
	d := NewDepartments(map[string]int64{"li": 2, "wang": 3, "zhao": 4}, map[int64]string{2: "销售部", 4: ""})
	for user, want := range map[string]string{"li": "销售部", "LI": "销售部", "wang": "3", "zhao": "4", "qian": "", "": ""} {
		if got := d.Of(user); got != want {
			t.Errorf("%q: department %q, want %q", user, got, want)
		}
	}
	if got := (*Departments)(nil).Of("li"); got != "" {
		t.Errorf("nothing is known, and the department is %q", got)
	}
}

// departmentsOf has WeCom show the app members, each in one department below the root.
func (r *rig) departmentsOf(users map[string]int) {
	d := wecomtest.Directory{
		Departments: []wecomtest.Department{{ID: 1}, {ID: 2, ParentID: 1}, {ID: 3, ParentID: 1}},
		Scope:       wecomtest.Scope{Departments: []int{1}},
	}
	for user, department := range users {
		d.Members = append(d.Members, wecomtest.Member{UserID: user, Departments: []int{department}})
	}
	r.server.SetDirectory(d)
}

// wantDepartments lets virtual time pass, and compares the departments of li and wang.
func (r *rig) wantDepartments(after time.Duration, li, wang string) *Departments {
	r.t.Helper()
	time.Sleep(after)
	synctest.Wait()
	d := r.Departments()
	if diff := cmp.Diff([]string{li, wang}, []string{d.Of("li"), d.Of("wang")}); diff != "" {
		r.t.Errorf("departments of li and wang (-want +got):\n%s", diff)
	}
	return d
}

// The departments are another pointer if something about them has changed, and then alone.
func TestDepartmentsFollowDiscovery(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		r := newRig(t, corpOf(wecomtest.DefaultAgentID, discoverMembers), log.NewNopLogger())
		r.departmentsOf(map[string]int{"Li": 2, "wang": 3})
		r.run()
		first := r.wantDepartments(time.Second, "2", "3")
		if next := r.wantDepartments(membersInterval, "2", "3"); next != first {
			t.Error("nothing has changed, and the departments are others")
		}
		r.departmentsOf(map[string]int{"Li": 3, "wang": 3})
		if next := r.wantDepartments(membersInterval, "3", "3"); next == first {
			t.Error("a user is in another department, and the departments are the same")
		}
		r.wantDepartments(0, "3", "3")
		if first.Of("li") != "2" {
			t.Error("what was returned before has changed")
		}
		right := r.server.Fail(wecomtest.Fault{Endpoint: "user/simplelist", Errcode: -1})
		r.departmentsOf(map[string]int{"Li": 2, "wang": 2})
		r.wantDepartments(2*membersInterval, "3", "3") // Discovery fails.
		right()
		r.wantDepartments(membersInterval, "2", "2")
		r.departmentsOf(map[string]int{"wang": 2})
		r.wantDepartments(membersInterval, "", "2")
	})
}

func TestDepartmentsOverReloads(t *testing.T) {
	t.Parallel()
	named := func(agentID int64, names map[int64]string, targets config.Targets) config.Corp {
		c := corpOf(agentID, targets)
		c.Departments = names
		return c
	}
	const agent = wecomtest.DefaultAgentID
	for name, test := range map[string]struct {
		next     config.Corp
		li, wang string // at once
		same     bool   // the pointer
	}{
		"the same": {
			next: named(agent, map[int64]string{3: "Sales"}, discoverMembers),
			li:   "2", wang: "Sales", same: true,
		},
		"another name": {
			next: named(agent, map[int64]string{2: "Research", 3: "Sales & Co."}, discoverMembers),
			li:   "Research", wang: "Sales & Co.",
		},
		"no names": {
			next: named(agent, nil, discoverMembers),
			li:   "2", wang: "3",
		},
		"activity too": {
			next: named(agent, map[int64]string{3: "Sales"}, discoverBoth),
			li:   "2", wang: "Sales", same: true,
		},
		"another agent ID, which is refused": {
			next: named(agent+1, map[int64]string{3: "Sales"}, discoverMembers),
			li:   "2", wang: "Sales", same: true,
		},
		"no discovery of members": {
			next: named(agent, map[int64]string{3: "Sales"}, discoverActivity),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				r := newRig(t, named(agent, map[int64]string{3: "Sales"}, discoverMembers), log.NewNopLogger())
				r.departmentsOf(map[string]int{"li": 2, "wang": 3})
				r.run()
				first := r.wantDepartments(time.Second, "2", "Sales")
				r.ApplyConfig(test.next, intervals)
				if next := r.wantDepartments(0, test.li, test.wang); (next == first) != test.same {
					t.Errorf("the departments are the same: %t, want %t", next == first, test.same)
				}
				r.wantDepartments(2*membersInterval, test.li, test.wang)
			})
		})
	}
}

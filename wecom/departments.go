// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"encoding/json"
	"strings"
)

// A listedMember is an entry of the list of a department's members.
type listedMember struct {
	member

	Departments departmentList `json:"department"`
}

// A departmentList is the JSON of the departments that a member is in. It is documented as a
// list of numbers. It says nothing about who is to be polled, so that what cannot be read in
// it is left out.
type departmentList json.RawMessage

// UnmarshalJSON keeps the JSON: read takes no memory for the many departments that a list of
// two bytes each may hold.
func (l *departmentList) UnmarshalJSON(raw []byte) error {
	*l = append((*l)[:0], raw...)
	return nil
}

// read calls found for each department, in the order of the list.
func (l departmentList) read(found func(id int64)) {
	if len(l) == 0 {
		return
	}
	one := func(raw []byte) {
		var id integer
		if err := id.UnmarshalJSON(raw); err == nil && id > 0 {
			found(int64(id))
		}
	}
	c := cursor{data: l}
	if c.kind() != '[' {
		one(c.value())
		return
	}
	c.elements(func() { one(c.value()) })
}

// assign notes the departments of the members of a department. Of the departments that the
// answers name, the first counts, unless the user was assigned to another one before: a
// company may be listed in another order each time.
func (r *scopeReader) assign(users *usersResponse, department int64) {
	for i, id := range users.users {
		if id.oversized() {
			continue
		}
		user, named := strings.ToLower(string(id)), false
		found := func(id int64) {
			named = true
			if _, known := r.scope.Departments[user]; !known || id == r.before.Departments[user] {
				r.scope.Departments[user] = id
			}
		}
		users.departments[i].read(found)
		if !named {
			found(department) // The user is in that one in any case.
		}
	}
}

// keepDepartments has the members of departments that were refused keep the departments that
// they last had, unless another answer names some.
func (r *scopeReader) keepDepartments() {
	for _, users := range r.kept {
		for _, id := range users {
			user := strings.ToLower(string(id))
			_, named := r.scope.Departments[user]
			if last, known := r.before.Departments[user]; known && !named {
				r.scope.Departments[user] = last
			}
		}
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"maps"
	"strconv"
	"strings"
)

// Departments are the departments of users, as members are discovered with them. They never
// change. A nil one knows no departments.
type Departments struct {
	ids   map[string]int64 // by user ID in lower case
	names map[int64]string // those that are configured
}

// NewDepartments returns the departments of users, by user ID in lower case, and names for
// some of them. The maps must not be changed afterwards.
func NewDepartments(ids map[string]int64, names map[int64]string) *Departments {
	return &Departments{ids: ids, names: names}
}

// Of returns the name of a user's department, or its ID where it has no name. It returns an
// empty string if no department of the user is known.
func (d *Departments) Of(userID string) string {
	if d == nil {
		return ""
	}
	id, known := d.ids[strings.ToLower(userID)]
	if !known {
		return ""
	}
	if name := d.names[id]; name != "" {
		return name
	}
	return strconv.FormatInt(id, 10)
}

// Departments returns the departments of the members who were discovered last: the same
// pointer for as long as nothing about them changes. It returns nil if none are known.
func (d *Discovery) Departments() *Departments {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.departments
}

// setDepartments sets the departments of users, with the names that are configured now. The
// lock is held.
func (d *Discovery) setDepartments(ids map[string]int64) {
	names := d.settings.departments
	switch last := d.departments; {
	case len(ids) == 0:
		d.departments = nil
	case last == nil || !maps.Equal(last.ids, ids) || !maps.Equal(last.names, names):
		d.departments = NewDepartments(ids, names)
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"slices"
	"strconv"
)

// Directory is the people of a company, and the part of them that the app may see.
type Directory struct {
	Members     []Member
	Departments []Department
	Tags        []Tag
	Scope       Scope
}

// Member is a person. Departments are those that the member is in directly.
type Member struct {
	UserID      string
	Name        string
	Departments []int
}

// Department is a node of the tree; the root has ID 1 and no parent (0).
type Department struct {
	ID       int
	ParentID int
}

// Tag is a named set of members, and of departments with all that is below them.
type Tag struct {
	ID          int
	Name        string
	Users       []string
	Departments []int
}

// Scope is the visible scope of the app: members, departments with all that is below them, and tags.
type Scope struct {
	Users       []string
	Departments []int
	Tags        []int
}

// directory is an indexed Directory. In a nil one, any userid is a visible member.
type directory struct {
	Directory

	children map[int][]int    // Departments by parent.
	known    map[int]bool     // Departments.
	inScope  map[int]bool     // Departments.
	direct   map[int][]Member // By department.
	names    map[string]string
	visible  map[string]bool
}

// SetDirectory changes the directory for later calls. Without one, any userid is a visible member.
// The slices in d must not be changed afterwards.
func (s *Server) SetDirectory(d Directory) {
	ready := newDirectory(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.directory = ready
}

func newDirectory(d Directory) *directory {
	x := &directory{
		Directory: d,
		children:  map[int][]int{},
		known:     map[int]bool{},
		inScope:   map[int]bool{},
		direct:    map[int][]Member{},
		names:     map[string]string{},
		visible:   map[string]bool{},
	}
	for _, department := range d.Departments {
		x.known[department.ID] = true
		x.children[department.ParentID] = append(x.children[department.ParentID], department.ID)
	}
	x.enter(d.Scope.Departments)
	users := slices.Clone(d.Scope.Users)
	for _, tag := range d.Tags {
		if slices.Contains(d.Scope.Tags, tag.ID) {
			x.enter(tag.Departments)
			users = append(users, tag.Users...)
		}
	}
	for _, id := range users {
		x.visible[fold(id)] = true
	}
	for _, member := range d.Members {
		x.names[fold(member.UserID)] = member.Name
		for _, department := range member.Departments {
			x.direct[department] = append(x.direct[department], member)
			if x.inScope[department] {
				x.visible[fold(member.UserID)] = true
			}
		}
	}

	return x
}

// enter adds departments and all below them to the scope.
func (x *directory) enter(departments []int) {
	for _, id := range departments {
		if x.known[id] && !x.inScope[id] {
			x.inScope[id] = true
			x.enter(x.children[id])
		}
	}
}

// check returns the errcode for a folded userid, 0 for a visible member.
func (x *directory) check(userID string) (errcode int) {
	if x == nil {
		return 0
	}
	if _, ok := x.names[userID]; !ok {
		return codeNoMember
	}
	if !x.visible[userID] {
		return codeMemberInvisible
	}

	return 0
}

func (s *Server) visible(userID string) bool {
	return s.currentDirectory().check(fold(userID)) == 0
}

func (s *Server) currentDirectory() *directory {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.directory
}

// contacts returns the directory for the endpoints that read it: an empty one before SetDirectory.
func (s *Server) contacts() *directory {
	if x := s.currentDirectory(); x != nil {
		return x
	}

	return newDirectory(Directory{})
}

// getAgent is https://developer.work.weixin.qq.com/document/path/90227.
func (s *Server) getAgent(c *call) (body []byte, errcode int) {
	id, err := strconv.ParseInt(c.Target, 10, 64)
	if err != nil {
		return nil, codeAgentInvalid
	}
	if id != s.config.AgentID {
		return nil, codeOtherAgent
	}
	scope := s.contacts().Scope
	e := s.ok()
	e.int("agentid", id)
	e.string("name", "会议录制")
	e.open("allow_userinfos", '{')
	e.open("user", '[')
	for _, user := range scope.Users {
		e.open("", '{')
		e.string("userid", user)
		e.close('}')
	}
	e.close(']')
	e.close('}')
	e.open("allow_partys", '{')
	e.ints("partyid", scope.Departments)
	e.close('}')
	e.open("allow_tags", '{')
	e.ints("tagid", scope.Tags)
	e.close('}')
	e.int("close", 0)

	return e.end(), 0
}

// listDepartments is https://developer.work.weixin.qq.com/document/path/95406: the departments in
// the scope, all of them or one and those below it.
func (s *Server) listDepartments(c *call) (body []byte, errcode int) {
	x := s.contacts()
	below := x.inScope
	if c.Target != "" {
		id, errcode := x.department(c.Target)
		if errcode != 0 {
			return nil, errcode
		}
		only := &directory{known: x.known, children: x.children, inScope: map[int]bool{}}
		only.enter([]int{id})
		below = only.inScope
	}
	e := s.ok()
	e.open("department_id", '[')
	for i, department := range x.Departments {
		if below[department.ID] {
			e.open("", '{')
			e.int("id", int64(department.ID))
			e.int("parentid", int64(department.ParentID))
			e.int("order", int64(len(x.Departments)-i))
			e.close('}')
		}
	}
	e.close(']')

	return e.end(), 0
}

// listMembers is https://developer.work.weixin.qq.com/document/path/90200: the members who are in one
// department directly.
func (s *Server) listMembers(c *call) (body []byte, errcode int) {
	x := s.contacts()
	id, errcode := x.department(c.Target)
	if errcode != 0 {
		return nil, errcode
	}
	e := s.ok()
	e.open("userlist", '[')
	for _, member := range x.direct[id] {
		e.open("", '{')
		e.string("userid", member.UserID)
		e.string("name", member.Name)
		e.ints("department", member.Departments)
		e.close('}')
	}
	e.close(']')

	return e.end(), 0
}

// department reads the ID of a department that the app may see.
func (x *directory) department(s string) (id, errcode int) {
	id, err := strconv.Atoi(s)
	switch {
	case err != nil:
		return 0, codeDepartmentInvalid
	case !x.known[id]:
		return 0, codeNoDepartment
	case !x.inScope[id]:
		return 0, codeNoPrivilege
	default:
		return id, 0
	}
}

// getTag is https://developer.work.weixin.qq.com/document/path/90213: the part of a tag that the app
// may see.
func (s *Server) getTag(c *call) (body []byte, errcode int) {
	x := s.contacts()
	i := slices.IndexFunc(x.Tags, func(t Tag) bool { return strconv.Itoa(t.ID) == c.Target })
	if i < 0 {
		return nil, codeTagInvalid
	}
	tag := x.Tags[i]
	e := s.ok()
	e.string("tagname", tag.Name)
	e.open("userlist", '[')
	for _, user := range tag.Users {
		if x.check(fold(user)) == 0 {
			e.open("", '{')
			e.string("userid", user)
			e.string("name", x.names[fold(user)])
			e.close('}')
		}
	}
	e.close(']')
	e.ints("partylist", slices.DeleteFunc(slices.Clone(tag.Departments), func(id int) bool { return !x.inScope[id] }))

	return e.end(), 0
}

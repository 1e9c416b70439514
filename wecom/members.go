// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const (
	agentEndpoint       = "agent/get"
	departmentsEndpoint = "department/simplelist"
	usersEndpoint       = "user/simplelist"
	tagEndpoint         = "tag/get"
)

// A Scope is whom an app may see, as [Client.Members] read it. It never changes.
type Scope struct {
	// UserIDs has each member once, ignoring the case of letters.
	UserIDs []string
	// Refused has an error for each department and tag that WeCom refused. UserIDs has
	// the members that these last had.
	Refused []error
	// Oversized is how many members are left out because their ID is longer than
	// [MaxUserIDBytes].
	Oversized int
	// Departments has the ID of one department of each user who is known to be in any, by
	// user ID in lower case: the first that an answer names. It stays the same from scope
	// to scope as long as the user is in it.
	Departments map[string]int64

	// What each department and tag has, or last had: the departments below a
	// department, and the members of each.
	trees   map[int64][]int64
	members map[int64][]userID
	tags    map[int64]tagged
}

// A tagged is what a tag has.
type tagged struct {
	users       []userID
	departments []int64
}

// Members returns the visible scope of the app with the given agent ID: the members
// named in it, those of its departments and of the departments below them, and those
// of its tags. It needs no more than the app's own secret; see
// https://developer.work.weixin.qq.com/document/path/90227, .../95406, .../96259
// and .../90213.
//
// The scope is read as a whole or not at all, but for departments and tags that WeCom
// refuses because they are not the app's to see. These keep what they had in the scope
// before, which is nil at first, or what Members returned last for the same agent ID.
func (c *Client) Members(ctx context.Context, agentID int64, before *Scope) (*Scope, error) {
	if before == nil {
		before = &Scope{}
	}
	op := &operation{client: c}
	agent, err := call[agentResponse](ctx, op, getByID(agentEndpoint, "agentid", agentID))
	if err != nil {
		return nil, fmt.Errorf("querying the visible scope: %w", err)
	}
	r := newScopeReader(op, before)
	if err := r.addUsers(agent.users); err != nil {
		return nil, err
	}
	for _, tag := range agent.tags {
		if err := r.addTag(ctx, tag); err != nil {
			return nil, err
		}
	}
	for _, department := range agent.departments {
		if err := r.addTree(ctx, department); err != nil {
			return nil, err
		}
	}
	r.keepDepartments()
	return r.scope, nil
}

// A scopeReader reads a scope.
type scopeReader struct {
	op      *operation
	before  *Scope
	scope   *Scope
	users   map[string]bool // scope.UserIDs in lower case
	asked   map[int64]bool  // departments whose members were asked for
	refused map[string]bool // departments and tags in scope.Refused
	items   int             // members and departments that were listed
	kept    [][]userID      // what departments that were refused last had
}

func newScopeReader(op *operation, before *Scope) *scopeReader {
	return &scopeReader{
		op:     op,
		before: before,
		scope: &Scope{
			Departments: map[string]int64{},
			trees:       map[int64][]int64{},
			members:     map[int64][]userID{},
			tags:        map[int64]tagged{},
		},
		users:   map[string]bool{},
		asked:   map[int64]bool{},
		refused: map[string]bool{},
	}
}

// count notes how many members or departments an answer lists. It returns an error if there
// are more in the scope than is plausible.
func (r *scopeReader) count(items int) error {
	r.items += items
	if r.items > maxScopeItems {
		return boundError(fmt.Sprintf("more than %d members and departments in the visible scope", maxScopeItems)).
			beyond(agentEndpoint, 0)
	}
	return nil
}

func (r *scopeReader) addUsers(list []userID) error {
	for _, id := range list {
		folded := strings.ToLower(string(id))
		if r.users[folded] {
			continue
		}
		r.users[folded] = true
		if id.oversized() {
			r.op.client.observer.Anomalous(OversizedID)
			r.scope.Oversized++
			continue
		}
		r.scope.UserIDs = append(r.scope.UserIDs, string(id))
	}
	return r.count(len(list))
}

func (r *scopeReader) addTag(ctx context.Context, id int64) error {
	has := r.before.tags[id]
	tag, err := call[tagResponse](ctx, r.op, getByID(tagEndpoint, "tagid", id))
	if err == nil {
		has = tag.tagged
	} else if err := r.refuse("tag", id, err); err != nil {
		return err
	}
	r.scope.tags[id] = has
	if err := r.addUsers(has.users); err != nil {
		return err
	}
	for _, department := range has.departments {
		if err := r.addTree(ctx, department); err != nil {
			return err
		}
	}
	return nil
}

// addTree adds the members of a department and of all below it. It asks for each
// department separately, since the root department is often refused, and the
// parameter fetch_child is no longer documented.
func (r *scopeReader) addTree(ctx context.Context, root int64) error {
	below := r.before.trees[root]
	tree, err := call[departmentsResponse](ctx, r.op, getByID(departmentsEndpoint, "id", root))
	if err == nil {
		below = tree.departments
	} else if err := r.refuse("department", root, err); err != nil {
		return err
	}
	r.scope.trees[root] = below
	if err := r.count(len(below)); err != nil {
		return err
	}
	if err := r.addDepartment(ctx, root); err != nil {
		return err
	}
	for _, department := range below {
		if err := r.addDepartment(ctx, department); err != nil {
			return err
		}
	}
	return nil
}

func (r *scopeReader) addDepartment(ctx context.Context, id int64) error {
	if r.asked[id] {
		return nil
	}
	r.asked[id] = true
	has := r.before.members[id]
	users, err := call[usersResponse](ctx, r.op, getByID(usersEndpoint, "department_id", id))
	if err == nil {
		has = users.users
		r.assign(users, id)
	} else if err := r.refuse("department", id, err); err != nil {
		return err
	} else {
		r.kept = append(r.kept, has)
	}
	r.scope.members[id] = has
	return r.addUsers(has)
}

// refuse notes that WeCom refused a department or tag. It returns any other error.
func (r *scopeReader) refuse(what string, id int64, err error) error {
	name := fmt.Sprintf("%s %d", what, id)
	err = fmt.Errorf("querying the members of %s: %w", name, err)
	apiErr, ok := errors.AsType[*APIError](err)
	if !ok || !apiErr.refusesScope() {
		return err
	}
	if !r.refused[name] {
		r.refused[name] = true
		r.scope.Refused = append(r.scope.Refused, err)
	}
	return nil
}

// refusesScope reports whether WeCom says that a department or tag is not the app's to
// see, or does not exist.
func (e *APIError) refusesScope() bool {
	switch e.Code {
	case 60011, 60003, 60123, 40068:
		return true
	default:
		return false
	}
}

// The responses below are decoded strictly: what is missing in them, or of another kind
// than documented, would make people vanish from the targets. The fields with JSON are
// decoded by check, so that an errcode counts whatever comes with it.

type agentResponse struct {
	envelope
	Users       json.RawMessage // allow_userinfos
	Departments json.RawMessage // allow_partys
	Tags        json.RawMessage // allow_tags

	users             []userID
	departments, tags []int64
}

func (r *agentResponse) read(name []byte, c *cursor) {
	value := c.value()
	switch string(name) {
	case "allow_userinfos":
		r.Users = value
	case "allow_partys":
		r.Departments = value
	case "allow_tags":
		r.Tags = value
	}
}

func (r *agentResponse) holdsPayload() bool {
	return isGiven(r.Users) || isGiven(r.Departments) || isGiven(r.Tags)
}

func (r *agentResponse) check() error {
	var users struct {
		List listOf[member] `json:"user"`
	}
	var departments struct {
		IDs listOf[integer] `json:"partyid"`
	}
	var tags struct {
		IDs listOf[integer] `json:"tagid"`
	}
	err := errors.Join(
		strictly("allow_userinfos", r.Users, &users),
		strictly("allow_partys", r.Departments, &departments),
		strictly("allow_tags", r.Tags, &tags),
	)
	if err != nil {
		return err
	}
	if users.List == nil && departments.IDs == nil && tags.IDs == nil {
		return errNoScope
	}
	r.departments, r.tags = int64s(departments.IDs), int64s(tags.IDs)
	r.users, err = userIDs("allow_userinfos", users.List)
	return err
}

type departmentsResponse struct {
	envelope
	Departments json.RawMessage // department_id

	departments []int64
}

func (r *departmentsResponse) read(name []byte, c *cursor) {
	if value := c.value(); string(name) == "department_id" {
		r.Departments = value
	}
}

func (r *departmentsResponse) holdsPayload() bool { return isGiven(r.Departments) }

func (r *departmentsResponse) check() error {
	const name = "department_id"
	if !r.holdsPayload() {
		return missing(name)
	}
	var list listOf[struct {
		ID *integer `json:"id"`
	}]
	if err := strictly(name, r.Departments, &list); err != nil {
		return err
	}
	for _, d := range list {
		if d.ID == nil {
			return undocumented(name)
		}
		r.departments = append(r.departments, int64(*d.ID))
	}
	return nil
}

type usersResponse struct {
	envelope
	Users json.RawMessage // userlist

	users       []userID
	departments []departmentList // of each of users
}

func (r *usersResponse) read(name []byte, c *cursor) {
	if value := c.value(); string(name) == "userlist" {
		r.Users = value
	}
}

func (r *usersResponse) holdsPayload() bool { return isGiven(r.Users) }

func (r *usersResponse) check() error {
	const name = "userlist"
	if !r.holdsPayload() {
		return missing(name)
	}
	var list listOf[listedMember]
	err := strictly(name, r.Users, &list)
	if err != nil {
		return err
	}
	members := make([]member, 0, len(list))
	r.departments = make([]departmentList, 0, len(list))
	for _, m := range list {
		members = append(members, m.member)
		r.departments = append(r.departments, m.Departments)
	}
	r.users, err = userIDs(name, members)
	return err
}

type tagResponse struct {
	envelope
	Users       json.RawMessage // userlist
	Departments json.RawMessage // partylist

	tagged tagged
}

func (r *tagResponse) read(name []byte, c *cursor) {
	value := c.value()
	switch string(name) {
	case "userlist":
		r.Users = value
	case "partylist":
		r.Departments = value
	}
}

func (r *tagResponse) holdsPayload() bool { return isGiven(r.Users) || isGiven(r.Departments) }

func (r *tagResponse) check() error {
	if !r.holdsPayload() {
		return missing("userlist")
	}
	var users listOf[member]
	var departments listOf[integer]
	err := errors.Join(
		strictly("userlist", r.Users, &users),
		strictly("partylist", r.Departments, &departments),
	)
	if err != nil {
		return err
	}
	r.tagged.departments = int64s(departments)
	r.tagged.users, err = userIDs("userlist", users)
	return err
}

// A member is an entry of a list of members.
type member struct {
	UserID *userID `json:"userid"`
}

func userIDs(name string, list []member) ([]userID, error) {
	ids := make([]userID, 0, len(list))
	for _, m := range list {
		if m.UserID == nil || strings.TrimSpace(string(*m.UserID)) == "" {
			return nil, undocumented(name)
		}
		ids = append(ids, *m.UserID)
	}
	return ids, nil
}

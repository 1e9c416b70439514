// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
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

// Members are the people whom an app may see.
type Members struct {
	// UserIDs has each member once, ignoring the case of letters.
	UserIDs []string
	// Refused has an error for each department and tag in the app's scope that
	// WeCom refused. The members of the others are in UserIDs.
	Refused []error
}

// Members returns the members in the visible scope of the app with the given agent
// ID: those named in it, those of its departments and of the departments below
// them, and those of its tags. It needs no more than the app's own secret; see
// https://developer.work.weixin.qq.com/document/path/90227, .../95406, .../96259
// and .../90213.
func (c *Client) Members(ctx context.Context, agentID int64) (Members, error) {
	op := &operation{client: c}
	agent, err := call[agentResponse](ctx, op, getByID(agentEndpoint, "agentid", agentID))
	if err != nil {
		return Members{}, fmt.Errorf("asking for the visible scope: %w", err)
	}
	s := scope{op: op, users: map[string]bool{}, departments: map[int64]bool{}}
	s.addUsers(agent.Users.List)
	for _, tag := range agent.Tags.IDs {
		if err := s.addTag(ctx, tag.value); err != nil {
			return Members{}, err
		}
	}
	for _, department := range agent.Departments.IDs {
		if err := s.addTree(ctx, department.value); err != nil {
			return Members{}, err
		}
	}
	return s.members, nil
}

// A scope collects members.
type scope struct {
	op          *operation
	members     Members
	users       map[string]bool // members.UserIDs in lower case
	departments map[int64]bool  // those already asked for
}

func (s *scope) addUsers(list []memberResponse) {
	for _, m := range list {
		folded := strings.ToLower(string(m.UserID))
		if folded != "" && !s.users[folded] {
			s.users[folded] = true
			s.members.UserIDs = append(s.members.UserIDs, string(m.UserID))
		}
	}
}

func (s *scope) addTag(ctx context.Context, id int64) error {
	tag, err := call[tagResponse](ctx, s.op, getByID(tagEndpoint, "tagid", id))
	if err != nil {
		return s.refused("tag", id, err)
	}
	s.addUsers(tag.Users)
	for _, department := range tag.Departments {
		if err := s.addTree(ctx, department.value); err != nil {
			return err
		}
	}
	return nil
}

// addTree adds the members of a department and of all below it. It asks for each
// department separately, since the root department is often refused, and the
// parameter fetch_child is no longer documented.
func (s *scope) addTree(ctx context.Context, root int64) error {
	tree, err := call[departmentsResponse](ctx, s.op, getByID(departmentsEndpoint, "id", root))
	if err != nil {
		if err := s.refused("department", root, err); err != nil {
			return err
		}
		tree = &departmentsResponse{}
	}
	if err := s.addDepartment(ctx, root); err != nil {
		return err
	}
	for _, department := range tree.Departments {
		if err := s.addDepartment(ctx, department.ID.value); err != nil {
			return err
		}
	}
	return nil
}

func (s *scope) addDepartment(ctx context.Context, id int64) error {
	if s.departments[id] {
		return nil
	}
	s.departments[id] = true
	users, err := call[usersResponse](ctx, s.op, getByID(usersEndpoint, "department_id", id))
	if err != nil {
		return s.refused("department", id, err)
	}
	s.addUsers(users.Users)
	return nil
}

// refused records an error that concerns one department or tag alone. It returns
// any other.
func (s *scope) refused(what string, id int64, err error) error {
	err = fmt.Errorf("asking for the members of %s %d: %w", what, id, err)
	var apiErr *APIError
	if errors.As(err, &apiErr) && ClassOf(err) == ClassTarget {
		s.members.Refused = append(s.members.Refused, err)
		return nil
	}
	return err
}

type memberResponse struct {
	UserID text `json:"userid"`
}

type agentResponse struct {
	envelope
	Users struct {
		List []memberResponse `json:"user"`
	} `json:"allow_userinfos"`
	Departments struct {
		IDs []number `json:"partyid"`
	} `json:"allow_partys"`
	Tags struct {
		IDs []number `json:"tagid"`
	} `json:"allow_tags"`
}

func (r *agentResponse) holdsPayload() bool { return false }

type departmentsResponse struct {
	envelope
	Departments []struct {
		ID number `json:"id"`
	} `json:"department_id"`
}

func (r *departmentsResponse) holdsPayload() bool { return r.Departments != nil }

type usersResponse struct {
	envelope
	Users []memberResponse `json:"userlist"`
}

func (r *usersResponse) holdsPayload() bool { return r.Users != nil }

type tagResponse struct {
	envelope
	Users       []memberResponse `json:"userlist"`
	Departments []number         `json:"partylist"`
}

func (r *tagResponse) holdsPayload() bool { return r.Users != nil || r.Departments != nil }

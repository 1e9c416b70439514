// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	agentEndpoint       = "agent/get"
	departmentsEndpoint = "department/simplelist"
	usersEndpoint       = "user/simplelist"
	tagEndpoint         = "tag/get"
	startsEndpoint      = "meeting/statistics/get_start_list"

	startsPageSize = 1000

	// MaxActivity is the longest span that Starts may ask for; see
	// https://developer.work.weixin.qq.com/document/path/99651.
	MaxActivity = 30 * 24 * time.Hour
)

// Members is who an app may see.
type Members struct {
	// UserIDs are the members, each once whatever the case of the letters.
	UserIDs []string
	// Refused are the departments and tags that the app was not told about,
	// though they are in its scope. They do not make the rest wrong.
	Refused []error
}

// Members finds the members in the visible scope of the app with the given
// agent ID: those named in it, those of its departments and of the departments
// below them, and those of its tags. It needs no more than the app's own
// secret; see https://developer.work.weixin.qq.com/document/path/90227,
// .../95406, .../96259 and .../90213.
func (c *Client) Members(ctx context.Context, agentID int64) (Members, error) {
	agent, err := call[agentAnswer](ctx, c, http.MethodGet, agentEndpoint, intQuery("agentid", agentID), nil)
	if err != nil {
		return Members{}, fmt.Errorf("asking for the visible scope: %w", err)
	}
	s := scope{client: c, users: map[string]bool{}, departments: map[int64]bool{}}
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
	client      *Client
	members     Members
	users       map[string]bool // by ID, folded
	departments map[int64]bool  // those asked for
}

func (s *scope) addUsers(list []memberAnswer) {
	for _, m := range list {
		folded := strings.ToLower(string(m.UserID))
		if folded != "" && !s.users[folded] {
			s.users[folded] = true
			s.members.UserIDs = append(s.members.UserIDs, string(m.UserID))
		}
	}
}

func (s *scope) addTag(ctx context.Context, id int64) error {
	tag, err := call[tagAnswer](ctx, s.client, http.MethodGet, tagEndpoint, intQuery("tagid", id), nil)
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

// addTree adds the members of a department and of all below it. The root
// department is often refused, and the parameter fetch_child is documented no
// longer, so each department is asked for by itself.
func (s *scope) addTree(ctx context.Context, root int64) error {
	tree, err := call[departmentsAnswer](ctx, s.client, http.MethodGet, departmentsEndpoint, intQuery("id", root), nil)
	if err != nil {
		if err := s.refused("department", root, err); err != nil {
			return err
		}
		tree = &departmentsAnswer{}
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
	users, err := call[usersAnswer](ctx, s.client, http.MethodGet, usersEndpoint, intQuery("department_id", id), nil)
	if err != nil {
		return s.refused("department", id, err)
	}
	s.addUsers(users.Users)
	return nil
}

// refused notes an error that concerns one department or tag alone, and returns
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

func intQuery(name string, value int64) url.Values {
	return url.Values{name: {strconv.FormatInt(value, 10)}}
}

// A Start tells that a member started a meeting.
type Start struct {
	UserID string
	At     time.Time
}

// Starts returns who started meetings in a span of at most [MaxActivity]. It
// tells of all meetings of members in the app's visible scope, not only of those
// that the app created; see https://developer.work.weixin.qq.com/document/path/99651.
func (c *Client) Starts(ctx context.Context, span Window) ([]Start, error) {
	var starts []Start
	for page, err := range chain(c.observer, func(cursor string) (*startsAnswer, error) {
		body, err := json.Marshal(startsRequest{
			Type: meetingsStarted, BeginTime: span.Start.Unix(), EndTime: span.End.Unix(), Cursor: cursor, Limit: startsPageSize,
		})
		if err != nil {
			return nil, fmt.Errorf("encoding the request: %w", err)
		}
		return call[startsAnswer](ctx, c, http.MethodPost, startsEndpoint, nil, body)
	}) {
		if err != nil {
			return nil, fmt.Errorf("asking who started meetings: %w", err)
		}
		r := reader{now: time.Now(), observer: c.observer}
		for _, m := range page.Meetings {
			if m.UserID != "" {
				starts = append(starts, Start{UserID: string(m.UserID), At: r.start(m.StartTime, span)})
			}
		}
	}
	return starts, nil
}

// start reads when a meeting started that WeCom tells of in answer to a span. A time
// that cannot be is taken for the start of the span: the meeting was in it.
func (r *reader) start(n number, span Window) time.Time {
	at := time.Unix(n.value, 0)
	if n.value >= mostSeconds {
		at = time.UnixMilli(n.value) // as other APIs tell it
	}
	switch {
	case n.malformed:
		r.observer.Anomalous(MalformedValue)
	case InstantOf(at) < EarliestPlausible, at.After(r.now.Add(largestSkew)):
		r.observer.Anomalous(ImplausibleTime)
	default:
		return at
	}
	return span.Start
}

type memberAnswer struct {
	UserID text `json:"userid"`
}

type agentAnswer struct {
	envelope
	Users struct {
		List []memberAnswer `json:"user"`
	} `json:"allow_userinfos"`
	Departments struct {
		IDs []number `json:"partyid"`
	} `json:"allow_partys"`
	Tags struct {
		IDs []number `json:"tagid"`
	} `json:"allow_tags"`
}

func (a *agentAnswer) holdsPayload() bool { return false }

type departmentsAnswer struct {
	envelope
	Departments []struct {
		ID number `json:"id"`
	} `json:"department_id"`
}

func (a *departmentsAnswer) holdsPayload() bool { return a.Departments != nil }

type usersAnswer struct {
	envelope
	Users []memberAnswer `json:"userlist"`
}

func (a *usersAnswer) holdsPayload() bool { return a.Users != nil }

type tagAnswer struct {
	envelope
	Users       []memberAnswer `json:"userlist"`
	Departments []number       `json:"partylist"`
}

func (a *tagAnswer) holdsPayload() bool { return a.Users != nil || a.Departments != nil }

const meetingsStarted = 1 // the type of get_start_list; 2 is those that failed to start

type startsRequest struct {
	Type      int    `json:"type"`
	BeginTime int64  `json:"begin_time"` // seconds
	EndTime   int64  `json:"end_time"`
	Cursor    string `json:"cursor,omitempty"`
	Limit     int    `json:"limit"`
}

type startsAnswer struct {
	envelope
	paging
	Meetings []struct {
		UserID    text   `json:"userid"`
		StartTime number `json:"start_time"` // seconds
	} `json:"meeting_list"`
}

func (a *startsAnswer) holdsPayload() bool { return a.Meetings != nil }

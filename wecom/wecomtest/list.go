// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

const (
	day          = 24 * time.Hour
	maxRecordDay = 31
	maxStartDay  = 30

	defaultRecordLimit = 10
	maxRecordLimit     = 20
	defaultStartLimit  = 200
	maxStartLimit      = 1000
)

// checkSpan reports whether the span of a call is valid: at most maxDays between two Unix times that
// fit the documented int32.
func checkSpan(c *call, maxDays int64) bool {
	return c.Start > 0 && c.Start < c.End && c.End <= math.MaxInt32 &&
		c.End-c.Start <= maxDays*int64(day/time.Second)
}

// checkLimit reports whether the limit of a call is valid. It replaces an absent limit by the
// default, so that both are the same to a cursor.
func checkLimit(c *call, byDefault, largest int64) bool {
	if c.params.Limit == nil {
		c.Limit = byDefault
	}

	return c.Limit >= 1 && c.Limit <= largest
}

// from returns the key after which a page begins; first is true if there is no cursor to heed.
func (s *Server) from(c *call) (k key, first bool, errcode int) {
	if c.Cursor == "" || c.paging != pagingTrue {
		return key{}, true, 0
	}
	k, err := s.verify(c)
	if err != nil {
		return key{}, false, codeInvalidParameter
	}

	return k, false, 0
}

// more writes has_more and next_cursor; if next is true, the next page begins after k.
func (s *Server) more(e *encoder, c *call, next bool, k key) {
	cursor := ""
	switch {
	case c.paging == pagingRepeats:
		cursor = "bmV4dA"
	case c.paging == pagingEndless:
		cursor = rand.Text()
	case next:
		cursor = s.sign(c, k)
	}
	e.bool("has_more", cursor != "")
	e.string("next_cursor", cursor)
}

// sign returns the cursor of the page after k. A cursor is bound to the parameters of its call, so
// the server need not store it.
func (s *Server) sign(c *call, k key) string {
	payload := binary.BigEndian.AppendUint64(nil, uint64(k.start.UnixNano()))
	payload = append(payload, k.id...)

	return base64.RawURLEncoding.EncodeToString(append(s.seal(c, payload), payload...))
}

var errCursor = errors.New("not a cursor of this chain")

// verify returns the key in a cursor.
func (s *Server) verify(c *call) (key, error) {
	raw, err := base64.RawURLEncoding.DecodeString(c.Cursor)
	if err != nil || len(raw) < sealSize+8 || !hmac.Equal(raw[:sealSize], s.seal(c, raw[sealSize:])) {
		return key{}, errCursor
	}
	raw = raw[sealSize:]
	nanos := int64(binary.BigEndian.Uint64(raw))

	return key{start: time.Unix(0, nanos), id: string(raw[8:])}, nil
}

const sealSize = 12

func (s *Server) seal(c *call, payload []byte) []byte {
	mac := hmac.New(sha256.New, s.cursorKey[:])
	_, _ = fmt.Fprintf(mac, "%s\n%s\n%s\n%d\n%d\n%d\n", // A hash never fails to write.
		c.Endpoint, c.Selector, fold(c.Target), c.Start, c.End, c.Limit)
	_, _ = mac.Write(payload)

	return mac.Sum(nil)[:sealSize]
}

// listRecordings is https://developer.work.weixin.qq.com/document/path/98192.
func (s *Server) listRecordings(c *call) (body []byte, errcode int) {
	selectors := 0
	for _, id := range []string{c.params.UserID, c.params.MeetingID, c.params.MeetingCode} {
		if id != "" {
			selectors++
		}
	}
	// WeCom has an order of precedence for more than one, but no client should rely on it.
	if selectors != 1 || !checkSpan(c, maxRecordDay) || !checkLimit(c, defaultRecordLimit, maxRecordLimit) {
		return nil, codeInvalidParameter
	}
	page, next, errcode := s.findRecordings(c)
	if errcode != 0 {
		return nil, errcode
	}

	list := "record_meetings"
	if s.config.TableSpelling {
		list = "record_list"
	}
	e := s.ok()
	var last key
	if len(page) > 0 {
		last = page[len(page)-1].key()
	}
	s.more(e, c, next, last)
	e.open(list, '[')
	for _, r := range page {
		s.encodeRecording(e, r, c.now)
	}
	e.close(']')

	return e.end(), 0
}

// findRecordings returns one page, and whether there is another.
func (s *Server) findRecordings(c *call) (page []*Recording, next bool, errcode int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grow(c.Time)
	target := c.Target
	if c.Selector == byUserID {
		target = fold(target)
		if errcode := s.directory.check(target); errcode != 0 {
			return nil, false, errcode
		}
	}
	list := s.store.list(c.Selector, target)
	switch {
	case len(list) > 0:
	case c.Selector == byMeetingID:
		return nil, false, codeMeetingInvalid
	case c.Selector == byMeetingCode:
		return nil, false, codeMeetingCodeInvalid
	}
	after, first, errcode := s.from(c)
	if errcode != 0 {
		return nil, false, errcode
	}

	start, end := time.Unix(c.Start, 0), time.Unix(c.End, 0)
	i := 0
	switch {
	case !first:
		after.id += "\x00" // The least key after the last one sent.
		i = search(list, after)
	case !s.config.FilterByRecordStart:
		i = search(list, key{start: start})
	}
	for ; i < len(list); i++ {
		r := list[i]
		at := r.MeetingStart
		if s.config.FilterByRecordStart {
			at = r.recordStart()
		} else if at.After(end) {
			break
		}
		if at.Before(start) || at.After(end) {
			continue
		}
		if _, listed := r.stateAt(c.now); !listed || s.directory.check(fold(r.Creator)) != 0 {
			continue
		}
		if int64(len(page)) == c.Limit {
			return page, true, 0
		}
		page = append(page, r)
	}

	return page, false, 0
}

func (s *Server) encodeRecording(e *encoder, r *Recording, now time.Time) {
	state, _ := r.stateAt(now)
	e.open("", '{')
	e.string("meeting_record_id", r.ID)
	e.string("meetingid", r.MeetingID)
	e.string("meeting_code", r.MeetingCode)
	e.string("host_user_id", r.Host)
	e.int("meeting_start_time", r.MeetingStart.UnixMilli())
	e.string("title", r.Title)
	e.int("state", int64(state))
	if state == StateCompleted {
		files := "record_files"
		if s.config.TableSpelling {
			files = "record_file_list"
		}
		e.open(files, '[')
		for i := range r.Files {
			encodeFile(e, &r.Files[i], now)
		}
		e.close(']')
	}
	e.close('}')
}

func encodeFile(e *encoder, f *File, now time.Time) {
	e.open("", '{')
	e.string("record_file_id", f.ID)
	e.int("record_start_time", f.Start.UnixMilli())
	e.int("record_end_time", f.End.UnixMilli())
	e.int("record_size", f.Size)
	share, on := f.shareAt(now)
	if !on {
		e.int("sharing_state", 0)
		e.close('}')

		return
	}
	link := share.URL
	if link == "" {
		link = "https://meeting.example.com/cloud-record/share?id=" + f.ID
	}
	var expire int64
	if !share.Expire.IsZero() {
		expire = share.Expire.UnixMilli()
	}
	e.int("sharing_state", 1)
	e.string("sharing_url", link)
	e.bool("required_same_corp", share.SameCorp)
	e.bool("required_attendee", share.Attendee)
	e.string("password", share.Password)
	e.int("sharing_expire", expire)
	e.bool("allow_download", share.Download)
	e.close('}')
}

// listStarts is https://developer.work.weixin.qq.com/document/path/99651. Each recording, even a
// deleted one, counts as a start of its meeting. No start ever failed.
func (s *Server) listStarts(c *call) (body []byte, errcode int) {
	if c.params.Type == nil || *c.params.Type < 1 || *c.params.Type > 2 ||
		!checkSpan(c, maxStartDay) || !checkLimit(c, defaultStartLimit, maxStartLimit) {
		return nil, codeInvalidParameter
	}
	page, next, errcode := s.findStarts(c)
	if errcode != 0 {
		return nil, errcode
	}

	e := s.ok()
	var last key
	if len(page) > 0 {
		last = page[len(page)-1].key()
	}
	s.more(e, c, next, last)
	e.open("meeting_list", '[')
	for _, r := range page {
		// Filtered after paging, as documented: a page may be short, or empty, and not the last.
		if s.visible(r.Creator) {
			e.open("", '{')
			e.string("userid", r.Creator)
			e.int("start_time", r.MeetingStart.Unix())
			e.close('}')
		}
	}
	e.close(']')

	return e.end(), 0
}

// findStarts returns one page, the newest first, and whether there is another.
func (s *Server) findStarts(c *call) (page []*Recording, next bool, errcode int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grow(c.Time)
	after, first, errcode := s.from(c)
	if errcode != 0 {
		return nil, false, errcode
	}
	if *c.params.Type != 1 {
		return nil, false, 0
	}
	list := s.store.list(byNothing, "")
	if first {
		after = key{start: time.Unix(c.End, 0)}
	}
	start := time.Unix(c.Start, 0)
	for i := search(list, after) - 1; i >= 0 && !list[i].MeetingStart.Before(start); i-- {
		if list[i].MeetingStart.After(c.now) {
			continue
		}
		if int64(len(page)) == c.Limit {
			return page, true, 0
		}
		page = append(page, list[i])
	}

	return page, false, 0
}

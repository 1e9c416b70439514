// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"hash/fnv"
	"time"
)

// zone is that of the dates in statistics. The document does not name it; see wecom.Date.
var zone = time.FixedZone("CST", 8*60*60)

// dateOf returns the date of a time in the zone, as it is in a response.
func dateOf(at time.Time) string { return at.In(zone).Format(time.DateOnly) }

// views is how often a recording was viewed and downloaded on a day.
type views struct{ views, downloads int64 }

// AddViews adds views and downloads of a recording on the day of a time, in China time.
func (s *Server) AddViews(recordingID string, day time.Time, viewed, downloaded int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	days := s.views[recordingID]
	if days == nil {
		days = map[string]views{}
		s.views[recordingID] = days
	}
	v := days[dateOf(day)]
	days[dateOf(day)] = views{v.views + viewed, v.downloads + downloaded}
}

// getStatistics is https://developer.work.weixin.qq.com/document/path/98209. Without a span it is
// about the last 31 days. It lists the days with views or downloads.
func (s *Server) getStatistics(c *call) (body []byte, errcode int) {
	if c.params.RecordID == "" {
		return nil, codeInvalidParameter
	}
	if c.params.StartTime == nil && c.params.EndTime == nil {
		c.Start, c.End = c.now.Add(-maxRecordDay*day).Unix(), c.now.Unix()
	}
	if !checkSpan(c, maxRecordDay) {
		return nil, codeInvalidParameter
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grow(c.Time)
	r := s.store.recordings[c.params.RecordID]
	if r == nil || c.params.MeetingID != "" && c.params.MeetingID != r.MeetingID {
		return nil, codeRecordInvalid
	}
	if _, listed := r.stateAt(c.now); !listed || s.directory.check(fold(r.Creator)) != 0 {
		return nil, codeRecordInvalid
	}

	e := s.ok()
	e.open("summaries", '[')
	last := dateOf(time.Unix(c.End, 0))
	for at := time.Unix(c.Start, 0); dateOf(at) <= last; at = at.Add(day) {
		v := s.viewsOn(r, at, c.now)
		if v == (views{}) {
			continue
		}
		e.open("", '{')
		e.string("date", dateOf(at))
		e.int("view_count", v.views)
		e.int("download_count", v.downloads)
		e.close('}')
	}
	e.close(']')

	return e.end(), 0
}

// viewsOn returns how often a recording was viewed on a day until now. The lock is held.
func (s *Server) viewsOn(r *Recording, at, now time.Time) views {
	v := s.views[r.ID][dateOf(at)]
	if s.live != nil {
		demo := demoViews(r, at, now)
		v.views += demo.views
		v.downloads += demo.downloads
	}

	return v
}

// demoViews returns the views of a recording of the demo on a day: up to sixty a day, from when it
// was shared or the day began until now or the day ended. They depend on the recording, the day
// and the time alone.
func demoViews(r *Recording, at, now time.Time) views {
	local := at.In(zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	begin, end := midnight, midnight.Add(day)
	if end.After(now) {
		end = now
	}
	total := views{}
	for i := range r.Files {
		f := &r.Files[i]
		_, on := f.shareAt(end)
		if !on || end.Before(r.Completed) {
			continue
		}
		from := begin
		if r.Completed.After(from) {
			from = r.Completed
		}
		if shared := f.Shares[0].At; shared.After(from) {
			from = shared
		}
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(f.ID + dateOf(at))) // A hash never fails to write.
		perDay := 1 + int64(hash.Sum64()%60)
		viewed := perDay * int64(max(end.Sub(from), 0)/time.Second) / int64(day/time.Second)
		total.views += viewed
		if share, _ := f.shareAt(end); share.Download {
			total.downloads += viewed / 5
		}
	}

	return total
}

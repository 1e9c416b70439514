// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecomtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/golden"
)

// listBody asks for the 31 days before an instant.
func listBody(selector, target string, end time.Time, limit int, cursor string) string {
	return fmt.Sprintf(`{%q:%q,"start_time":%d,"end_time":%d,"limit":%d,"cursor":%q}`,
		selector, target, end.Unix()-31*86400, end.Unix(), limit, cursor)
}

func startsBody(begin, end time.Time, cursor string) string {
	return fmt.Sprintf(`{"type":1,"begin_time":%d,"end_time":%d,"limit":2,"cursor":%q}`, begin.Unix(), end.Unix(), cursor)
}

func ids(r reply) []string {
	got := make([]string, 0, len(r.RecordMeetings))
	for _, rec := range r.RecordMeetings {
		got = append(got, rec.MeetingRecordID)
	}

	return got
}

// hours returns recordings r0, r1 and so on of one creator, an hour apart, the last at the epoch.
func hours(n int) []Recording {
	recs := make([]Recording, n)
	for i := range recs {
		recs[i] = Recording{
			ID: fmt.Sprintf("r%02d", i), Creator: "zhangsan", MeetingID: "m", MeetingCode: "1",
			MeetingStart: epoch.Add(time.Duration(i-n+1) * time.Hour),
		}
	}

	return recs
}

func TestListRefuses(t *testing.T) {
	t.Parallel()
	const start, end = 1780000000, 1780000000 + 31*86400
	for name, tc := range map[string]struct {
		body string
		want int
	}{
		"31 days":            {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d}`, start, end), 0},
		"31 days and 1 s":    {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d}`, start, end+1), 40058},
		"no start":           {fmt.Sprintf(`{"userid":"zhangsan","end_time":%d}`, end), 40058},
		"no end":             {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d}`, start), 40058},
		"end at start":       {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d}`, start, start), 40058},
		"end before start":   {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d}`, end, start), 40058},
		"milliseconds":       {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d000,"end_time":%d001}`, start, start), 40058},
		"no selector":        {fmt.Sprintf(`{"start_time":%d,"end_time":%d}`, start, end), 40058},
		"empty selector":     {fmt.Sprintf(`{"userid":"","start_time":%d,"end_time":%d}`, start, end), 40058},
		"two selectors":      {fmt.Sprintf(`{"userid":"zhangsan","meetingid":"m","start_time":%d,"end_time":%d}`, start, end), 40058},
		"three selectors":    {fmt.Sprintf(`{"userid":"zhangsan","meetingid":"m","meeting_code":"1","start_time":%d,"end_time":%d}`, start, end), 40058},
		"limit 0":            {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d,"limit":0}`, start, end), 40058},
		"limit 1":            {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d,"limit":1}`, start, end), 0},
		"limit 20":           {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d,"limit":20}`, start, end), 0},
		"limit 21":           {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d,"limit":21}`, start, end), 40058},
		"negative limit":     {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d,"limit":-1}`, start, end), 40058},
		"unknown cursor":     {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d,"cursor":"NGEING"}`, start, end), 40058},
		"empty cursor":       {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d,"cursor":""}`, start, end), 0},
		"time as a string":   {fmt.Sprintf(`{"userid":"zhangsan","start_time":"%d","end_time":%d}`, start, end), 40058},
		"no JSON":            {`userid=zhangsan`, 40058},
		"JSON cut off":       {fmt.Sprintf(`{"userid":"zhangsan","start_time":%d,"end_time":%d`, start, end), 40058},
		"unknown user":       {fmt.Sprintf(`{"userid":"nobody","start_time":%d,"end_time":%d}`, start, end), 60111},
		"user out of sight":  {fmt.Sprintf(`{"userid":"hidden","start_time":%d,"end_time":%d}`, start, end), 50002},
		"user, capitals":     {fmt.Sprintf(`{"userid":"ZhangSan","start_time":%d,"end_time":%d}`, start, end), 0},
		"meeting":            {fmt.Sprintf(`{"meetingid":"m","start_time":%d,"end_time":%d}`, start, end), 0},
		"unknown meeting":    {fmt.Sprintf(`{"meetingid":"x","start_time":%d,"end_time":%d}`, start, end), 90602},
		"meeting, capitals":  {fmt.Sprintf(`{"meetingid":"M","start_time":%d,"end_time":%d}`, start, end), 90602},
		"code":               {fmt.Sprintf(`{"meeting_code":"1","start_time":%d,"end_time":%d}`, start, end), 0},
		"unknown code":       {fmt.Sprintf(`{"meeting_code":"2","start_time":%d,"end_time":%d}`, start, end), 730004},
		"bad before unknown": {fmt.Sprintf(`{"meeting_code":"2","start_time":%d,"end_time":%d,"limit":99}`, start, end), 40058},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newClient(t, Config{})
			x.SetDirectory(Directory{
				Members: []Member{{UserID: "zhangsan"}, {UserID: "hidden"}},
				Scope:   Scope{Users: []string{"ZHANGSAN"}},
			})
			x.Put(hours(2)...)
			if got := x.call(t, endpointRecordList, tc.body); got.Errcode != tc.want {
				t.Errorf("got %+v, want errcode %d", got, tc.want)
			}
		})
	}
}

// sample is the recording of the document's sample, with times and a share that make sense.
func sample() Recording {
	return Recording{
		ID: "GEIGN", MeetingID: "GEMIGE", MeetingCode: "GEJIGNEO", Creator: "XGMEIG", Host: "XGMEIG", Title: "\"TJIE\" 周会",
		MeetingStart: epoch.Add(-time.Hour),
		Files: []File{{
			ID: "FILEID", Start: epoch.Add(-50 * time.Minute), End: epoch.Add(-20 * time.Minute), Size: 3232353250,
			Shares: []Share{{
				On: true, SameCorp: true, Attendee: true, Download: true, Password: "fgjisnge",
				URL: "https://share.url", Expire: epoch.Add(day),
			}},
		}, {
			ID: "FILEID2", Start: epoch.Add(-20 * time.Minute), End: epoch.Add(-10 * time.Minute), Size: 1,
		}},
	}
}

func TestListAnswerIsTheSampleOfTheDocument(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.Put(sample())
	b := x.raw(t, endpointRecordList, nil, listBody("userid", "XGMEIG", epoch, 10, ""))
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	var got reply
	if err := decoder.Decode(&got); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	at := func(d time.Duration) int64 { return epoch.Add(d).UnixMilli() }
	want := reply{Errmsg: "ok", RecordMeetings: []sampleRecording{{
		MeetingRecordID: "GEIGN", MeetingID: "GEMIGE", MeetingCode: "GEJIGNEO", HostUserID: "XGMEIG",
		MeetingStartTime: at(-time.Hour), Title: "\"TJIE\" 周会", State: 3,
		RecordFiles: []sampleFile{{
			RecordFileID: "FILEID", RecordStartTime: at(-50 * time.Minute), RecordEndTime: at(-20 * time.Minute),
			RecordSize: 3232353250, SharingState: 1, SharingURL: "https://share.url", RequiredSameCorp: true,
			RequiredAttendee: true, Password: "fgjisnge", SharingExpire: at(day), AllowDownload: true,
		}, {
			RecordFileID: "FILEID2", RecordStartTime: at(-20 * time.Minute), RecordEndTime: at(-10 * time.Minute), RecordSize: 1,
		}},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestListSpellings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"list_sample.json":  {},
		"list_table.json":   {TableSpelling: true},
		"list_strings.json": {NumbersAsStrings: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newClient(t, c)
			x.token = "good"
			x.tokens[x.token] = epoch.Add(day)
			x.Put(sample(), Recording{
				ID: "LIVE", MeetingCode: `\`, Creator: "XGMEIG", Host: "lisi", Title: `"Q3"`,
				MeetingStart: epoch, Completed: epoch.Add(1),
			})
			var indented bytes.Buffer
			b := x.raw(t, endpointRecordList, nil, listBody("userid", "XGMEIG", epoch, 10, ""))
			if err := json.Indent(&indented, b, "", "  "); err != nil {
				t.Fatalf("%v in %s", err, b)
			}
			indented.WriteByte('\n')
			golden.Compare(t, "testdata/"+name, indented.Bytes())
		})
	}
}

func TestRefusalWithNumbersAsStrings(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{NumbersAsStrings: true})
	x.token = "bad"
	b := x.raw(t, endpointRecordList, nil, "{}")
	if !strings.HasPrefix(string(b), `{"errcode":"40014","errmsg":"invalid access_token, hint: [`) {
		t.Errorf("got %s", b)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ recordings, limit, pages int }{
		{0, 20, 1},
		{1, 1, 1},
		{19, 20, 1},
		{20, 20, 1},
		{21, 20, 2},
		{40, 20, 2},
		{45, 10, 5},
		{3, 1, 3},
	} {
		for _, byRecordStart := range []bool{false, true} {
			x := newClient(t, Config{FilterByRecordStart: byRecordStart})
			recs := hours(tc.recordings)
			x.Put(recs...)
			want := make([]string, 0, len(recs))
			for _, r := range recs {
				want = append(want, r.ID)
			}
			got, pages := []string{}, 0
			for cursor := ""; pages < 100; {
				r := x.call(t, endpointRecordList, listBody("userid", "zhangsan", epoch, tc.limit, cursor))
				if r.Errcode != 0 || r.HasMore != (r.NextCursor != "") {
					t.Fatalf("%+v: got %+v", tc, r)
				}
				got = append(got, ids(r)...)
				pages++
				if cursor = r.NextCursor; !r.HasMore {
					break
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || pages != tc.pages {
				t.Errorf("%+v: %d pages (-want +got):\n%s", tc, pages, diff)
			}
		}
	}
}

func TestListCursorIsBound(t *testing.T) {
	t.Parallel()
	const span = `"start_time":1780000000,"end_time":1781000000`
	good := `{"userid":"zhangsan",` + span + `,"limit":10,"cursor":%q}`
	for name, tc := range map[string]struct {
		body string
		want int
	}{
		"same":            {good, 0},
		"capitals":        {`{"userid":"ZHANGSAN",` + span + `,"limit":10,"cursor":%q}`, 0},
		"default limit":   {`{"userid":"zhangsan",` + span + `,"cursor":%q}`, 0},
		"other limit":     {`{"userid":"zhangsan",` + span + `,"limit":20,"cursor":%q}`, 40058},
		"other user":      {`{"userid":"lisi",` + span + `,"limit":10,"cursor":%q}`, 40058},
		"other selector":  {`{"meetingid":"m",` + span + `,"limit":10,"cursor":%q}`, 40058},
		"other start":     {`{"userid":"zhangsan","start_time":1780000001,"end_time":1781000000,"limit":10,"cursor":%q}`, 40058},
		"other end":       {`{"userid":"zhangsan","start_time":1780000000,"end_time":1781000001,"limit":10,"cursor":%q}`, 40058},
		"other beginning": {strings.Replace(good, "%q", "\"A%s\"", 1), 40058},
		"other end of it": {strings.Replace(good, "%q", "\"%sA\"", 1), 40058},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newClient(t, Config{})
			x.Put(hours(25)...)
			cursor := x.call(t, endpointRecordList, fmt.Sprintf(good, "")).NextCursor
			if cursor == "" {
				t.Fatal("no cursor to begin with")
			}
			if got := x.call(t, endpointRecordList, fmt.Sprintf(tc.body, cursor)); got.Errcode != tc.want {
				t.Errorf("got %+v, want errcode %d", got, tc.want)
			}
			other := New(Config{})
			other.SetSecret(DefaultSecret)
			y := &client{Server: other, now: epoch}
			if got := y.call(t, endpointRecordList, fmt.Sprintf(good, cursor)); got.Errcode != 40058 {
				t.Errorf("another server took the cursor: %+v", got)
			}
		})
	}
}

func TestListChangesBetweenPages(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.Put(hours(6)...)
	first := x.call(t, endpointRecordList, listBody("userid", "zhangsan", epoch, 2, ""))
	x.Remove("r01", "r03") // The last one given, and one to come.
	late := hours(6)[0]
	late.ID, late.MeetingStart = "late", epoch.Add(-30*time.Minute)
	x.Put(late)
	second := x.call(t, endpointRecordList, listBody("userid", "zhangsan", epoch, 2, first.NextCursor))
	third := x.call(t, endpointRecordList, listBody("userid", "zhangsan", epoch, 2, second.NextCursor))
	if diff := cmp.Diff([]string{"r02", "r04", "late", "r05"}, append(ids(second), ids(third)...)); diff != "" {
		t.Errorf("the rest (-want +got):\n%s", diff)
	}
}

func TestListLifeCycle(t *testing.T) {
	t.Parallel()
	odd := 7
	done := Recording{
		Started: epoch.Add(time.Minute), Transcoding: epoch.Add(2 * time.Minute),
		Completed: epoch.Add(3 * time.Minute), Deleted: epoch.Add(4 * time.Minute),
	}
	for name, tc := range map[string]struct {
		rec  Recording
		at   time.Duration
		want []int // State and number of files; nil is not listed.
	}{
		"before start":       {done, time.Minute - 1, nil},
		"from start":         {done, time.Minute, []int{1, 0}},
		"before transcoding": {done, 2*time.Minute - 1, []int{1, 0}},
		"from transcoding":   {done, 2 * time.Minute, []int{2, 0}},
		"before completion":  {done, 3*time.Minute - 1, []int{2, 0}},
		"from completion":    {done, 3 * time.Minute, []int{3, 1}},
		"before deletion":    {done, 4*time.Minute - 1, []int{3, 1}},
		"from deletion":      {done, 4 * time.Minute, nil},
		"no instants":        {Recording{}, 0, []int{3, 1}},
		"odd state":          {Recording{State: &odd}, 0, []int{7, 0}},
		"odd state, later":   {Recording{State: &odd, Started: epoch.Add(1)}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newClient(t, Config{})
			x.now = epoch.Add(tc.at)
			tc.rec.ID, tc.rec.Creator, tc.rec.MeetingStart = "r", "a", epoch
			tc.rec.Files = []File{{ID: "f"}}
			x.Put(tc.rec)
			r := x.call(t, endpointRecordList, listBody("userid", "a", epoch, 10, ""))
			var got []int
			if len(r.RecordMeetings) == 1 {
				got = []int{r.RecordMeetings[0].State, len(r.RecordMeetings[0].RecordFiles)}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || r.Errcode != 0 {
				t.Errorf("errcode %d (-want +got):\n%s", r.Errcode, diff)
			}
		})
	}
}

func TestListFilter(t *testing.T) {
	t.Parallel()
	// The span is (epoch - 31 days, epoch); each recording begins 10 minutes after its meeting.
	begin := epoch.Add(-31 * day)
	starts := map[string]time.Time{
		"a-before":   begin.Add(-10*time.Minute - 1),
		"b-recorded": begin.Add(-10 * time.Minute),
		"c-just-not": begin.Add(-1),
		"d-first":    begin,
		"e-within":   epoch.Add(-10 * time.Minute),
		"f-late":     epoch.Add(-10*time.Minute + 1),
		"g-last":     epoch,
		"h-after":    epoch.Add(1),
	}
	recs := make([]Recording, 0, len(starts))
	for id, start := range starts {
		recs = append(recs, Recording{
			ID: id, Creator: "a", MeetingStart: start,
			Files: []File{{ID: "2", Start: start.Add(time.Hour)}, {ID: "1", Start: start.Add(10 * time.Minute)}},
		})
	}
	for _, tc := range []struct {
		byRecordStart bool
		want          []string
	}{
		{false, []string{"d-first", "e-within", "f-late", "g-last"}},
		{true, []string{"b-recorded", "c-just-not", "d-first", "e-within"}},
	} {
		x := newClient(t, Config{FilterByRecordStart: tc.byRecordStart})
		x.now = epoch.Add(day)
		x.Put(recs...)
		got := ids(x.call(t, endpointRecordList, listBody("userid", "a", epoch, 20, "")))
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("by record start %v (-want +got):\n%s", tc.byRecordStart, diff)
		}
	}
}

func TestListSelectors(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.Put(
		Recording{ID: "1", Creator: "ZhangSan", Host: "lisi", MeetingID: "m1", MeetingCode: "1", MeetingStart: epoch.Add(-3)},
		Recording{ID: "2", Creator: "zhangsan", Host: "zhangsan", MeetingID: "m2", MeetingCode: "2", MeetingStart: epoch.Add(-2)},
		Recording{ID: "3", Creator: "lisi", Host: "lisi", MeetingID: "m1", MeetingCode: "3", MeetingStart: epoch.Add(-1)},
	)
	for _, tc := range []struct {
		selector, target string
		want             []string
	}{
		{"userid", "zhangsan", []string{"1", "2"}},
		{"userid", "LISI", []string{"3"}},
		{"userid", "whoever", []string{}},
		{"meetingid", "m1", []string{"1", "3"}},
		{"meeting_code", "2", []string{"2"}},
	} {
		r := x.call(t, endpointRecordList, listBody(tc.selector, tc.target, epoch, 20, ""))
		if diff := cmp.Diff(tc.want, ids(r)); diff != "" || r.Errcode != 0 {
			t.Errorf("%s %s: errcode %d (-want +got):\n%s", tc.selector, tc.target, r.Errcode, diff)
		}
	}

	x.SetDirectory(Directory{Members: []Member{{UserID: "lisi"}, {UserID: "zhangsan"}}, Scope: Scope{Users: []string{"lisi"}}})
	if diff := cmp.Diff([]string{"3"}, ids(x.call(t, endpointRecordList, listBody("meetingid", "m1", epoch, 20, "")))); diff != "" {
		t.Errorf("a meeting, its creators in part out of sight (-want +got):\n%s", diff)
	}
}

func TestListStarts(t *testing.T) {
	t.Parallel()
	x := newClient(t, Config{})
	x.SetDirectory(Directory{
		Members: []Member{{UserID: "lisi"}, {UserID: "zhangsan"}, {UserID: "hidden"}},
		Scope:   Scope{Users: []string{"lisi", "zhangsan"}},
	})
	for i, user := range []string{"zhangsan", "lisi", "hidden", "hidden", "zhangsan"} {
		x.Put(Recording{
			ID: strconv.Itoa(i), Creator: user, MeetingStart: epoch.Add(time.Duration(i-5) * time.Hour),
			Deleted: epoch.Add(-time.Minute),
		})
	}
	x.Put(Recording{ID: "ahead", Creator: "lisi", MeetingStart: epoch.Add(time.Hour)})
	// [-5 h, +5 h): the one ahead is not known yet.
	begin, end := epoch.Add(-5*time.Hour), epoch.Add(5*time.Hour)
	var got [][]string
	for cursor := ""; len(got) < 9; {
		r := x.call(t, endpointStartList, startsBody(begin, end, cursor))
		if r.Errcode != 0 || r.HasMore != (r.NextCursor != "") {
			t.Fatalf("got %+v", r)
		}
		page := []string{}
		for _, start := range r.MeetingList {
			page = append(page, start.UserID+time.Unix(start.StartTime, 0).UTC().Format(" 15:04"))
		}
		got = append(got, page)
		if cursor = r.NextCursor; !r.HasMore {
			break
		}
	}
	// Pages of two before those out of sight are taken out.
	if diff := cmp.Diff([][]string{{"zhangsan 03:00"}, {"lisi 00:00"}, {"zhangsan 23:00"}}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if r := x.call(t, endpointStartList, startsBody(begin.Add(time.Second), epoch.Add(-time.Hour), "")); len(r.MeetingList) != 0 || !r.HasMore {
		t.Errorf("the end is not part of the span: got %+v", r)
	}
}

func TestListStartsRefuses(t *testing.T) {
	t.Parallel()
	const begin, end = 1780000000, 1780000000 + 30*86400
	for name, tc := range map[string]struct {
		body string
		want int
	}{
		"30 days":         {fmt.Sprintf(`{"type":1,"begin_time":%d,"end_time":%d}`, begin, end), 0},
		"30 days and 1 s": {fmt.Sprintf(`{"type":1,"begin_time":%d,"end_time":%d}`, begin, end+1), 40058},
		"failed":          {fmt.Sprintf(`{"type":2,"begin_time":%d,"end_time":%d}`, begin, end), 0},
		"type 3":          {fmt.Sprintf(`{"type":3,"begin_time":%d,"end_time":%d}`, begin, end), 40058},
		"no type":         {fmt.Sprintf(`{"begin_time":%d,"end_time":%d}`, begin, end), 40058},
		"start_time":      {fmt.Sprintf(`{"type":1,"start_time":%d,"end_time":%d}`, begin, end), 40058},
		"no end":          {fmt.Sprintf(`{"type":1,"begin_time":%d}`, begin), 40058},
		"limit 1000":      {fmt.Sprintf(`{"type":1,"begin_time":%d,"end_time":%d,"limit":1000}`, begin, end), 0},
		"limit 1001":      {fmt.Sprintf(`{"type":1,"begin_time":%d,"end_time":%d,"limit":1001}`, begin, end), 40058},
		"limit 0":         {fmt.Sprintf(`{"type":1,"begin_time":%d,"end_time":%d,"limit":0}`, begin, end), 40058},
		"unknown cursor":  {fmt.Sprintf(`{"type":1,"begin_time":%d,"end_time":%d,"cursor":"abcd"}`, begin, end), 40058},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newClient(t, Config{})
			x.Put(hours(1)...)
			got := x.call(t, endpointStartList, tc.body)
			if got.Errcode != tc.want {
				t.Errorf("got %+v, want errcode %d", got, tc.want)
			}
			if name == "failed" && len(got.MeetingList) != 0 {
				t.Errorf("got %+v, want no failed starts", got)
			}
		})
	}
}

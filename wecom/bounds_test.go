// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// repeated returns so many copies of a text, with commas between them.
func repeated(text string, n int) string {
	return strings.TrimSuffix(strings.Repeat(text+",", n), ",")
}

// TestBoundsOfPages lists pages that are just inside a bound, and just beyond one.
func TestBoundsOfPages(t *testing.T) {
	t.Parallel()
	const start = "page 1 of the list: meeting/record/list: HTTP status 200: "
	const tooManyRecordings = start + "more than 1000 recordings on one page"
	const tooManyFiles = start + "more than 10000 files of one recording"
	list := func(elements string) string { return `{"errcode":0,"record_list":[` + elements + `]}` }
	one := func(fields string) string { return list(`{"meeting_record_id":"r","state":3,` + fields + `}`) }
	for name, test := range map[string]struct {
		body       string
		recordings int
		files      int
		want       string // the whole error; "" is none
		code       int64  // the errcode is the error
	}{
		"as many recordings as may be":   {body: list(repeated(`{"meeting_record_id":"r","state":3}`, 1000)), recordings: 1000},
		"one recording more":             {body: list(repeated(`{"meeting_record_id":"r","state":3}`, 1001)), want: tooManyRecordings},
		"numbers":                        {body: list(repeated(`0`, 1001)), want: tooManyRecordings},
		"null":                           {body: list(repeated(`null`, 1001)), want: tooManyRecordings},
		"empty objects":                  {body: list(repeated(`{}`, 1001)), want: tooManyRecordings},
		"lists":                          {body: list(repeated(`[[]]`, 1001)), want: tooManyRecordings},
		"in another case":                {body: `{"errcode":0,"RECORD_LIST":[` + repeated(`0`, 1001) + `]}`, want: tooManyRecordings},
		"in both spellings":              {body: `{"errcode":0,"record_list":[` + repeated(`0`, 501) + `],"record_meetings":[` + repeated(`0`, 500) + `]}`, want: tooManyRecordings},
		"in one spelling twice":          {body: `{"errcode":0,"record_list":[` + repeated(`0`, 501) + `],"record_list":[` + repeated(`0`, 500) + `]}`, want: tooManyRecordings},
		"before the errcode of an error": {body: `{"record_list":[` + repeated(`0`, 1001) + `],"errcode":60111}`, code: 60111},
		"without an errcode":             {body: `{"record_list":[` + repeated(`0`, 1001) + `]}`, want: tooManyRecordings},

		"as many files as may be":    {body: one(`"record_files":[` + repeated(`{"record_file_id":"f"}`, 10_000) + `]`), recordings: 1, files: 10_000},
		"one file more":              {body: one(`"record_files":[` + repeated(`{"record_file_id":"f"}`, 10_001) + `]`), want: tooManyFiles},
		"numbers as files":           {body: one(`"record_files":[` + repeated(`0`, 10_001) + `]`), want: tooManyFiles},
		"files in both spellings":    {body: one(`"record_files":[` + repeated(`{}`, 5001) + `],"record_file_list":[` + repeated(`{}`, 5000) + `]`), want: tooManyFiles},
		"files in one twice":         {body: one(`"record_files":[` + repeated(`{}`, 5001) + `],"record_files":[` + repeated(`{}`, 5000) + `]`), want: tooManyFiles},
		"files of a list in no list": {body: one(`"x":{"record_files":[` + repeated(`{}`, 10_001) + `]}`), recordings: 1},
		"few files of each of many": {
			body: list(repeated(`{"meeting_record_id":"r","record_files":[`+repeated(`{}`, 300)+`]}`, 800)),
			want: start + "more than 200000 recordings and files on one page",
		},

		"IDs that are no UTF-8, which are three times as long once they are": {
			body: one(`"record_files":[` + repeated(`{"record_file_id":"`+strings.Repeat("\xff", 900)+`"}`, 7000) + `]`),
			want: start + "more than 16 MiB of IDs and titles on one page",
		},

		"deep lists": {
			body: `{"errcode":0,"record_list":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001) + `}`,
			want: start + "not an answer from WeCom but 20030 bytes without a content type: broken JSON",
		},
		"lists within lists": {body: list(strings.Repeat("[", 9000) + strings.Repeat("]", 9000))},
		"a long cursor": {
			body: `{"errcode":0,"has_more":true,"next_cursor":"` + strings.Repeat("c", maxTextBytes) + `"}`,
			want: start + "the cursor of the next page is longer than 8192 bytes",
		},
		"a long number":        {body: one(`"meeting_start_time":` + strings.Repeat("1", 1<<20)), recordings: 1},
		"a long unknown value": {body: one(`"x":[` + repeated(`1e`+strings.Repeat("9", 1<<10), 1<<10) + `]`), recordings: 1},
		"a long errmsg":        {body: `{"errcode":60111,"errmsg":"` + strings.Repeat("x", 1<<20) + `"}`, code: 60111},
		"a long name":          {body: one(`"` + strings.Repeat("X", 1<<20) + `":1`), recordings: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				client, seen := clientOf(t, nil, func(c *Config) { c.Transport = respond{http.StatusOK, test.body} })
				list, err := recordingsOf(t.Context(), client, anyone, lastMonth())
				files := 0
				for _, r := range list {
					files += len(r.Files)
				}
				if len(list) != test.recordings || files != test.files {
					t.Errorf("%d recordings of %d files, want %d of %d", len(list), files, test.recordings, test.files)
				}
				apiErr, isAPI := errors.AsType[*APIError](err)
				switch {
				case test.code != 0:
					if !isAPI || apiErr.Code != test.code {
						t.Errorf("error %v, want errcode %d", err, test.code)
					}
				case test.want == "" && err != nil, test.want != "" && (err == nil || err.Error() != test.want):
					t.Errorf("error\n got %v\nwant %s", err, test.want)
				case err != nil && !strings.Contains(test.want, "broken"):
					if ClassOf(err) != ClassTarget || Remedy(err, English) == "" || Remedy(err, Chinese) == "" {
						t.Errorf("class %s, remedy %q", ClassOf(err), Remedy(err, Chinese))
					}
					if n := seen.outcomes[listEndpoint+" decode"]; n != 1 {
						t.Errorf("outcomes %v, want one call that could not be decoded", seen.outcomes)
					}
				}
			})
		})
	}
}

// TestMemoryOfPages decodes bodies of 1 MiB. The most is allocated for as many files as a
// list may have, and nearly all of that is garbage soon.
func TestMemoryOfPages(t *testing.T) { //nolint:paralleltest // It measures the memory of the process.
	const size = 1 << 20
	fill := func(start, element, end string) []byte {
		n := (size - len(start) - len(end)) / (len(element) + 1)
		return []byte(start + repeated(element, n) + end)
	}
	const list, recording = `{"errcode":0,"record_list":[`, `{"meeting_record_id":"r","title":"`
	for name, body := range map[string][]byte{ //nolint:paralleltest // As above.
		"numbers":             fill(list, `0`, `]}`),
		"objects":             fill(list, `{}`, `]}`),
		"recordings":          fill(list, `{"meeting_record_id":"r"}`, `]}`),
		"files":               fill(list+`{"record_files":[`, `0`, `]}]}`),
		"files of each":       fill(list, `{"record_files":[`+repeated(`0`, 9000)+`]}`, `]}`),
		"files in a size":     fill(list, `{"record_files":[`+repeated(`{"password":1}`, 9000)+`]}`, `]}`),
		"lists":               fill(list, `[[[[[[[[]]]]]]]]`, `]}`),
		"a title":             []byte(list + recording + strings.Repeat("t", size-100) + `"}]}`),
		"an escaped title":    []byte(list + recording + strings.Repeat(`\u00e9`, size/6-100) + `"}]}`),
		"a number":            []byte(list + `{"state":` + strings.Repeat("1", size-100) + `}]}`),
		"a flag":              []byte(list + `{"record_files":[{"sharing_state":"` + strings.Repeat("1", size-100) + `"}]}]}`),
		"an errcode":          []byte(`{"errcode":` + strings.Repeat("1", size-100) + `}`),
		"an errmsg":           []byte(`{"errcode":1,"errmsg":"` + strings.Repeat("from ip: ", size/9-100) + `"}`),
		"a name":              []byte(`{"errcode":0,"` + strings.Repeat("X", size-100) + `":1}`),
		"lists of one name":   fill(`{"errcode":0,`, `"record_list":[0]`, `}`),
		"members of a number": fill(`{"errcode":0,`, `"x":1e999`, `}`),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var got listResponse
			_ = response{request: get(listEndpoint, nil), status: http.StatusOK, body: body}.decode(&got, IgnoreCalls{})
			r := reader{now: time.Now(), observer: IgnoreCalls{}, titles: true}
			r.recordings(&got)
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d KiB allocated", allocated>>10)
			most := uint64(512 << 10)
			switch name {
			case "files":
				most = 8 << 20
			case "files of each", "files in a size":
				most = 100 << 20
			}
			if allocated > most {
				t.Errorf("%d KiB allocated for a body of 1 MiB", allocated>>10)
			}
		})
	}
}

// pages responds to a list with a page after the other, each with the same recordings.
type pages struct {
	calls      int
	recordings string
}

func (p *pages) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, "/gettoken") {
		p.calls++
	}
	body := fmt.Sprintf(`{"errcode":0,"has_more":true,"next_cursor":"%d","record_list":[%s]}`, p.calls, p.recordings)
	return respond{http.StatusOK, body}.RoundTrip(req)
}

// TestBoundsOfLists reads lists that do not end.
func TestBoundsOfLists(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		recordings string
		calls      int
		want       string
	}{
		"pages of long IDs": {
			recordings: repeated(`{"meeting_record_id":"`+strings.Repeat("i", 1000)+`"}`, 1000),
			calls:      17,
			want:       "page 17 of the list: meeting/record/list: more than 16 MiB of IDs and titles in one list",
		},
		"pages of long IDs of files": {
			recordings: `{"meeting_record_id":"r","record_files":[` + repeated(`{"record_file_id":"`+strings.Repeat("i", 1000)+`"}`, 2000) + `]}`,
			calls:      9,
			want:       "page 9 of the list: meeting/record/list: more than 16 MiB of IDs and titles in one list",
		},
		"pages of many recordings": {
			recordings: repeated(`{"meeting_record_id":"r"}`, 1000),
			calls:      201,
			want:       "page 201 of the list: meeting/record/list: more than 200000 recordings and files in one list",
		},
		"pages of many files": {
			recordings: `{"meeting_record_id":"r","record_files":[` + repeated(`{}`, 9999) + `]}`,
			calls:      21,
			want:       "page 21 of the list: meeting/record/list: more than 200000 recordings and files in one list",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				responses := &pages{recordings: test.recordings}
				client, _ := clientOf(t, nil, func(c *Config) { c.Transport = responses })
				_, err := recordingsOf(t.Context(), client, anyone, lastMonth())
				if err == nil || err.Error() != test.want || responses.calls != test.calls {
					t.Errorf("%d calls, error\n got %v\nwant %s after %d", responses.calls, err, test.want, test.calls)
				}
				if ClassOf(err) != ClassTarget || Remedy(err, English) == "" {
					t.Errorf("class %s, remedy %q", ClassOf(err), Remedy(err, English))
				}
			})
		})
	}
}

func TestListSize(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		page  listSize
		pages int // that are within the bounds
		want  string
	}{
		"bytes": {page: listSize{bytes: 16 << 20}, pages: 4, want: "more than 64 MiB of answers in one list"},
		"items": {page: listSize{items: 1000}, pages: 200, want: "more than 200000 recordings and files in one list"},
		"text":  {page: listSize{text: 1 << 20}, pages: 16, want: "more than 16 MiB of IDs and titles in one list"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var size listSize
			for range test.pages {
				if err := size.add(test.page); err != nil {
					t.Fatal(err)
				}
			}
			if err := size.add(test.page); err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

// TestBoundsOfDiscovery reads lists of who is visible, or started meetings.
func TestBoundsOfDiscovery(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		into result
		list string // of one element
		most int
		want string
	}{
		"users of the scope":       {into: &agentResponse{}, list: `"allow_userinfos":{"user":[%s]}`, most: 200_000, want: "its allow_userinfos: more than 200000 entries in one answer"},
		"departments of the scope": {into: &agentResponse{}, list: `"allow_partys":{"partyid":[%s]}`, most: 200_000, want: "its allow_partys: more than 200000 entries in one answer"},
		"tags":                     {into: &agentResponse{}, list: `"allow_tags":{"tagid":[%s]}`, most: 200_000, want: "its allow_tags: more than 200000 entries in one answer"},
		"departments":              {into: &departmentsResponse{}, list: `"department_id":[%s]`, most: 200_000, want: "its department_id: more than 200000 entries in one answer"},
		"users":                    {into: &usersResponse{}, list: `"userlist":[%s]`, most: 200_000, want: "its userlist: more than 200000 entries in one answer"},
		"users of a tag":           {into: &tagResponse{}, list: `"userlist":[%s]`, most: 200_000, want: "its userlist: more than 200000 entries in one answer"},
		"departments of a tag":     {into: &tagResponse{}, list: `"partylist":[%s]`, most: 200_000, want: "its partylist: more than 200000 entries in one answer"},
		"meetings":                 {into: &startsResponse{}, list: `"meeting_list":[%s]`, most: 1000, want: "its meeting_list: more than 1000 entries in one answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			elements := map[bool]string{true: "1", false: `{"userid":"u","id":1,"start_time":1}`}
			element := elements[strings.Contains(test.list, "party") || strings.Contains(test.list, "tagid")]
			for elements, want := range map[string]string{
				repeated(element, 1000):    "",
				repeated("0", test.most+1): "x: HTTP status 200: " + test.want,
			} {
				body := []byte(`{"errcode":0,` + fmt.Sprintf(test.list, elements) + `}`)
				err := response{request: get("x", nil), status: http.StatusOK, body: body}.decode(test.into, IgnoreCalls{})
				if (err == nil) != (want == "") || err != nil && (err.Error() != want || Remedy(err, Chinese) == "") {
					t.Errorf("error\n got %v\nwant %s", err, want)
				}
			}
		})
	}
}

// TestBoundOfScopes reads a scope of a department and one below it, each of two members.
func TestBoundOfScopes(t *testing.T) {
	t.Parallel()
	for before, want := range map[int]string{
		maxScopeItems - 5: "",
		maxScopeItems - 4: "agent/get: more than 1000000 members and departments in the visible scope",
		maxScopeItems - 1: "agent/get: more than 1000000 members and departments in the visible scope",
		maxScopeItems:     "agent/get: more than 1000000 members and departments in the visible scope",
	} {
		virtually(t, func(t *testing.T) {
			client, _ := clientOf(t, nil, func(c *Config) {
				c.Transport = byEndpoint{
					departmentsEndpoint: `{"errcode":0,"department_id":[{"id":2}]}`,
					usersEndpoint:       `{"errcode":0,"userlist":[{"userid":"li"},{"userid":"wang"}]}`,
				}
			})
			r := newScopeReader(&operation{client: client}, &Scope{})
			r.items = before
			err := r.addTree(t.Context(), 1)
			if (err == nil) != (want == "") || err != nil && (err.Error() != want || Remedy(err, Chinese) == "") {
				t.Errorf("after %d: error\n got %v\nwant %s", before, err, want)
			}
		})
	}
}

func TestOversizedIDs(t *testing.T) {
	t.Parallel()
	plain := Recording{ID: "r", Host: "h", State: StateCompleted, Files: []File{}}
	id := func(n int) string { return strings.Repeat("i", n) }
	one := func(id, host, fields string) string {
		return fmt.Sprintf(`{"errcode":0,"record_list":[{"meeting_record_id":%q,"host_user_id":%q,"state":3,%s}]}`, id, host, fields)
	}
	for name, test := range map[string]struct {
		body string
		want []Recording
		n    int // of oversized IDs
	}{
		"a long host":             {body: one("r", id(256), `"x":0`), want: []Recording{{ID: "r", Host: id(256), State: StateCompleted, Files: []File{}}}},
		"an oversized host":       {body: one("r", id(257), `"x":0`), want: []Recording{{ID: "r", State: StateCompleted, Files: []File{}}}, n: 1},
		"a host of 33 kB":         {body: one("r", id(33_000), `"x":0`), want: []Recording{{ID: "r", State: StateCompleted, Files: []File{}}}, n: 1},
		"a host of many escapes":  {body: strings.ReplaceAll(one("r", "@", `"x":0`), "@", strings.Repeat(`\u0069`, 2000)), want: []Recording{{ID: "r", State: StateCompleted, Files: []File{}}}, n: 1},
		"a host that is a number": {body: strings.ReplaceAll(one("r", "@", `"x":0`), `"@"`, strings.Repeat("1", 300)), want: []Recording{{ID: "r", State: StateCompleted, Files: []File{}}}, n: 1},
		"a long ID":               {body: one(id(1024), "h", `"x":0`), want: []Recording{{ID: id(1024), Host: "h", State: StateCompleted, Files: []File{}}}},
		"an oversized ID":         {body: one(id(1025), "h", `"x":0`), want: []Recording{}, n: 1},
		"an ID of many escapes":   {body: strings.ReplaceAll(one("@", "h", `"x":0`), "@", strings.Repeat(`\ud83d\ude00`, 2000)), want: []Recording{}, n: 1},
		"an ID of 1 MiB":          {body: one(id(1<<20), "h", `"x":0`), want: []Recording{}, n: 1},
		"a file's long ID": {
			body: one("r", "h", `"record_files":[{"record_file_id":"`+id(1024)+`"}]`),
			want: []Recording{{ID: "r", Host: "h", State: StateCompleted, Files: []File{{ID: id(1024)}}}},
		},
		"a file's oversized ID": {
			body: one("r", "h", `"record_files":[{"record_file_id":"`+id(1025)+`","record_size":7},{"record_file_id":"f"}]`),
			want: []Recording{{ID: "r", Host: "h", State: StateCompleted, Files: []File{{ID: "f"}}}}, n: 1,
		},
		"a title is no ID": {body: one("r", "h", `"title":"`+id(5000)+`"`), want: []Recording{plain}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtually(t, func(t *testing.T) {
				client, seen := clientOf(t, nil, func(c *Config) { c.Transport = respond{http.StatusOK, test.body} })
				got, err := recordingsOf(t.Context(), client, anyone, lastMonth())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got, cmp.Transformer("nil", func(l []Recording) []Recording { return append([]Recording{}, l...) })); diff != "" {
					t.Errorf("recordings (-want +got):\n%s", diff)
				}
				want := map[Anomaly]int{}
				if test.n > 0 {
					want[OversizedID] = test.n
				}
				if diff := cmp.Diff(want, seen.anomalies); diff != "" {
					t.Errorf("anomalies (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestLongTitlesAreCutOff(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		for title, want := range map[string]string{
			strings.Repeat("t", 1024):       strings.Repeat("t", 1024),
			strings.Repeat("t", 5000):       strings.Repeat("t", 1024),
			strings.Repeat("t", 1<<20):      strings.Repeat("t", 1024),
			strings.Repeat("会", 341):        strings.Repeat("会", 341),
			strings.Repeat("会", 1000):       strings.Repeat("会", 341),
			strings.Repeat(`\u4f1a`, 10000): strings.Repeat("会", 341),
		} {
			client, _ := clientOf(t, nil, func(c *Config) {
				c.Titles = true
				c.Transport = respond{http.StatusOK, `{"errcode":0,"record_list":[{"meeting_record_id":"r","title":"` + title + `"}]}`}
			})
			got, err := recordingsOf(t.Context(), client, anyone, lastMonth())
			if err != nil || len(got) != 1 || got[0].Title != want {
				t.Errorf("%d bytes: error %v, recordings %.2000v", len(title), err, got)
			}
		}
	})
}

func TestOversizedUsersAreNotDiscovered(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		now := time.Now()
		long := strings.Repeat("u", 40_000)
		client, seen := clientOf(t, nil, func(c *Config) {
			c.Transport = byEndpoint{
				agentEndpoint: `{"errcode":0,"allow_userinfos":{"user":[{"userid":"li"},{"userid":"` + long + `"},{"userid":"` + long[:256] + `"}]}}`,
				startsEndpoint: fmt.Sprintf(`{"errcode":0,"meeting_list":[{"userid":"%[2]s","start_time":%[1]d},{"userid":"li","start_time":%[1]d}]}`,
					now.Unix(), long[:257]),
			}
		})
		scope, err := client.Members(t.Context(), 1000002, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"li", long[:256]}, scope.UserIDs); diff != "" || scope.Oversized != 1 {
			t.Errorf("%d oversized; members (-want +got):\n%s", scope.Oversized, diff)
		}
		starts, oversized, err := client.Starts(t.Context(), Window{Start: now.Add(-time.Hour), End: now})
		if diff := cmp.Diff([]Start{{"li", now}}, starts); err != nil || oversized != 1 || diff != "" {
			t.Errorf("error %v, %d oversized; starts (-want +got):\n%s", err, oversized, diff)
		}
		if diff := cmp.Diff(map[Anomaly]int{OversizedID: 2}, seen.anomalies); diff != "" {
			t.Errorf("anomalies (-want +got):\n%s", diff)
		}
	})
}

// A token is up to 512 bytes long, and is sent with each call.
func TestOversizedTokenIsNone(t *testing.T) {
	t.Parallel()
	virtually(t, func(t *testing.T) {
		client, _ := clientOf(t, nil, func(c *Config) {
			c.Transport = respondAll(`{"errcode":0,"access_token":"` + strings.Repeat("t", maxTextBytes) + `","expires_in":7200}`)
		})
		_, err := recordingsOf(t.Context(), client, anyone, lastMonth())
		if err == nil || !strings.HasSuffix(err.Error(), "an answer without access_token") && !strings.HasSuffix(err.Error(), "it has no access_token") {
			t.Errorf("error %.300v", err)
		}
	})
}

// respondAll responds to everything with one body.
type respondAll string

func (r respondAll) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(r))), Request: req,
	}, nil
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The bodies of the fuzz targets below have this in every string that must not reach an error.
const marked = "marked"

// decodeFuzzed decodes a body as the answer of an endpoint, and reports whether it is accepted.
// An error must be of a documented type, and quote nothing but the title of an HTML page.
func decodeFuzzed(t *testing.T, endpoint string, body []byte, into result) bool {
	t.Helper()
	sent := get(endpoint, url.Values{"access_token": {marked + "-token"}})
	err := response{request: sent, status: http.StatusOK, body: body}.decode(into, IgnoreCalls{})
	if err == nil {
		return true
	}
	if apiErr, ok := errors.AsType[*APIError](err); ok {
		if apiErr.Code == 0 {
			t.Errorf("an error with the errcode of success: %v", err)
		}
	} else if _, ok := errors.AsType[*ResponseError](err); !ok {
		t.Errorf("an error of type %T: %v", err, err)
	}
	if strings.Contains(err.Error(), marked) && !pagePattern.Match(bytes.TrimPrefix(body, byteOrderMark)) {
		t.Errorf("the error quotes the body: %v", err)
	}
	return false
}

// A vocabulary has every string and every number of a JSON body, as they are written there.
type vocabulary struct {
	texts    map[string]bool
	integers map[int64]bool
}

func vocabularyOf(t *testing.T, body []byte) vocabulary {
	t.Helper()
	v := vocabulary{texts: map[string]bool{}, integers: map[int64]bool{}}
	add := func(text string) {
		v.texts[text] = true
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			v.integers[n] = true
		} else if f, err := strconv.ParseFloat(text, 64); err == nil {
			v.integers[int64(f)] = true
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark))))
	decoder.UseNumber()
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		for depth := 1; depth > 0; {
			switch token := token.(type) {
			case json.Delim:
				if token == '{' || token == '[' {
					depth++
				} else {
					depth--
				}
			case json.Number:
				add(token.String())
			case string:
				add(token)
			}
			if token, err = decoder.Token(); err != nil {
				return v
			}
		}
	}
	return v
}

// wantUsers fails unless a body holds all the user IDs, and what an oversized one begins with.
func (v vocabulary) wantUsers(t *testing.T, ids []userID) {
	t.Helper()
	for _, id := range ids {
		isCut := func(text string) bool { return id.oversized() && strings.HasPrefix(text, string(id[:MaxUserIDBytes])) }
		if !v.texts[string(id)] && !slices.ContainsFunc(slices.Collect(maps.Keys(v.texts)), isCut) {
			t.Errorf("the user ID %q is not in the body", id)
		}
	}
}

// wantIntegers fails unless a body holds all the numbers.
func (v vocabulary) wantIntegers(t *testing.T, list []int64) {
	t.Helper()
	for _, n := range list {
		if !v.integers[n] {
			t.Errorf("the number %d is not in the body", n)
		}
	}
}

type object map[string]any

// bodyWith returns the body of a success with the fields.
func bodyWith(t *testing.T, fields object) []byte {
	t.Helper()
	fields["errcode"] = 0
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func userObjects(ids []userID) []object {
	list := make([]object, 0, len(ids))
	for _, id := range ids {
		list = append(list, object{"userid": id})
	}
	return list
}

// sameUsers reports whether two lists have the same users. One that is too long to be polled may
// be cut off elsewhere, since a byte that is no UTF-8 is read as three.
func sameUsers(a, b []userID) bool {
	return slices.EqualFunc(a, b, func(a, b userID) bool { return a == b || a.oversized() && b.oversized() })
}

// notNil makes an empty list of none, since null is another answer than [].
func notNil[T any](list []T) []T { return append([]T{}, list...) }

// addBodies adds the bodies of an endpoint, and some that no endpoint has.
func addBodies(f *testing.F, endpoint string, names ...string) {
	f.Helper()
	for _, name := range names {
		f.Add([]byte(bodyOf(f, endpoint, name)))
	}
	for _, body := range []string{
		`{"errcode":60011,"errmsg":"marked, from ip: 203.0.113.9"}`,
		`{"errcode":"0","errmsg":["marked"]}`,
		`{"errcode":0.0,"marked":"`,
		`<html><title>Login</title>`,
		"\xef\xbb\xbf {\"errcode\":0}",
		`[{"errcode":0}]`,
	} {
		f.Add([]byte(body))
	}
}

// What an agent may see is in the answer, and is read again as it was read.
func FuzzAgentResponse(f *testing.F) {
	addBodies(f, agentEndpoint, "fields", "strings")
	f.Add([]byte(`{"errcode":0,"allow_userinfos":{"user":[{"userid":"marked"},{"userid":7}]},"allow_partys":{"partyid":["1",2e0]},"allow_tags":{}}`))
	f.Add([]byte(`{"errcode":0,"allow_userinfos":{"user":[{"userid":"` + strings.Repeat("x", maxTextBytes+1) + `"}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r agentResponse
		if !decodeFuzzed(t, agentEndpoint, body, &r) {
			return
		}
		v := vocabularyOf(t, body)
		v.wantUsers(t, r.users)
		v.wantIntegers(t, r.departments)
		v.wantIntegers(t, r.tags)
		// One more of each kind, so that none is taken for another.
		r.users, r.departments, r.tags = append(r.users, "li"), append(r.departments, 1001), append(r.tags, 1002)
		var again agentResponse
		if !decodeFuzzed(t, agentEndpoint, bodyWith(t, object{
			"allow_userinfos": object{"user": userObjects(r.users)},
			"allow_partys":    object{"partyid": r.departments},
			"allow_tags":      object{"tagid": r.tags},
		}), &again) {
			t.Fatalf("what was read is refused: %+v", r)
		}
		if !sameUsers(r.users, again.users) || !slices.Equal(r.departments, again.departments) || !slices.Equal(r.tags, again.tags) {
			t.Errorf("read %+v, and again %+v", r, again)
		}
	})
}

// The departments are in the answer, and are read again as they were read.
func FuzzDepartmentsResponse(f *testing.F) {
	addBodies(f, departmentsEndpoint, "fields")
	f.Add([]byte(`{"errcode":0,"department_id":[{"id":1,"name":"marked"},{"id":"2"},{"id":-3e0}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r, again departmentsResponse
		if !decodeFuzzed(t, departmentsEndpoint, body, &r) {
			return
		}
		vocabularyOf(t, body).wantIntegers(t, r.departments)
		list := []object{}
		for _, id := range r.departments {
			list = append(list, object{"id": id})
		}
		if !decodeFuzzed(t, departmentsEndpoint, bodyWith(t, object{"department_id": list}), &again) ||
			!slices.Equal(r.departments, again.departments) {
			t.Errorf("read %d, and again %d", r.departments, again.departments)
		}
	})
}

// The members are in the answer, and are read again as they were read.
func FuzzUsersResponse(f *testing.F) {
	addBodies(f, usersEndpoint, "fields")
	f.Add([]byte(`{"errcode":0,"userlist":[{"userid":"marked","name":"marked"},{"userid":10001},{"userid":" \u674e "}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r, again usersResponse
		if !decodeFuzzed(t, usersEndpoint, body, &r) {
			return
		}
		vocabularyOf(t, body).wantUsers(t, r.users)
		if !decodeFuzzed(t, usersEndpoint, bodyWith(t, object{"userlist": userObjects(r.users)}), &again) ||
			!sameUsers(r.users, again.users) {
			t.Errorf("read %q, and again %q", r.users, again.users)
		}
	})
}

// What a tag has is in the answer, and is read again as it was read.
func FuzzTagResponse(f *testing.F) {
	addBodies(f, tagEndpoint, "fields")
	f.Add([]byte(`{"errcode":0,"userlist":[{"userid":"marked","name":"marked"}],"partylist":[1,"2"]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r, again tagResponse
		if !decodeFuzzed(t, tagEndpoint, body, &r) {
			return
		}
		v := vocabularyOf(t, body)
		v.wantUsers(t, r.tagged.users)
		v.wantIntegers(t, r.tagged.departments)
		if !decodeFuzzed(t, tagEndpoint, bodyWith(t, object{
			"userlist": userObjects(r.tagged.users), "partylist": notNil(r.tagged.departments),
		}), &again) {
			t.Fatalf("what was read is refused: %+v", r.tagged)
		}
		if !sameUsers(r.tagged.users, again.tagged.users) || !slices.Equal(r.tagged.departments, again.tagged.departments) {
			t.Errorf("read %+v, and again %+v", r.tagged, again.tagged)
		}
	})
}

// Who started meetings is in the answer, and no start is out of what is plausible.
func FuzzStartsResponse(f *testing.F) {
	addBodies(f, startsEndpoint, "fields")
	f.Add([]byte(`{"errcode":0,"has_more":"1","next_cursor":7,"meeting_list":[{"userid":"marked","start_time":"1772413200"},{"userid":7,"start_time":1772413200000}]}`))
	now := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	span := Window{Start: now.Add(-MaxActivity), End: now}
	f.Fuzz(func(t *testing.T, body []byte) {
		var r startsResponse
		if !decodeFuzzed(t, startsEndpoint, body, &r) {
			return
		}
		v := vocabularyOf(t, body)
		read := reader{now: now, observer: IgnoreCalls{}}
		for _, m := range r.meetings {
			v.wantUsers(t, []userID{*m.UserID})
			v.wantIntegers(t, []int64{int64(*m.StartTime)})
			at := read.start(int64(*m.StartTime), span)
			if at.Before(EarliestPlausible.Time()) || at.After(now.Add(maxClockSkew)) {
				t.Errorf("%d is read as %s", *m.StartTime, at)
			}
		}
	})
}

// A token is in the answer, and is read again as it was read.
func FuzzTokenResponse(f *testing.F) {
	addBodies(f, tokenEndpoint, "sample")
	f.Add([]byte(`{"errcode":"0","access_token":"marked-as-secret","expires_in":"7200"}`))
	f.Add([]byte(`{"errcode":0,"access_token":7,"expires_in":-1e300}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r, again tokenResponse
		if !decodeFuzzed(t, tokenEndpoint, body, &r) {
			return
		}
		if r.AccessToken != "" && !vocabularyOf(t, body).texts[string(r.AccessToken)] {
			t.Errorf("the token %q is not in the body", r.AccessToken)
		}
		fields := object{"access_token": r.AccessToken, "expires_in": r.ExpiresIn.value}
		if !decodeFuzzed(t, tokenEndpoint, bodyWith(t, fields), &again) ||
			r.AccessToken != again.AccessToken || r.ExpiresIn.value != again.ExpiresIn.value {
			t.Errorf("read %q for %d s, and again %q for %d s",
				r.AccessToken, r.ExpiresIn.value, again.AccessToken, again.ExpiresIn.value)
		}
	})
}

// The values of recordings are compared with what encoding/json makes of them.
func FuzzLenientValues(f *testing.F) {
	for _, value := range []string{
		`7`, `"7"`, `-7`, `5.36870912e9`, `true`, `"True"`, `null`, `""`, `"0"`, `0.0`, `-0`, `1e300`, `[7]`, `{"n":7}`,
		`"李"`, `"\u674e\ud800"`, `" 0"`, `9223372036854775808`, `"maybe"`,
	} {
		f.Add([]byte(value))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var model any
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		if !json.Valid(raw) || decoder.Decode(&model) != nil {
			return
		}
		written, isScalar := "", true // as text, without quotes
		switch model := model.(type) {
		case json.Number:
			written = model.String()
		case string:
			written = model
		case bool:
			written, isScalar = strconv.FormatBool(model), false
		default:
			isScalar = false
		}
		raw = bytes.TrimSpace(raw)
		if len(raw) > maxNumberBytes {
			return // It is cut off, or not read at all.
		}
		var got struct {
			Number number
			Code   code
			Flag   flag
			Text   text
		}
		got.Number.read(raw)
		got.Code.read(raw)
		got.Flag.read(raw)
		got.Text.read(raw)
		wantText := ""
		if isScalar {
			wantText = written
		}
		if diff := cmp.Diff(wantText, string(got.Text)); diff != "" && model != nil {
			t.Errorf("%s as a text (-want +got):\n%s", raw, diff)
		}
		n, err := strconv.ParseInt(written, 10, 64)
		if err == nil && (got.Number.value != n || got.Number.malformed) {
			t.Errorf("%s as a number is %+v, want %d", raw, got.Number, n)
		}
		if got.Number.malformed && got.Number.value != 0 || got.Flag.malformed && got.Flag.value {
			t.Errorf("%s is malformed, and has a value: %+v", raw, got)
		}
		if valid := isScalar && err == nil && (n != 0 || written == "0"); got.Code.valid != valid || valid && got.Code.value != n {
			t.Errorf("%s as an errcode is %+v, want valid: %t", raw, got.Code, valid)
		}
		if isTrue := strings.EqualFold(written, "true") || written == "1"; got.Flag.value && !isTrue {
			t.Errorf("%s is read as true", raw)
		}
	})
}

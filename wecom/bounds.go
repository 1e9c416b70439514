// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

import "fmt"

// What is read is bounded in what it becomes in memory, not in bytes alone. The bounds lie
// far above what WeCom lists, and far below what harms.
const (
	// maxBody is in bytes, packed and unpacked. A department of 200,000 members fits.
	maxBody = 16 << 20

	// maxPageItems is how many recordings or meetings may be on a page. WeCom is asked for
	// 20 of these, and for 1,000 of those.
	maxPageItems = 1000

	// MaxFiles is how many files a recording may have. WeCom starts another one when a
	// recording is resumed, so that there are a few.
	MaxFiles = 10_000

	// maxListItems is how many recordings and files all pages of a list may have: those of
	// 1,000 pages of 20 recordings with nine files each. A file of 15 bytes of JSON takes 100
	// bytes of memory, so that maxListBytes alone would allow 440 MiB.
	maxListItems = 200_000

	// maxListBytes is how long the bodies of all pages of a list may be. A page of 20
	// recordings has 20 KiB, so that 1,000 pages are 20 MiB.
	maxListBytes = 64 << 20

	// maxListText is how long the IDs, hosts and titles of all pages of a list may be, in
	// bytes. They are kept until the list ends, unlike the rest of the bodies. The 20,000
	// recordings of 1,000 pages have 4 MiB of them.
	maxListText = 16 << 20

	// maxDays is how many days the statistics of one recording may have. WeCom is asked for 31.
	maxDays = 1000

	// maxCount is how many views or downloads of a recording a day may have. So many more days
	// than there ever will be fit into a counter.
	maxCount = 1_000_000_000_000

	// maxPages is how many pages a list may have. A user would have 20,000 recordings.
	maxPages = 1000

	// maxDirectoryItems is how many members, departments or tags one answer of the
	// directory may list. WeCom allows 30,000 departments, and shows all members of a
	// department at once.
	maxDirectoryItems = 200_000

	// maxScopeItems is how many members and departments all answers about a visible scope
	// may list, each as often as it is listed.
	maxScopeItems = 1_000_000

	// MaxUserIDBytes is how long a user ID may be. WeCom documents 64 bytes; see
	// https://developer.work.weixin.qq.com/document/path/90195.
	MaxUserIDBytes = 256

	// maxIDBytes is how long the ID of a recording or of a file may be. Those of the documents
	// have 32 bytes.
	maxIDBytes = 1 << 10

	// maxTitleBytes is how much is read of a title. WeCom allows 255 letters, of up to 4 bytes.
	maxTitleBytes = 1 << 10

	// maxTextBytes is how much JSON of a string is read. What is longer than an ID may be
	// stays longer than that: an escape sequence of one character has 6 bytes.
	maxTextBytes = 8 << 10

	// maxNameBytes is how much JSON the name of a member may have. Those that are read have
	// 18 characters at the most, and an escape sequence has 6 bytes.
	maxNameBytes = 128

	// maxNumberBytes is how much JSON a number may have. 64 bits are 20 digits.
	maxNumberBytes = 1 << 10
)

// A boundError says which bound an answer or a list is beyond. The calls were accepted, so
// that the error is the target's own. It holds nothing of a body.
type boundError string

// Error implements error.
func (e boundError) Error() string { return string(e) }

func tooMany(what string, most int, where string) error {
	return boundError(fmt.Sprintf("more than %d %s %s", most, what, where))
}

func tooMuch(what string, most int, where string) error {
	return boundError(fmt.Sprintf("more than %d MiB %s %s", most>>20, what, where))
}

var errLongCursor = boundError(fmt.Sprintf("the cursor of the next page is longer than %d bytes", maxTextBytes))

// beyond returns the error for an endpoint whose answers are beyond a bound.
func (e boundError) beyond(endpoint string, status int) *ResponseError {
	return &ResponseError{
		Endpoint: endpoint,
		Kind:     KindDecode,
		Status:   status,
		Detail:   string(e),
		remedy:   remedyBound,
		own:      true,
	}
}

// A listSize is how much the pages of a list have so far.
type listSize struct {
	bytes int // of the bodies
	items int // recordings and files
	text  int // bytes of their IDs, hosts and titles
}

// add adds a page. The error is a boundError.
func (s *listSize) add(page listSize) error {
	s.bytes += page.bytes
	s.items += page.items
	s.text += page.text
	switch {
	case s.bytes > maxListBytes:
		return tooMuch("of answers", maxListBytes, "in one list")
	case s.items > maxListItems:
		return tooMany("recordings and files", maxListItems, "in one list")
	case s.text > maxListText:
		return tooMuch("of IDs and titles", maxListText, "in one list")
	}
	return nil
}

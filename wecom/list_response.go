// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package wecom

// A listResponse accepts the spelling of the document's sample and that of its table of
// fields, at both levels. The lists of both spellings are one.
type listResponse struct {
	envelope
	paging

	recordings []recordingResponse // not nil if there was a list
	beyond     error               // the bound that the list is beyond
	notAList   bool
}

func (r *listResponse) holdsPayload() bool { return r.recordings != nil }

func (r *listResponse) read(name []byte, c *cursor) {
	switch string(name) {
	case "record_meetings", "record_list":
		r.readRecordings(c)
	default:
		r.paging.read(name, c)
	}
}

func (r *listResponse) check() error {
	switch {
	case r.beyond != nil:
		return r.beyond
	case r.notAList:
		return errNotAList
	default:
		return r.paging.check()
	}
}

func (r *listResponse) readRecordings(c *cursor) {
	if kind := c.kind(); kind != '[' {
		r.notAList = r.notAList || kind != 'n'
		c.value()
		return
	}
	if r.recordings == nil {
		r.recordings = make([]recordingResponse, 0, pageSize)
	}
	c.elements(func() {
		if !r.admit(len(r.recordings), maxPageItems, "recordings", "on one page") {
			c.value()
			return
		}
		r.recordings = append(r.recordings, recordingResponse{})
		rec := &r.recordings[len(r.recordings)-1]
		r.readObject(c, func(name []byte) { rec.read(name, c, r) })
		r.size.text += len(rec.ID) + len(rec.Host) + min(len(rec.Title), maxTitleBytes)
	})
}

// readFiles reads a list of files. What is no list counts as none.
func (r *listResponse) readFiles(c *cursor, files []fileResponse) []fileResponse {
	if kind := c.kind(); kind != '[' {
		r.mistyped = r.mistyped || kind != 'n'
		c.value()
		return files
	}
	c.elements(func() {
		if !r.admit(len(files), MaxFiles, "files", "of one recording") {
			c.value()
			return
		}
		files = append(files, fileResponse{})
		file := &files[len(files)-1]
		r.readObject(c, func(name []byte) { file.read(name, c.value()) })
		r.size.text += len(file.ID)
	})
	return files
}

// admit reports whether there is room for one more element of a list that has some, and
// on the page. Nothing is read any more once there was none.
func (r *listResponse) admit(has, most int, what, where string) bool {
	switch {
	case r.beyond != nil:
	case has == most:
		r.beyond = tooMany(what, most, where)
	case r.size.items == maxListItems:
		r.beyond = tooMany("recordings and files", maxListItems, "on one page")
	case r.size.text > maxListText:
		r.beyond = tooMuch("of IDs and titles", maxListText, "on one page")
	default:
		r.size.items++
	}
	return r.beyond == nil
}

// readObject reads the members of an object. What is no object counts as an empty one.
func (r *listResponse) readObject(c *cursor, read func(name []byte)) {
	if kind := c.kind(); kind != '{' {
		r.mistyped = r.mistyped || kind != 'n'
		c.value()
		return
	}
	c.members(read)
}

type recordingResponse struct {
	ID           text   // meeting_record_id
	Host         text   // host_user_id
	Title        text   // title
	MeetingStart number // meeting_start_time
	State        number // state
	Files        []fileResponse
}

func (r *recordingResponse) read(name []byte, c *cursor, page *listResponse) {
	switch string(name) {
	case "meeting_record_id":
		r.ID.read(c.value())
	case "host_user_id":
		r.Host.read(c.value())
	case "title":
		r.Title.read(c.value())
	case "meeting_start_time":
		r.MeetingStart.read(c.value())
	case "state":
		r.State.read(c.value())
	case "record_files", "record_file_list":
		r.Files = page.readFiles(c, r.Files)
	default:
		c.value()
	}
}

type fileResponse struct {
	ID       text     // record_file_id
	Start    number   // record_start_time
	End      number   // record_end_time
	Size     number   // record_size
	State    flag     // sharing_state
	SameCorp flag     // required_same_corp
	Attendee flag     // required_attendee
	Password presence // password
	Expire   number   // sharing_expire
	Download flag     // allow_download
}

func (f *fileResponse) read(name, value []byte) {
	switch string(name) {
	case "record_file_id":
		f.ID.read(value)
	case "record_start_time":
		f.Start.read(value)
	case "record_end_time":
		f.End.read(value)
	case "record_size":
		f.Size.read(value)
	case "sharing_state":
		f.State.read(value)
	case "required_same_corp":
		f.SameCorp.read(value)
	case "required_attendee":
		f.Attendee.read(value)
	case "password":
		f.Password.read(value)
	case "sharing_expire":
		f.Expire.read(value)
	case "allow_download":
		f.Download.read(value)
	}
}

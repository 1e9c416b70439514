// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package accepted reads the file of what a company exposes on purpose.
package accepted

import (
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/scalar"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/yamldoc"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

const (
	// maxIDBytes is the longest ID that package wecom reads. Config may not import it.
	maxIDBytes     = 1024
	maxReasonBytes = 1024
)

// An Entry is one thing that may be exposed.
type Entry struct {
	ID     string // of a recording, for all of its files, or of a file
	Reason string
	// Until is the midnight, in UTC, at which the last day begins; zero: there is no last day.
	Until time.Time
}

// Read reads a file: a list in YAML or JSON, with the keys id, reason and until. Its entries
// have different IDs. It returns one error for each problem, which names the file, the key and
// the line. A file without content accepts nothing.
func Read(path string) ([]Entry, []error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, []error{bilingual.Errorf("the accepted file %s cannot be read (%w): name a readable file",
			"无法读取登记文件 %s（%w）：请指定可以读取的文件", fileerr.Quote(path), fileerr.Cause(err))}
	}
	d, errs := yamldoc.ReadList(fileerr.Quote(path), content,
		[]yamldoc.Key{{Path: "[].id"}, {Path: "[].reason"}, {Path: "[].until"}})
	if len(errs) > 0 {
		return nil, errs
	}
	r := reader{document: d, first: map[string]int{}}
	entries := make([]Entry, 0, d.At("").Len())
	for i := range d.At("").Len() {
		entries = append(entries, r.entry(i))
	}
	if len(r.errs) > 0 {
		return nil, r.errs
	}
	return entries, nil
}

// A reader reads the entries of a document.
type reader struct {
	document *yamldoc.Document
	first    map[string]int // the entry with an ID
	errs     []error
}

func (r *reader) addf(at yamldoc.Value, english, chinese string, args ...any) {
	r.errs = append(r.errs, bilingual.At(at.Where(), bilingual.Errorf(english, chinese, args...)))
}

func (r *reader) entry(i int) Entry {
	path := yamldoc.Item("", i)
	if at := r.document.At(path); !at.Given() {
		r.addf(at, "an empty entry: write id and reason, or remove the entry", "有一项为空：请填写 id 与 reason，或删除该项")
		return Entry{}
	}
	return Entry{
		ID:     r.id(r.document.At(path+".id"), i),
		Reason: r.reason(r.document.At(path + ".reason")),
		Until:  r.until(r.document.At(path + ".until")),
	}
}

func (r *reader) id(at yamldoc.Value, i int) string {
	id := strings.TrimSpace(at.Text())
	switch {
	case id == "":
		r.addf(at, "no ID: write the ID of a recording or a file, as shown by the page /recordings and the command list",
			"没有 ID：请填写录制或文件的 ID，可从 /recordings 页面或 list 命令的输出中复制")
		return ""
	case len(id) > maxIDBytes:
		r.addf(at, "an ID of %d bytes: use one of at most %d", "ID 长 %d 字节：最长 %d 字节", len(id), maxIDBytes)
		return ""
	case !utf8.ValidString(id) || scalar.HasSpaceOrControl(id):
		r.addf(at, "%s contains white space or a control character: write one ID for each entry",
			"%s 含有空白或控制字符：每项只填写一个 ID", strconv.Quote(id))
		return ""
	}
	if first, ok := r.first[id]; ok {
		r.addf(at, "%q is also in %s: remove one of them", "%q 与 %s 重复：请去掉其中之一", id, yamldoc.Item("", first))
		return ""
	}
	r.first[id] = i
	return id
}

func (r *reader) reason(at yamldoc.Value) string {
	reason := strings.TrimSpace(at.Text())
	switch {
	case reason == "":
		r.addf(at, "no reason: write why the recording may be open to anyone with the link",
			"没有原因：请写明该录制为何可以公开")
	case len(reason) > maxReasonBytes:
		r.addf(at, "a reason of %d bytes: use one of at most %d", "原因长 %d 字节：最长 %d 字节", len(reason), maxReasonBytes)
	case !utf8.ValidString(reason):
		r.addf(at, "a reason that is not UTF-8: write one that is", "原因不是 UTF-8：请用 UTF-8 填写")
	}
	return reason
}

func (r *reader) until(at yamldoc.Value) time.Time {
	text := at.Text()
	if text == "" && !at.Given() {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.IsZero() { // 0001-01-01 would be no last day.
		r.addf(at, "%q is not a date: write the last day, such as 2026-12-31, or leave the key out",
			"%q 不是日期：请填写截止日期，例如 2026-12-31，或去掉该键", text)
	}
	return day
}

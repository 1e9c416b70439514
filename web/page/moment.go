// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"regexp"
	"time"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// A Moment is a time as pages show it: the template "moment" takes one, or nil.
type Moment struct {
	Exact    string // in RFC 3339
	UTC      string
	Distance string // from now
}

// NewMoment returns a time as pages show it; nil for the zero time.
func NewMoment(t, now time.Time, language wecom.Language) *Moment {
	if t.IsZero() {
		return nil
	}
	return &Moment{
		Exact:    t.UTC().Format(time.RFC3339),
		UTC:      UTC(t),
		Distance: Distance(t, now, language),
	}
}

// A notePart is a date in a text, or what is between two. The template "note" takes the text.
type notePart struct {
	Text   string
	IsDate bool
}

var dates = regexp.MustCompile(`\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d UTC)?`)

// noteParts returns the parts of a text, so that no line breaks inside of a date.
func noteParts(text string) []notePart {
	var parts []notePart
	end := 0
	for _, at := range dates.FindAllStringIndex(text, -1) {
		parts = append(parts, notePart{Text: text[end:at[0]]}, notePart{Text: text[at[0]:at[1]], IsDate: true})
		end = at[1]
	}
	return append(parts, notePart{Text: text[end:]})
}

// UTC returns a time as pages write it, to the second.
func UTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

const day = 24 * time.Hour

// units are the units of distances. Each is for distances below a limit, the last for all others.
var units = [...]struct {
	below, unit      time.Duration
	english, chinese string
}{
	{time.Minute, time.Second, "s", "秒"},
	{time.Hour, time.Minute, "min", "分钟"},
	{2 * day, time.Hour, "h", "小时"},
	{0, day, "d", "天"},
}

// Distance returns in words how long ago a time was, or how far it is in the future. It is
// rounded down to a whole unit.
func Distance(t, now time.Time, language wecom.Language) string {
	distance := now.Sub(t)
	span := Span(distance, language)
	switch isChinese, isPast := language == wecom.Chinese, distance >= 0; {
	case isChinese && isPast:
		return span + "前"
	case isChinese:
		return span + "后"
	case isPast:
		return span + " ago"
	default:
		return "in " + span
	}
}

// Span returns in words how long a duration is, whatever its sign. It is rounded down to a whole
// unit.
func Span(d time.Duration, language wecom.Language) string {
	d = max(d, -d)
	last := len(units) - 1
	u := units[last]
	for _, shorter := range units[:last] {
		if d < shorter.below {
			u = shorter
			break
		}
	}
	name := u.english
	if language == wecom.Chinese {
		name = u.chinese
	}
	return fmt.Sprintf("%d %s", d/u.unit, name)
}

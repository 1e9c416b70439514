// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/inventory/recording"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// SharingWords are the words of a language for how a file is shared.
type SharingWords struct {
	NotShared string
	Audience  [recording.NumAudiences]string
	Password  [recording.NumPasswords]string
	Download  [recording.NumDownloads]string

	never, expires, expired string // the last two come before a time
	separator               string
}

// Expiry returns when a link expires, or that it had expired at a time. The zero time is never.
func (w *SharingWords) Expiry(expire, at time.Time) string {
	switch {
	case expire.IsZero():
		return w.never
	case expire.After(at):
		return w.expires + UTC(expire)
	default:
		return w.expired + UTC(expire)
	}
}

// Join joins what is said about a file. The template "phrase" takes the result.
func (w *SharingWords) Join(parts ...string) string { return strings.Join(parts, w.separator) }

// phraseParts returns the parts of a phrase, each with the separator after it.
func phraseParts(phrase string) []string {
	separator := englishWords.separator
	if strings.Contains(phrase, chineseWords.separator) {
		separator = chineseWords.separator
	}
	parts := strings.SplitAfter(phrase, separator)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// WordsOf returns the words of a language.
func WordsOf(language wecom.Language) *SharingWords {
	if language == wecom.Chinese {
		return &chineseWords
	}
	return &englishWords
}

var englishWords = SharingWords{
	NotShared: "not shared",
	Audience: [...]string{
		recording.Anyone:    "anyone",
		recording.Company:   "company",
		recording.Attendees: "attendees",
	},
	Password: [...]string{
		recording.NoPassword:  "no password",
		recording.PasswordSet: "password",
	},
	Download: [...]string{
		recording.DownloadBlocked: "no download",
		recording.DownloadAllowed: "download",
	},
	never:     "never expires",
	expires:   "expires ",
	expired:   "expired ",
	separator: ", ",
}

var chineseWords = SharingWords{
	NotShared: "未共享",
	Audience: [...]string{
		recording.Anyone:    "任何人",
		recording.Company:   "本企业成员",
		recording.Attendees: "参会成员",
	},
	Password: [...]string{
		recording.NoPassword:  "无密码",
		recording.PasswordSet: "有密码",
	},
	Download: [...]string{
		recording.DownloadBlocked: "不可下载",
		recording.DownloadAllowed: "可下载",
	},
	never:     "永不过期",
	expires:   "有效期至 ",
	expired:   "已过期：",
	separator: " · ",
}

// Sentence returns a text that may stand in a log as a sentence of a page.
func Sentence(text string, language wecom.Language) string {
	if text == "" {
		return ""
	}
	stop := "."
	if language == wecom.Chinese {
		stop = "。"
	}
	if strings.HasSuffix(text, stop) {
		stop = ""
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + stop
}

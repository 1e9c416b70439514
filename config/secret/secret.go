// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

// Package secret reads secrets and keys, and keeps them from being printed.
package secret

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/config/fileerr"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/internal/bilingual"
)

// MinKeyBytes is the length of the shortest key that KeyFromFile accepts.
const MinKeyBytes = 16

const (
	redacted = "<secret>"

	// maxBytes keeps a wrong path, such as a device or a log, from being read whole.
	maxBytes = 64 << 10
)

// Source is where a secret is read from: a file, or a value given once.
// It never prints the value, whatever the formatting verb or encoding. Two
// Sources are equal (==) if they name the same file or hold the same value.
type Source struct {
	file  string
	value string
}

// FromFile returns a Source that is read from the named file.
func FromFile(name string) Source {
	return Source{file: name}
}

// FromValue returns a Source that is always value, without surrounding
// white space and byte order mark.
func FromValue(value string) Source {
	return Source{value: trim(value)}
}

// Read returns the secret without surrounding white space, and without the byte
// order mark that some editors write first. A file is read again at every call, so
// that a rotated secret is noticed. It is an error if the file cannot be read, is
// longer than 64 KiB, holds nothing but white space, or holds anything that is not
// printable UTF-8, such as UTF-16 or a second line.
func (s Source) Read() (string, error) {
	if s.file == "" {
		if s.value == "" {
			return "", bilingual.Errorf("the secret is empty: write it to a file and name that file",
				"Secret 为空：请将其写入文件，并指定该文件")
		}
		if err := check(s.value); err != nil {
			return "", err
		}
		return s.value, nil
	}
	content, err := readHead(s.file)
	if err != nil {
		return "", err
	}
	value := trim(content)
	if value == "" {
		return "", bilingual.Errorf("%s is empty: write the secret to it", "文件 %s 为空：请将 Secret 写入其中", fileerr.Quote(s.file))
	}
	if err := check(value); err != nil {
		return "", bilingual.Errorf("%s: %w", "%s：%w", fileerr.Quote(s.file), err)
	}
	return value, nil
}

// trim removes what editors and shells add to a secret.
func trim(text string) string {
	const byteOrderMark = "\ufeff"
	return strings.TrimSpace(strings.TrimPrefix(text, byteOrderMark))
}

// check refuses characters that no secret of an app has, and that nobody sees
// in an editor. WeCom would answer that the secret is wrong. The error does not
// quote them.
func check(value string) error {
	remedy := bilingual.Text{
		English: "write only the secret, on one line, as UTF-8 or ASCII",
		Chinese: "请重新写入，文件中只有 Secret 本身，占一行，编码为 UTF-8 或 ASCII",
	}
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	switch {
	case strings.ContainsRune(value, 0):
		return bilingual.Errorf("the secret contains NUL characters, as UTF-16 text does: %s",
			"Secret 含有 NUL 字符，可能保存成了 UTF-16：%s", remedy)
	case !utf8.ValidString(value):
		return bilingual.Errorf("the secret is not UTF-8: %s", "Secret 不是 UTF-8：%s", remedy)
	case strings.ContainsFunc(value, unprintable):
		return bilingual.Errorf("the secret contains a line break, a control character or a zero-width character: %s",
			"Secret 含有换行、控制字符或零宽字符：%s", remedy)
	}
	return nil
}

// KeyFromFile returns the content of a file with a key, without surrounding white
// space. Any other byte is part of the key, since random bytes may be anything. It is
// an error if the file cannot be read, is longer than 64 KiB, or holds fewer than
// MinKeyBytes bytes.
func KeyFromFile(name string) (Key, error) {
	content, err := readHead(name)
	if err != nil {
		return nil, err
	}
	key := Key(strings.TrimSpace(content))
	if len(key) < MinKeyBytes {
		return nil, bilingual.Errorf("the key in %s is too short: write at least %d random bytes to it",
			"文件 %s 中的密钥太短：请写入至少 %d 个随机字节", fileerr.Quote(name), MinKeyBytes)
	}
	return key, nil
}

// readHead reads a file that has no more bytes than a secret may have.
func readHead(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", unreadable(name, err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return "", unreadable(name, err)
	}
	if len(content) > maxBytes {
		return "", bilingual.Errorf("%s is longer than 64 KiB: name a file that holds only the secret",
			"文件 %s 超过 64 KiB：请指定只含 Secret 的文件", fileerr.Quote(name))
	}
	return string(content), nil
}

func unreadable(name string, err error) error {
	return bilingual.Errorf("%s cannot be read (%w): name a readable file that holds only the secret",
		"无法读取文件 %s（%w）：请指定可以读取、且只含 Secret 的文件", fileerr.Quote(name), fileerr.Cause(err))
}

// Format implements fmt.Formatter: it writes "<secret>" for every verb.
func (Source) Format(w fmt.State, _ rune) { writeRedacted(w) }

// MarshalText implements encoding.TextMarshaler: it returns "<secret>".
func (Source) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Key is the key of a keyed hash. It never prints its bytes, whatever the
// formatting verb or encoding.
type Key []byte

// Format implements fmt.Formatter: it writes "<secret>" for every verb.
func (Key) Format(w fmt.State, _ rune) { writeRedacted(w) }

// MarshalText implements encoding.TextMarshaler: it returns "<secret>".
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

func writeRedacted(w io.Writer) {
	_, _ = io.WriteString(w, redacted)
}

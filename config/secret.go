// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	redacted = "<secret>"

	// maxSecretBytes keeps a wrong path, such as a device or a log, from being read whole.
	maxSecretBytes = 64 << 10
)

// Secret is where a secret is read from: a file, or a value given once.
// It never prints the value, whatever the formatting verb or encoding. Two
// Secrets are equal (==) if they name the same file or hold the same value.
type Secret struct {
	file  string
	value string
}

// SecretFromFile returns a Secret that is read from the named file.
func SecretFromFile(name string) Secret {
	return Secret{file: name}
}

// SecretFromValue returns a Secret that is always value, without surrounding
// white space.
func SecretFromValue(value string) Secret {
	return Secret{value: strings.TrimSpace(value)}
}

// Read returns the secret without surrounding white space. A file is read
// again at every call, so that a rotated secret is noticed. It is an error if the file
// cannot be read, is longer than 64 KiB, or holds nothing but white space.
func (s Secret) Read() (string, error) {
	if s.file == "" {
		if s.value == "" {
			return "", errors.New("the secret is empty: write it to a file and name that file")
		}
		return s.value, nil
	}
	content, err := readHead(s.file)
	if err != nil {
		return "", fmt.Errorf("%s cannot be read (%w): name a readable file that holds the secret alone",
			quoted(s.file), cause(err))
	}
	if len(content) > maxSecretBytes {
		return "", fmt.Errorf("%s is longer than 64 KiB: name a file that holds the secret alone", quoted(s.file))
	}
	value := strings.TrimSpace(content)
	if value == "" {
		return "", fmt.Errorf("%s is empty: write the secret to it", quoted(s.file))
	}
	return value, nil
}

// readHead reads at most one byte more than a secret may have.
func readHead(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	return string(content), err
}

// Format implements fmt.Formatter: it writes "<secret>" for every verb.
func (Secret) Format(w fmt.State, _ rune) { writeRedacted(w) }

// MarshalText implements encoding.TextMarshaler: it returns "<secret>".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

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

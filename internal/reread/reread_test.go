// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package reread

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCheck checks one file again and again. It cannot be used if it holds "bad".
func TestCheck(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	write := func(content string) func() {
		return func() {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	// sameTimes writes as many bytes, and leaves the times as they were.
	sameTimes := func(content string) func() {
		return func() {
			info, err := os.Stat(path)
			write(content)()
			if err := errors.Join(err, os.Chtimes(path, time.Time{}, info.ModTime())); err != nil {
				t.Fatal(err)
			}
		}
	}
	nothing := func() {}
	f := New(path, func(path string) (string, error) {
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), "bad") {
			return "", errors.New(string(content))
		}
		return string(content), err
	})
	for i, step := range []struct {
		does      func()
		atOnce    bool
		read      bool
		err       string
		recovered bool
		content   string
	}{
		{does: nothing, err: "no such file or directory"},
		{does: nothing},
		{does: write("one")},
		{does: nothing, read: true, recovered: true, content: "one"},
		{does: nothing, content: "one"},
		{does: write("two, which is longer"), content: "one"},
		{does: write("two, which is even longer"), content: "one"},
		{does: nothing, read: true, content: "two, which is even longer"},
		{does: write("bad 1"), content: "two, which is even longer"},
		{does: nothing, err: "bad 1", content: "two, which is even longer"},
		{does: nothing, content: "two, which is even longer"},
		{does: write("bad number 2"), content: "two, which is even longer"},
		{does: nothing, err: "bad number 2", content: "two, which is even longer"},
		{does: func() { _ = os.Remove(path) }, err: "no such file or directory", content: "two, which is even longer"},
		{does: write("three"), atOnce: true, read: true, recovered: true, content: "three"},
		{does: sameTimes("THREE"), content: "three"},
		{does: nothing, content: "three"},
		{does: nothing, atOnce: true, read: true, content: "THREE"},
	} {
		step.does()
		r := f.Check(step.atOnce)
		errText := ""
		if r.Err != nil {
			errText = r.Err.Error()
		}
		if r.Read != step.read || r.Recovered != step.recovered || f.Content != step.content ||
			!strings.HasSuffix(errText, step.err) || (step.err == "") != (errText == "") {
			t.Errorf("step %d: %+v, %q; want read %t, error %q, recovered %t, %q",
				i, r, f.Content, step.read, step.err, step.recovered, step.content)
		}
	}
}

func TestMiss(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := New(path, os.ReadFile)
	f.Check(true)
	if f.CheckMissing(false) {
		t.Error("it is gone at the first check")
	}
	if !f.CheckMissing(false) {
		t.Error("it is not gone at the second check")
	}
	f.Check(true)
	if !f.CheckMissing(true) {
		t.Error("it is not gone at once")
	}
}

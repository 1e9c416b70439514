// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package bilingual

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestErrorf(t *testing.T) {
	t.Parallel()
	where := Textf("--a (or %s)", "--a（或 %s）", "A")
	reason := Errorf("cannot be read (%w)", "无法读取（%w）", fs.ErrNotExist)
	err := Errorf("%s: %q %w", "%s：%q %w", where, "f", reason)
	if got, want := err.Error(), `--a (or A): "f" cannot be read (file does not exist)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := Chinese(err), `--a（或 A）："f" 无法读取（file does not exist）`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the cause is lost")
	}
	if got, want := fmt.Sprint(where), "--a (or A)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestChineseOfJoined(t *testing.T) {
	t.Parallel()
	err := errors.Join(At(Text{"a", "甲"}, Errorf("b", "乙")), At(Text{"c", "丙"}, errors.New("d")))
	if got, want := err.Error(), "a: b\nc: d"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Chinese(err), "甲：乙\n丙：有误（d）"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestChineseOfOthers has errors without a text in Chinese.
func TestChineseOfOthers(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("no YAML"), fmt.Errorf("no %w", Errorf("YAML", "不是 YAML"))} {
		if got, want := Chinese(err), "有误（no YAML）"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

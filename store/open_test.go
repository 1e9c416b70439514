// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
)

func loadNothing([]*Group) error { return nil }

func TestMigration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, _ := open(t, dir)
	commit(t, first, content{"a": {"1": "one"}}.batches()...)
	closeStore(t, first)

	var steps []string
	step := func(name string, err error) Migration {
		return func(group *Group) error {
			steps = append(steps, group.Name()+name)
			return errors.Join(err, group.Put(Table{Name: name, Entries: []Entry{{Key: []byte("k"), Value: []byte("x")}}}))
		}
	}
	failing, err := Open(dir, Options{
		Logger: log.NewNopLogger(), Load: loadNothing,
		Migrations: []Migration{step("first", nil), step("second", errors.New("a failure"))},
	})
	if err != nil || failing.Keeps() {
		t.Errorf("a migration that failed: %v, want a store in memory", err)
	}
	migrated, held := open(t, dir, step("first", nil), step("second", nil))
	if diff := cmp.Diff(content{"a": {"1": "one"}}, held); diff != "" {
		t.Errorf("loaded after a migration (-want +got):\n%s", diff)
	}
	closeStore(t, migrated)
	if diff := cmp.Diff([]string{"afirst", "asecond", "afirst", "asecond"}, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	_, err = Open(dir, Options{Logger: log.NewNopLogger(), Load: loadNothing})
	if !errors.Is(err, ErrNewerSchema) || !strings.Contains(err.Error(), "schema 3") {
		t.Errorf("a store of schema 3 if 1 is known: %v", err)
	}
}

func TestStoreInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, _ := open(t, dir)
	if _, err := Open(dir, Options{Logger: log.NewNopLogger(), Load: loadNothing}); !errors.Is(err, ErrInUse) {
		t.Errorf("a second one: %v", err)
	}
	closeStore(t, first)
	open(t, dir)
}

func TestStoreThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	logger, text := logged()
	s, err := Open(dir+"/file", Options{Logger: logger, Load: loadNothing})
	if err != nil || s.Keeps() || s.Status() != (Status{Configured: true}) {
		t.Errorf("error %v, status %+v; want a store in memory", err, s.Status())
	}
	if !strings.Contains(text.String(), "remedy=") || strings.Count(text.String(), "level=error") != 1 {
		t.Errorf("log:\n%s", text)
	}
}

// TestDamage flips a byte of a store in many places in turn. What is loaded then is what
// was stored, or nothing.
func TestDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := open(t, dir)
	want := content{"a": {"1": "one", "2": "two"}, "b": {"3": strings.Repeat("three", 100)}}
	commit(t, s, want.batches()...)
	closeStore(t, s)
	sound, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	damagedDir := t.TempDir()
	noticed, before := 0, 0
	for i := 0; i < len(sound); i += 29 {
		damaged := append([]byte(nil), sound...)
		damaged[i] ^= 0x55
		if err := os.WriteFile(pathIn(damagedDir), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		held := content{}
		o := &opening{Options: Options{Logger: log.NewNopLogger(), Load: held.load}, path: pathIn(damagedDir)}
		err := damageOnPanic(func() error { _, err := o.read(); return err })
		switch {
		case err != nil:
			noticed++
		case len(held) == 0:
			before++ // The older of the two meta pages holds: the store as it was before the commit.
		default:
			if diff := cmp.Diff(want, held); diff != "" {
				t.Errorf("byte %d: loaded (-want +got):\n%s", i, diff)
			}
		}
	}
	if noticed == 0 || before == 0 {
		t.Errorf("%d damages were noticed, %d led to the state before", noticed, before)
	}
	t.Logf("%d of %d damages noticed, %d led to the state before, the others did no harm", noticed, len(sound)/29, before)
}

func TestDamagedStoreIsSetAside(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(sound []byte) []byte{
		"text":    func([]byte) []byte { return []byte(strings.Repeat("not a store\n", 1000)) },
		"cut off": func(sound []byte) []byte { return sound[:len(sound)/2] },
		"zeros":   func(sound []byte) []byte { return make([]byte, len(sound)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, _ := open(t, dir)
			commit(t, s, content{"a": {"1": "one"}}.batches()...)
			closeStore(t, s)
			sound, err := os.ReadFile(s.path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(s.path, damage(sound), 0o600); err != nil {
				t.Fatal(err)
			}
			_, held := open(t, dir)
			if len(held) != 0 {
				t.Errorf("loaded %v", held)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 2 || !strings.Contains(entries[1].Name(), ".damaged-") {
				t.Errorf("the directory holds %v: %v", entries, err)
			}
		})
	}
}

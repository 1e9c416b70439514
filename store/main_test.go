// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/go-kit/log"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// A content is what a test keeps in a store: by group, its head and the values of its
// table "things" by key. A head is the number of the values.
type content map[string]map[string]string

// batches returns the batches that write the content.
func (c content) batches() []Batch {
	list := make([]Batch, 0, len(c))
	for _, group := range slices.Sorted(maps.Keys(c)) {
		t := Table{Name: "things"}
		for key, value := range c[group] {
			t.Entries = append(t.Entries, Entry{Key: []byte(key), Value: []byte(value)})
		}
		list = append(list, Batch{Group: group, Head: []byte(strconv.Itoa(len(c[group]))), Tables: []Table{t}})
	}
	return list
}

// load is Options.Load.
func (c content) load(groups []*Group) error {
	clear(c)
	for _, g := range groups {
		things, err := loadGroup(g)
		if err != nil {
			return err
		}
		c[g.Name()] = things
	}
	return nil
}

func loadGroup(g *Group) (map[string]string, error) {
	head, err := g.Head()
	if err != nil {
		return nil, err
	}
	want, err := strconv.Atoi(string(head))
	if err != nil {
		return nil, fmt.Errorf("head: %w", err)
	}
	things := map[string]string{}
	return things, g.Each("things", want, func(key, value []byte) error {
		things[string(key)] = string(value)
		return nil
	})
}

// open opens a store, returns what it held, and closes it when the test ends.
func open(t *testing.T, dir string, migrations ...Migration) (*disk, content) {
	t.Helper()
	held := content{}
	s, err := Open(dir, Options{Logger: log.NewNopLogger(), Migrations: migrations, Load: held.load})
	if err != nil {
		t.Fatal(err)
	}
	d, ok := s.(*disk)
	if !ok {
		t.Fatalf("the store is a %T", s)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return d, held
}

func closeStore(t *testing.T, s Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func commit(t *testing.T, s Store, batches ...Batch) {
	t.Helper()
	if err := s.Commit(noon, batches); err != nil {
		t.Fatal(err)
	}
}

func sizeIn(t *testing.T, dir string) int64 {
	t.Helper()
	info, err := os.Stat(pathIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func pathIn(dir string) string { return filepath.Join(dir, fileName) }

// logged returns a logger and what it wrote.
func logged() (log.Logger, *bytes.Buffer) {
	var text bytes.Buffer
	return log.NewLogfmtLogger(&text), &text
}

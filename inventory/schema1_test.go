// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/store"
	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

// contentOf returns what the store in a directory holds, by group, table and key.
func contentOf(t *testing.T, dir string) (content map[string]string, inventories map[string]*Inventory) {
	t.Helper()
	content, inventories = map[string]string{}, map[string]*Inventory{}
	s, err := store.Open(dir, store.Options{Logger: log.NewNopLogger(), Migrations: migrations, Load: func(groups []*store.Group) error {
		for _, g := range groups {
			inv, err := Load(g)
			if err != nil {
				return err
			}
			inventories[g.Name()] = inv
			if err := addContent(content, g, inv); err != nil {
				return err
			}
		}
		return nil
	}})
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return content, inventories
}

func addContent(content map[string]string, g *store.Group, inv *Inventory) error {
	head, err := g.Head()
	if err != nil {
		return err
	}
	// An earlier version has not stored that there are no changes.
	content[g.Name()] = strings.Replace(string(head), `,"changes":0,"last_change":0,"changes_since":0`, "", 1)
	for table, n := range map[string]int{
		tableRecordings: inv.items.count, tableTargets: len(inv.holdings), tableHosts: len(inv.ledger.Hosts()),
	} {
		err := g.Each(table, n, func(key, value []byte) error {
			content[fmt.Sprintf("%s %s %q", g.Name(), table, key)] = string(value)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

var migrations = []store.Migration{MigrateToSchema2, MigrateToSchema3, MigrateToSchema4}

// TestSchema1IsMigrated loads testdata/schema1.db, which an earlier version wrote, and writes
// all of it again. The totals that it must give are in testdata of poll.
func TestSchema1IsMigrated(t *testing.T) {
	t.Parallel()
	old, err := os.ReadFile(filepath.Join("testdata", "schema1.db"))
	if err != nil {
		t.Fatal(err)
	}
	dir, again := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "state.db"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	want, inventories := contentOf(t, dir)
	if len(inventories) != 2 || len(want) < 30 {
		t.Fatalf("%d inventories, %d entries", len(inventories), len(want))
	}
	for group, inv := range inventories {
		for host, totals := range inv.ledger.Hosts() {
			if birth := wecom.InstantOf(inv.ledger.Birth); totals.Created != birth {
				t.Errorf("%s: %q was created at %d, want %d", group, host, totals.Created, birth)
			}
		}
	}
	s, _ := openIn(t, again)
	for group, inv := range inventories {
		inv.Track()
		inv.MarkUnsaved()
		b, _, err := inv.TakeBatch(group)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(noon, []store.Batch{b.Batch}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got, _ := contentOf(t, again)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("content of the store (-migrated +written again):\n%s", diff)
	}
}

// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"testing"

	"go.etcd.io/bbolt"
)

func TestGet(t *testing.T) {
	t.Parallel()
	s, _ := open(t, t.TempDir())
	commit(t, s, content{"a": {"1": "one", "2": ""}}.batches()...)
	err := s.database().update(func(tx *bbolt.Tx) error {
		table := tx.Bucket(bucketGroups).Bucket([]byte("a")).Bucket([]byte("things"))
		if err := table.Put([]byte("cut off"), []byte("abc")); err != nil {
			return err
		}
		return table.Put([]byte("moved"), table.Get([]byte("1")))
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		table, key, value string
		found             bool
		err               error
	}{
		"a value":       {table: "things", key: "1", value: "one", found: true},
		"an empty one":  {table: "things", key: "2", found: true},
		"no such key":   {table: "things", key: "3"},
		"no such table": {table: "others", key: "1"},
		"damaged":       {table: "things", key: "cut off", err: errCutOff},
		"of another":    {table: "things", key: "moved", err: errChecksum},
	} {
		_, err := s.Read("a", func(g *Group) error {
			value, found, err := g.Get(test.table, []byte(test.key))
			if string(value) != test.value || found != test.found || !errors.Is(err, test.err) {
				t.Errorf("%s: %q, %t, %v", name, value, found, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

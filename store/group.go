// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"

	"go.etcd.io/bbolt"
)

// The buckets and keys of a store. Each group has a bucket of its own in the one of all
// groups, with its head and a bucket for each of its tables. The names on disk are those
// of schema 1.
var (
	bucketMeta   = []byte("exporter")
	keySchema    = []byte("schema")
	keyCount     = []byte("corps") // how many groups there are
	bucketGroups = []byte("corps")
	keyHead      = []byte("ledger")
)

// fillPercent is how full a page becomes. Most keys are written in rising order.
const fillPercent = 0.95

// A Group is the part of a store that has one name. It is valid only in the call that
// it is an argument of.
type Group struct {
	name   []byte
	bucket *bbolt.Bucket
}

// Name returns the name of the group.
func (g *Group) Name() string { return string(g.name) }

// Head returns the head of the group.
func (g *Group) Head() ([]byte, error) {
	return unseal(headSeal(g.name), g.bucket.Get(keyHead))
}

// Each calls visit with every value of a table, in the order of the keys. It returns an
// error if there are not exactly want of them, so that a truncated table is noticed.
func (g *Group) Each(table string, want int, visit func(key, value []byte) error) error {
	n := 0
	if b := g.bucket.Bucket([]byte(table)); b != nil {
		err := b.ForEach(func(key, sealed []byte) error {
			value, err := unseal(key, sealed)
			if err != nil {
				return err
			}
			n++
			return visit(key, value)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	if n != want {
		return fmt.Errorf("%s: there are %d, and not %d", table, n, want)
	}
	return nil
}

// Get returns one value of a table, and whether there is one. It is valid in the same call as the
// group.
func (g *Group) Get(table string, key []byte) (value []byte, found bool, err error) {
	b := g.bucket.Bucket([]byte(table))
	if b == nil {
		return nil, false, nil
	}
	sealed := b.Get(key)
	if sealed == nil {
		return nil, false, nil
	}
	value, err = unseal(key, sealed)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", table, err)
	}
	return value, true, nil
}

// Put writes entries of a table. It is for migrations.
func (g *Group) Put(t Table) error {
	if err := t.write(g.bucket); err != nil {
		return fmt.Errorf("%s of group %q: %w", t.Name, g.name, err)
	}
	return nil
}

// write writes a batch into the bucket of all groups.
func (b *Batch) write(groups *bbolt.Bucket) error {
	name := []byte(b.Group)
	group, err := groups.CreateBucketIfNotExists(name)
	if err != nil {
		return fmt.Errorf("group %q: %w", b.Group, err)
	}
	for i := range b.Tables {
		if err := b.Tables[i].write(group); err != nil {
			return fmt.Errorf("%s of group %q: %w", b.Tables[i].Name, b.Group, err)
		}
	}
	if err := group.Put(keyHead, seal(headSeal(name), b.Head)); err != nil {
		return fmt.Errorf("head of group %q: %w", b.Group, err)
	}
	return nil
}

func (t *Table) write(group *bbolt.Bucket) error {
	b, err := group.CreateBucketIfNotExists([]byte(t.Name))
	if err != nil {
		return err
	}
	b.FillPercent = fillPercent
	slices.SortFunc(t.Entries, func(x, y Entry) int { return bytes.Compare(x.Key, y.Key) })
	for _, e := range t.Entries {
		if e.Value == nil {
			err = b.Delete(e.Key)
		} else {
			err = b.Put(e.Key, seal(e.Key, e.Value))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// groupsOf returns the groups of a store, of which there must be as many as were
// written.
func groupsOf(tx *bbolt.Tx) ([]*Group, error) {
	want, err := readNumber(tx.Bucket(bucketMeta), keyCount)
	if err != nil {
		return nil, fmt.Errorf("number of groups: %w", err)
	}
	var list []*Group
	all := tx.Bucket(bucketGroups)
	err = all.ForEachBucket(func(name []byte) error {
		list = append(list, &Group{name: name, bucket: all.Bucket(name)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("groups: %w", err)
	}
	if len(list) != want {
		return nil, fmt.Errorf("groups: there are %d, and not %d", len(list), want)
	}
	return list, nil
}

// checkValues returns an error if a value of a store is damaged.
func checkValues(tx *bbolt.Tx) error {
	groups, err := groupsOf(tx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if _, err := g.Head(); err != nil {
			return fmt.Errorf("head of group %q: %w", g.name, err)
		}
		err := g.bucket.ForEachBucket(func(table []byte) error {
			return g.bucket.Bucket(table).ForEach(func(key, sealed []byte) error {
				_, err := unseal(key, sealed)
				return err
			})
		})
		if err != nil {
			return fmt.Errorf("group %q: %w", g.name, err)
		}
	}
	return nil
}

// countGroups writes how many groups there are.
func countGroups(tx *bbolt.Tx) error {
	n := 0
	err := tx.Bucket(bucketGroups).ForEachBucket(func([]byte) error { n++; return nil })
	if err == nil {
		err = writeNumber(tx.Bucket(bucketMeta), keyCount, n)
	}
	if err != nil {
		return fmt.Errorf("counting the groups: %w", err)
	}
	return nil
}

func readNumber(b *bbolt.Bucket, key []byte) (int, error) {
	value, err := unseal(key, b.Get(key))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(value))
}

func writeNumber(b *bbolt.Bucket, key []byte, n int) error {
	return b.Put(key, seal(key, []byte(strconv.Itoa(n))))
}

// headSeal is what a head is sealed with: the name of the group too, so that no damage
// makes it the head of another one.
func headSeal(group []byte) []byte { return slices.Concat(group, []byte{0}, keyHead) }

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)

	errValue    = errors.New("a value cannot be read")
	errCutOff   = fmt.Errorf("%w: it is cut off", errValue)
	errChecksum = fmt.Errorf("%w: its checksum is wrong", errValue)
)

const sealSize = 4

// seal puts a checksum of key and value in front of the value.
func seal(key, value []byte) []byte {
	sum := crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, sealSize+len(value)), sum), value...)
}

// unseal returns the value of what seal returned for the same key.
func unseal(key, sealed []byte) ([]byte, error) {
	if len(sealed) < sealSize {
		return nil, errCutOff
	}
	value := sealed[sealSize:]
	sum := crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
	if sum != binary.BigEndian.Uint32(sealed) {
		return nil, errChecksum
	}
	return value, nil
}

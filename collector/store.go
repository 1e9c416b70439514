// Copyright The wecom_recording_exporter Authors
// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/wecom-recording-exporter/wecom_recording_exporter/wecom"
)

const (
	storeFile = "state.db"
	// How long to wait for another process that has the store.
	storeLockTimeout = time.Second
	// How soon a write that failed is tried again.
	firstWriteRetry   = 2 * time.Second
	longestWriteRetry = time.Minute
	// How full a page of recordings becomes, which are written in the order of
	// their numbers.
	recordingsFill = 0.95
)

// A migration turns the corps of a store of one schema into those of the next.
type migration func(corps *bbolt.Bucket) error

// migrations holds, at index i, the migration from schema i+1. The schema of this
// program is the last one that they lead to.
func migrations() []migration { return nil }

// The buckets and keys of a store. Each corp has a bucket of its own among the
// corps, with these in it.
var (
	bucketExporter   = []byte("exporter")
	keySchema        = []byte("schema")
	keyCorps         = []byte("corps") // how many there are
	bucketCorps      = []byte("corps")
	keyLedger        = []byte("ledger")
	bucketRecordings = []byte("recordings")
	bucketTargets    = []byte("targets")
	bucketHosts      = []byte("hosts")
)

// A corpKey names a corp in a store: by the value of its label and by its corp
// ID, so that two corps never mix.
type corpKey struct{ name, corpID string }

func (k corpKey) bytes() []byte { return []byte(k.name + "\x00" + k.corpID) }

// A store keeps inventories and ledgers on disk. What it cannot write, it goes on
// without. A nil store keeps nothing.
type store struct {
	path       string
	migrations []migration
	logger     log.Logger
	db         *bbolt.DB             // nil: nothing can be written
	loaded     map[string]*inventory // by corpKey, those that nobody took yet
	read       int                   // the last transaction that is in loaded

	mu        sync.Mutex
	written   bool // whether the last write succeeded
	lastWrite time.Time
	retryAt   time.Time
	retry     time.Duration
}

// errNewerSchema is why a store of a later version is refused.
var errNewerSchema = errors.New("it was written by a newer version of this program")

// A damage is why a store cannot be used.
type damage struct{ cause any }

// Error implements error.
func (d damage) Error() string { return fmt.Sprintf("it is damaged: %v", d.cause) }

// openStore opens the store in a directory, and makes both if they are not there.
// It returns an error if another process has the store, or a newer version wrote
// it. A damaged one is set aside. Where nothing can be written the store goes on
// in memory.
func openStore(dir string, steps []migration, logger log.Logger) (*store, error) {
	s := &store{path: filepath.Join(dir, storeFile), migrations: steps, logger: logger}
	s.logger = log.With(logger, "file", s.path)
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = s.open()
	}
	if damaged, ok := errors.AsType[damage](err); ok {
		if err = s.setAside(damaged); err == nil {
			err = s.open()
		}
	}
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return nil, s.inUse()
	case errors.Is(err, errNewerSchema):
		return nil, fmt.Errorf("%s: %w: run that version, or name another directory with --storage.path to count anew", s.path, err)
	case err != nil:
		s.goOnInMemory(err)
	}
	return s, nil
}

func (s *store) open() error {
	s.loaded, s.lastWrite = map[string]*inventory{}, time.Time{}
	return damageOnPanic(func() error {
		version, err := s.readAll()
		if err != nil {
			return err
		}
		return s.openToWrite(version)
	})
}

// damageOnPanic makes an error of a panic, which is how bbolt tells of much that is
// wrong with a file. It maps the file into memory, so one that is cut off faults.
func damageOnPanic(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if cause := recover(); cause != nil {
			err = damage{cause}
		}
	}()
	return do()
}

func (s *store) inUse() error {
	return fmt.Errorf("%s: another process uses this store: stop that one, or name another directory with --storage.path", s.path)
}

func (s *store) goOnInMemory(err error) {
	level.Error(s.logger).Log("msg", "the store cannot be written; going on in memory, and what is counted from now on is lost at the end of the process",
		"err", err, "remedy", remedyOf(err)+", then start the exporter again")
}

func remedyOf(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return "make room on the disk, or name a directory on another with --storage.path"
	case errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EACCES):
		return "let the user that the exporter runs as write to the directory, or name another with --storage.path"
	}
	return "see whether the disk is sound, or name a directory on another with --storage.path"
}

// setAside moves a damaged store out of the way.
func (s *store) setAside(d damage) error {
	aside := s.path + ".damaged-" + time.Now().UTC().Format("20060102T150405.000Z")
	if err := os.Rename(s.path, aside); err != nil {
		return fmt.Errorf("moving a damaged store out of the way: %w", err)
	}
	level.Error(s.logger).Log("msg", "the store was set aside, and counting begins anew", "err", d, "moved_to", aside,
		"remedy", "put a backup in the place of the file while the exporter is stopped; or delete what was set aside, if nobody needs to look at it")
	return nil
}

// readAll loads everything from the store without changing it, and so sees
// whether it is sound. It returns the version of the schema; 0 where there is no
// store.
func (s *store) readAll() (version int, err error) {
	info, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("looking for the store: %w", err)
	case info.Size() == 0:
		level.Warn(s.logger).Log("msg", "the store is empty, and counting begins anew")
		return 0, nil
	}
	db, err := bbolt.Open(s.path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: storeLockTimeout})
	if err != nil {
		return 0, openError(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		if tx.Size() > info.Size() {
			return damage{fmt.Sprintf("it has %d bytes, and should have %d", info.Size(), tx.Size())}
		}
		if err := checkPages(s.path, tx); err != nil {
			return damage{err}
		}
		s.read, s.lastWrite = tx.ID(), info.ModTime()
		if first, _ := tx.Cursor().First(); first == nil {
			return nil // Its first process was ended while it made the store.
		}
		if version, err = s.readSchema(tx); err != nil || version <= len(s.migrations) {
			return err // One of an earlier schema can be read once it was migrated.
		}
		return s.loadAll(tx)
	})
	return version, err
}

// openError tells an error of the system from one of what the file holds.
func openError(err error) error {
	_, isPath := errors.AsType[*fs.PathError](err)
	_, isErrno := errors.AsType[syscall.Errno](err)
	if isPath || isErrno || errors.Is(err, bbolterrors.ErrTimeout) {
		return fmt.Errorf("opening the store: %w", err)
	}
	return damage{err}
}

func (s *store) readSchema(tx *bbolt.Tx) (int, error) {
	exporter := tx.Bucket(bucketExporter)
	if exporter == nil || tx.Bucket(bucketCorps) == nil {
		return 0, damage{"it is no store of this program"}
	}
	version, err := readNumber(exporter, keySchema)
	switch current := len(s.migrations) + 1; {
	case err != nil:
		return 0, damage{fmt.Errorf("schema: %w", err)}
	case version < 1:
		return 0, damage{"it does not tell its schema"}
	case version > current:
		return 0, fmt.Errorf("%w: schema %d, and this version knows schemas up to %d", errNewerSchema, version, current)
	}
	return version, nil
}

// loadAll loads all corps, of which there must be as many as were stored.
func (s *store) loadAll(tx *bbolt.Tx) error {
	want, err := readNumber(tx.Bucket(bucketExporter), keyCorps)
	if err != nil {
		return damage{fmt.Errorf("corps: %w", err)}
	}
	corps := tx.Bucket(bucketCorps)
	err = corps.ForEachBucket(func(key []byte) error {
		inv, err := loadInventory(key, corps.Bucket(key))
		s.loaded[string(key)] = inv
		return err
	})
	if err == nil && len(s.loaded) != want {
		err = fmt.Errorf("corps: there are %d, and not %d", len(s.loaded), want)
	}
	if err != nil {
		clear(s.loaded)
		return damage{err}
	}
	return nil
}

// countCorps stores how many corps there are.
func countCorps(tx *bbolt.Tx) error {
	n := 0
	err := tx.Bucket(bucketCorps).ForEachBucket(func([]byte) error { n++; return nil })
	if err == nil {
		err = writeNumber(tx.Bucket(bucketExporter), keyCorps, n)
	}
	if err != nil {
		return fmt.Errorf("counting the corps: %w", err)
	}
	return nil
}

func readNumber(b *bbolt.Bucket, key []byte) (int, error) {
	value, err := unsealed(key, b.Get(key))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(value))
}

func writeNumber(b *bbolt.Bucket, key []byte, n int) error {
	return b.Put(key, sealed(key, []byte(strconv.Itoa(n))))
}

// openToWrite opens the store of a schema for good; 0 where there is none.
func (s *store) openToWrite(version int) error {
	// A list of free pages is not kept in the file: a damaged one would have pages
	// overwritten that are in use.
	db, err := bbolt.Open(s.path, 0o600, &bbolt.Options{Timeout: storeLockTimeout, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		if version == 0 && !errors.Is(err, bbolterrors.ErrTimeout) {
			os.Remove(s.path) // It is nothing, or the beginning of something, and nobody else's.
		}
		return fmt.Errorf("opening the store: %w", err)
	}
	if err = s.prepare(db, version); err != nil {
		db.Close()
		return err
	}
	s.db, s.written = db, true
	return nil
}

// prepare brings an open store from one schema to that of this program.
func (s *store) prepare(db *bbolt.DB, version int) error {
	err := db.View(func(tx *bbolt.Tx) error {
		if version == 0 && tx.Bucket(bucketExporter) == nil || version != 0 && tx.ID() == s.read {
			return nil
		}
		return bbolterrors.ErrTimeout // Another process wrote it since it was read.
	})
	current := len(s.migrations) + 1
	if err != nil || version == current {
		return err
	}
	if err := db.Update(func(tx *bbolt.Tx) error { return s.migrate(tx, version) }); err != nil {
		return fmt.Errorf("preparing the store for schema %d: %w", current, err)
	}
	if version == 0 {
		return nil
	}
	if err := db.View(s.loadAll); err != nil {
		return fmt.Errorf("reading the store after its migration from schema %d to %d: %w", version, current, err)
	}
	level.Info(s.logger).Log("msg", "the store was migrated", "from_schema", version, "to_schema", current)
	return nil
}

// migrate brings the store to the current schema.
func (s *store) migrate(tx *bbolt.Tx, version int) error {
	exporter, err := tx.CreateBucketIfNotExists(bucketExporter)
	if err != nil {
		return err
	}
	corps, err := tx.CreateBucketIfNotExists(bucketCorps)
	if err != nil {
		return err
	}
	if version > 0 {
		for _, step := range s.migrations[version-1:] {
			if err := step(corps); err != nil {
				return err
			}
		}
	}
	if err := writeNumber(exporter, keySchema, len(s.migrations)+1); err != nil {
		return err
	}
	return countCorps(tx)
}

// take returns what is stored of a corp; nil where that is nothing.
func (s *store) take(key corpKey) (*inventory, error) {
	if s == nil {
		return nil, nil //nolint:nilnil // Nothing is stored.
	}
	name := string(key.bytes())
	if inv := s.loaded[name]; inv != nil {
		delete(s.loaded, name)
		return inv, nil
	}
	if s.db == nil {
		return nil, nil //nolint:nilnil // Nothing is stored.
	}
	var inv *inventory
	err := s.db.View(func(tx *bbolt.Tx) (err error) {
		if b := tx.Bucket(bucketCorps).Bucket(key.bytes()); b != nil {
			inv, err = loadInventory(key.bytes(), b)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: reading what is stored of corp %s: %w: stop the exporter, and put a backup in the place of the file or move it away", s.path, key.name, err)
	}
	return inv, nil
}

// settle ends the start: what was loaded of corps that are not configured is let
// go, and deleted if it is so old that it tells nothing any more.
func (s *store) settle(now time.Time) error {
	if s == nil {
		return nil
	}
	var old [][]byte
	for name, inv := range s.loaded {
		if last := inv.lastSuccess; now.Sub(last) > abandonedAfter && now.Sub(inv.ledger.Birth) > abandonedAfter {
			old = append(old, []byte(name))
		}
	}
	s.loaded = map[string]*inventory{}
	if s.db == nil || len(old) == 0 {
		return nil
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range old {
			if err := tx.Bucket(bucketCorps).DeleteBucket(name); err != nil {
				return err
			}
		}
		return countCorps(tx)
	})
	if err != nil {
		return fmt.Errorf("%s: deleting what is stored of corps that are gone: %w", s.path, err)
	}
	return nil
}

// A changeSet is what has changed of a corp since it was last stored.
type changeSet struct {
	corp      corpKey
	inventory *inventory
	unsaved   *unsaved
	touched   map[string]struct{}

	ledger                     []byte
	recordings, targets, hosts []entry
}

// An entry is a key with its new value, or nil if it is deleted.
type entry struct{ key, value []byte }

// A saving tells what is to be done with what has changed.
type saving int

const (
	saveNever saving = iota
	saveLater
	saveNow
)

func (s *store) saving(now time.Time) saving {
	switch {
	case s == nil || s.db == nil:
		return saveNever
	case now.Before(s.retryAt):
		return saveLater
	}
	return saveNow
}

// commit writes changes, all or none. What could not be written is given back to
// the inventories, to be written later.
func (s *store) commit(now time.Time, sets []*changeSet) {
	if len(sets) == 0 {
		return
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, set := range sets {
			if err := set.write(tx.Bucket(bucketCorps)); err != nil {
				return err
			}
		}
		return countCorps(tx)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.written
	s.written = err == nil
	if err == nil {
		s.lastWrite, s.retry = now, 0
		if !before {
			level.Info(s.logger).Log("msg", "the store is written again")
		}
		return
	}
	for _, set := range sets {
		set.giveBack()
	}
	s.retry = min(max(2*s.retry, firstWriteRetry), longestWriteRetry)
	s.retryAt = now.Add(s.retry)
	if before {
		level.Error(s.logger).Log("msg", "the store cannot be written; going on in memory, and trying again",
			"err", err, "remedy", remedyOf(err))
	}
}

// collect gives the metrics of the store.
func (s *store) collect(ch chan<- prometheus.Metric) {
	if s == nil {
		ch <- storageLastWrite.gauge(0)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch <- storageLastWrite.gauge(wecom.InstantOf(s.lastWrite).Seconds())
	written := 0.0
	if s.written {
		written = 1
	}
	ch <- storageSuccessful.gauge(written)
}

func (s *store) close() {
	if s == nil || s.db == nil {
		return
	}
	if err := s.db.Close(); err != nil {
		level.Error(s.logger).Log("msg", "closing the store failed", "err", err)
	}
}

func (c *changeSet) write(corps *bbolt.Bucket) error {
	b, err := corps.CreateBucketIfNotExists(c.corp.bytes())
	if err != nil {
		return fmt.Errorf("writing the state of corp %s: %w", c.corp.name, err)
	}
	for _, part := range []struct {
		bucket  []byte
		entries []entry
	}{{bucketRecordings, c.recordings}, {bucketTargets, c.targets}, {bucketHosts, c.hosts}} {
		if err := writeEntries(b, part.bucket, part.entries); err != nil {
			return fmt.Errorf("writing the %s of corp %s: %w", part.bucket, c.corp.name, err)
		}
	}
	if err := b.Put(keyLedger, sealed(ledgerSeal(c.corp.bytes()), c.ledger)); err != nil {
		return fmt.Errorf("writing the ledger of corp %s: %w", c.corp.name, err)
	}
	return nil
}

func writeEntries(corp *bbolt.Bucket, name []byte, entries []entry) error {
	b, err := corp.CreateBucketIfNotExists(name)
	if err != nil {
		return err
	}
	b.FillPercent = recordingsFill
	slices.SortFunc(entries, func(x, y entry) int { return bytes.Compare(x.key, y.key) })
	for _, e := range entries {
		if e.value == nil {
			err = b.Delete(e.key)
		} else {
			err = b.Put(e.key, sealed(e.key, e.value))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// giveBack has the changes written later.
func (c *changeSet) giveBack() {
	inv := c.inventory
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.unsaved.add(c.unsaved)
	maps.Copy(inv.ledger.touched, c.touched)
	inv.saved = never
}

// ledgerSeal is what the ledger of a corp is sealed with: the corp's own key too,
// so that no damage makes it that of another.
func ledgerSeal(corp []byte) []byte { return slices.Concat(corp, []byte{0}, keyLedger) }

// castagnoli is what values are summed with.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sealSize = 4

// sealed puts a checksum of key and value in front of a value.
func sealed(key, value []byte) []byte {
	sum := crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, sealSize+len(value)), sum), value...)
}

// unsealed returns the value in what sealed made.
func unsealed(key, value []byte) ([]byte, error) {
	if len(value) < sealSize {
		return nil, errors.New("a value is cut off")
	}
	sum := crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value[sealSize:])
	if sum != binary.BigEndian.Uint32(value) {
		return nil, errors.New("the checksum of a value is wrong")
	}
	return value[sealSize:], nil
}

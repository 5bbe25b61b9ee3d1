// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cocket.example/witness/journal"
	bolt "go.etcd.io/bbolt"
)

const (
	lockTimeout        = time.Second // for another process to let go of the database
	defaultJournalSize = 16 << 20
)

// StateFiles says where a State is kept. Database is needed.
type StateFiles struct {
	Database string
	// Journal is the file of the journal. On another disk than the database it shows that one of them
	// was brought back from an older copy. Default: witness.journal beside the database.
	Journal string
	// JournalSize is that of a new journal, in bytes. Default 16 MiB.
	JournalSize int64

	openJournal func(path string) (journal.File, error)                         // nil: journal.OpenFile
	openDB      func(name string, flag int, mode os.FileMode) (*os.File, error) // nil: os.OpenFile
}

func (f StateFiles) withDefaults() StateFiles {
	if f.Journal == "" {
		f.Journal = filepath.Join(filepath.Dir(f.Database), "witness.journal")
	}
	if f.JournalSize == 0 {
		f.JournalSize = defaultJournalSize
	}
	if f.openJournal == nil {
		f.openJournal = journal.OpenFile
	}
	if f.openDB == nil {
		f.openDB = func(name string, flag int, mode os.FileMode) (*os.File, error) {
			return os.OpenFile(name, flag&^os.O_CREATE, mode)
		}
	}
	return f
}

// CreateState is StateFiles.Create for a database with its journal beside it.
func CreateState(path string) error { return StateFiles{Database: path}.Create() }

// OpenState is StateFiles.Open for a database with its journal beside it.
func OpenState(path string) (*State, error) { return StateFiles{Database: path}.Open() }

// Create makes an empty database and its journal, and the directory of each if there is none. It is
// an error if one of the files exists: a witness that forgets what it has cosigned can be made to
// cosign a fork. The files appear whole or not at all, the database last.
func (f StateFiles) Create() error {
	f = f.withDefaults()
	dir := filepath.Dir(f.Database)
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.MkdirAll(filepath.Dir(f.Journal), 0o700)); err != nil {
		return err
	}
	if _, err := os.Lstat(f.Database); err == nil {
		return fmt.Errorf("%s exists already", f.Database)
	}
	s := &State{id: newID()}
	if err := journal.CreateFile(f.Journal, s.id, journal.Position{}, f.JournalSize); err != nil {
		return fmt.Errorf("%w: a journal without its database; if it is of a state that was in use, put the "+
			"database back", err)
	}
	fresh := f.Database + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	defer os.Remove(fresh)
	if err := s.fill(fresh); err != nil {
		return fmt.Errorf("creating %s: %w", f.Database, err)
	}
	if err := os.Link(fresh, f.Database); err != nil { // unlike a rename, never over a file
		return err
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)), syncDir(filepath.Dir(filepath.Dir(f.Journal))))
}

func newID() (id journal.ID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// fill writes the buckets of a new database, synced.
func (s *State) fill(path string) error {
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{metaBucket, latestBucket, evidenceBucket} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return s.putMeta(tx.Bucket(metaBucket), journal.Position{})
	})
	return errors.Join(err, db.Close())
}

// putMeta writes all that the database says of itself.
func (s *State) putMeta(meta *bolt.Bucket, absorbed journal.Position) error {
	return errors.Join(
		meta.Put(formatKey, []byte(format)),
		meta.Put(idKey, s.id[:]),
		meta.Put(generationKey, binary.BigEndian.AppendUint64(nil, s.generation)),
		meta.Put(absorbedKey, encodePosition(absorbed)))
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open opens a state that Create made, and reads every record. A file that is missing, of another
// format, damaged or in use by another process is an error; so is a journal that is older than its
// database. An older database is no error: what is missing is taken from the journal, and if that
// does not reach back so far, nothing is cosigned for a log before it is known what was (see
// State.generation).
func (f StateFiles) Open() (*State, error) {
	f = f.withDefaults()
	db, err := f.openDatabase()
	if err != nil {
		return nil, err
	}
	s := emptyState()
	s.db = db
	if err := db.View(s.load); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.Database, err), db.Close())
	}
	if s.journal, err = f.openJournalOf(s); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := s.recover(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.Journal, err), s.journal.Close(), db.Close())
	}
	return s, nil
}

func (f StateFiles) openDatabase() (*bolt.DB, error) {
	db, err := bolt.Open(f.Database, 0o600, &bolt.Options{Timeout: lockTimeout, OpenFile: f.openDB})
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist: a new witness is created explicitly (init)", f.Database)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", f.Database, err)
	}
	return db, nil
}

// renewHint says what to do about a journal that is lost.
const renewHint = "put the latest one back, or, if it is lost, see \"cocket-witness renew --help\""

func (f StateFiles) openJournalOf(s *State) (*journal.Journal, error) {
	file, err := f.openJournal(f.Journal)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist, and only it knows what was cosigned last: %s", f.Journal, renewHint)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	j, err := journal.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Journal, err)
	}
	if j.ID() != s.id {
		return nil, errors.Join(fmt.Errorf("%s belongs to another database than %s: %s",
			f.Journal, f.Database, renewHint), j.Close())
	}
	return j, nil
}

// recover takes from the journal what the database has not absorbed.
func (s *State) recover() error {
	whole, err := s.journal.Replay(s.absorbed, func(payload []byte) error {
		return entries(payload, func(key string, r record) error {
			s.put(key, r)
			s.dirty[key] = r
			return nil
		})
	})
	if errors.Is(err, journal.ErrBehind) {
		return fmt.Errorf("%w: %s", err, renewHint)
	}
	if err != nil {
		return err
	}
	if !whole {
		s.doubt = fmt.Sprintf("the database is an older copy: it ends with record %d, and the journal does not "+
			"reach back to it", s.absorbed.Seq)
		s.generation++
	}
	if len(s.dirty) == 0 && whole {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.absorb()
}

// SPDX-License-Identifier: Apache-2.0

package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"
	"sort"
)

// A shelf keeps checkpoints in order of size, in one append-only file for each period and process,
// kept/<prefix><period>-<number>, record behind record:
//
//	crc32c  length  size  time   checkpoint
//	4       4       8     8      length
//	        ╰──── covered by the CRC ─────╯
//
// A file is written by one process only and never again after a failed write, so that bad records can
// only be its last, which were not acknowledged. Memory holds the first size of each file, and
// the records' places of the file that is written and of the one that was searched last.
type shelf struct {
	fs     FS
	prefix string
	period int64 // seconds that share a file
	forget int64 // drop a file when so many periods after its own have passed; 0: never

	books []*book // ascending
	file  File    // open for appending to the last book; nil: the next record begins a book
	read  *book   // searched last
}

// book is one file of a shelf.
type book struct {
	name    string
	period  int64
	number  int
	first   uint64   // size of its first checkpoint
	records []keptAt // nil: not read
}

// keptAt is the place of one record.
type keptAt struct {
	size   uint64
	time   int64
	offset int64
	length int
}

func (at keptAt) end() int64 { return at.offset + keptHeader + int64(at.length) }

const keptHeader = 4 + 4 + 8 + 8

func keptRecord(size uint64, unix int64, checkpoint []byte) []byte {
	b := make([]byte, 8, keptHeader+len(checkpoint))
	binary.BigEndian.PutUint32(b[4:], uint32(len(checkpoint)))
	b = binary.BigEndian.AppendUint64(b, size)
	b = binary.BigEndian.AppendUint64(b, uint64(unix))
	b = append(b, checkpoint...)
	binary.BigEndian.PutUint32(b, crc32.Checksum(b[4:], castagnoli))
	return b
}

// open lists the books. One without a whole record was never acknowledged, and is passed over.
func (s *shelf) open() error {
	names, err := s.fs.ReadDir("kept")
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		b, ok := s.parseBook(name)
		if !ok {
			continue
		}
		at, err := readKeptAt(s.fs, b.name)
		if err != nil {
			return err
		}
		if at == nil {
			continue
		}
		b.first = at.size
		s.books = append(s.books, b)
	}
	return nil
}

// readKeptAt reads the place of a file's first record; nil if there is none that was acknowledged.
func readKeptAt(fsys FS, name string) (*keptAt, error) {
	f, err := fsys.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	end, err := f.Size()
	if err != nil {
		return nil, err
	}
	at, err := scanKept(f, 0, end)
	if err != nil || at == nil {
		return nil, err
	}
	if _, err := readKept(f, *at); err != nil {
		if errors.Is(err, ErrDamaged) && at.end() == end { // the only one, which was cut short
			return nil, nil
		}
		return nil, fmt.Errorf("%s (restore it, or move it away: receipts are then for later checkpoints): %w", name, err)
	}
	return at, nil
}

// scanKept reads a record's header; nil if no record fits there.
func scanKept(f File, offset, end int64) (*keptAt, error) {
	if offset+keptHeader > end {
		return nil, nil
	}
	var header [keptHeader]byte
	if _, err := f.ReadAt(header[:], offset); err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(header[4:]))
	if n == 0 || n > checkpointLimit || offset+keptHeader+n > end {
		return nil, nil
	}
	return &keptAt{
		size: binary.BigEndian.Uint64(header[8:]), time: int64(binary.BigEndian.Uint64(header[16:])),
		offset: offset, length: int(n),
	}, nil
}

// readKept reads a record's checkpoint and checks it.
func readKept(f File, at keptAt) ([]byte, error) {
	b := make([]byte, keptHeader+at.length)
	if _, err := f.ReadAt(b, at.offset); err != nil {
		return nil, err
	}
	if crc32.Checksum(b[4:], castagnoli) != binary.BigEndian.Uint32(b) {
		return nil, fmt.Errorf("%w: kept checkpoint at byte %d", ErrDamaged, at.offset)
	}
	return b[keptHeader:], nil
}

// load reads the places of a book's records and drops, from its end, those that are not whole.
func (s *shelf) load(b *book) error {
	if b.records != nil {
		return nil
	}
	f, err := s.fs.OpenFile(b.name, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	end, err := f.Size()
	if err != nil {
		return err
	}
	var list []keptAt
	for at, err := scanKept(f, 0, end); at != nil || err != nil; at, err = scanKept(f, at.end(), end) {
		if err != nil {
			return err
		}
		list = append(list, *at)
	}
	for len(list) > 0 {
		if _, err := readKept(f, list[len(list)-1]); err == nil {
			break
		}
		list = list[:len(list)-1]
	}
	if len(list) == 0 {
		return fmt.Errorf("%w: %s", ErrDamaged, b.name)
	}
	if s.read != nil && s.read != b && !s.writing(s.read) {
		s.read.records = nil
	}
	b.records, s.read = list, b
	return nil
}

// writing reports whether b is the book that is written.
func (s *shelf) writing(b *book) bool { return s.file != nil && b == s.books[len(s.books)-1] }

// add appends a checkpoint durably.
func (s *shelf) add(size uint64, unix int64, checkpoint []byte) error {
	period := unix / s.period
	if n := len(s.books); s.file == nil || n > 0 && s.books[n-1].period < period {
		if err := s.begin(period, size); err != nil {
			return err
		}
	}
	b := s.books[len(s.books)-1]
	at := keptAt{size: size, time: unix, length: len(checkpoint)}
	if n := len(b.records); n > 0 {
		at.offset = b.records[n-1].end()
	}
	if err := writeSynced(s.file, keptRecord(size, unix, checkpoint), at.offset); err != nil {
		s.close() // never written again
		if len(b.records) == 0 {
			s.books = s.books[:len(s.books)-1]
		}
		return err
	}
	b.records = append(b.records, at)
	return nil
}

// begin opens the next book, and removes those that are to be forgotten.
func (s *shelf) begin(period int64, first uint64) error {
	s.close()
	b := &book{period: period, first: first}
	if n := len(s.books); n > 0 { // a clock that went back does not bring books out of order
		b.period = max(period, s.books[n-1].period)
	}
	for ; ; b.number++ {
		b.name = s.bookName(b.period, b.number)
		f, err := s.fs.OpenFile(b.name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.fs.SyncDir("kept"); err != nil {
			return errors.Join(err, f.Close())
		}
		s.file, s.books = f, append(s.books, b)
		break
	}
	for s.forget > 0 && s.books[0].period < b.period-s.forget {
		if err := s.fs.Remove(s.books[0].name); err != nil {
			return err
		}
		s.books = s.books[1:]
	}
	return nil
}

// last returns the place of the last record.
func (s *shelf) last() (keptAt, bool, error) {
	if len(s.books) == 0 {
		return keptAt{}, false, nil
	}
	b := s.books[len(s.books)-1]
	if err := s.load(b); err != nil {
		return keptAt{}, false, err
	}
	return b.records[len(b.records)-1], true, nil
}

// covering returns the earliest checkpoint of more than index entries; nil if there is none.
func (s *shelf) covering(index uint64) (keptAt, []byte, error) {
	// The first book that begins above index, and the one before it, which may end above index.
	i := sort.Search(len(s.books), func(i int) bool { return s.books[i].first > index })
	for _, b := range s.books[max(i-1, 0):min(i+1, len(s.books))] {
		if err := s.load(b); err != nil {
			return keptAt{}, nil, err
		}
		j := sort.Search(len(b.records), func(j int) bool { return b.records[j].size > index })
		if j == len(b.records) {
			continue
		}
		f, err := s.fs.OpenFile(b.name, os.O_RDONLY)
		if err != nil {
			return keptAt{}, nil, err
		}
		checkpoint, err := readKept(f, b.records[j])
		return b.records[j], checkpoint, errors.Join(err, f.Close())
	}
	return keptAt{}, nil, nil
}

func (s *shelf) close() {
	if s.file != nil {
		s.file.Close() // every acknowledged record of it was synced
		s.file = nil
	}
}

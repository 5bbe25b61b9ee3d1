// SPDX-License-Identifier: Apache-2.0

package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"cocket.example/log"
)

// A segment is one file of the write-ahead log, wal/<generation>. Its header says what it goes on
// from, so that a file left over from a failure cannot be taken for a part of the log:
//
//	"cocketw1"  identity  generation  predecessor  its end  first  chain   crc32c
//	8           16        8           8            8        8      32      4
//
// The predecessor ends at exactly the offset given; first is the index of the first entry that this
// segment can hold; chain is the hash of the record before it.
const (
	segmentMagic  = "cocketw1"
	segmentHeader = 8 + 16 + 8 + 8 + 8 + 8 + 32 + 4
	// segmentLimit is the length after which the next segment is begun.
	segmentLimit = 64 << 20
)

type segment struct {
	id             identity
	generation     uint64
	predecessor    uint64
	predecessorEnd uint64
	first          uint64
	chain          [32]byte
}

func segmentName(generation uint64) string { return fmt.Sprintf("wal/%016d", generation) }

func (s segment) bytes() []byte {
	b := append([]byte(segmentMagic), s.id[:]...)
	b = binary.BigEndian.AppendUint64(b, s.generation)
	b = binary.BigEndian.AppendUint64(b, s.predecessor)
	b = binary.BigEndian.AppendUint64(b, s.predecessorEnd)
	b = binary.BigEndian.AppendUint64(b, s.first)
	b = append(b, s.chain[:]...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func parseSegment(b []byte) (segment, error) {
	if len(b) < segmentHeader {
		return segment{}, errors.New("segment header is cut short")
	}
	s := segment{
		id:             identity(b[8:24]),
		generation:     binary.BigEndian.Uint64(b[24:]),
		predecessor:    binary.BigEndian.Uint64(b[32:]),
		predecessorEnd: binary.BigEndian.Uint64(b[40:]),
		first:          binary.BigEndian.Uint64(b[48:]),
		chain:          [32]byte(b[56:88]),
	}
	if string(s.bytes()) != string(b[:segmentHeader]) {
		return segment{}, errors.New("segment header is damaged")
	}
	return s, nil
}

// wal is the open end of the write-ahead log; the sequencer owns it.
type wal struct {
	fs   FS
	file File
	segment
	end  int64    // of the last acknowledged record
	next uint64   // index of the next entry
	last [32]byte // hash of the last record
	buf  []byte
}

// roll begins the next segment behind the last acknowledged record. It starts with a copy of what
// is acknowledged and not yet integrated, so that every older segment can go:
//
//	create · write header and copy · fdatasync · fsync wal/
func (w *wal) roll(needed []log.Entry) error {
	s := segment{
		id: w.id, generation: w.generation + 1,
		predecessor: w.generation, predecessorEnd: uint64(w.end),
		first: w.next - uint64(len(needed)), chain: w.last,
	}
	f, err := w.create(&s)
	if err != nil {
		return err
	}
	b, last := s.bytes(), w.last
	if len(needed) > 0 {
		r := record{id: s.id, generation: s.generation, first: s.first, mark: w.next, previous: last, entries: needed}
		b = r.append(b)
		last = recordHash(b[segmentHeader:])
	}
	if err := errors.Join(writeSynced(f, b, 0), w.fs.SyncDir("wal")); err != nil {
		return errors.Join(err, f.Close())
	}
	if w.file != nil {
		w.file.Close() // what is acknowledged of it was synced, the rest is abandoned
	}
	w.file, w.segment, w.end, w.last = f, s, int64(len(b)), last
	return nil
}

// create makes the segment's file. A number left behind by an attempt that failed is passed over.
func (w *wal) create(s *segment) (File, error) {
	for {
		f, err := w.fs.OpenFile(segmentName(s.generation), os.O_RDWR|os.O_CREATE|os.O_EXCL)
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
		s.generation++
	}
}

// trim removes the segments before this one.
func (w *wal) trim() error {
	generations, err := listSegments(w.fs)
	if err != nil {
		return err
	}
	for _, g := range generations {
		if g < w.generation {
			if err := w.fs.Remove(segmentName(g)); err != nil {
				return err
			}
		}
	}
	return nil
}

// append makes a group durable with one sync.
func (w *wal) append(entries []log.Entry) error {
	r := record{id: w.id, generation: w.generation, first: w.next, mark: w.next, previous: w.last, entries: entries}
	w.buf = r.append(w.buf[:0])
	if err := writeSynced(w.file, w.buf, w.end); err != nil {
		return err
	}
	w.end += int64(len(w.buf))
	w.next += uint64(len(entries))
	w.last = recordHash(w.buf)
	return nil
}

// mark writes an empty record that carries the durable mark, for the next start to tell a torn end
// from damage. Nothing is acknowledged with it, so it is not synced.
func (w *wal) mark() error {
	r := record{id: w.id, generation: w.generation, first: w.next, mark: w.next, previous: w.last}
	w.buf = r.append(w.buf[:0])
	if _, err := w.file.WriteAt(w.buf, w.end); err != nil {
		return err
	}
	w.end += int64(len(w.buf))
	w.last = recordHash(w.buf)
	return nil
}

func writeSynced(f File, b []byte, offset int64) error {
	if _, err := f.WriteAt(b, offset); err != nil {
		return err
	}
	return f.Sync()
}

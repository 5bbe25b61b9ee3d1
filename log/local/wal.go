// SPDX-License-Identifier: Apache-2.0

package local

import (
	"errors"
	"io/fs"
	"os"

	"cocket.example/log"
)

// A segment that is written for the first time is filled with zeros ahead of the records, as far again as
// it reaches but within these bounds, so that most syncs have nothing but bytes to make durable.
const (
	minAhead = 4 << 10
	maxAhead = 256 << 10
)

// wal is the open end of the write-ahead log; the sequencer owns it.
//
//	wal/…05  wal/…06  wal/…07 ▒▒▒▒▒▒▒▒▒▒▒▒·······    older ones are kept for Config.Retain bytes behind
//	▒▒▒▒▒▒▒  ▒▒▒▒▒▒▒          ╰ records ╯╰ zeros,     the tree, then become the next, overwritten in place
//	                                        or old
type wal struct {
	fs   FS
	file File
	segment
	end    int64    // of the last acknowledged record
	length int64    // of the file
	next   uint64   // index of the next entry
	last   [32]byte // hash of the last record
	newest uint64   // the highest generation that was ever used
	older  []older  // the segments before this one, ascending
	spare  uint64   // generation of a segment that becomes the next; 0: none
	limit  int64    // length after which the next segment is begun
	retain int64    // bytes of older segments to keep behind the tree
}

// older is a segment that is not written any more.
type older struct {
	generation uint64
	end        uint64 // index behind its last entry
	size       int64
}

// append makes a group durable with one sync, in a record that is made in buf.
func (w *wal) append(buf []byte, fresh []*log.Entry) (record, error) {
	r := newRecord(buf, head{w.id, w.generation, w.next, w.next, w.last}, fresh)
	if err := w.write(r); err != nil {
		return nil, err
	}
	return r, nil
}

func (w *wal) write(r record) error {
	end := w.end + int64(len(r))
	if end > w.length { // the zeros come first: readers of a torn write find no end of the file in it
		n := min(max(end, minAhead), maxAhead)
		if _, err := w.file.WriteAt(make([]byte, n), end); err != nil {
			return err
		}
		w.length = end + n
	}
	if err := writeSynced(w.file, r, w.end); err != nil {
		return err
	}
	w.end, w.next, w.last = end, r.end(), r.hash()
	return nil
}

// mark writes an empty record that carries the durable mark, for the next start to tell a torn end
// from damage. Nothing is acknowledged with it, so it is not synced.
func (w *wal) mark() error {
	r := newRecord(nil, head{w.id, w.generation, w.next, w.next, w.last}, nil)
	if w.end+int64(len(r)) > w.length {
		return nil // the state follows soon, and marks as much
	}
	if _, err := w.file.WriteAt(r, w.end); err != nil {
		return err
	}
	w.end, w.last = w.end+int64(len(r)), r.hash()
	return nil
}

// roll begins the next segment behind the last acknowledged record.
//
//	rename an old one, or create · write copies · fdatasync · write header · fdatasync · fsync wal/
//
// After a write or sync that failed, needed is what is acknowledged and not integrated: the new
// segment begins with a copy of it, from memory, so that nothing hangs on the file that failed. Without
// its header a segment is nothing, and a copy bears no mark that could make it look like more.
func (w *wal) roll(needed []record) error {
	s := segment{
		id: w.id, generation: max(w.generation, w.newest) + 1, predecessor: w.generation,
		predecessorEnd: uint64(w.end), first: w.next, mark: w.next, chain: w.last,
	}
	if len(needed) > 0 {
		s.first = needed[0].first()
	}
	f, length, err := w.create(&s)
	if err != nil {
		return err
	}
	w.newest = s.generation
	end, last, err := w.begin(f, s, needed)
	if err != nil {
		w.fs.Remove(segmentName(s.generation)) // one that stays goes at the next start
		return errors.Join(err, f.Close())
	}
	if w.file != nil {
		w.file.Close() // what is acknowledged of it was synced, the rest is abandoned
		w.older = append(w.older, older{w.generation, w.next, w.length})
	}
	w.file, w.segment, w.end, w.last = f, s, end, last
	w.length = max(length, w.end)
	return nil
}

// begin writes a segment's beginning durably. It returns where it ends, and the hash of its last record.
func (w *wal) begin(f File, s segment, needed []record) (end int64, last [32]byte, err error) {
	end, last = segmentHeader, s.chain
	for _, r := range needed {
		r = r.moved(s.generation, last)
		if _, err := f.WriteAt(r, end); err != nil {
			return 0, last, err
		}
		end, last = end+int64(len(r)), r.hash()
	}
	if len(needed) > 0 {
		if err := f.Sync(); err != nil {
			return 0, last, err
		}
	}
	return end, last, errors.Join(writeSynced(f, s.bytes(), 0), w.fs.SyncDir("wal"))
}

// create makes the segment's file. A number left behind by an attempt that failed is passed over.
func (w *wal) create(s *segment) (File, int64, error) {
	if f, length, err := w.recycle(s); f != nil || err != nil {
		return f, length, err
	}
	for {
		f, err := w.fs.OpenFile(segmentName(s.generation), os.O_RDWR|os.O_CREATE|os.O_EXCL)
		if !errors.Is(err, os.ErrExist) {
			return f, 0, err
		}
		s.generation++
	}
}

// recycle makes the spare segment the next one. Its old header and records bear another generation.
func (w *wal) recycle(s *segment) (File, int64, error) {
	if w.spare == 0 {
		return nil, 0, nil
	}
	to := segmentName(s.generation)
	if err := w.fs.Rename(segmentName(w.spare), to); err != nil {
		return nil, 0, err
	}
	w.spare = 0
	f, err := w.fs.OpenFile(to, os.O_RDWR)
	if err != nil {
		return nil, 0, err
	}
	length, err := f.Size()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, length, nil
}

// trim lets go of the segments that lie below the durable tree of this size and need not be
// retained. One of them becomes the spare, the others go.
func (w *wal) trim(size uint64) error {
	kept, n := int64(0), len(w.older)
	for ; n > 0; n-- {
		o := w.older[n-1]
		if o.end <= size && kept >= w.retain {
			break
		}
		kept += o.size
	}
	for _, o := range w.older[:n] {
		if w.spare == 0 && o.size >= w.limit {
			w.spare = o.generation
		} else if err := w.fs.Remove(segmentName(o.generation)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		w.older = w.older[1:]
	}
	return nil
}

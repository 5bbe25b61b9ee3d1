// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"cocket.example/internal/strict"
)

// ErrDamaged means that bytes which the log had acknowledged are not there as they were written.
// Nothing is written over them.
var ErrDamaged = errors.New("the log is damaged")

// listSegments returns the generations of the segments that are there, ascending.
func listSegments(fsys FS) ([]uint64, error) {
	names, err := fsys.ReadDir("wal")
	if err != nil {
		return nil, err
	}
	var generations []uint64
	for _, name := range names {
		if g, err := strict.Padded(name, 16); err == nil {
			generations = append(generations, g)
		}
	}
	slices.Sort(generations)
	return generations, nil
}

// replay reads the write-ahead log at the start.
type replay struct {
	fs   FS
	wal  *wal
	size uint64 // of the integrated tree
	take func(record) error
	cut  cut
}

// cut is what stands behind the end of the write-ahead log of a write that was cut short.
type cut struct {
	name  string // of the file that keeps it; empty: nothing stands there
	bytes []byte
}

// recoverWAL reads the segments from the one that goes on from the state, oldest first, gives every
// record that is not integrated whole to take, and returns the end of the log, behind which a new
// segment is to be begun. Segments form a chain through their headers; one that is not on it was
// abandoned, or waits to be overwritten, and is passed over.
func recoverWAL(fsys FS, st state, take func(record) error) (*wal, cut, error) {
	generations, err := listSegments(fsys)
	if err != nil {
		return nil, cut{}, err
	}
	chain, err := readChain(fsys, st, generations)
	if err != nil {
		return nil, cut{}, err
	}
	if len(chain) == 0 || chain[0].first > st.tree.Size {
		return nil, cut{}, fmt.Errorf("%w: no segment in wal/ goes on from entry %d; restore the "+
			"directory from a copy that is whole", ErrDamaged, st.tree.Size)
	}
	w := &wal{fs: fsys, next: chain[0].first}
	r := &replay{fs: fsys, wal: w, size: st.tree.Size, take: take}
	for i, s := range chain {
		var successor *segment
		if i+1 < len(chain) {
			successor = &chain[i+1]
		}
		if err := r.segment(s, successor); err != nil {
			return nil, cut{}, err
		}
		w.segment = s
	}
	if w.next < st.tree.Size {
		return nil, cut{}, fmt.Errorf("%w: the write-ahead log ends at entry %d, the tree has %d",
			ErrDamaged, w.next, st.tree.Size)
	}
	w.newest = generations[len(generations)-1]
	return w, r.cut, r.listOlder(generations)
}

// readChain follows the headers back from the newest segment that is whole to the one that goes on
// from the integrated tree, and returns the oldest first.
func readChain(fsys FS, st state, generations []uint64) (chain []segment, err error) {
	want, found := uint64(0), false
	for _, g := range slices.Backward(generations) {
		if found && (g != want || chain[len(chain)-1].first <= st.tree.Size) {
			continue
		}
		s, err := readHeader(fsys, st.id, g)
		if err == nil && s == nil && found {
			err = fmt.Errorf("%w: %s has the header of another segment", ErrDamaged, segmentName(g))
		}
		if err != nil {
			return nil, err
		}
		if s != nil {
			chain, want, found = append(chain, *s), s.predecessor, true
		}
	}
	slices.Reverse(chain)
	return chain, nil
}

// readHeader returns nil for a segment whose creation was cut short: its header is not there or is
// that of its use before, and no record was written behind it.
func readHeader(fsys FS, id identity, g uint64) (*segment, error) {
	b, unmap, err := fsys.Map(segmentName(g))
	if err != nil {
		return nil, err
	}
	defer unmap()
	s, err := parseSegment(b)
	switch {
	case err == nil && s.id != id:
		return nil, fmt.Errorf("%w: %s belongs to another log", ErrDamaged, segmentName(g))
	case err == nil && s.generation == g:
		return &s, nil
	case !holdsRecord(b, segment{id: id, generation: g}, 0):
		return nil, nil
	case err == nil:
		err = errors.New("the header of another segment")
	}
	return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, segmentName(g), err)
}

// segment reads the records of one segment: up to the end that its successor gives, if there is one,
// else to wherever the chain of records ends.
func (r *replay) segment(s segment, successor *segment) error {
	b, unmap, err := r.fs.Map(segmentName(s.generation))
	if err != nil {
		return err
	}
	defer unmap()
	if successor != nil {
		b = b[:min(successor.predecessorEnd, uint64(len(b)))]
	}
	at, w := segmentHeader, r.wal
	w.last = s.chain
	for offset, rec := range records(b, s) {
		if rec.first() > w.next {
			break
		}
		if rec.end() > max(w.next, r.size) {
			if err := r.take(rec); err != nil {
				return err
			}
		}
		w.next, w.last = max(w.next, rec.end()), rec.hash()
		at = offset + len(rec)
	}
	w.end = int64(at)
	switch {
	case w.next < s.mark:
		return fmt.Errorf("%w: %s ends at entry %d, %d were acknowledged when it was begun", ErrDamaged,
			segmentName(s.generation), w.next, s.mark)
	case successor == nil:
		return r.ends(s, b, at)
	case uint64(at) != successor.predecessorEnd && successor.first > w.next:
		return fmt.Errorf("%w: %s: no whole record at byte %d, want an end at %d", ErrDamaged,
			segmentName(s.generation), at, successor.predecessorEnd)
	}
	return nil // the copy in the successor goes on from here
}

// ends judges a place where no record goes on. A record further on that was written after this
// place had been acknowledged shows damage; otherwise the log ended here. What stands there of a
// write that was cut short is kept aside; zeros, and records of a use before, are nothing.
func (r *replay) ends(s segment, b []byte, at int) error {
	name := segmentName(s.generation)
	if holdsRecord(b[at:], s, r.wal.next) {
		return fmt.Errorf("%w: %s: no whole record at byte %d, though later ones follow on it; "+
			"restore the file, or the directory, from a copy that is whole", ErrDamaged, name, at)
	}
	if rest := b[at:]; len(rest) < recordLeaves || record(rest).head().generation != s.generation {
		return nil
	}
	n := bytes.Index(b[at:], make([]byte, minAhead))
	if n < 0 {
		n = len(b) - at
	}
	r.cut = cut{fmt.Sprintf("cut-%d-%d", s.generation, at), bytes.Clone(b[at : at+n])}
	return nil
}

// keep writes what was cut into a file of its own, for the operator.
func (c cut) keep(fsys FS) error {
	if c.name == "" {
		return nil
	}
	if err := writeFile(fsys, c.name, c.bytes); err != nil {
		return fmt.Errorf("keep aside the end of the write-ahead log: %w", err)
	}
	return fsys.SyncDir(".")
}

// holdsRecord reports whether b holds, anywhere, a whole record of this segment whose durable mark
// lies above next. The CRC is computed only where the log's identity stands, so that entries which
// are full of the beginnings of records cannot make it slow.
func holdsRecord(b []byte, s segment, next uint64) bool {
	for at := 0; ; at++ {
		n := bytes.Index(b[at:], []byte(recordMagic))
		if n < 0 {
			return false
		}
		at += n
		if len(b)-at < recordLeaves || record(b[at:]).head().id != s.id || record(b[at:]).head().generation != s.generation {
			continue
		}
		r, err := parseRecord(b[at:])
		if err == nil && r.head().mark > next {
			return true
		}
	}
}

// listOlder lists the segments that were read or passed over, to be trimmed.
func (r *replay) listOlder(generations []uint64) error {
	for _, g := range generations {
		f, err := r.fs.OpenFile(segmentName(g), 0)
		if err != nil {
			return err
		}
		size, err := f.Size()
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		r.wal.older = append(r.wal.older, older{g, r.wal.next, size})
	}
	return nil
}

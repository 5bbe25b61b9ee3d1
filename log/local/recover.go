// SPDX-License-Identifier: Apache-2.0

package local

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"cocket.example/log"
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
		g, err := strconv.ParseUint(name, 10, 64)
		if err == nil && segmentName(g) == "wal/"+name {
			generations = append(generations, g)
		}
	}
	slices.Sort(generations)
	return generations, nil
}

// replay is the write-ahead log as read at the start.
type replay struct {
	fs      FS
	id      identity
	size    uint64 // of the integrated tree
	next    uint64 // index behind the last entry read
	last    [32]byte
	entries []log.Entry // from size on
	cut     string      // what was kept aside, for the operator
}

// recoverWAL reads every segment that belongs to the log, oldest first, and returns its end, behind
// which a new segment is to be begun. Segments form a chain through their headers; one that is not
// on it was abandoned and is passed over.
func recoverWAL(fsys FS, st state) (*wal, *replay, error) {
	chain, newest, err := readChain(fsys, st.id)
	if err != nil {
		return nil, nil, err
	}
	if len(chain) == 0 || chain[0].first > st.tree.Size {
		return nil, nil, fmt.Errorf("%w: no segment in wal/ goes on from entry %d; restore the "+
			"directory from a copy that is whole", ErrDamaged, st.tree.Size)
	}
	r := &replay{fs: fsys, id: st.id, size: st.tree.Size, next: chain[0].first}
	w := &wal{fs: fsys}
	for i, s := range chain {
		end := uint64(0)
		var successor *segment
		if i+1 < len(chain) {
			successor, end = &chain[i+1], chain[i+1].predecessorEnd
		}
		if w.end, err = r.segment(s, end, successor); err != nil {
			return nil, nil, err
		}
		w.segment = s
	}
	if r.next < st.tree.Size {
		return nil, nil, fmt.Errorf("%w: the write-ahead log ends at entry %d, the tree has %d",
			ErrDamaged, r.next, st.tree.Size)
	}
	w.next, w.last = r.next, r.last
	w.generation = max(w.generation, newest)
	return w, r, nil
}

// readChain follows the headers back from the newest segment that is whole, and returns the oldest
// first. newest is the highest number that is taken.
func readChain(fsys FS, id identity) (chain []segment, newest uint64, err error) {
	generations, err := listSegments(fsys)
	if err != nil {
		return nil, 0, err
	}
	want, found := uint64(0), false
	for _, g := range slices.Backward(generations) {
		newest = max(newest, g)
		if found && g != want {
			continue
		}
		b, err := readFile(fsys, segmentName(g), segmentLimit+2*maxRecord)
		if err != nil {
			return nil, 0, err
		}
		s, err := parseSegment(b)
		switch {
		case err != nil && !found && !holdsRecord(b, segment{id: id, generation: g}, 0): // its creation was cut short
			continue
		case err != nil:
			return nil, 0, fmt.Errorf("%w: %s: %w", ErrDamaged, segmentName(g), err)
		case s.id != id || s.generation != g:
			return nil, 0, fmt.Errorf("%w: %s belongs to another log", ErrDamaged, segmentName(g))
		}
		chain = append(chain, s)
		want, found = s.predecessor, true
	}
	slices.Reverse(chain)
	return chain, newest, nil
}

// segment reads the records of one segment and returns where they end: at end exactly, if a
// successor says so, else wherever the chain of records ends.
func (r *replay) segment(s segment, end uint64, successor *segment) (int64, error) {
	name := segmentName(s.generation)
	b, err := readFile(r.fs, name, segmentLimit+2*maxRecord)
	if err != nil {
		return 0, err
	}
	if successor != nil {
		b = b[:min(end, uint64(len(b)))]
	}
	at := segmentHeader
	r.last = s.chain
	for at < len(b) {
		rec, n, err := parseRecord(b[at:])
		if err == nil && (rec.id != s.id || rec.generation != s.generation || rec.previous != r.last || rec.first > r.next) {
			err = errNoRecord
		}
		if err != nil {
			return int64(at), r.ends(s, b, at, successor)
		}
		r.take(rec)
		r.last = recordHash(b[at : at+n])
		at += n
	}
	if successor != nil && uint64(at) != end && successor.first > r.next {
		return 0, fmt.Errorf("%w: %s ends at byte %d, want %d", ErrDamaged, name, at, end)
	}
	return int64(at), nil
}

// take appends what is not read yet: a copy at the head of a segment overlaps the one before.
func (r *replay) take(rec record) {
	for i, e := range rec.entries {
		if index := rec.first + uint64(i); index == r.next {
			if index >= r.size {
				r.entries = append(r.entries, e)
			}
			r.next++
		}
	}
}

// ends judges a place where no record goes on. A record further on that was written after this
// place had been acknowledged shows damage; otherwise the log ended here, and what follows, a
// write that was cut short, is kept aside.
func (r *replay) ends(s segment, b []byte, at int, successor *segment) error {
	name := segmentName(s.generation)
	if successor != nil {
		if successor.first <= r.next {
			return nil // the copy in the successor goes on from here
		}
		return fmt.Errorf("%w: %s: no whole record at byte %d", ErrDamaged, name, at)
	}
	if holdsRecord(b[at:], s, r.next) {
		return fmt.Errorf("%w: %s: no whole record at byte %d, though later ones follow on it; "+
			"restore the file, or the directory, from a copy that is whole", ErrDamaged, name, at)
	}
	r.cut = fmt.Sprintf("cut-%d-%d", s.generation, at)
	if err := writeFile(r.fs, r.cut, b[at:]); err != nil {
		return fmt.Errorf("keep aside the end of %s: %w", name, err)
	}
	return r.fs.SyncDir(".")
}

// holdsRecord reports whether b holds, anywhere, a whole record of this segment whose durable mark
// lies above next. The CRC is computed only where the log's identity stands, so that entries which
// are full of the beginnings of records cannot make it slow.
func holdsRecord(b []byte, s segment, next uint64) bool {
	for i := 0; i+recordHeader+len(s.id) <= len(b); i++ {
		if b[i] != recordMagic[0] || string(b[i:i+4]) != recordMagic {
			continue
		}
		if identity(b[i+recordHeader:i+recordHeader+len(s.id)]) != s.id {
			continue
		}
		r, _, err := parseRecord(b[i:])
		if err == nil && r.generation == s.generation && r.mark > next {
			return true
		}
	}
	return false
}

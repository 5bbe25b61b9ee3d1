// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"cocket.example/log"
)

// index finds entries by leaf hash. It keeps 64 bits of each hash and asks for the stored leaf hash
// before it answers: leaf hashes are chosen by submitters, who can find two that agree in 64 bits. It
// is derived from the tree, holds no more than two tables in memory, and is rebuilt if lost.
//
//	newest entries      table in memory ──full──▶ frozen ──▶ index/<first>-<end>, a sorted run
//	older entries       runs, each at least about as long as all that follow: neighbours are merged
type index struct {
	fs FS
	id identity

	mu     sync.RWMutex // holds what follows; the sequencer alone changes table
	table  *table
	frozen *table // becomes a run; nil: none
	runs   []*run // ascending, without gaps, up to the first entry of frozen or table
	spare  *table
	closed bool
	buried []string // merged runs, to be removed after the next SyncAll

	touched byte // owned by the sequencer; keeps what sift reads ahead from being left out

	work  chan struct{} // something to do for run
	ready chan struct{} // frozen has become a run
}

func newIndex(fsys FS, id identity) *index {
	return &index{
		fs: fsys, id: id, table: newTable(0), spare: newTable(0),
		work: make(chan struct{}, 1), ready: make(chan struct{}, 1),
	}
}

func keyOf(leaf *[32]byte) uint64 { return binary.BigEndian.Uint64(leaf[:8]) }

// open takes over the runs on disk that are whole and follow each other from 0, none beyond size, and
// removes the others. It returns the index from which on entries are to be added.
func (x *index) open(size uint64) (next uint64, err error) {
	if err := x.fs.MkdirAll("index"); err != nil {
		return 0, err
	}
	names, err := x.fs.ReadDir("index")
	if err != nil {
		return 0, err
	}
	slices.Sort(names)
	for i := len(names) - 1; i >= 0; i-- { // of those that begin together, the longest first
		j := i
		for j > 0 && strings.SplitN(names[j-1], "-", 2)[0] == strings.SplitN(names[i], "-", 2)[0] {
			j--
		}
		slices.Reverse(names[j : i+1])
		i = j
	}
	for _, name := range names {
		if first, end, ok := parseRunName(name); ok && first == next && end <= size {
			if r, err := openRun(x.fs, x.id, first, end, true); err == nil {
				x.runs, next = append(x.runs, r), end
				continue
			}
		}
		if err := x.fs.Remove("index/" + name); err != nil {
			return 0, err
		}
	}
	x.table.reset(next)
	return next, nil
}

// add adds the next entry at the start. Full tables become runs at once.
func (x *index) add(ctx context.Context, leaf [32]byte) error {
	key := keyOf(&leaf)
	x.table.grow(1)
	slot := x.table.slot(key)
	for ok := true; ok; {
		_, slot, ok = x.table.find(key, slot)
	}
	x.table.put(key, slot)
	if !x.table.full() {
		return nil
	}
	x.freeze()
	if err := x.flush(); err != nil {
		return err
	}
	for x.mergeable() >= 0 {
		if err := x.merge(ctx); err != nil {
			return err
		}
	}
	return nil
}

// freeze sets a full table aside. The caller holds mu, or is alone.
func (x *index) freeze() {
	end := x.table.end()
	x.frozen, x.table, x.spare = x.table, x.spare, nil
	x.table.reset(end)
}

// room makes sure that the table takes a further group; the sequencer waits here when runs cannot be
// written fast enough.
func (x *index) room(ctx context.Context) error {
	for x.table.full() {
		x.mu.Lock()
		free := x.spare != nil
		if free {
			x.freeze()
		}
		x.mu.Unlock()
		if free {
			notify(x.work)
			return nil
		}
		select {
		case <-x.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (x *index) close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	var errs []error
	for _, r := range x.runs {
		errs = append(errs, r.unmap())
	}
	x.runs, x.closed = nil, true
	return errors.Join(errs...)
}

// grow makes room in the table for a whole group, so that none of its keys moves before they are dropped
// again, should they have to be.
func (x *index) grow(n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.table.grow(n)
}

// candidates returns the indexes of the entries whose leaf hashes begin like leaf, in the runs and in
// the tables.
func (x *index) candidates(leaf *[32]byte) (found []uint64, err error) {
	key := keyOf(leaf)
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return nil, fmt.Errorf("the index is closed: %w", fs.ErrClosed)
	}
	for _, r := range x.runs {
		found = r.append(found, key)
	}
	for _, t := range []*table{x.frozen, x.table} {
		if t == nil {
			continue
		}
		for slot, ok := t.slot(key), true; ok; {
			var i uint64
			if i, slot, ok = t.find(key, slot); ok {
				found = append(found, i)
			}
		}
	}
	return found, nil
}

// append appends the indexes under a key.
func (r *run) append(found []uint64, key uint64) []uint64 {
	if i := r.find(key); i >= 0 {
		for ; i < r.len() && r.key(i) == key; i++ {
			found = append(found, r.index(i))
		}
	}
	return found
}

// sift sets hit[i] where an older table or a run may hold batch[i]: candidates tells which. The first
// loop touches what the second reads, so that the memory's latencies overlap.
func (x *index) sift(batch []log.Entry, hit []bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var touched byte
	for _, r := range x.runs {
		for i := range batch {
			from, _ := r.bucket(keyOf(&batch[i].Leaf))
			touched |= r.keys[min(8*from, len(r.keys)-1)]
		}
		for i := range batch {
			if r.find(keyOf(&batch[i].Leaf)) >= 0 {
				hit[i] = true
			}
		}
	}
	x.touched = touched
	if t := x.frozen; t != nil {
		for i := range batch {
			key := keyOf(&batch[i].Leaf)
			if _, _, ok := t.find(key, t.slot(key)); ok {
				hit[i] = true
			}
		}
	}
}

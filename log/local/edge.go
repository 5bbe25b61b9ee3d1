// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

// A row is one level of the right edge, or the entry bundle below it: the tile that is not full
// yet, in memory and in a file that only grows. When the tile is full, its file is renamed to the
// tile's own name:
//
//	edge/1-0       ▒▒·······                 level 1, tile 0, 2 hashes
//	edge/0-2       ▒▒▒▒▒▒···   ──full──▶   tile/0/002
//	edge/entries-2 ▒▒▒▒▒▒···   ──full──▶   tile/entries/002
//
// A tile that is filled in one step gets its own name at once. Nothing is durable before SyncAll.
type row struct {
	entries bool
	level   uint64
	index   uint64
	width   int
	data    []byte // the whole content
	written int    // how much of it the file holds, as far as this process knows
	begun   bool   // in this step: nobody reads it yet
}

func (r *row) ref() tile.Ref {
	return tile.Ref{Entries: r.entries, Level: r.level, Index: r.index, Width: r.width}
}

func edgeName(ref tile.Ref) string {
	if ref.Entries {
		return fmt.Sprintf("edge/entries-%d", ref.Index)
	}
	return fmt.Sprintf("edge/%d-%d", ref.Level, ref.Index)
}

// copyTo makes to hold what r holds, in to's own memory.
func (r *row) copyTo(to *row) {
	data := append(to.data[:0], r.data...)
	*to = *r
	to.data, to.begun = data, false
}

// flushRow makes the row's file hold what the row holds:
//
//	written before:  write at the end
//	not written, or a step with it failed:  a new file, renamed over the old
func (e *edge) flushRow(r *row) error {
	name := edgeName(r.ref())
	if r.written == 0 {
		r.written = len(r.data)
		return e.replace(r, name)
	}
	f, err := e.fs.OpenFile(name, os.O_RDWR)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(r.data[r.written:], int64(r.written))
	r.written = len(r.data)
	return errors.Join(err, f.Close())
}

// edge is the right edge of the tree: the bundle, then the levels from 0 upwards.
type edge struct {
	fs     FS
	bundle *row
	levels []*row
	dirs   map[string]bool // that were made
	again  bool            // a step failed, and may have become durable all the same
	hasher tile.Hasher
}

// copyTo makes to hold what e holds, in to's own memory.
func (e *edge) copyTo(to *edge) {
	to.fs, to.dirs, to.again = e.fs, e.dirs, e.again
	if to.bundle == nil {
		to.bundle = new(row)
	}
	e.bundle.copyTo(to.bundle)
	to.levels = to.levels[:min(len(to.levels), len(e.levels))]
	for i, r := range e.levels {
		if i == len(to.levels) {
			to.levels = append(to.levels, new(row))
		}
		r.copyTo(to.levels[i])
	}
}

// add appends one entry and its leaf hash, as they were acknowledged.
func (e *edge) add(entry log.Entry) error {
	var err error
	if e.bundle.data, err = tile.AppendEntry(e.bundle.data, entry.Data); err != nil {
		return err
	}
	if e.bundle.width++; e.bundle.width == tile.Width {
		if err := e.fill(e.bundle); err != nil {
			return err
		}
	}
	return e.push(0, entry.Leaf)
}

func (e *edge) push(level int, hash [32]byte) error {
	if level == len(e.levels) {
		e.levels = append(e.levels, &row{level: uint64(level), begun: true})
	}
	r := e.levels[level]
	r.data = append(r.data, hash[:]...)
	if r.width++; r.width < tile.Width {
		return nil
	}
	root := e.hasher.Subtree(r.data)
	if err := e.fill(r); err != nil {
		return err
	}
	return e.push(level+1, root)
}

// fill makes a full row a tile under its own name and begins the next one.
func (e *edge) fill(r *row) error {
	name := r.ref().Path()
	if dir := path.Dir(name); !e.dirs[dir] {
		if err := e.fs.MkdirAll(dir); err != nil {
			return err
		}
		e.dirs[dir] = true
	}
	err := error(nil)
	if r.begun {
		err = e.replace(r, name)
	} else if err = e.flushRow(r); err == nil {
		err = e.fs.Rename(edgeName(r.ref()), name)
	}
	*r = row{entries: r.entries, level: r.level, index: r.index + 1, data: r.data[:0], begun: true}
	return err
}

// replace writes a row into a file of this name. What may stand there and be needed, by readers or after
// a crash, is there until the new file is durable; a row that was begun in this step nobody needs yet.
func (e *edge) replace(r *row, name string) error {
	if r.begun && !e.again {
		return putFile(e.fs, name, r.data)
	}
	if err := writeFile(e.fs, name+".new", r.data); err != nil {
		return err
	}
	return e.fs.Rename(name+".new", name)
}

// flush writes the rows that have grown.
func (e *edge) flush() error {
	for _, r := range e.rows() {
		if r.width == 0 || r.written == len(r.data) {
			continue
		}
		if err := e.flushRow(r); err != nil {
			return err
		}
	}
	return nil
}

func (e *edge) rows() []*row { return append([]*row{e.bundle}, e.levels...) }

// distrust makes the next attempt write new files from memory, after a step that failed: what the
// old ones hold on disk cannot be known any more. Readers have them until then.
func (e *edge) distrust() {
	e.again = true
	for _, r := range e.rows() {
		r.written = 0
	}
}

// root computes the root from the rows in memory. Whether to trust it is the business of the check
// before a signature, which reads everything back.
func (e *edge) root() [32]byte {
	var hash *[32]byte // of everything to the right of what is left to join
	for _, r := range e.levels {
		for data := r.data; len(data) > 0; {
			n := len(data) / tile.HashSize
			cut := (n - n&-n) * tile.HashSize // before the smallest complete subtree
			left := e.hasher.Subtree(data[cut:])
			if hash != nil {
				left = tile.Node(left, *hash)
			}
			hash, data = &left, data[:cut]
		}
	}
	if hash == nil {
		return emptyRoot
	}
	return *hash
}

// readEdge reads the right edge of the tree of this size as stored.
func readEdge(ctx context.Context, s *Storage, size uint64) (*edge, error) {
	e := &edge{fs: s.fs, dirs: make(map[string]bool)}
	e.bundle = &row{entries: true, index: size / tile.Width, width: int(size % tile.Width)}
	if e.bundle.width > 0 {
		var err error
		if e.bundle.data, err = s.ReadBundle(ctx, e.bundle.index, e.bundle.width); err != nil {
			return nil, err
		}
	}
	for level := uint64(0); level <= 63/tile.Height && size>>(level*tile.Height) > 0; level++ {
		hashes := size >> (level * tile.Height)
		r := &row{level: level, index: hashes / tile.Width, width: int(hashes % tile.Width)}
		if r.width > 0 {
			var err error
			if r.data, err = s.ReadTile(ctx, level, r.index, r.width); err != nil {
				return nil, err
			}
		}
		e.levels = append(e.levels, r)
	}
	return e, nil
}

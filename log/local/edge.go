// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
type row struct {
	entries bool
	level   uint64
	index   uint64
	width   int
	data    []byte // the whole content
	written int    // how much of it the file holds, as far as this process knows
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

// clone returns a row that can be changed without changing r.
func (r *row) clone() *row {
	c := *r
	c.data = append(make([]byte, 0, len(r.data)+tile.HashSize), r.data...)
	return &c
}

// flush makes the row's file hold what the row holds, durably but for the directory:
//
//	written before:  write at the end · fdatasync
//	not written, or a write or sync of it failed:  a new file · write · fdatasync · rename over the old
func (r *row) flush(fsys FS) error {
	name := edgeName(r.ref())
	if r.written == 0 {
		if err := writeFile(fsys, name+".new", r.data); err != nil {
			return err
		}
		r.written = len(r.data)
		return fsys.Rename(name+".new", name)
	}
	f, err := fsys.OpenFile(name, os.O_RDWR)
	if err != nil {
		return err
	}
	if err := writeSynced(f, r.data[r.written:], int64(r.written)); err != nil {
		return errors.Join(err, f.Close())
	}
	r.written = len(r.data)
	return f.Close()
}

// edge is the right edge of the tree: the bundle, then the levels from 0 upwards.
type edge struct {
	fs     FS
	bundle *row
	levels []*row
	dirs   *dirs
}

func (e *edge) clone() *edge {
	c := &edge{fs: e.fs, bundle: e.bundle.clone(), dirs: newDirs(e.fs, "edge")}
	for _, r := range e.levels {
		c.levels = append(c.levels, r.clone())
	}
	return c
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
	return e.push(0, entry.Leaf[:])
}

func (e *edge) push(level int, hash []byte) error {
	if level == len(e.levels) {
		e.levels = append(e.levels, &row{level: uint64(level)})
	}
	r := e.levels[level]
	r.data = append(r.data, hash...)
	if r.width++; r.width < tile.Width {
		return nil
	}
	root := tile.Subtree(r.data)
	if err := e.fill(r); err != nil {
		return err
	}
	return e.push(level+1, root)
}

// fill makes a full row a tile under its own name and begins the next one:
//
//	write the rest · fdatasync · rename edge/… → tile/…
func (e *edge) fill(r *row) error {
	from := edgeName(r.ref())
	if err := r.flush(e.fs); err != nil {
		return err
	}
	name := r.ref().Path()
	if err := e.dirs.make(path.Dir(name)); err != nil {
		return err
	}
	if err := e.fs.Rename(from, name); err != nil {
		return err
	}
	*r = row{entries: r.entries, level: r.level, index: r.index + 1}
	return nil
}

// sync makes the rows and the directories durable.
func (e *edge) sync() error {
	for _, r := range append([]*row{e.bundle}, e.levels...) {
		if r.width == 0 || r.written == len(r.data) {
			continue
		}
		if err := r.flush(e.fs); err != nil {
			return err
		}
	}
	return e.dirs.sync()
}

// distrust makes the next attempt write new files from memory, after a write or sync that failed:
// what the old ones hold on disk cannot be known any more. Readers have them until then.
func (e *edge) distrust() {
	for _, r := range append([]*row{e.bundle}, e.levels...) {
		r.written = 0
	}
}

// readEdge reads the right edge of the tree of this size as stored.
func readEdge(ctx context.Context, s *Storage, size uint64) (*edge, error) {
	e := &edge{fs: s.fs}
	e.bundle = &row{entries: true, index: size / tile.Width, width: int(size % tile.Width)}
	if e.bundle.width > 0 {
		var err error
		if e.bundle.data, err = s.ReadBundle(ctx, e.bundle.index, e.bundle.width); err != nil {
			return nil, err
		}
	}
	for level := uint64(0); size>>(level*tile.Height) > 0; level++ {
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

// ReadTile reads a tile of any width that the tree ever had (TT-12): from the full tile, or from
// the growing file of the right edge.
func (s *Storage) ReadTile(_ context.Context, level, index uint64, width int) ([]byte, error) {
	ref := tile.Ref{Level: level, Index: index, Width: width}
	b, err := s.readRow(ref, tile.Width*tile.HashSize)
	if err != nil {
		return nil, err
	}
	if len(b) < width*tile.HashSize {
		return nil, fmt.Errorf("%w: %s has %d bytes, want %d", ErrDamaged, ref.Path(), len(b), width*tile.HashSize)
	}
	return b[:width*tile.HashSize], nil
}

// ReadBundle reads the first entries of a bundle.
func (s *Storage) ReadBundle(_ context.Context, index uint64, width int) ([]byte, error) {
	ref := tile.Ref{Entries: true, Index: index, Width: width}
	b, err := s.readRow(ref, tile.Width*(2+tile.MaxEntry))
	if err != nil {
		return nil, err
	}
	rest := b
	for range width {
		if _, rest, err = tile.CutEntry(rest); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, ref.Path(), err)
		}
	}
	return b[:len(b)-len(rest)], nil
}

// readRow reads the full file, else the growing one, else again the full one, which the growing
// one may just have become. Nothing is read that the integrated tree has not, whatever lies on disk.
func (s *Storage) readRow(ref tile.Ref, limit int64) ([]byte, error) {
	if has := tile.WidthAt(ref.Level, ref.Index, s.tree.Load().Size); ref.Width < 1 || ref.Width > has {
		return nil, fmt.Errorf("tile %d of level %d has width %d, want %d: %w",
			ref.Index, ref.Level, has, ref.Width, fs.ErrNotExist)
	}
	full := ref
	full.Width = tile.Width
	for _, name := range []string{full.Path(), edgeName(ref), full.Path()} {
		b, err := readFile(s.fs, name, limit)
		if err == nil {
			return b, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil, fmt.Errorf("%w: %s is missing", ErrDamaged, full.Path())
}

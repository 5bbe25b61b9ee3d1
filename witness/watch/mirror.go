// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"cocket.example/internal/tile"
	"cocket.example/receipt"
	"cocket.example/witness"
)

// mirror is a copy of a log in the layout of c2sp.org/tlog-tiles. What its checkpoint covers is whole
// at every moment:
//
//	full bundles and tiles ▸ partial ones of the new size ▸ sync ▸ checkpoint ▸ sync ▸ partial ones
//	under a full one go
//
// Beyond the checkpoint there may be bundles and tiles that no signed root has confirmed yet.
type mirror struct {
	dir     string
	size    uint64 // of the checkpoint; 0: there is none
	minFree uint64 // bytes that stay free on the file system

	mu    sync.Mutex
	dirty map[string]bool // directories whose names are not durable yet
}

// marker is the file that makes a directory a mirror. It holds the origin and LF.
const (
	marker        = "mirror-of"
	maxCheckpoint = receipt.MaxCheckpoint
)

// openMirror opens the mirror of a log, or begins one in an empty directory; fresh says so. Any other
// directory is refused.
func openMirror(dir string, log witness.Log) (m *mirror, fresh bool, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, false, err
	}
	m = &mirror{dir: filepath.Clean(dir), dirty: make(map[string]bool)}
	origin := log.Origin() + "\n"
	text, err := readFile(filepath.Join(dir, marker), 1<<10)
	switch {
	case err == nil && string(text) == origin:
		return m, false, nil
	case err == nil:
		return nil, false, fmt.Errorf("mirror %s is of another log, %.80q", dir, text)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, false, err
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, false, err
	}
	for _, name := range names {
		if name.Name() != marker+".new" { // left by a crash
			return nil, false, fmt.Errorf("mirror %s holds something else: want an empty directory", dir)
		}
	}
	return m, true, nil
}

// begin makes the directory a mirror for good.
func (m *mirror) begin(log witness.Log) error {
	err := replace(filepath.Join(m.dir, marker), []byte(log.Origin()+"\n"))
	return errors.Join(err, syncDir(m.dir), syncDir(filepath.Dir(m.dir)))
}

// proven reads what the mirror's checkpoint covers. The log must have signed it, and the tiles of the
// right edge must give its root.
func (m *mirror) proven(ctx context.Context, log witness.Log) (proven, error) {
	none := newState(log.Origin()).Proven
	note, err := readFile(filepath.Join(m.dir, "checkpoint"), maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	c, signatures, err := receipt.ParseCheckpoint(note)
	if err != nil {
		return none, m.damaged(err)
	}
	isSigned := func(k receipt.VerifierKey) bool { return k.VerifyLog(c, signatures) == nil }
	if c.Origin != log.Origin() || !slices.ContainsFunc(log.Keys, isSigned) {
		return none, m.damaged(fmt.Errorf("its checkpoint is not signed by %s", log.Origin()))
	}
	t := tree{Size: c.Size / tile.Width * tile.Width}
	leaves, err := m.row(0, c.Size)
	for level := uint64(1); err == nil && c.Size>>(level*tile.Height) > 0; level++ {
		var row []byte
		row, err = m.row(level, c.Size)
		t.Rows = append(t.Rows, row)
	}
	if err != nil {
		return none, m.damaged(err)
	}
	root, err := t.root(ctx, leaves)
	if err != nil || root != c.Root {
		return none, m.damaged(errors.Join(err, errors.New("its tiles do not have the root of its checkpoint")))
	}
	m.size = c.Size
	return proven{c.Size, c.Root[:], t}, nil
}

func (m *mirror) damaged(err error) error {
	return fmt.Errorf("mirror %s: %w: repair it (cocket fsck), or give an empty directory", m.dir, err)
}

// row reads the partial tile of a level at the right edge; nothing where there is none.
func (m *mirror) row(level, size uint64) ([]byte, error) {
	index := size >> (level * tile.Height) / tile.Width
	ref := tile.Ref{Level: level, Index: index, Width: tile.WidthAt(level, index, size)}
	if ref.Width == 0 {
		return nil, nil
	}
	row, err := readFile(m.path(ref), tile.Width*tile.HashSize)
	if err == nil && len(row) != ref.Width*tile.HashSize {
		err = fmt.Errorf("%s has %d bytes", ref.Path(), len(row))
	}
	return row, err
}

func (m *mirror) path(ref tile.Ref) string {
	return filepath.Join(m.dir, filepath.FromSlash(ref.Path()))
}

// holds reports whether the last bundle of a tree of whole ones is there.
func (m *mirror) holds(t tree) bool {
	if t.Size == 0 {
		return true
	}
	_, err := os.Stat(m.path(tile.Ref{Entries: true, Index: t.Size/tile.Width - 1, Width: tile.Width}))
	return err == nil
}

// put writes a tile or bundle, durable after the next flush. A log may serve without end, so the disk
// is not filled, on which others may depend.
func (m *mirror) put(ref tile.Ref, b []byte) error {
	if free, err := freeBytes(m.dir); err != nil || free < m.minFree {
		return errors.Join(err, fmt.Errorf("mirror %s: %d MiB free on the disk, want %d", m.dir, free>>20, m.minFree>>20))
	}
	path := m.path(ref)
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	m.mu.Lock()
	for d := dir; len(d) >= len(m.dir) && !m.dirty[d]; d = filepath.Dir(d) {
		m.dirty[d] = true
	}
	m.mu.Unlock()
	return replace(path, b)
}

// flush makes durable what was put.
func (m *mirror) flush() error {
	m.mu.Lock()
	dirs := m.dirty
	m.dirty = make(map[string]bool)
	m.mu.Unlock()
	for dir := range dirs {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// publish makes a checkpoint the mirror's. Its full tiles and bundles are there; the partial ones are
// those of the edge and, where there are leaves, the bundle.
func (m *mirror) publish(s signed, t tree, end bundle) error {
	if len(end.leaves) > 0 {
		if err := m.put(end.ref, end.raw); err != nil {
			return err
		}
	}
	for _, p := range t.edge(end.leaves) {
		if tile.WidthAt(p.ref.Level, p.ref.Index, m.size) == p.ref.Width {
			continue // it is there since the size before
		}
		if err := m.put(p.ref, p.hashes); err != nil {
			return err
		}
	}
	if err := m.flush(); err != nil {
		return err
	}
	if err := replace(filepath.Join(m.dir, "checkpoint"), s.note); err != nil {
		return err
	}
	if err := syncDir(m.dir); err != nil {
		return err
	}
	last := m.size
	m.size = s.checkpoint.Size
	return m.collect(last)
}

// collect removes the partial tiles and bundles of the size published before whose full one the
// published tree has (TT-12).
func (m *mirror) collect(last uint64) error {
	for level := range uint64(tile.Height) {
		index := last >> (level * tile.Height) / tile.Width
		if tile.WidthAt(level, index, last) == 0 || tile.WidthAt(level, index, m.size) < tile.Width {
			continue
		}
		for _, entries := range []bool{true, false} {
			ref := tile.Ref{Entries: entries, Level: level, Index: index, Width: 1}
			if entries && level > 0 {
				continue
			}
			if err := os.RemoveAll(filepath.Dir(m.path(ref))); err != nil { // …/000.p
				return err
			}
		}
	}
	return nil
}

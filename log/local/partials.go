// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"cocket.example/internal/tile"
)

// partials are the tiles and the bundle that are not full in a tree of this size. Those of the
// published tree stand under their tlog-tiles names, as tile/0/001.p/17, for other programs that
// read the directory; this one serves every width from the growing files.
func partials(size uint64) map[tile.Ref]bool {
	refs := make(map[tile.Ref]bool)
	if width := int(size % tile.Width); width > 0 {
		refs[tile.Ref{Entries: true, Index: size / tile.Width, Width: width}] = true
	}
	for level := uint64(0); size>>(level*tile.Height) > 0 && level < 8; level++ {
		hashes := size >> (level * tile.Height)
		if width := int(hashes % tile.Width); width > 0 {
			refs[tile.Ref{Level: level, Index: hashes / tile.Width, Width: width}] = true
		}
	}
	return refs
}

// writePartials gives the rows of the right edge a second name: no byte is written. A row that has
// grown beyond the published width is copied instead. Nothing needs to be durable: an opened log
// makes the names anew.
//
// A row with a second name grows on: until the next publication its file may hold more than its width
// says, behind what it says. Exact copies would cost a whole tile and bundle for each publication.
func (s *Storage) writePartials(ctx context.Context, refs map[tile.Ref]bool) error {
	for ref := range refs {
		name := ref.Path()
		if err := s.fs.MkdirAll(path.Dir(name)); err != nil {
			return err
		}
		if err := s.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		b, err := s.readRow(ref, maxBundle)
		if err != nil {
			return err
		}
		if exact, err := cutRow(ref, b); err != nil {
			return err
		} else if len(exact) < len(b) || s.fs.Link(edgeName(ref), name) != nil {
			if err := putFile(s.fs, name, exact); err != nil {
				return err
			}
		}
	}
	return nil
}

// removePartials drops the copies that a publication superseded, and their directories as these
// become empty. One that cannot be removed does no harm.
func (s *Storage) removePartials(old, current map[tile.Ref]bool) {
	for ref := range old {
		if !current[ref] {
			s.fs.Remove(ref.Path())
			s.fs.Remove(path.Dir(ref.Path())) // refused while the next width stands in it
		}
	}
}

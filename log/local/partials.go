// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
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

// writePartials writes tiles durably, each directory above them synced once:
//
//	for each:  mkdir -p · write .new · fdatasync · rename
//	fsync of every directory, from the lowest up
func (s *Storage) writePartials(ctx context.Context, refs map[tile.Ref]bool) error {
	dirs := newDirs(s.fs)
	for ref := range refs {
		var b []byte
		var err error
		if ref.Entries {
			b, err = s.ReadBundle(ctx, ref.Index, ref.Width)
		} else {
			b, err = s.ReadTile(ctx, ref.Level, ref.Index, ref.Width)
		}
		if err != nil {
			return err
		}
		name := ref.Path()
		if err := dirs.make(path.Dir(name)); err != nil {
			return err
		}
		if err := writeFile(s.fs, name+".new", b); err != nil {
			return err
		}
		if err := s.fs.Rename(name+".new", name); err != nil {
			return err
		}
	}
	return dirs.sync()
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

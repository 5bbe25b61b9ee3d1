// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"cocket.example/internal/tile"
)

// maxBundle is the most bytes of a bundle.
const maxBundle = tile.Width * (2 + tile.MaxEntry)

// ReadTile reads a tile of any width that the tree ever had (TT-12): from the full tile, or from
// the growing file of the right edge.
func (s *Storage) ReadTile(_ context.Context, level, index uint64, width int) ([]byte, error) {
	return s.readExact(tile.Ref{Level: level, Index: index, Width: width}, tile.Width*tile.HashSize)
}

// ReadBundle reads the first entries of a bundle.
func (s *Storage) ReadBundle(_ context.Context, index uint64, width int) ([]byte, error) {
	return s.readExact(tile.Ref{Entries: true, Index: index, Width: width}, maxBundle)
}

func (s *Storage) readExact(ref tile.Ref, limit int64) ([]byte, error) {
	b, err := s.readRow(ref, limit)
	if err != nil {
		return nil, err
	}
	return cutRow(ref, b)
}

// cutRow cuts what a tile or bundle of this width has from the beginning of a wider one.
func cutRow(ref tile.Ref, b []byte) ([]byte, error) {
	if !ref.Entries {
		if n := ref.Width * tile.HashSize; len(b) >= n {
			return b[:n], nil
		}
		return nil, fmt.Errorf("%w: %s has %d bytes, want %d", ErrDamaged, ref.Path(), len(b), ref.Width*tile.HashSize)
	}
	rest := b
	for range ref.Width {
		var err error
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
	full, edge := ref, edgeName(ref)
	full.Width = tile.Width
	names := []string{full.Path(), edge, full.Path()}
	if tile.WidthAt(ref.Level, ref.Index, s.tree.Load().Size) < tile.Width {
		names = []string{edge, full.Path(), edge}
	}
	for _, name := range names {
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

// SPDX-License-Identifier: Apache-2.0

package fsck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"cocket.example/internal/tile"
)

// Bounds on files in bytes.
const (
	maxCheckpoint = 128 << 10
	maxBundle     = tile.Width * (2 + tile.MaxEntry)
)

// Dir reads a log in a directory of the layout of c2sp.org/tlog-tiles. A tile or bundle that is not
// full is read under its own name, else from the file that grows until it is full, else from the
// full one:
//
//	tile/0/002.p/17 ▸ edge/0-2 ▸ tile/0/002
//	tile/entries/002.p/17 ▸ edge/entries-2 ▸ tile/entries/002
type Dir string

var (
	_ Source = Dir("")
	_ copier = Dir("")
)

// Checkpoint reads the file checkpoint.
func (d Dir) Checkpoint(context.Context) ([]byte, error) {
	return readBounded(d.path(checkpointPath), maxCheckpoint)
}

// ReadTile reads a tile of width hashes, as they stand there.
func (d Dir) ReadTile(_ context.Context, level, index uint64, width int) ([]byte, error) {
	return d.read(tile.Ref{Level: level, Index: index, Width: width}, nil)
}

// ReadBundle reads a bundle of width entries, as they stand there.
func (d Dir) ReadBundle(_ context.Context, index uint64, width int) ([]byte, error) {
	return d.read(tile.Ref{Entries: true, Index: index, Width: width}, nil)
}

// ReadBundleInto is ReadBundle that reads into room where that is large enough.
func (d Dir) ReadBundleInto(_ context.Context, ref tile.Ref, room []byte) ([]byte, error) {
	return d.read(ref, room)
}

func (d Dir) path(name string) string { return filepath.Join(string(d), filepath.FromSlash(name)) }

// read reads into buf where that is large enough: millions of bundles are read one after another.
func (d Dir) read(ref tile.Ref, buf []byte) ([]byte, error) {
	limit := int64(tile.Width * tile.HashSize)
	if ref.Entries {
		limit = maxBundle
	}
	b, err := readInto(buf, d.path(ref.Path()), limit)
	if ref.Width == tile.Width || !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	full := ref
	full.Width = tile.Width
	for _, name := range []string{edgeName(ref), full.Path()} {
		if b, err = readBounded(d.path(name), limit); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return prefix(ref, b)
}

// readCopy reads the growing file, where there is one.
func (d Dir) readCopy(ref tile.Ref) ([]byte, string, error) {
	name := edgeName(ref)
	b, err := readBounded(d.path(name), maxBundle)
	if err == nil {
		b, err = prefix(ref, b)
	}
	return b, name, err
}

func edgeName(ref tile.Ref) string {
	if ref.Entries {
		return fmt.Sprintf("edge/entries-%d", ref.Index)
	}
	return fmt.Sprintf("edge/%d-%d", ref.Level, ref.Index)
}

// prefix returns the first hashes or entries of a wider tile or bundle.
func prefix(ref tile.Ref, b []byte) ([]byte, error) {
	n := ref.Width * tile.HashSize
	if ref.Entries {
		rest := b
		for i := range ref.Width {
			var err error
			if _, rest, err = tile.CutEntry(rest); err != nil {
				return nil, fmt.Errorf("entry %d of it: %w", i, err)
			}
		}
		n = len(b) - len(rest)
	}
	if len(b) < n {
		return nil, fmt.Errorf("has %d bytes, want at least %d", len(b), n)
	}
	return b[:n], nil
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) { return readInto(nil, path, limit) }

func readInto(buf []byte, path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("is no file of at most %d bytes", limit)
	}
	b := slices.Grow(buf[:0], int(info.Size()))[:info.Size()]
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, fmt.Errorf("reading %d bytes: %w", len(b), err)
	}
	return b, nil
}

// readTile and readBundle read a place, from a directory into buffers that are used again.
func readTile(ctx context.Context, s Source, ref tile.Ref, buf []byte) ([]byte, error) {
	if d, ok := s.(Dir); ok {
		return d.read(ref, buf)
	}
	return s.ReadTile(ctx, ref.Level, ref.Index, ref.Width)
}

func readBundle(ctx context.Context, s Source, ref tile.Ref, buf []byte) ([]byte, error) {
	if d, ok := s.(Dir); ok {
		return d.read(ref, buf)
	}
	return s.ReadBundle(ctx, ref.Index, ref.Width)
}

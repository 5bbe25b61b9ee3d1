// SPDX-License-Identifier: Apache-2.0

// Package tile reads and writes the tiles and entry bundles of a log (c2sp.org/tlog-tiles): their
// paths, their bytes, and the proofs that follow from them.
package tile

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"cocket.example/internal/strict"
)

const (
	// Width is the number of hashes in a full tile and of entries in a full bundle (TT-9).
	Width = 256
	// Height is the number of tree levels that one tile level spans.
	Height = 8
	// HashSize is the length of a hash in bytes.
	HashSize = 32
	// maxLevel is the highest level that a path can name (TT-6).
	maxLevel = 63
)

// Ref names a tile or an entry bundle.
type Ref struct {
	Entries bool   // an entry bundle; Level is 0
	Level   uint64 // 0 … 63
	Index   uint64
	Width   int // 1 … 256 hashes or entries; 256 is full
}

// Path returns the name below the log's prefix, as "tile/0/x001/234.p/17" or "tile/entries/000"
// (TT-5 … TT-8, TT-14).
func (r Ref) Path() string {
	kind := "entries"
	if !r.Entries {
		kind = strconv.FormatUint(r.Level, 10)
	}
	path := "tile/" + kind + "/" + indexPath(r.Index)
	if r.Width < Width {
		path += ".p/" + strconv.Itoa(r.Width)
	}
	return path
}

// indexPath writes an index as groups of three digits, all but the last behind an x (TT-7).
func indexPath(n uint64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	return path
}

// ParsePath parses the name of a tile or bundle. It prints back what it read and compares, so
// that a resource has one name only: no superfluous "x000/", no ".p/0", ".p/08" or ".p/256".
func ParsePath(path string) (Ref, error) {
	bad := fmt.Errorf("%.80q is not the path of a tile or bundle, as tile/0/x001/234.p/17", path)
	kind, rest, ok := strings.Cut(strings.TrimPrefix(path, "tile/"), "/")
	if !ok {
		return Ref{}, bad
	}
	ref := Ref{Entries: kind == "entries", Width: Width}
	index, width, partial := strings.Cut(rest, ".p/")
	var err error
	if !ref.Entries {
		if ref.Level, err = strict.Decimal(kind); err != nil || ref.Level > maxLevel {
			return Ref{}, bad
		}
	}
	if partial {
		w, err := strict.Decimal(width)
		if err != nil || w == 0 || w >= Width {
			return Ref{}, bad
		}
		ref.Width = int(w)
	}
	digits := strings.NewReplacer("x", "", "/", "").Replace(index)
	if len(digits) > 21 { // seven groups hold 2^63-1
		return Ref{}, bad
	}
	if ref.Index, err = strict.Decimal(trimZeros(digits)); err != nil || ref.Path() != path {
		return Ref{}, bad
	}
	return ref, nil
}

func trimZeros(digits string) string {
	if trimmed := strings.TrimLeft(digits, "0"); trimmed != "" || digits == "" {
		return trimmed
	}
	return "0"
}

// WidthAt returns the width of tile (level, index) in a tree of this size: from 0, when there is
// no such tile, to 256 (TT-11).
func WidthAt(level, index, size uint64) int {
	if level > maxLevel/Height {
		return 0
	}
	hashes := size >> (level * Height)
	switch full := hashes / Width; {
	case index < full:
		return Width
	case index == full:
		return int(hashes % Width)
	}
	return 0
}

// Refs yields the tiles and bundles that a tree of size to has and a tree of size from has not, or
// has narrower: bundles first, then tiles from level 0 upwards.
func Refs(from, to uint64) iter.Seq[Ref] {
	return func(yield func(Ref) bool) {
		row := func(entries bool, level uint64) bool {
			first, last := from>>(level*Height), to>>(level*Height)
			for index := first / Width; first < last; index++ {
				width := WidthAt(level, index, to)
				if !yield(Ref{Entries: entries, Level: level, Index: index, Width: width}) {
					return false
				}
				first = (index + 1) * Width
			}
			return true
		}
		ok := row(true, 0)
		for level := uint64(0); ok && level <= maxLevel/Height; level++ {
			ok = row(false, level)
		}
	}
}

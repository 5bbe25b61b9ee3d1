// SPDX-License-Identifier: Apache-2.0

package tile

import (
	"context"
	"encoding/binary"
	"fmt"
)

// MaxEntry is the longest entry in bytes: its length is a uint16 (TT-15).
const MaxEntry = 1<<16 - 1

// AppendEntry appends an entry to a bundle: its length as a big-endian uint16, then its bytes.
func AppendEntry(bundle, entry []byte) ([]byte, error) {
	if len(entry) > MaxEntry {
		return bundle, fmt.Errorf("entry of %d bytes, want at most %d", len(entry), MaxEntry)
	}
	bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
	return append(bundle, entry...), nil
}

// CutEntry cuts the first entry off a bundle. Both results alias it.
func CutEntry(bundle []byte) (entry, rest []byte, err error) {
	if len(bundle) < 2 {
		return nil, nil, fmt.Errorf("%d bytes left, want a length of 2 bytes", len(bundle))
	}
	n := int(binary.BigEndian.Uint16(bundle))
	if len(bundle)-2 < n {
		return nil, nil, fmt.Errorf("%d bytes left, want an entry of %d", len(bundle)-2, n)
	}
	return bundle[2 : 2+n], bundle[2+n:], nil
}

// ParseBundle splits a bundle into exactly width entries, which alias it. Bytes after the last
// entry are an error (TT-15).
func ParseBundle(bundle []byte, width int) ([][]byte, error) {
	entries := make([][]byte, width)
	var err error
	for i := range entries {
		if entries[i], bundle, err = CutEntry(bundle); err != nil {
			return nil, fmt.Errorf("bundle entry %d: %w", i, err)
		}
	}
	if len(bundle) > 0 {
		return nil, fmt.Errorf("%d bytes after the bundle's %d entries", len(bundle), width)
	}
	return entries, nil
}

// ReadEntry reads the entry at index of a tree of this size.
func ReadEntry(ctx context.Context, r Reader, index, size uint64) ([]byte, error) {
	if index >= size {
		return nil, fmt.Errorf("entry %d of a tree of %d: %w", index, size, errNotExist)
	}
	width := WidthAt(0, index/Width, size)
	bundle, err := r.ReadBundle(ctx, index/Width, width)
	if err != nil {
		return nil, err
	}
	entries, err := ParseBundle(bundle, width)
	if err != nil {
		return nil, fmt.Errorf("bundle %d: %w", index/Width, err)
	}
	return entries[index%Width], nil
}

// SPDX-License-Identifier: Apache-2.0

package fsck

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"cocket.example/internal/tile"
)

// A place is a bundle with the level-0 tile above it: two that say the same hashes.
type place struct {
	ref    tile.Ref // of the bundle
	bundle side     // hashed from the entries
	tile   side     // as stored
	raw    []byte   // the bundle, of a partial place only
}

// side is one of the two. Its hashes and root mean nothing with an error.
type side struct {
	hashes []byte
	root   hash // of a full one
	err    error
}

type hash = [sha256.Size]byte

func (p *place) agree() bool {
	return p.bundle.err == nil && p.tile.err == nil && bytes.Equal(p.bundle.hashes, p.tile.hashes)
}

func (p *place) tileRef() tile.Ref { return tile.Ref{Index: p.ref.Index, Width: p.ref.Width} }

// hasher hashes without an allocation for each hash: its buffers are reused. One goroutine owns it.
type hasher struct {
	leaf  []byte // 0x00 ‖ entry
	nodes []byte // the level that is being hashed
	file  []byte // the bundle
}

// read reads a place and hashes it. The error is what kept it from being read.
func (h *hasher) read(ctx context.Context, s Source, p *place) error {
	full := p.ref.Width == tile.Width
	bundle, err := readBundle(ctx, s, p.ref, h.file)
	if err == nil {
		h.file = bundle
		p.bundle.hashes, p.bundle.err = h.bundle(p.bundle.hashes[:0], bundle, p.ref.Width)
	} else if p.bundle.err, err = unreadable(err); err != nil {
		return err
	}
	if !full {
		p.raw = bytes.Clone(bundle)
	}
	p.tile.hashes, err = readTile(ctx, s, p.tileRef(), p.tile.hashes)
	if err == nil {
		p.tile.err = checkLength(p.tile.hashes, p.ref.Width)
	} else if p.tile.err, err = unreadable(err); err != nil {
		return err
	}
	if !full {
		return nil
	}
	if p.bundle.err == nil {
		p.bundle.root = h.subtree(p.bundle.hashes)
	}
	if p.agree() {
		p.tile.root = p.bundle.root
	} else if p.tile.err == nil {
		p.tile.root = h.subtree(p.tile.hashes)
	}
	return nil
}

func checkLength(hashes []byte, width int) error {
	if len(hashes) != width*tile.HashSize {
		return fmt.Errorf("has %d bytes, want %d", len(hashes), width*tile.HashSize)
	}
	return nil
}

// bundle appends the hashes of a bundle's entries, of which there must be width and no byte more.
func (h *hasher) bundle(hashes, bundle []byte, width int) ([]byte, error) {
	for i := range width {
		entry, rest, err := tile.CutEntry(bundle)
		if err != nil {
			return hashes, fmt.Errorf("entry %d of it: %w", i, err)
		}
		h.leaf = append(append(h.leaf[:0], 0), entry...)
		leaf := sha256.Sum256(h.leaf)
		hashes, bundle = append(hashes, leaf[:]...), rest
	}
	if len(bundle) > 0 {
		return hashes, fmt.Errorf("%d bytes after its %d entries", len(bundle), width)
	}
	return hashes, nil
}

// subtree returns the root over 256 hashes, level by level in place:
//
//	0 1 2 3 …      node(0,1) ▸ 0   node(2,3) ▸ 1   …
func (h *hasher) subtree(hashes []byte) hash {
	h.nodes = append(h.nodes[:0], hashes...)
	var node [1 + 2*sha256.Size]byte
	node[0] = 1
	for n := len(hashes) / sha256.Size; n > 1; n /= 2 {
		for i := 0; i < n/2; i++ {
			copy(node[1:], h.nodes[2*i*sha256.Size:(2*i+2)*sha256.Size])
			sum := sha256.Sum256(node[:])
			copy(h.nodes[i*sha256.Size:], sum[:])
		}
	}
	return hash(h.nodes[:sha256.Size])
}

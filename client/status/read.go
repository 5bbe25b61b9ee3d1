// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"golang.org/x/sync/errgroup"

	"cocket.example/internal/strict"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// A reading reads the entries of a log in their order, and hashes them to its root. It keeps no entry,
// only what refers to another, in 24 bytes each:
//
//	bundles   ▒▒▒▒▒▒▒▒▒▒ … ▒▒  ▸ root of each  ▸ compact range ▸ root == the checkpoint's
//	                └ "\nrefers " ▸ reference
//
// Bundles are read and hashed by several goroutines, a step of them at a time, and put together in order.
type reading struct {
	Config
	edge  *compact.Range // [0, n) has been read
	found []reference    // by index
	seen  map[receipt.Hash]uint64

	kept  map[uint64]bool // shorts of what was asked about
	grown map[uint64]bool // nil: every reference is kept; else those to these

	watch   map[receipt.Hash]bool // leaves whose lowest index is wanted
	bundles []bundle              // of one step, used again for each
	hashers []*hasher             // one for each goroutine
}

// short is the beginning of a leaf hash. Two may have the same: what it finds is a candidate.
func short(leaf []byte) uint64 { return binary.BigEndian.Uint64(leaf) }

// reference is an entry with a line "refers", whether or not it is a good one.
type reference struct {
	leaf, target uint64 // shorts: of the entry, of what it refers to
	index        uint64
}

// bundle is what is kept of one.
type bundle struct {
	root   receipt.Hash
	leaves []byte // hashes, of a bundle that is not full or was begun before
	found  []reference
	seen   []place
}

// place is where a watched leaf stands.
type place struct {
	leaf  receipt.Hash
	index uint64
}

const (
	saveEvery = time.Second // how often the state is kept meanwhile, or a twentieth of the time is spent on it
	maxFound  = 3 << 20     // references; 24 bytes each
)

// newReading begins with what was read before, or with nothing.
func newReading(c Config, s saved, watch map[receipt.Hash]bool) *reading {
	r := &reading{Config: c, edge: s.edge, found: s.found, watch: watch, seen: make(map[receipt.Hash]uint64)}
	if r.edge == nil {
		r.edge = tile.NewRange()
	}
	return r
}

// to reads up to the size of a checkpoint, and compares the roots. If it is broken off, what was read
// is kept in the state.
func (r *reading) to(ctx context.Context, cp receipt.Checkpoint, keep func() error) error {
	due := time.Now().Add(saveEvery)
	if r.edge.End() < cp.Size {
		r.Progress(r.edge.End(), cp.Size)
	}
	for r.edge.End() < cp.Size {
		err := r.next(ctx, cp.Size)
		if now := time.Now(); err != nil || now.After(due) {
			err = errors.Join(err, keep())
			due = time.Now().Add(max(saveEvery, 20*time.Since(now)))
		}
		if err != nil {
			return err
		}
		r.Progress(r.edge.End(), cp.Size)
	}
	root, err := tile.RangeRoot(r.edge)
	if err != nil {
		return err
	}
	if root != cp.Root {
		return fmt.Errorf("%w: its %d entries do not give the root that is signed", r.untrue(), cp.Size)
	}
	return nil
}

// next reads the next bundles, the first from where the range ends.
func (r *reading) next(ctx context.Context, size uint64) error {
	from := r.edge.End()
	first := from / tile.Width
	n := int(min((size-1)/tile.Width-first+1, uint64(r.step)))
	for len(r.bundles) < n {
		r.bundles = append(r.bundles, bundle{})
	}
	var at atomic.Int64
	group, reading := errgroup.WithContext(ctx)
	for g := range min(r.Parallel, n) {
		if g == len(r.hashers) {
			r.hashers = append(r.hashers, &hasher{source: r.Source, watch: r.watch})
		}
		h := r.hashers[g]
		group.Go(func() error {
			for i := at.Add(1) - 1; i < int64(n); i = at.Add(1) - 1 {
				index := first + uint64(i)
				ref := tile.Ref{Entries: true, Index: index, Width: tile.WidthAt(0, index, size)}
				if err := h.read(reading, ref, max(from, index*tile.Width), &r.bundles[i]); err != nil {
					return fmt.Errorf("reading %s: %w", ref.Path(), err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return errors.Join(err, ctx.Err())
	}
	return r.append(r.bundles[:n])
}

// append puts the bundles of a step together.
func (r *reading) append(bundles []bundle) error {
	for i := range bundles {
		b := &bundles[i]
		err := r.take(b.found) // before the range grows: what is saved is of whole bundles
		if err != nil {
			return err
		}
		if len(b.leaves) == 0 {
			err = tile.AppendFull(r.edge, b.root)
		}
		for leaves := b.leaves; len(leaves) > 0 && err == nil; leaves = leaves[tile.HashSize:] {
			err = r.edge.Append(bytes.Clone(leaves[:tile.HashSize]), nil)
		}
		if err != nil {
			return err
		}
		for _, p := range b.seen {
			if _, again := r.seen[p.leaf]; !again {
				r.seen[p.leaf] = p.index
			}
		}
	}
	return nil
}

// take keeps references: all of them while they are few. Once they are too many, and no file is to hold them, those are
// kept which concern what was asked about: that refer to it, or to what refers to it. What stands before its
// target is void and may be missed, so the register reads once more for what turns out to matter.
func (r *reading) take(found []reference) error {
	switch {
	case r.grown == nil && len(r.found)+len(found) <= r.most:
		r.found = append(r.found, found...)
		return nil
	case r.grown == nil && r.State != "":
		return fmt.Errorf("more than %d entries refer to others, which is more than %s can keep: read without a "+
			"state (no --state)", r.most, r.State)
	case r.grown == nil:
		all := r.found
		r.grown, r.found = maps.Clone(r.kept), nil
		if err := r.narrow(all); err != nil {
			return err
		}
	}
	return r.narrow(found)
}

// narrow keeps what concerns what was asked about.
func (r *reading) narrow(found []reference) error {
	for _, f := range found {
		if !r.grown[f.target] {
			continue
		}
		if len(r.found) == r.most {
			return fmt.Errorf("more than %d entries refer to what was asked about, and to what refers to that: ask "+
				"about fewer at a time", r.most)
		}
		r.found = append(r.found, f)
		r.grown[f.leaf] = true
	}
	return nil
}

// hasher reads and hashes bundles. Its buffers are used again; one goroutine owns it.
type hasher struct {
	source Source
	watch  map[receipt.Hash]bool
	tile.Hasher
	buf    []byte // the bundle
	leaves []byte // its leaf hashes
}

// read reads a bundle and looks at its entries from index from on.
func (h *hasher) read(ctx context.Context, ref tile.Ref, from uint64, b *bundle) (err error) {
	b.leaves, b.found, b.seen = b.leaves[:0], b.found[:0], b.seen[:0]
	read, err := readBundle(ctx, h.source, ref, h.buf)
	if err != nil {
		return err
	}
	h.buf = read
	h.leaves = h.leaves[:0]
	rest, first := h.buf, ref.Index*tile.Width
	for i := range uint64(ref.Width) {
		var entry []byte
		if entry, rest, err = tile.CutEntry(rest); err != nil {
			return fmt.Errorf("entry %d: %w", first+i, err)
		}
		leaf := h.Leaf(entry)
		h.leaves = append(h.leaves, leaf[:]...)
		if first+i >= from {
			h.look(b, first+i, entry, leaf)
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("%d bytes after its %d entries", len(rest), ref.Width)
	}
	if from == first && ref.Width == tile.Width {
		b.root = h.Subtree(h.leaves)
	} else {
		b.leaves = append(b.leaves, h.leaves[(from-first)*tile.HashSize:]...)
	}
	return nil
}

// look keeps what an entry refers to, and where a watched one stands.
func (h *hasher) look(b *bundle, index uint64, entry []byte, leaf receipt.Hash) {
	if target, ok := refersTo(entry); ok {
		b.found = append(b.found, reference{short(leaf[:]), short(target[:]), index})
	}
	if len(h.watch) > 0 && h.watch[leaf] {
		b.seen = append(b.seen, place{leaf, index})
	}
}

// readBundle reads into a buffer that is used again, where the source can.
func readBundle(ctx context.Context, s Source, ref tile.Ref, room []byte) ([]byte, error) {
	type roomy interface {
		ReadBundleInto(ctx context.Context, ref tile.Ref, room []byte) ([]byte, error)
	}
	if r, ok := s.(roomy); ok {
		return r.ReadBundleInto(ctx, ref, room)
	}
	return s.ReadBundle(ctx, ref.Index, ref.Width)
}

var (
	prefix = []byte("cocket-entry/")
	line   = []byte("\nrefers ")
)

// hashText is the length of a hash in base64.
const hashText = 44

// refersTo finds what an entry of any version says it refers to, whether or not it is a good one: what
// is kept between two runs must not depend on what this program knows.
func refersTo(entry []byte) (target receipt.Hash, ok bool) {
	if !bytes.HasPrefix(entry, prefix) {
		return target, false
	}
	_, value, ok := bytes.Cut(entry, line)
	if !ok || len(value) <= hashText || value[hashText] != '\n' {
		return target, false
	}
	target, err := strict.HashBytes(value[:hashText])
	return target, err == nil
}

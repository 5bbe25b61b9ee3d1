// SPDX-License-Identifier: Apache-2.0

package storagetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

// History is what a storage has promised. It outlives every crash, and Verify holds the storage to
// it: no acknowledged entry is lost, no index changes, no size has a second root.
type History struct {
	mu        sync.Mutex
	index     map[[32]byte]uint64
	leaf      map[uint64][32]byte
	size      uint64 // behind the highest acknowledged index
	roots     map[uint64][32]byte
	signed    []log.Head  // acknowledged last, and what was tried since
	published []published // likewise
	kept      []published // acknowledged, ascending
}

type published struct {
	size       uint64
	checkpoint []byte
}

// NewHistory returns the history of an empty log.
func NewHistory() *History {
	return &History{
		index: make(map[[32]byte]uint64), leaf: make(map[uint64][32]byte),
		roots: make(map[uint64][32]byte), signed: make([]log.Head, 1), published: make([]published, 1),
	}
}

// errBroken means that a promise is broken.
var errBroken = errors.New("broken promise")

// Broken reports whether err is a broken promise and not a failure that a storage may have.
func Broken(err error) bool { return errors.Is(err, errBroken) }

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errBroken, fmt.Errorf(format, args...))
}

// Entries makes entries with the numbers from, from+1, …; equal numbers give equal entries.
func Entries(from, n int) []log.Entry {
	batch := make([]log.Entry, n)
	for i := range batch {
		batch[i] = Entry(fmt.Appendf(nil, "entry %d", from+i))
	}
	return batch
}

// Entry hashes data.
func Entry(data []byte) log.Entry {
	return log.Entry{Data: data, Leaf: [32]byte(rfc6962.DefaultHasher.HashLeaf(data))}
}

// Append appends, and remembers what was acknowledged.
func (h *History) Append(ctx context.Context, s log.Storage, batch []log.Entry) ([]uint64, error) {
	index := make([]uint64, len(batch))
	if err := s.Append(ctx, batch, index); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, e := range batch {
		if err := h.acknowledged(e.Leaf, index[i]); err != nil {
			return nil, err
		}
	}
	return index, nil
}

func (h *History) acknowledged(leaf [32]byte, index uint64) error {
	if had, ok := h.index[leaf]; ok && had != index {
		return broken("index %d of an entry became %d", had, index)
	}
	if had, ok := h.leaf[index]; ok && had != leaf {
		return broken("index %d was given to two entries", index)
	}
	h.index[leaf], h.leaf[index] = index, leaf
	h.size = max(h.size, index+1)
	return nil
}

// Publish signs and publishes what is integrated, as Log does but for keys.
func (h *History) Publish(ctx context.Context, s log.Storage) error {
	tree, err := s.Tree(ctx)
	if err != nil {
		return err
	}
	previous, err := s.Signed(ctx)
	if err != nil {
		return err
	}
	next := log.Head{Tree: tree, Time: time.Now().UTC().Truncate(time.Second)}
	h.update(func() { h.signed = append(h.signed, next) })
	if err := s.Sign(ctx, previous, next); err != nil {
		return err
	}
	p := published{tree.Size, Checkpoint(next)}
	second := false
	h.update(func() {
		had, ok := h.roots[tree.Size]
		second = ok && had != tree.Root
		h.signed, h.roots[tree.Size] = []log.Head{next}, tree.Root
		h.published = append(h.published, p)
	})
	if second {
		return broken("size %d has two roots", tree.Size)
	}
	if err := s.Publish(ctx, p.size, p.checkpoint); err != nil {
		return err
	}
	h.update(func() {
		h.published = []published{p}
		h.kept = append(h.kept, p)
	})
	return nil
}

// update changes the history. It is never locked while a storage is called, which may be about to
// crash and want a copy.
func (h *History) update(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// Checkpoint is a checkpoint with a line where signatures would be.
func Checkpoint(head log.Head) []byte {
	root := base64.StdEncoding.EncodeToString(head.Root[:])
	return fmt.Appendf(nil, "log.example/contract\n%d\n%s\n\n— time %d\n", head.Size, root, head.Time.Unix())
}

// Settle waits until everything acknowledged is integrated.
func (h *History) Settle(ctx context.Context, s log.Storage) error {
	for {
		tree, err := s.Tree(ctx)
		if err != nil {
			return err
		}
		h.mu.Lock()
		size := h.size
		h.mu.Unlock()
		if tree.Size >= size {
			return nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return broken("%d entries acknowledged, %d integrated: %w", size, tree.Size, ctx.Err())
		}
	}
}

// lookups bounds the entries that Verify looks up by leaf hash; it reads all by index.
const lookups = 100

// Clone returns the history as it is now.
func (h *History) Clone() *History {
	h.mu.Lock()
	defer h.mu.Unlock()
	return &History{
		index: maps.Clone(h.index), leaf: maps.Clone(h.leaf), size: h.size, roots: maps.Clone(h.roots),
		signed: slices.Clone(h.signed), published: slices.Clone(h.published), kept: slices.Clone(h.kept),
	}
}

// Verify waits until the storage has integrated what it acknowledged, and compares everything that it
// ever promised.
func (h *History) Verify(ctx context.Context, s log.Storage) error {
	if err := h.Settle(ctx, s); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	looked := 0
	for leaf, want := range h.index { // in an order that differs from time to time
		if looked++; looked > lookups {
			break
		}
		got, ok, err := s.Lookup(ctx, leaf)
		if err != nil || !ok || got != want {
			return broken("entry %d: look-up gives %d, %v, %w", want, got, ok, err)
		}
	}
	if err := h.verifyLeaves(ctx, s); err != nil {
		return err
	}
	for size, want := range h.roots {
		if got, err := tile.Root(ctx, s, size); err != nil || got != want {
			return broken("size %d was signed with root %x, is stored with %x: %w", size, want, got, err)
		}
	}
	if err := h.verifyJournal(ctx, s); err != nil {
		return err
	}
	if err := Check(ctx, s); err != nil {
		return broken("%w", err)
	}
	return nil
}

// verifyLeaves compares the level-0 tiles with what was acknowledged.
func (h *History) verifyLeaves(ctx context.Context, s log.Storage) error {
	for ref := range tile.Refs(0, h.size) {
		if ref.Entries || ref.Level > 0 {
			continue
		}
		hashes, err := s.ReadTile(ctx, 0, ref.Index, ref.Width)
		if err != nil {
			return broken("%w", err)
		}
		for i := range ref.Width {
			index := ref.Index*tile.Width + uint64(i)
			leaf, ok := h.leaf[index]
			if ok && string(leaf[:]) != string(hashes[i*tile.HashSize:(i+1)*tile.HashSize]) {
				return broken("entry %d: the tile has another leaf hash than the one acknowledged", index)
			}
		}
	}
	return nil
}

func (h *History) verifyJournal(ctx context.Context, s log.Storage) error {
	head, err := s.Signed(ctx)
	if err != nil {
		return err
	}
	if i := h.find(head); i < 0 {
		return broken("journal has size %d at %s, want %v", head.Size, head.Time, h.signed)
	}
	checkpoint, err := s.Published(ctx)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	known := false
	for _, p := range h.published {
		known = known || bytes.Equal(p.checkpoint, checkpoint)
	}
	if !known {
		return broken("published checkpoint is %q, want one of %d tried since the last of size %d",
			checkpoint, len(h.published)-1, h.published[0].size)
	}
	return h.verifyKept(ctx, s)
}

func (h *History) find(head log.Head) int {
	for i, tried := range h.signed {
		if tried.Size == head.Size && tried.Time.Equal(head.Time) && (tried.Root == head.Root || tried.Time.IsZero()) {
			return i
		}
	}
	return -1
}

// verifyKept asks for the checkpoint that covers an entry, at the borders of those that were kept.
// A publication whose outcome is unknown may be kept too, and cover earlier.
func (h *History) verifyKept(ctx context.Context, s log.Storage) error {
	for _, p := range h.kept {
		if p.size == 0 {
			continue
		}
		b, err := s.Covering(ctx, p.size-1)
		if err != nil {
			return broken("entry %d, which a kept checkpoint covers: %w", p.size-1, err)
		}
		var size uint64
		if _, err := fmt.Sscanf(string(b), "log.example/contract\n%d\n", &size); err != nil || size < p.size {
			return broken("entry %d is covered by %q", p.size-1, b)
		}
		if size > p.size {
			return broken("entry %d: the earliest checkpoint has size %d, want %d", p.size-1, size, p.size)
		}
	}
	return nil
}

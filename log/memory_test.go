// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"context"
	"io/fs"
	"sync"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

// memory is an honest storage without a disk, for tests that stop time. It recomputes every tile
// from the entries.
type memory struct {
	lag time.Duration // between an answer and its integration

	mu        sync.Mutex
	entries   []log.Entry
	index     map[[32]byte]uint64
	tree      log.Tree
	head      log.Head
	published []byte
	kept      []kept
}

type kept struct {
	size       uint64
	checkpoint []byte
}

func newMemory() *memory {
	return &memory{index: make(map[[32]byte]uint64), tree: log.Tree{Root: [32]byte(rfc6962.DefaultHasher.EmptyRoot())}}
}

func (m *memory) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (m *memory) Append(_ context.Context, batch []log.Entry, index []uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, e := range batch {
		at, ok := m.index[e.Leaf]
		if !ok {
			at = uint64(len(m.entries))
			m.entries = append(m.entries, e)
			m.index[e.Leaf] = at
		}
		index[i] = at
	}
	size := uint64(len(m.entries))
	time.AfterFunc(m.lag, func() { m.integrate(size) })
	return nil
}

func (m *memory) integrate(size uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	edge := tile.NewRange()
	for _, e := range m.entries[:size] {
		edge.Append(e.Leaf[:], nil)
	}
	root, err := tile.RangeRoot(edge)
	if err != nil {
		panic(err)
	}
	m.tree = log.Tree{Size: size, Root: root}
}

func (m *memory) Lookup(_ context.Context, leaf [32]byte) (uint64, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, ok := m.index[leaf]
	return at, ok, nil
}

func (m *memory) Tree(context.Context) (log.Tree, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tree, nil
}

func (m *memory) ReadTile(_ context.Context, level, index uint64, width int) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if tile.WidthAt(level, index, m.tree.Size) < width {
		return nil, fs.ErrNotExist
	}
	span := uint64(1) << (tile.Height * level) // entries below one hash
	var hashes []byte
	for first := index * tile.Width * span; len(hashes) < width*tile.HashSize; first += span {
		var leaves []byte
		for _, e := range m.entries[first : first+span] {
			leaves = append(leaves, e.Leaf[:]...)
		}
		hashes = append(hashes, tile.Subtree(leaves)...)
	}
	return hashes, nil
}

func (m *memory) ReadBundle(_ context.Context, index uint64, width int) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if tile.WidthAt(0, index, m.tree.Size) < width {
		return nil, fs.ErrNotExist
	}
	var bundle []byte
	for _, e := range m.entries[index*tile.Width:][:width] {
		bundle = append(bundle, byte(len(e.Data)>>8), byte(len(e.Data)))
		bundle = append(bundle, e.Data...)
	}
	return bundle, nil
}

func (m *memory) Signed(context.Context) (log.Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.head, nil
}

func (m *memory) Sign(_ context.Context, previous, next log.Head) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if previous != m.head {
		return log.ErrConflict
	}
	m.head = next
	return nil
}

func (m *memory) Published(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.published == nil {
		return nil, fs.ErrNotExist
	}
	return m.published, nil
}

func (m *memory) Publish(_ context.Context, size uint64, checkpoint []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.published = checkpoint
	m.kept = append(m.kept, kept{size, checkpoint})
	return nil
}

func (m *memory) Covering(_ context.Context, index uint64) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.kept {
		if k.size > index {
			return k.checkpoint, nil
		}
	}
	return nil, fs.ErrNotExist
}

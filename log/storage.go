// SPDX-License-Identifier: Apache-2.0

package log

import (
	"context"
	"errors"
	"time"

	"cocket.example/internal/tile"
)

// Entry is what a storage appends.
type Entry struct {
	Data []byte
	Leaf [32]byte // hashed once, from the request's bytes; travels with the data
}

// Tree is an integrated tree: all of its tiles and bundles can be read.
type Tree struct {
	Size uint64
	Root [32]byte
}

// Head is what the sign journal records before a signature: one tree at one time.
type Head struct {
	Tree
	Time time.Time // whole seconds, never earlier than in the head before; zero: nothing was ever signed
}

// Storage sequences, integrates and remembers; it knows nothing of keys.
//
// An entry is durable before Append returns its index, and keeps it for ever. Equal entries (equal
// leaf hashes) have one index, also when they arrive together.
type Storage interface {
	// ReadTile and ReadBundle read what is integrated, whether or not it is signed. A tile of
	// any width that the tree ever had can be read.
	tile.Reader

	// Run owns every goroutine of the storage. It returns once ctx ends and everything
	// accepted is integrated, or with the fault that stopped it.
	Run(ctx context.Context) error

	// Append makes the batch durable as a whole, in order, and writes the index of batch[i]
	// to index[i]. Entries held already keep their index. On any error but ErrPushback,
	// which promises that nothing was accepted, the outcome is unknown, and sending the batch
	// again is safe.
	Append(ctx context.Context, batch []Entry, index []uint64) error

	// Lookup returns the index of the durable entry with this leaf hash.
	Lookup(ctx context.Context, leaf [32]byte) (index uint64, ok bool, err error)

	// Tree returns the integrated tree, whose state is durable.
	Tree(ctx context.Context) (Tree, error)

	Journal
}

// Journal is kept by the storage and judged by Log.
type Journal interface {
	// Signed returns the head journalled last; the zero Head if there never was one.
	Signed(ctx context.Context) (Head, error)

	// Sign journals next if the last head is previous, durably. A head that differs is
	// ErrConflict: somebody else writes this log.
	Sign(ctx context.Context, previous, next Head) error

	// Published returns the checkpoint published last; it wraps fs.ErrNotExist if there is none.
	Published(ctx context.Context) ([]byte, error)

	// Publish makes checkpoint, whose tree has this size, the published one, atomically and
	// durably, and keeps it.
	Publish(ctx context.Context, size uint64, checkpoint []byte) error

	// Covering returns the earliest kept checkpoint whose size is greater than index; it wraps
	// fs.ErrNotExist if there is none.
	Covering(ctx context.Context, index uint64) ([]byte, error)
}

// What a caller may branch on.
var (
	// ErrPushback means "come back later": a queue, the disk or memory is full, or the storage
	// stops. Nothing was accepted.
	ErrPushback = errors.New("the log takes no entries at the moment, try again later")

	// ErrConflict means that another writer owns the log now; this one must not sign again.
	ErrConflict = errors.New("another writer has taken over this log")
)

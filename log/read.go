// SPDX-License-Identifier: Apache-2.0

package log

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// Signed returns the largest size that was journalled and signed. Nothing beyond it is shown,
// whatever lies on disk.
func (l *Log) Signed() uint64 { return l.signed.Load() }

// ReadTile reads a tile of the signed tree; what is beyond it wraps fs.ErrNotExist.
func (l *Log) ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error) {
	if width < 1 || width > tile.WidthAt(level, index, l.Signed()) {
		return nil, fmt.Errorf("tile %d of level %d, %d wide: %w", index, level, width, fs.ErrNotExist)
	}
	return l.config.Storage.ReadTile(ctx, level, index, width)
}

// ReadBundle reads an entry bundle of the signed tree; what is beyond it wraps fs.ErrNotExist.
func (l *Log) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	if width < 1 || width > tile.WidthAt(0, index, l.Signed()) {
		return nil, fmt.Errorf("bundle %d, %d wide: %w", index, width, fs.ErrNotExist)
	}
	return l.config.Storage.ReadBundle(ctx, index, width)
}

// Published returns the published checkpoint; it wraps fs.ErrNotExist if there is none yet.
func (l *Log) Published(context.Context) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.published == nil {
		return nil, fmt.Errorf("no checkpoint is published yet: %w", fs.ErrNotExist)
	}
	return l.published, nil
}

// Wait returns once a published checkpoint has more than index entries.
func (l *Log) Wait(ctx context.Context, index uint64) error {
	for {
		l.mu.Lock()
		covered, changed := l.published != nil && l.size > index, l.changed
		l.mu.Unlock()
		if covered {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Lookup returns the index of a durable entry, signed or not.
func (l *Log) Lookup(ctx context.Context, leaf [32]byte) (uint64, bool, error) {
	return l.config.Storage.Lookup(ctx, leaf)
}

// Entry reads a durable entry, signed or not. It waits until the entry is integrated.
func (l *Log) Entry(ctx context.Context, index uint64) ([]byte, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		tree, err := l.config.Storage.Tree(ctx)
		if err != nil {
			return nil, err
		}
		if index < tree.Size {
			return tile.ReadEntry(ctx, l.config.Storage, index, tree.Size)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Receipt returns the proof that the entry at index is in the tree of the earliest kept checkpoint
// that covers it, or, if latest, of the published one. It wraps fs.ErrNotExist if there is none yet.
func (l *Log) Receipt(ctx context.Context, index uint64, latest bool) (receipt.Receipt, error) {
	checkpoint, size, err := l.covering(ctx, index, latest)
	if err != nil {
		return receipt.Receipt{}, err
	}
	path, err := tile.Inclusion(ctx, l.config.Storage, index, size)
	if err != nil {
		return receipt.Receipt{}, err
	}
	return receipt.Receipt{Index: index, Proof: path, Checkpoint: checkpoint}, nil
}

// BatchReceipt is Receipt for all entries from start to end−1 at once; start is below end.
func (l *Log) BatchReceipt(ctx context.Context, start, end uint64, latest bool) (receipt.Batch, error) {
	if start >= end {
		return receipt.Batch{}, fmt.Errorf("entries from %d to before %d: %w", start, end, fs.ErrNotExist)
	}
	checkpoint, size, err := l.covering(ctx, end-1, latest)
	if err != nil {
		return receipt.Batch{}, err
	}
	left, right, err := tile.Around(ctx, l.config.Storage, start, end, size)
	if err != nil {
		return receipt.Batch{}, err
	}
	return receipt.Batch{Start: start, End: end, Left: left, Right: right, Checkpoint: checkpoint}, nil
}

// covering returns the checkpoint that a receipt of the entry at index is for, and its size.
func (l *Log) covering(ctx context.Context, index uint64, latest bool) (checkpoint []byte, size uint64, err error) {
	checkpoint, err = l.Published(ctx)
	if err == nil && !latest {
		checkpoint, err = l.config.Storage.Covering(ctx, index)
	}
	if err != nil {
		return nil, 0, err
	}
	cp, _, err := receipt.ParseCheckpoint(checkpoint)
	if err != nil {
		return nil, 0, fmt.Errorf("kept checkpoint: %w", err)
	}
	if index >= cp.Size {
		return nil, 0, fmt.Errorf("entry %d of a tree of %d: %w", index, cp.Size, fs.ErrNotExist)
	}
	return checkpoint, cp.Size, nil
}

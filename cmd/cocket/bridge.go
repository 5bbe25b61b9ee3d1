// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"

	"cocket.example/client"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

const (
	manyRanges = 16     // of one request; more are bridged
	maxGap     = 1024   // entries of others between two ranges that become one
	maxBridged = 65_536 // entries of a range that was bridged
)

// bridge is what joins ranges between which a few entries of others lie, as where entries were filed one by
// one before, beside others'. Else each would get a batch receipt of its own, and two files. The leaf hashes
// of the others are the log's word at first; the batch receipt, which is of all, proves them as well.
func (b *batchSubmission) bridge(ctx context.Context, c *client.Client, ranges [][]place) (*leafReader, error) {
	last := ranges[len(ranges)-1][0].index
	r, err := b.await(ctx, c, last, last+1)
	if err != nil {
		return nil, err
	}
	cp, _, err := receipt.ParseCheckpoint(r.Checkpoint)
	if err != nil {
		return nil, unverified(err)
	}
	return &leafReader{reader: c, size: cp.Size}, nil
}

// join returns the first of the ranges joined with as many of the next as lie near, and how many that are.
func (l *leafReader) join(ctx context.Context, ranges [][]place) (r []place, n int, err error) {
	r = slices.Clone(ranges[0])
	for n = 1; n < len(ranges); n++ {
		next := ranges[n]
		start, end := bounds(r)
		first := next[0].index
		if first-end > maxGap || first+uint64(len(next))-start > maxBridged {
			break
		}
		for index := end; index < first; index++ {
			leaf, err := l.leaf(ctx, index)
			if err != nil {
				return nil, 0, fmt.Errorf("the entries from %d on are durable, their receipt is missing: %w", start, err)
			}
			r = append(r, place{index, leaf})
		}
		r = append(r, next...)
	}
	return r, n, nil
}

// leafReader reads leaf hashes from the tiles of a log, and keeps the tile read last.
type leafReader struct {
	reader tile.Reader
	size   uint64 // of the tree
	number uint64
	hashes []byte // of the tile with this number
}

func (l *leafReader) leaf(ctx context.Context, index uint64) (leaf receipt.Hash, err error) {
	if number := index / tile.Width; l.hashes == nil || l.number != number {
		l.hashes, err = l.reader.ReadTile(ctx, 0, number, tile.WidthAt(0, number, l.size))
		if err != nil {
			return leaf, err
		}
		l.number = number
	}
	return receipt.Hash(l.hashes[index%tile.Width*32:][:32]), nil
}

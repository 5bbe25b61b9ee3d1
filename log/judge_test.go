// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

// judge stands between a log and its storage. At every signature it compares what a reader would get
// with what it knows to be right: the right edge of the old tree, every new entry, every new hash, and
// the root. The n-th entry of the log must be the n-th of entries.
type judge struct {
	log.Storage

	mu     sync.Mutex
	signed uint64 // the largest size that was journalled
	wrong  []error
}

func (j *judge) Sign(ctx context.Context, previous, next log.Head) error {
	wrong := compare(ctx, j.Storage, previous, next)
	err := j.Storage.Sign(ctx, previous, next)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil {
		return err
	}
	j.signed = max(j.signed, next.Size)
	if wrong != nil {
		j.wrong = append(j.wrong, wrong)
	}
	return nil
}

// compare returns what is not right in a tree that is about to be signed.
func compare(ctx context.Context, r tile.Reader, previous, next log.Head) error {
	if next.Root != tree(int(next.Size)) {
		return fmt.Errorf("the root of %d is wrong", next.Size)
	}
	if old, err := tile.Root(ctx, r, previous.Size); err != nil || old != tree(int(previous.Size)) {
		return fmt.Errorf("the right edge of %d is wrong (%v)", previous.Size, err)
	}
	for ref := range tile.Refs(previous.Size, next.Size) {
		old := max(previous.Size>>(ref.Level*tile.Height), ref.Index*tile.Width) - ref.Index*tile.Width
		got, want, err := parts(ctx, r, ref)
		if err != nil {
			return fmt.Errorf("%s: %w", ref.Path(), err)
		}
		for i := old; i < uint64(ref.Width); i++ {
			if !bytes.Equal(got[i], want[i]) {
				return fmt.Errorf("%s: part %d is wrong", ref.Path(), i)
			}
		}
	}
	return nil
}

// parts reads the entries of a bundle or the hashes of a tile, and makes what they should be.
func parts(ctx context.Context, r tile.Reader, ref tile.Ref) (got, want [][]byte, err error) {
	want = truth(ref)
	if ref.Entries {
		b, err := r.ReadBundle(ctx, ref.Index, ref.Width)
		if err != nil {
			return nil, nil, err
		}
		got, err = tile.ParseBundle(b, ref.Width)
		return got, want, err
	}
	b, err := r.ReadTile(ctx, ref.Level, ref.Index, ref.Width)
	if err == nil && len(b) != ref.Width*tile.HashSize {
		err = fmt.Errorf("%d bytes", len(b))
	}
	for i := 0; err == nil && i < ref.Width; i++ {
		got = append(got, b[i*tile.HashSize:(i+1)*tile.HashSize])
	}
	return got, want, err
}

// truth is what a bundle or a tile of level 0 or 1 should hold.
func truth(ref tile.Ref) (want [][]byte) {
	first := int(ref.Index) * tile.Width
	for i := range ref.Width {
		switch {
		case ref.Entries:
			want = append(want, entries(first+i, 1)[0].Data)
		case ref.Level == 0:
			want = append(want, rfc6962.DefaultHasher.HashLeaf(entries(first+i, 1)[0].Data))
		default:
			below := truth(tile.Ref{Index: uint64(first + i), Width: tile.Width})
			want = append(want, tile.Subtree(bytes.Join(below, nil)))
		}
	}
	return want
}

// blind answers every read of the check with what would be right, and so takes its sight away.
type blind struct{ log.Storage }

func (b blind) Tree(ctx context.Context) (log.Tree, error) {
	t, err := b.Storage.Tree(ctx)
	return log.Tree{Size: t.Size, Root: tree(int(t.Size))}, err
}

func (blind) ReadTile(_ context.Context, level, index uint64, width int) ([]byte, error) {
	return bytes.Join(truth(tile.Ref{Level: level, Index: index, Width: width}), nil), nil
}

func (blind) ReadBundle(_ context.Context, index uint64, width int) ([]byte, error) {
	var b []byte
	for _, data := range truth(tile.Ref{Entries: true, Index: index, Width: width}) {
		b = append(append(b, byte(len(data)>>8), byte(len(data))), data...)
	}
	return b, nil
}

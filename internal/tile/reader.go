// SPDX-License-Identifier: Apache-2.0

package tile

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// Reader reads tiles and bundles. The width is 1 … 256, and the answer holds exactly that many
// hashes or entries. What is not there is an error that wraps fs.ErrNotExist.
type Reader interface {
	ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error)
	ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error)
}

var errNotExist = fs.ErrNotExist

var ranges = &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}

// NewRange returns the empty compact range of RFC 6962 hashing.
func NewRange() *compact.Range { return ranges.NewEmptyRange(0) }

// RestoreRange returns the compact range [0, size) that has these hashes, from left to right.
func RestoreRange(size uint64, hashes [][]byte) (*compact.Range, error) {
	return ranges.NewRange(0, size, hashes)
}

// AppendFull appends the subtree of a full level-0 tile to a range that ends where the tile begins.
func AppendFull(edge *compact.Range, root [32]byte) error {
	full, err := ranges.NewRange(edge.End(), edge.End()+Width, [][]byte{root[:]})
	if err != nil {
		return err
	}
	return edge.AppendRange(full, nil)
}

// Edge reads the right edge of a tree of this size: the compact range [0, size), from which the
// root follows and to which further leaves can be appended.
func Edge(ctx context.Context, r Reader, size uint64) (*compact.Range, error) {
	ids := compact.RangeNodes(0, size, nil)
	hashes, err := readNodes(ctx, r, ids, size)
	if err != nil {
		return nil, err
	}
	return ranges.NewRange(0, size, hashes)
}

// RangeRoot returns the root of a compact range that begins at 0; that of the empty tree is
// SHA-256 of nothing (CP-5).
func RangeRoot(edge *compact.Range) (root [32]byte, err error) {
	if edge.End() == 0 {
		return [32]byte(rfc6962.DefaultHasher.EmptyRoot()), nil
	}
	hash, err := edge.GetRootHash(nil)
	if err != nil {
		return root, err
	}
	return [32]byte(hash), nil
}

// Root recomputes the root of a tree of this size from its right edge as stored.
func Root(ctx context.Context, r Reader, size uint64) ([32]byte, error) {
	edge, err := Edge(ctx, r, size)
	if err != nil {
		return [32]byte{}, err
	}
	return RangeRoot(edge)
}

// ReadLeaf reads the leaf hash at index of a tree of this size.
func ReadLeaf(ctx context.Context, r Reader, index, size uint64) ([32]byte, error) {
	hashes, err := readNodes(ctx, r, []compact.NodeID{compact.NewNodeID(0, index)}, size)
	if err != nil {
		return [32]byte{}, err
	}
	return [32]byte(hashes[0]), nil
}

// Inclusion returns the audit path of index in a tree of this size, leaf side first (RFC 6962
// section 2.1.1).
func Inclusion(ctx context.Context, r Reader, index, size uint64) ([][32]byte, error) {
	nodes, err := proof.Inclusion(index, size)
	if err != nil {
		return nil, err
	}
	return prove(ctx, r, nodes, size)
}

// Around returns the roots of the maximal perfect subtrees of [0, start) and of [end, size), each from
// left to right: what a batch receipt of [start, end) holds.
func Around(ctx context.Context, r Reader, start, end, size uint64) (left, right [][32]byte, err error) {
	ids := compact.RangeNodes(0, start, nil)
	n := len(ids)
	hashes, err := readNodes(ctx, r, compact.RangeNodes(end, size, ids), size)
	if err != nil {
		return nil, nil, err
	}
	all := arrays(hashes)
	return all[:n:n], all[n:], nil
}

// Consistency returns the proof that the tree of size from is a prefix of that of size to (RFC 6962
// section 2.1.2). It is empty where from is 0 or to.
func Consistency(ctx context.Context, r Reader, from, to uint64) ([][32]byte, error) {
	nodes, err := proof.Consistency(from, to)
	if err != nil {
		return nil, err
	}
	return prove(ctx, r, nodes, to)
}

func prove(ctx context.Context, r Reader, nodes proof.Nodes, size uint64) ([][32]byte, error) {
	hashes, err := readNodes(ctx, r, nodes.IDs, size)
	if err != nil {
		return nil, err
	}
	if hashes, err = nodes.Rehash(hashes, rfc6962.DefaultHasher.HashChildren); err != nil {
		return nil, err
	}
	return arrays(hashes), nil
}

func arrays(hashes [][]byte) [][32]byte {
	all := make([][32]byte, len(hashes))
	for i, h := range hashes {
		all[i] = [32]byte(h)
	}
	return all
}

// readNodes reads the hashes of complete subtrees. A node lies at a multiple of 8 levels in a tile,
// or up to 7 levels above a run of hashes in one:
//
//	level 10     n                       the node
//	level  9    / \
//	level  8   t t t t                   4 hashes of one tile of tile level 1
func readNodes(ctx context.Context, r Reader, ids []compact.NodeID, size uint64) ([][]byte, error) {
	type key struct{ level, index uint64 }
	read := make(map[key][]byte)
	hashes := make([][]byte, len(ids))
	for i, id := range ids {
		level, above := uint64(id.Level/Height), id.Level%Height
		first := id.Index << above
		k := key{level, first / Width}
		width := WidthAt(level, k.index, size)
		end := int(first%Width) + 1<<above
		if end > width {
			return nil, fmt.Errorf("node %d of level %d of a tree of %d: %w",
				id.Index, id.Level, size, errNotExist)
		}
		if read[k] == nil {
			t, err := r.ReadTile(ctx, level, k.index, width)
			if err != nil {
				return nil, err
			}
			if len(t) != width*HashSize {
				return nil, fmt.Errorf("tile %d of level %d has %d bytes, want %d",
					k.index, level, len(t), width*HashSize)
			}
			read[k] = t
		}
		hashes[i] = Subtree(read[k][int(first%Width)*HashSize : end*HashSize])
	}
	return hashes, nil
}

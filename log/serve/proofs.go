// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"cocket.example/internal/strict"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// prover computes a proof from tiles: inclusion of an index in a size, or consistency of two sizes.
type prover func(ctx context.Context, r tile.Reader, from, size uint64) ([][32]byte, error)

// proof is an RFC 6962 proof, one base64 hash a line. Both numbers lie in what is signed, so that it
// can never change.
func (h *Handler) proof(ctx context.Context, path string, prove prover) (resource, error) {
	a, b, _ := strings.Cut(path, "/")
	from, err1 := strict.Decimal(a)
	size, err2 := strict.Decimal(b)
	if err1 != nil || err2 != nil {
		return resource{}, notYet("not the path of a proof, such as inclusion/17/256 or consistency/17/256")
	}
	if signed := h.config.Log.Signed(); size > signed {
		return resource{}, notYet("this size is not signed yet, want at most %d", signed)
	}
	hashes, err := prove(ctx, h.config.Log, from, size)
	if err != nil {
		return resource{}, err
	}
	var lines []byte
	for _, hash := range hashes {
		lines = base64.StdEncoding.AppendEncode(lines, hash[:])
		lines = append(lines, '\n')
	}
	return resource{body: lines, kind: text, cache: immutable}, nil
}

// inclusion proves that an entry is in the tree of a size.
func inclusion(ctx context.Context, r tile.Reader, index, size uint64) ([][32]byte, error) {
	if index >= size {
		return nil, notYet("a tree of %d has no such index, want a lower one", size)
	}
	return tile.Inclusion(ctx, r, index, size)
}

// consistency proves that the tree of one size is a prefix of the tree of another.
func consistency(ctx context.Context, r tile.Reader, from, to uint64) ([][32]byte, error) {
	if from > to {
		return nil, notYet("the first size is above the second, want it at most %d", to)
	}
	return tile.Consistency(ctx, r, from, to)
}

// index is the index of the entry with a leaf hash, which never changes once it is signed.
func (h *Handler) index(ctx context.Context, path string) (resource, error) {
	_, index, err := h.lookup(ctx, path)
	body := strconv.AppendUint(nil, index, 10)
	return resource{body: body, kind: text, cache: immutable}, err
}

func (h *Handler) lookup(ctx context.Context, path string) (leaf [32]byte, index uint64, err error) {
	if leaf, err = strict.HexHash(path); err != nil {
		return leaf, 0, notYet("not a leaf hash: %v", err)
	}
	index, ok, err := h.config.Log.Lookup(ctx, leaf)
	if err == nil && (!ok || index >= h.config.Log.Signed()) {
		err = notYet("no entry with this leaf hash in what is signed")
	}
	return leaf, index, err
}

// refers is the indexes of the entries that amend or withdraw the one with this leaf hash. It
// covers at least the checkpoint that is published when the request arrives.
func (h *Handler) refers(ctx context.Context, path string) (resource, error) {
	leaf, _, err := h.lookup(ctx, path)
	if err != nil {
		return resource{}, err
	}
	size, err := h.publishedSize(ctx)
	if err != nil {
		return resource{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Patience)
	defer cancel()
	indexes, err := h.config.Refers.Find(ctx, leaf, size)
	if err != nil {
		return resource{}, err
	}
	var lines []byte
	for _, index := range indexes {
		lines = strconv.AppendUint(lines, index, 10)
		lines = append(lines, '\n')
	}
	return resource{body: lines, kind: text, cache: second}, nil
}

func (h *Handler) publishedSize(ctx context.Context) (uint64, error) {
	checkpoint, err := h.config.Log.Published(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	parsed, _, err := receipt.ParseCheckpoint(checkpoint)
	return parsed.Size, err
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"cocket.example/receipt"
)

// receiptOf cuts the receipt of the entry with this leaf hash from a batch receipt, or from the earliest of
// those in a folder that hold it. It takes none of another log than origin, unless that is "". Signatures are
// for "cocket verify" to check.
func receiptOf(path string, leaf receipt.Hash, origin string) (receipt.Receipt, error) {
	batches, err := batchesOf(path, origin)
	if err != nil {
		return receipt.Receipt{}, err
	}
	advice := ""
	for _, f := range batches {
		leaves, err := collectLeaves(f.path)
		if errors.Is(err, fs.ErrNotExist) {
			advice = ", of those with their leaf hashes beside them: " + leavesPath(f.path) + " is missing"
			continue
		}
		if err != nil {
			return receipt.Receipt{}, err
		}
		if i := slices.Index(leaves, leaf); i >= 0 {
			r, err := f.batch.CutOne(leaves, f.batch.Start+uint64(i))
			if err != nil {
				err = refutedError{fmt.Errorf("%s: %w", f.path, err)}
			}
			return r, err
		}
	}
	return receipt.Receipt{}, fmt.Errorf("none of the batch receipts in %s is of the entry with the leaf hash %s%s",
		path, base64Hash(leaf), advice)
}

// batchesOf lists the batch receipts of a log, that of the smallest tree first. Leaf hashes are left where
// they are.
func batchesOf(path, origin string) (batches []batchFile, err error) {
	paths, err := batchPathsOf(path)
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]uint64, len(paths))
	for _, path := range paths {
		f, err := readBatch(path)
		if err != nil {
			return nil, err
		}
		cp, _, err := receipt.ParseCheckpoint(f.batch.Checkpoint)
		if err != nil {
			return nil, err
		}
		if origin == "" || cp.Origin == origin {
			f.origin = cp.Origin
			sizes[path], batches = cp.Size, append(batches, f)
		}
	}
	slices.SortStableFunc(batches, func(a, b batchFile) int { return cmp.Compare(sizes[a.path], sizes[b.path]) })
	return batches, nil
}

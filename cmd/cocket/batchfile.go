// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cocket.example/receipt"
)

const (
	batchSuffix  = ".cocket-batch"
	leavesSuffix = ".leaves"
)

// batchFile is a batch receipt with what is needed to cut it: the leaf hashes of its entries, in the
// order of their indexes. They lie in two files, of which the second is written last:
//
//	4096-14096.leaves          a hash a line, in base64
//	4096-14096.cocket-batch    the batch receipt (docs/http.md)
type batchFile struct {
	path   string // of the batch receipt
	batch  receipt.Batch
	leaves []receipt.Hash // nil where they are still in their file
	origin string         // of its log; set by batchesOf
}

// batchPathsOf lists the batch receipts of a folder, of which there must be one; or it is one itself.
func batchPathsOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	paths, err := batchPaths(path)
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s holds no file whose name ends in %s", path, batchSuffix)
	}
	return paths, err
}

func batchPaths(dir string) (paths []string, err error) {
	files, err := os.ReadDir(dir)
	for _, f := range files {
		if strings.HasSuffix(f.Name(), batchSuffix) {
			paths = append(paths, filepath.Join(dir, f.Name()))
		}
	}
	return paths, err
}

// readBatch reads a batch receipt without its leaf hashes.
func readBatch(path string) (f batchFile, err error) {
	f.path = path
	text, err := readFile(path)
	if err != nil {
		return f, err
	}
	if f.batch, err = receipt.ParseBatch(text); err != nil {
		return f, refutedError{fmt.Errorf("%s: %w", path, err)}
	}
	return f, nil
}

// collectLeaves reads the leaf hashes beside a batch receipt.
func collectLeaves(path string) (leaves []receipt.Hash, err error) {
	for leaf, err := range readLeaves(leavesPath(path)) {
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, leaf)
	}
	return leaves, nil
}

func leavesPath(path string) string { return strings.TrimSuffix(path, batchSuffix) + leavesSuffix }

// write writes the leaves first, so that a batch receipt is never without them. Another batch receipt is
// never overwritten: it may be the only one, of another log or policy.
func (f batchFile) write(force bool) error {
	if err := f.free(force); err != nil {
		return err
	}
	leaves := output{path: leavesPath(f.path), mode: 0o644, force: true} // means nothing without the receipt
	if err := leaves.write(printLeaves(f.leaves)); err != nil {
		return err
	}
	return output{path: f.path, mode: 0o644, force: force}.write(f.batch.Bytes())
}

// free reports whether the batch receipt's name can be written to.
func (f batchFile) free(force bool) error {
	held, err := readFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := receipt.ParseBatch(held); err == nil && !bytes.Equal(held, f.batch.Bytes()) {
		return fmt.Errorf("%s is a batch receipt of another log, or under another policy: choose another folder", f.path)
	}
	return output{path: f.path, force: force}.check()
}

func printLeaves(leaves []receipt.Hash) (text []byte) {
	for _, h := range leaves {
		text = append(base64.StdEncoding.AppendEncode(text, h[:]), '\n')
	}
	return text
}

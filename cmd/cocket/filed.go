// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"time"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// filedBatch is a batch receipt that was verified, with all of its leaf hashes.
type filedBatch struct {
	path        string
	origin      string
	size        uint64    // of its tree
	noLaterThan time.Time // zero: no time can be given
	used        int       // entries that were found in it
}

// earlier says which of two receipts of one entry to take.
func (f *filedBatch) earlier(than *filedBatch) bool { return f.size < than.size }

// filedIndex finds the batch receipt of a leaf hash. Of each leaf it holds 16 bytes, and looks for the rest
// in the file that the leaf may be in:
//
//	marks                             4096-14096.leaves
//	prefix    file line          ┌──▶ a hash a line, 45 bytes
//	03a1…     2    17       ─────┘
//	03a2…     0    4711
//	…
type filedIndex struct {
	batches []*filedBatch
	marks   []mark // sorted once all are added
	sorted  bool

	leaves *os.File // looked into last, of batches[looked]
	looked uint32
}

// mark says where a leaf hash may be found by its first 8 bytes.
type mark struct {
	prefix     uint64
	file, line uint32
}

func prefixOf(leaf receipt.Hash) uint64 { return binary.BigEndian.Uint64(leaf[:]) }

// add verifies a batch receipt, that all of its leaves are in the tree, and remembers them.
func (x *filedIndex) add(path string, policy receipt.Policy) (*filedBatch, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	b, err := receipt.ParseBatch(text)
	if err != nil {
		return nil, err
	}
	trusted, err := policy.Verify(b.Checkpoint)
	if err != nil {
		return nil, err
	}
	report := trusted.Report()
	f := &filedBatch{path: path, origin: report.Checkpoint.Origin, size: report.Checkpoint.Size,
		noLaterThan: report.NoLaterThan}
	before, number := len(x.marks), uint32(len(x.batches))
	marking := func(yield func(receipt.Hash, error) bool) {
		line := uint32(0)
		for leaf, err := range readLeaves(leavesPath(path)) {
			x.marks = append(x.marks, mark{prefixOf(leaf), number, line})
			if line++; line == 0 {
				err = errors.New("more than 2^32 leaf hashes")
			}
			if !yield(leaf, err) {
				return
			}
		}
	}
	if err := trusted.IncludesEach(marking, b); err != nil {
		x.marks = x.marks[:before]
		return nil, err
	}
	x.batches, x.sorted = append(x.batches, f), false
	return f, nil
}

// find returns the earliest batch receipt that holds the leaf: one of this log if there is one, else of another;
// nil if none holds it.
func (x *filedIndex) find(leaf receipt.Hash, origin string) (best *filedBatch, err error) {
	for _, m := range x.marked(prefixOf(leaf)) {
		f := x.batches[m.file]
		if best != nil && (f.origin == origin) == (best.origin == origin) && !f.earlier(best) ||
			best != nil && f.origin != origin && best.origin == origin {
			continue
		}
		if ok, err := x.holds(m, leaf); err != nil {
			return nil, err
		} else if ok {
			best = f
		}
	}
	return best, nil
}

// marked returns the marks of all leaves that begin so.
func (x *filedIndex) marked(prefix uint64) []mark {
	if !x.sorted {
		slices.SortFunc(x.marks, func(a, b mark) int { return cmp.Compare(a.prefix, b.prefix) })
		x.sorted = true
	}
	start, _ := slices.BinarySearchFunc(x.marks, prefix, func(m mark, p uint64) int { return cmp.Compare(m.prefix, p) })
	end := start
	for end < len(x.marks) && x.marks[end].prefix == prefix {
		end++
	}
	return x.marks[start:end]
}

// holds looks whether the leaf is where a mark points to.
func (x *filedIndex) holds(m mark, leaf receipt.Hash) (bool, error) {
	if x.leaves == nil || x.looked != m.file {
		f, err := os.Open(leavesPath(x.batches[m.file].path))
		if err != nil {
			return false, err
		}
		x.close()
		x.leaves, x.looked = f, m.file
	}
	var line [leafLine]byte
	if _, err := x.leaves.ReadAt(line[:], int64(m.line)*leafLine); err != nil {
		return false, err
	}
	got, err := strict.HashBytes(line[:leafLine-1])
	return err == nil && got == leaf, nil
}

func (x *filedIndex) close() {
	if x.leaves != nil {
		x.leaves.Close()
	}
}

// leafLine is the length of a leaf hash in base64, with its LF.
const leafLine = 45

// readLeaves reads a file of leaf hashes, one a line.
func readLeaves(path string) iter.Seq2[receipt.Hash, error] {
	return func(yield func(receipt.Hash, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(receipt.Hash{}, err)
			return
		}
		defer f.Close()
		for leaf, err := range parseLeaves(f) {
			if err != nil && !errors.As(err, new(*fs.PathError)) {
				err = refutedError{fmt.Errorf("%s: %w", path, err)}
			}
			if !yield(leaf, err) {
				return
			}
		}
	}
}

// parseLeaves parses one base64 hash a line. It ends with the first error.
func parseLeaves(r io.Reader) iter.Seq2[receipt.Hash, error] {
	return func(yield func(receipt.Hash, error) bool) {
		in, line := bufio.NewReaderSize(r, 64<<10), make([]byte, leafLine)
		for n := 0; ; n++ {
			got, err := io.ReadFull(in, line)
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.Is(err, io.ErrUnexpectedEOF):
				err = fmt.Errorf("leaf hash %d: %d bytes, want %d in base64 and LF", n, got, leafLine-1)
			case err == nil && line[leafLine-1] != '\n':
				err = fmt.Errorf("leaf hash %d: the line is not ended by LF after %d characters", n, leafLine-1)
			}
			var leaf receipt.Hash
			if err == nil {
				if leaf, err = strict.HashBytes(line[:leafLine-1]); err != nil {
					err = fmt.Errorf("leaf hash %d: %w", n, err)
				}
			}
			if !yield(leaf, err) || err != nil {
				return
			}
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/transparency-dev/merkle/compact"

	"cocket.example/internal/strict"
)

const (
	batchHeader    = "cocket-batch/v1"
	maxBatchHashes = 3*63 - 5 // of any range of a tree below 2^63
)

// Batch is a batch receipt (docs/http.md): one proof for all entries [Start, End) of a tree, about as
// long as the receipt of one. Whoever has the leaf hashes cuts every entry's own receipt from it.
//
//	cocket-batch/v1
//	range <start> <end>
//	<base64 hash> …               the maximal perfect subtrees of [0, start), left to right
//	<base64 hash> …               the maximal perfect subtrees of [end, size), left to right
//	                              (empty line)
//	<checkpoint>
type Batch struct {
	Start, End  uint64 // Start < End ≤ size
	Left, Right []Hash // on either side of the range, each from left to right
	Checkpoint  []byte // the signed note
}

// ParseBatch parses a batch receipt. It verifies nothing.
func ParseBatch(text []byte) (Batch, error) {
	b, err := parseBatch(text)
	if err == nil && !bytes.Equal(b.Bytes(), text) {
		err = errors.New("not in canonical form")
	}
	if err != nil {
		return Batch{}, fmt.Errorf("batch receipt: %w", err)
	}
	return b, nil
}

func parseBatch(text []byte) (b Batch, err error) {
	if len(text) > MaxCheckpoint+(maxBatchHashes+4)*hashLine {
		return b, fmt.Errorf("%d bytes are too many", len(text))
	}
	line, rest, err := strict.Line(text)
	if err != nil || line != batchHeader {
		return b, fmt.Errorf("first line is not %q", batchHeader)
	}
	if line, rest, err = strict.Line(rest); err != nil {
		return b, err
	}
	if b.Start, b.End, err = parseRange(line); err != nil {
		return b, err
	}
	hashes, rest, err := parseHashes(rest, maxBatchHashes)
	if err != nil {
		return b, err
	}
	left := min(compact.RangeSize(0, b.Start), len(hashes))
	b.Left, b.Right, b.Checkpoint = hashes[:left:left], hashes[left:], rest
	cp, _, err := ParseCheckpoint(b.Checkpoint)
	if err != nil {
		return b, err
	}
	return b, b.checkShape(cp.Size)
}

func parseRange(line string) (start, end uint64, err error) {
	words, ok := strings.CutPrefix(line, "range ")
	from, to, two := strings.Cut(words, " ")
	if !ok || !two {
		return 0, 0, fmt.Errorf("%.50q instead of the line with the range", line)
	}
	if start, err = strict.Decimal(from); err != nil {
		return 0, 0, fmt.Errorf("start of the range: %w", err)
	}
	if end, err = strict.Decimal(to); err != nil {
		return 0, 0, fmt.Errorf("end of the range: %w", err)
	}
	return start, end, nil
}

// checkShape compares the range and the numbers of hashes with the size that the checkpoint claims.
func (b Batch) checkShape(size uint64) error {
	if b.Start >= b.End || b.End > size {
		return fmt.Errorf("range %d to %d of a tree of size %d", b.Start, b.End, size)
	}
	left, right := compact.RangeSize(0, b.Start), compact.RangeSize(b.End, size)
	if len(b.Left) != left || len(b.Right) != right {
		return fmt.Errorf("%d and %d hashes, want %d and %d for the range %d to %d of size %d",
			len(b.Left), len(b.Right), left, right, b.Start, b.End, size)
	}
	return nil
}

// Bytes prints the batch receipt.
func (b Batch) Bytes() []byte {
	text := fmt.Appendf(nil, "%s\nrange %d %d\n", batchHeader, b.Start, b.End)
	text = appendHashes(appendHashes(text, b.Left), b.Right)
	return append(append(text, '\n'), b.Checkpoint...)
}

// IncludesBatch verifies that the entries with exactly these leaf hashes, in their order, are at the
// indexes b.Start … b.End−1 of the trusted tree. The receipt's checkpoint must be of that very tree.
func (t Trusted) IncludesBatch(leaves []Hash, b Batch) error {
	cp, err := t.tree(b.Checkpoint)
	if err != nil {
		return err
	}
	_, err = b.climb(leaves, cp)
	return err
}

// Cut cuts the receipt of every entry from the batch receipt, in the order of their indexes; leaves
// are the leaf hashes of all its entries. Each proof is that of RFC 6962 section 2.1.1. The receipts
// share the checkpoint's bytes.
//
// The error is that the leaves do not lead to the checkpoint's root: no receipt is cut that does not
// hold. Signatures are not checked; see Policy.Verify.
func (b Batch) Cut(leaves []Hash) (iter.Seq[Receipt], error) {
	cp, _, err := ParseCheckpoint(b.Checkpoint)
	if err != nil {
		return nil, err
	}
	levels, err := b.climb(leaves, cp)
	if err != nil {
		return nil, err
	}
	return func(yield func(Receipt) bool) {
		for index := b.Start; index < b.End; index++ {
			r := Receipt{Index: index, Proof: b.siblings(levels, index), Checkpoint: b.Checkpoint}
			if !yield(r) {
				return
			}
		}
	}, nil
}

// CutOne is Cut of a single entry.
func (b Batch) CutOne(leaves []Hash, index uint64) (Receipt, error) {
	cp, _, err := ParseCheckpoint(b.Checkpoint)
	if err != nil {
		return Receipt{}, err
	}
	if index < b.Start || index >= b.End {
		return Receipt{}, fmt.Errorf("batch receipt: it is of the entries %d to %d, and not of %d", b.Start, b.End-1, index)
	}
	levels, err := b.climb(leaves, cp)
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Index: index, Proof: b.siblings(levels, index), Checkpoint: b.Checkpoint}, nil
}

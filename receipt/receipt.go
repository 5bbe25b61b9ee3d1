// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/proof"

	"cocket.example/internal/strict"
)

const (
	receiptHeader = "c2sp.org/tlog-proof@v1"
	maxHashes     = 63      // of any proof (TW-2, PF-7)
	maxExtra      = 4 << 10 // bytes of the extra line
	hashLine      = 45      // bytes of a hash in base64 and LF
)

// Receipt is a c2sp.org/tlog-proof@v1: an entry's index, its inclusion proof, and the checkpoint.
//
//	c2sp.org/tlog-proof@v1
//	extra <base64>                optional
//	index <decimal>
//	<base64 hash> …               leaf side first
//	                              (empty line)
//	<checkpoint>
type Receipt struct {
	Index      uint64
	Extra      []byte // never trusted (PF-1); nil where there is no such line
	Proof      []Hash
	Checkpoint []byte // the signed note
}

// Parse parses a receipt (PF-1 … PF-7). It verifies nothing.
func Parse(b []byte) (Receipt, error) { return Trusted{}.Parse(b) }

// Parse does the same, and is quicker where the receipt's checkpoint is the trusted one, byte for byte:
// of many receipts under it, it is parsed once.
func (t Trusted) Parse(b []byte) (Receipt, error) {
	r, err := t.parse(b)
	var room [4 << 10]byte // most receipts fit
	if err == nil && !bytes.Equal(r.print(room[:0]), b) {
		err = errors.New("not in canonical form")
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("receipt: %w", err)
	}
	return r, nil
}

func (t Trusted) parse(b []byte) (r Receipt, err error) {
	if len(b) > MaxCheckpoint+maxExtra*2+(maxHashes+4)*hashLine {
		return r, fmt.Errorf("%d bytes are too many", len(b))
	}
	line, rest, err := strict.Line(b)
	if err != nil || line != receiptHeader {
		return r, fmt.Errorf("first line is not %q", receiptHeader)
	}
	if line, rest, err = strict.Line(rest); err != nil {
		return r, err
	}
	if extra, ok := strings.CutPrefix(line, "extra "); ok {
		if r.Extra, err = strict.Base64(extra); err != nil || len(r.Extra) == 0 || len(r.Extra) > maxExtra {
			return r, fmt.Errorf("extra: want base64 of 1 to %d bytes", maxExtra)
		}
		if line, rest, err = strict.Line(rest); err != nil {
			return r, err
		}
	}
	index, ok := strings.CutPrefix(line, "index ")
	if !ok {
		return r, fmt.Errorf("%.40q instead of the line with the index", line)
	}
	if r.Index, err = strict.Decimal(index); err != nil {
		return r, fmt.Errorf("index: %w", err)
	}
	if r.Proof, r.Checkpoint, err = parseHashes(rest, maxHashes); err != nil {
		return r, err
	}
	size, err := t.size(r.Checkpoint)
	if err != nil {
		return r, err
	}
	return r, r.checkShape(size)
}

// size returns the size that a checkpoint claims.
func (t Trusted) size(checkpoint []byte) (uint64, error) {
	if t.signed != "" && string(checkpoint) == t.signed {
		return t.report.Checkpoint.Size, nil
	}
	cp, _, err := ParseCheckpoint(checkpoint)
	return cp.Size, err
}

// parseHashes parses up to limit hashes, one a line, and the empty line behind them.
func parseHashes(b []byte, limit int) (hashes []Hash, rest []byte, err error) {
	hashes = make([]Hash, 0, min(limit, bytes.Index(b, []byte("\n\n"))/hashLine+1))
	for rest = b; ; {
		var line []byte
		if line, rest, err = strict.Cut(rest); err != nil {
			return nil, nil, fmt.Errorf("hash %d: %w", len(hashes), err)
		}
		if len(line) == 0 {
			return hashes, rest, nil
		}
		if len(hashes) == limit {
			return nil, nil, fmt.Errorf("more than %d hashes", limit)
		}
		h, err := strict.HashBytes(line)
		if err != nil {
			return nil, nil, fmt.Errorf("hash %d: %w", len(hashes), err)
		}
		hashes = append(hashes, h)
	}
}

// checkShape compares index and number of hashes with the size of the tree. The path of an entry is as
// long as it is deep in the tree until it meets the path of the last entry, from where on only siblings on
// the left count (RFC 6962 section 2.1.1).
func (r Receipt) checkShape(size uint64) error {
	if r.Index >= size {
		return fmt.Errorf("index %d of a tree of size %d", r.Index, size)
	}
	meet := bits.Len64(r.Index ^ (size - 1))
	if want := meet + bits.OnesCount64(r.Index>>meet); len(r.Proof) != want {
		return fmt.Errorf("%d hashes, want %d for index %d of size %d", len(r.Proof), want, r.Index, size)
	}
	return nil
}

// Bytes prints the receipt.
func (r Receipt) Bytes() []byte {
	return r.print(make([]byte, 0, 64+2*len(r.Extra)+hashLine*len(r.Proof)+len(r.Checkpoint)))
}

func (r Receipt) print(b []byte) []byte {
	b = append(b, receiptHeader+"\n"...)
	if len(r.Extra) > 0 {
		b = append(b, "extra "+base64.StdEncoding.EncodeToString(r.Extra)+"\n"...)
	}
	b = append(b, "index "...)
	b = append(strconv.AppendUint(b, r.Index, 10), '\n')
	b = appendHashes(b, r.Proof)
	return append(append(b, '\n'), r.Checkpoint...)
}

func appendHashes(b []byte, hashes []Hash) []byte {
	for _, h := range hashes {
		b = base64.StdEncoding.AppendEncode(b, h[:])
		b = append(b, '\n')
	}
	return b
}

// Includes verifies that the entry with this leaf hash is at r.Index of the trusted tree. The
// receipt's checkpoint must be of that very tree; its signatures were checked when t was made.
func (t Trusted) Includes(leaf Hash, r Receipt) error {
	cp, err := t.tree(r.Checkpoint)
	if err != nil {
		return err
	}
	var room [maxHashes][]byte
	path := room[:0]
	for i := range r.Proof {
		path = append(path, r.Proof[i][:])
	}
	if proof.VerifyInclusion(sha256Tree, r.Index, cp.Size, leaf[:], path, cp.Root[:]) != nil {
		return fmt.Errorf("inclusion: the entry is not at index %d of the log's tree of %d: the proof does not lead "+
			"from it to the root", r.Index, cp.Size)
	}
	return nil
}

// tree returns the trusted checkpoint, if the given one is of the very same tree.
func (t Trusted) tree(checkpoint []byte) (Checkpoint, error) {
	trusted := t.report.Checkpoint
	if t.report.Err() != nil || trusted.Origin == "" {
		return Checkpoint{}, errors.New("inclusion: the checkpoint is not trusted")
	}
	if string(checkpoint) == t.signed { // the usual case needs no second parse
		return trusted, nil
	}
	cp, _, err := ParseCheckpoint(checkpoint)
	if err != nil {
		return Checkpoint{}, err
	}
	if cp != trusted {
		return Checkpoint{}, fmt.Errorf("inclusion: the receipt is for another tree (%s, size %d) than the trusted one "+
			"(%s, size %d)", cp.Origin, cp.Size, trusted.Origin, trusted.Size)
	}
	return trusted, nil
}

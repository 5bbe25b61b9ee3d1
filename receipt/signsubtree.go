// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"cocket.example/internal/strict"
)

// SignSubtree is the body of a request to a witness (TW-21):
//
//	subtree <decimal> <decimal>   start and end
//	<base64 hash>                 of the subtree
//	<base64 hash> …               subtree consistency proof, at most 63
//	                              (empty line)
//	<checkpoint>                  that the witness has cosigned
type SignSubtree struct {
	Start, End uint64
	Hash       Hash
	Proof      []Hash
	Checkpoint []byte
}

// ParseSignSubtree parses a request body (TW-21, TW-22); the checkpoint is parsed too, and its tree
// must be large enough. Of errors that a witness answers otherwise than bad syntax there is
// ErrOrigin alone: a root of the empty tree does not matter where no subtree fits.
func ParseSignSubtree(b []byte) (SignSubtree, error) {
	r, err := parseSignSubtree(b)
	if err == nil && !bytes.Equal(r.Bytes(), b) {
		err = errors.New("not in canonical form")
	}
	if err != nil {
		return SignSubtree{}, fmt.Errorf("sign-subtree: %w", err)
	}
	return r, nil
}

func parseSignSubtree(b []byte) (r SignSubtree, err error) {
	line, rest, err := strict.Line(b)
	if err != nil {
		return r, err
	}
	start, end, ok := strings.Cut(strings.TrimPrefix(line, "subtree "), " ")
	if !ok || !strings.HasPrefix(line, "subtree ") {
		return r, errors.New(`first line is not "subtree <start> <end>" (TW-21)`)
	}
	if r.Start, err = strict.Decimal(start); err != nil {
		return r, fmt.Errorf("start: %w (TW-21)", err)
	}
	if r.End, err = strict.Decimal(end); err != nil {
		return r, fmt.Errorf("end: %w (TW-21)", err)
	}
	hashes, rest, err := parseHashes(rest, 1+maxHashes)
	if err != nil {
		return r, err
	}
	if len(hashes) == 0 {
		return r, errors.New("the hash of the subtree is missing (TW-21)")
	}
	r.Hash, r.Proof, r.Checkpoint = hashes[0], hashes[1:], rest
	cp, _, err := ParseCheckpoint(r.Checkpoint)
	if err != nil {
		return r, err
	}
	return r, r.checkEnd(cp)
}

// checkEnd wants a subtree, and one that lies in the tree of the checkpoint (TW-22).
func (r SignSubtree) checkEnd(cp Checkpoint) error {
	if r.End > cp.Size {
		return fmt.Errorf("end %d is larger than the checkpoint's size %d (TW-22)", r.End, cp.Size)
	}
	return r.Subtree(cp.Origin).checkRange()
}

// Subtree is what is to be signed, of that log.
func (r SignSubtree) Subtree(origin string) Subtree { return Subtree{origin, r.Start, r.End, r.Hash} }

// Bytes prints the body.
func (r SignSubtree) Bytes() []byte {
	b := append([]byte("subtree "), strconv.FormatUint(r.Start, 10)+" "...)
	b = append(b, strconv.FormatUint(r.End, 10)+"\n"...)
	b = appendHashes(appendHashes(b, []Hash{r.Hash}), r.Proof)
	return append(append(b, '\n'), r.Checkpoint...)
}

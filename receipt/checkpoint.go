// SPDX-License-Identifier: Apache-2.0

// Package receipt proves that an entry is in a log: checkpoints, cosignatures, the policy that says
// whom to trust, and the receipts that hold it all together. It implements c2sp.org/signed-note,
// tlog-checkpoint, tlog-cosignature, tlog-policy, tlog-proof and the request of tlog-witness, each
// in one spelling only, and does no I/O.
package receipt

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"cocket.example/internal/strict"
)

// Hash is a SHA-256 hash of the Merkle tree (RFC 6962 section 2.1).
type Hash = [32]byte

// Checkpoint is what a log signs: its name, and the size and root of its tree.
type Checkpoint struct {
	Origin string
	Size   uint64 // at most 2^63−1
	Root   Hash
}

// Body returns the three lines that are signed (CP-1). There are never extension lines (CP-6).
func (c Checkpoint) Body() []byte {
	return []byte(c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" +
		base64.StdEncoding.EncodeToString(c.Root[:]) + "\n")
}

// Sign returns the checkpoint as a signed note. Signers are named like the origin (CP-8).
func (c Checkpoint) Sign(signers ...note.Signer) ([]byte, error) {
	for _, s := range signers {
		if s.Name() != c.Origin {
			return nil, fmt.Errorf("key %q signs for origin %q (CP-8)", s.Name(), c.Origin)
		}
	}
	if _, err := parseBody(c.Body()); err != nil && !errors.Is(err, ErrEmptyRoot) {
		return nil, fmt.Errorf("checkpoint to sign: %w", err)
	}
	return note.Sign(&note.Note{Text: string(c.Body())}, signers...)
}

// SignAt is Sign at a time, which the signatures of a TimedSigner state; others state none.
func (c Checkpoint) SignAt(t time.Time, signers ...note.Signer) ([]byte, error) {
	at := slices.Clone(signers)
	for i, s := range at {
		if timed, ok := s.(interface{ At(time.Time) note.Signer }); ok {
			at[i] = timed.At(t)
		}
	}
	return c.Sign(at...)
}

// Errors that a witness answers otherwise than bad syntax (c2sp.org/tlog-witness, add-checkpoint).
var (
	// ErrOrigin means that the origin is no name that a log can have here, so its log is unknown.
	ErrOrigin = errors.New("no name of a log")
	// ErrEmptyRoot means that a checkpoint of size 0 has another root than the empty tree. It is the
	// one error that comes with what was parsed, because signatures are to be checked before it.
	ErrEmptyRoot = errors.New("root: a tree of size 0 has the SHA-256 of nothing (CP-5)")
)

// ParseCheckpoint parses a signed note whose text is a checkpoint. It verifies no signature; trust
// comes from Policy.Verify alone.
func ParseCheckpoint(signed []byte) (Checkpoint, []Signature, error) {
	text, signatures, err := splitNote(signed)
	if err != nil {
		return Checkpoint{}, nil, fmt.Errorf("checkpoint: %w", err)
	}
	c, err := parseBody(text)
	if errors.Is(err, ErrEmptyRoot) {
		return c, signatures, fmt.Errorf("checkpoint: %w", err)
	}
	if err != nil {
		return Checkpoint{}, nil, fmt.Errorf("checkpoint: %w", err)
	}
	return c, signatures, nil
}

func parseBody(text []byte) (c Checkpoint, err error) {
	lines := make([]string, 3)
	rest := text
	for i, name := range []string{"origin", "size", "root"} {
		if lines[i], rest, err = strict.Line(rest); err != nil {
			return c, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(rest) > 0 {
		return c, errors.New("extension lines are not accepted (CP-6)")
	}
	if lines[0] == "" {
		return c, errors.New("origin: empty (CP-2)")
	}
	if err := strict.Name(lines[0]); err != nil {
		return c, fmt.Errorf("origin: %w: %w", ErrOrigin, err)
	}
	c.Origin = lines[0]
	if c.Size, err = strict.Decimal(lines[1]); err != nil {
		return c, fmt.Errorf("size: %w (CP-4)", err)
	}
	if c.Root, err = strict.Hash(lines[2]); err != nil {
		return c, fmt.Errorf("root: %w (CP-5)", err)
	}
	if !bytes.Equal(c.Body(), text) {
		return c, errors.New("not in canonical form")
	}
	return c, c.checkRoot()
}

// emptyRoot is the root of the tree of size 0 (CP-5).
var emptyRoot = Hash(rfc6962.DefaultHasher.EmptyRoot())

// checkRoot refuses another root of the empty tree.
func (c Checkpoint) checkRoot() error {
	if c.Size == 0 && c.Root != emptyRoot {
		return ErrEmptyRoot
	}
	return nil
}

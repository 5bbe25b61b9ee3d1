// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"cocket.example/internal/strict"
)

const (
	forkHeader = "cocket.example/fork@v1"
	// maxFork bounds a fork in bytes.
	maxFork = 2*MaxCheckpoint + (maxHashes+4)*hashLine
)

// Fork is what convicts a log: checkpoints with its signature that contradict each other. NewFork and
// ParseFork are its only sources and check all but the signatures; the zero Fork proves nothing.
//
//	cocket.example/fork@v1
//	root <base64 hash>        if the sizes differ: of the older size, in the newer tree
//	<base64 hash> …           and the consistency proof from it, at most 63 (RFC 6962, 2.1.2)
//	                          (empty line)
//	<checkpoint>              the older one
//	                          (empty line)
//	<checkpoint>              the newer one
//
// Of two checkpoints of one size the one with the lesser root comes first. A checkpoint of size 0 whose
// root is not that of the empty tree (CP-5) contradicts itself and stands alone.
type Fork struct {
	trees  []tree // one or two
	prefix Prefix
}

// Prefix is how a tree begins: the root that it had at some smaller size, and the consistency proof
// that it had.
type Prefix struct {
	Root  Hash
	Proof []Hash
}

// tree is a signed checkpoint in its two forms.
type tree struct {
	Checkpoint
	note       []byte
	signatures []Signature
}

// NewFork makes a Fork of two signed checkpoints, in whatever order. If their sizes differ, newer tells
// how the larger tree begins, and else it is the zero Prefix. The second checkpoint is nil if the first
// contradicts itself. What is no contradiction is an error.
func NewFork(a, b []byte, newer Prefix) (Fork, error) {
	f, err := newFork(a, b, newer)
	if err != nil {
		return Fork{}, fmt.Errorf("fork: %w", err)
	}
	return f, nil
}

func newFork(a, b []byte, newer Prefix) (f Fork, err error) {
	for _, note := range [][]byte{a, b} {
		if note == nil && len(f.trees) == 1 {
			continue
		}
		cp, signatures, err := ParseCheckpoint(note)
		if err != nil && !errors.Is(err, ErrEmptyRoot) {
			return f, err
		}
		f.trees = append(f.trees, tree{cp, bytes.Clone(note), signatures})
	}
	if len(f.trees) == 2 && f.trees[1].before(f.trees[0].Checkpoint) {
		f.trees[0], f.trees[1] = f.trees[1], f.trees[0]
	}
	f.prefix = newer
	return f, f.contradiction()
}

// before orders checkpoints by size, then by root.
func (c Checkpoint) before(other Checkpoint) bool {
	return c.Size < other.Size || c.Size == other.Size && bytes.Compare(c.Root[:], other.Root[:]) < 0
}

// contradiction returns nil if no honest log could have signed what f holds.
func (f Fork) contradiction() error {
	older := f.trees[0].Checkpoint
	if len(f.trees) == 1 {
		if older.Size != 0 || older.checkRoot() == nil || !f.prefix.none() {
			return errors.New("one checkpoint alone contradicts itself only with size 0 and another root than " +
				"the empty tree")
		}
		return nil
	}
	newer := f.trees[1].Checkpoint
	switch {
	case older.checkRoot() != nil:
		return errors.New("a checkpoint of size 0 with another root than the empty tree contradicts itself, " +
			"and stands alone")
	case older.Origin != newer.Origin:
		return fmt.Errorf("checkpoints of %q and of %q, want two of one log", older.Origin, newer.Origin)
	case older.Size == newer.Size && older.Root == newer.Root:
		return fmt.Errorf("both checkpoints are of the same tree of %d", older.Size)
	case older.Size == newer.Size && !f.prefix.none():
		return errors.New("of two trees of one size there is nothing to prove")
	case older.Size == newer.Size:
		return nil
	case older.Size == 0:
		return errors.New("every tree begins with the empty one")
	case older.Root == f.prefix.Root:
		return fmt.Errorf("the root of size %d in the tree of %d is the one that was signed", older.Size, newer.Size)
	}
	begins := Subtree{older.Origin, 0, older.Size, f.prefix.Root}
	return begins.CheckConsistent(newer, f.prefix.Proof)
}

func (p Prefix) none() bool { return p.Root == Hash{} && len(p.Proof) == 0 }

// Prefix returns how the tree begins that c is of, by what a consistency proof to it shows itself. It
// shows the root of every smaller size but of a power of two, which is no part of it.
func (c Checkpoint) Prefix(size uint64, proof []Hash) (Prefix, error) {
	if size == 0 || size >= c.Size || size&(size-1) == 0 {
		return Prefix{}, fmt.Errorf("no proof from size %d to %d shows the root of the former", size, c.Size)
	}
	begins, root, err := Subtree{End: size}.lead(c.Size, proof)
	if err == nil && root != c.Root {
		err = fmt.Errorf("the proof leads to another root of the tree of %d", c.Size)
	}
	if err != nil {
		return Prefix{}, err
	}
	return Prefix{begins, proof}, nil
}

// ParseFork parses a fork and checks that its checkpoints contradict each other. Whether the log has
// signed them is for SignedBy to say.
func ParseFork(b []byte) (Fork, error) {
	f, err := parseFork(b)
	if err == nil && !bytes.Equal(f.Bytes(), b) {
		err = errors.New("not in canonical form")
	}
	if err != nil {
		return Fork{}, fmt.Errorf("fork: %w", err)
	}
	return f, nil
}

func parseFork(b []byte) (f Fork, err error) {
	if len(b) > maxFork {
		return f, fmt.Errorf("%d bytes, want at most %d", len(b), maxFork)
	}
	line, rest, err := strict.Line(b)
	if err != nil || line != forkHeader {
		return f, fmt.Errorf("first line is not %q", forkHeader)
	}
	var newer Prefix
	if bytes.HasPrefix(rest, []byte("root ")) {
		if line, rest, err = strict.Line(rest); err != nil {
			return f, fmt.Errorf("root: %w", err)
		}
		if newer.Root, err = strict.Hash(strings.TrimPrefix(line, "root ")); err != nil {
			return f, fmt.Errorf("root: %w", err)
		}
	}
	if newer.Proof, rest, err = parseHashes(rest, maxHashes); err != nil {
		return f, err
	}
	first, second := splitNotes(rest)
	return newFork(first, second, newer)
}

// splitNotes splits at the empty line behind the first note, whose text holds none.
func splitNotes(notes []byte) (first, second []byte) {
	text, lines, _ := bytes.Cut(notes, []byte("\n\n"))
	end := bytes.Index(lines, []byte("\n\n"))
	if end < 0 {
		return notes, nil
	}
	end += len(text) + len("\n\n") + 1 // behind the last LF of the first note
	return notes[:end], notes[end+1:]
}

// Bytes prints the fork.
func (f Fork) Bytes() []byte {
	b := []byte(forkHeader + "\n")
	if !f.prefix.none() {
		b = append(b, "root "+base64.StdEncoding.EncodeToString(f.prefix.Root[:])+"\n"...)
	}
	b = appendHashes(b, f.prefix.Proof)
	for _, t := range f.trees {
		b = append(append(b, '\n'), t.note...)
	}
	return b
}

// Checkpoints returns the one or two checkpoints, the older one first.
func (f Fork) Checkpoints() (list []Checkpoint) {
	for _, t := range f.trees {
		list = append(list, t.Checkpoint)
	}
	return list
}

// Prefix tells how the newer tree begins; the zero Prefix if that is not needed.
func (f Fork) Prefix() Prefix { return f.prefix }

// SignedBy verifies that the log has signed every checkpoint of f, each with any of its keys that is
// good for the size, and returns for each the keys that did. Keys of other logs do not count; a broken
// signature of any key is an error (SN-9). A key that a policy finds good until some time alone
// counts for none, because nobody vouches here for the time.
func (f Fork) SignedBy(logs ...Log) (signers [][]VerifierKey, err error) {
	if len(f.trees) == 0 {
		return nil, errors.New("fork: there is none")
	}
	for _, t := range f.trees {
		keys, err := t.signedBy(logs)
		if err != nil {
			return nil, fmt.Errorf("fork: checkpoint of size %d: %w", t.Size, err)
		}
		signers = append(signers, keys)
	}
	return signers, nil
}

func (t tree) signedBy(logs []Log) (keys []VerifierKey, err error) {
	err = fmt.Errorf("it is signed with no key of %s that is known here", t.Origin)
	for _, l := range logs {
		signed := l.Key.VerifyLog(t.Checkpoint, t.signatures)
		if signed != nil && !errors.Is(signed, ErrNoSignature) {
			return nil, signed
		}
		if signed != nil || l.Key.Name != t.Origin {
			continue
		}
		if good := l.Period.Check(t.Size, time.Time{}); good != nil {
			err = fmt.Errorf("key %s is %w", keyID(l.Key), good)
			continue
		}
		keys = append(keys, l.Key)
	}
	if len(keys) > 0 {
		err = nil
	}
	return keys, err
}

// SPDX-License-Identifier: Apache-2.0

// Package status answers how an entry stands in a log: in force, superseded by an amendment, withdrawn,
// or void, as of a tree that is verified under a policy. Amendments and withdrawals say in clear what
// they refer to (entry format, section 8); everything else that may be about an entry is committed, and
// nobody who reads the log can see it.
//
// What the log tells of itself, /refers, is a list of candidates: each of them is verified, but a log can
// leave one out. Who reads every entry and hashes it to the verified root needs no such word:
//
//	Told   /refers/LEAF  ▸ candidates ▸ entry, inclusion, rules         "the log says that this is all"
//	Read   every bundle  ▸ root == checkpoint's ▸ entry, inclusion, rules       "this is all"
package status

import (
	"errors"
	"fmt"
	"time"

	"cocket.example/declaration"
	"cocket.example/receipt"
)

var (
	// ErrNotFiled means that a log has no such entry in the tree that was looked at: by its own word, or
	// by what was read where all of it was read.
	ErrNotFiled = errors.New("the log has no entry with this leaf hash")
	// ErrContradiction means that what a log tells is not what its verified tree holds.
	ErrContradiction = errors.New("the log contradicts itself")
	// ErrDamaged means the same of a copy of a log: nobody says that the log did it.
	ErrDamaged = errors.New("the copy of the log is damaged")
)

// Answer is what a log's tree of one size, which was verified, says of an entry.
type Answer struct {
	Leaf  receipt.Hash
	Err   error  // why there is no answer, or nil; of the entry only Leaf is set then
	Log   string // its origin
	Index uint64 // of the entry; the lowest that is known, should it stand there twice
	Entry declaration.Entry
	Data  []byte // the entry as the log holds it

	Receipt []byte    // of the entry: a c2sp.org/tlog-proof under the policy, the earliest to be had
	OnFile  time.Time // on file no later than; zero: not proven

	Size       uint64 // of the tree that was looked at
	Root       receipt.Hash
	Checkpoint []byte    // the signed note of that tree, verified under the policy
	Time       time.Time // of its cosignatures: the answer is as of then; zero: none is proven

	// Void is why the entry itself is void, which an amendment or withdrawal can be; "" if it is not.
	Void string
	// Winner is what came first on the same target, if the entry is void because of it.
	Winner *Event
	// Events are the amendments and withdrawals of the entry, and of those that took its place, in log
	// order. Those of them that are void say why.
	Events []Event
	// Doubt is what may have come before the entry on the same target, and is of a version, profile or event that
	// this program does not know.
	Doubt *Event

	// Complete says that every entry below Size was read and hashed to Root: nothing is left out.
	// Without it the log's word stands for it that there is no further Event.
	Complete bool
	// Noted is how many of the entries, the first ones, were read by an earlier reading: that nothing is left
	// out among them rests on the file NotedIn, which is the owner's own note.
	Noted   uint64
	NotedIn string
	// Withheld are the indexes of entries that were found by reading and that the log did not tell of
	// when it was asked: it lied. Only of a log that was asked.
	Withheld []uint64
}

// Event is an entry that amends or withdraws another.
type Event struct {
	Index  uint64
	Leaf   receipt.Hash
	Entry  declaration.Entry // its Event is amend or withdraw; zero if this program does not know its version
	Data   []byte            // the entry as the log holds it
	Target receipt.Hash      // the leaf hash of what it refers to
	Void   string            // why it has no effect; "" if it is effective

	Receipt []byte    // a c2sp.org/tlog-proof under the policy, the earliest that is to be had
	Time    time.Time // on file no later than; zero: not proven
}

// Unknown reports whether this program does not know the version, profile or event of the entry.
func (e Event) Unknown() bool { return e.Entry.Event == "" }

// Rests says, for people, what of a Complete answer rests on the note of an earlier reading; "" if nothing does.
func (a Answer) Rests() string {
	if a.Noted == 0 {
		return ""
	}
	return fmt.Sprintf("entries 0 to %d were read by an earlier scan, as %s notes", a.Noted-1, a.NotedIn)
}

// Kind is how an entry stands, in words that follow "is".
type Kind string

// The ways in which an entry stands.
const (
	InForce    Kind = "in force"
	Superseded Kind = "superseded"
	Withdrawn  Kind = "withdrawn"
	Void       Kind = "void"
	NotYet     Kind = "not on file" // in a tree of this size
	Unknown    Kind = "not known"   // a newer program is needed
)

// State is how an entry stands in a tree of one size.
type State struct {
	Kind Kind
	// Chain are the effective events, each about the one before it and the first about the entry. It is
	// empty unless the entry is superseded or withdrawn. If it ends in an amendment, that is in force;
	// if in a withdrawal, nothing is.
	Chain []Event
	// Unknown is the first entry that may have changed how it stands, and is of a version, profile or event that
	// this program does not know. Then nothing at the end of Chain is in force for certain.
	Unknown *Event
}

// State is how the entry stands in the tree that was looked at.
func (a Answer) State() State { return a.At(a.Size) }

// At is how the entry stood in the tree of a size up to that of the answer: only entries below are
// considered. Of a larger tree nothing is known, and the answer is that of State.
func (a Answer) At(size uint64) State {
	switch {
	case a.Index >= size:
		return State{Kind: NotYet}
	case a.Void != "":
		return State{Kind: Void}
	}
	s := State{Kind: InForce, Unknown: a.Doubt}
	s.follow(a, size)
	switch {
	case len(s.Chain) > 0:
		s.Kind = s.Chain[0].kind()
	case s.Unknown != nil:
		s.Kind = Unknown
	}
	return s
}

// follow follows the effective events from the entry on. Their indexes rise, so it ends.
func (s *State) follow(a Answer, size uint64) {
	target := a.Leaf
	for i, e := range a.Events {
		switch {
		case e.Target != target || e.Index >= size:
		case e.Unknown() && s.Unknown == nil:
			s.Unknown = &a.Events[i]
		case e.Void == "":
			s.Chain, target = append(s.Chain, e), e.Leaf
		}
	}
}

// kind is what an effective event makes of its target.
func (e Event) kind() Kind {
	if e.Entry.Event == "withdraw" {
		return Withdrawn
	}
	return Superseded
}

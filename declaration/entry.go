// SPDX-License-Identifier: Apache-2.0

// Package declaration holds what is logged: the entry, a leaf of the log, and what its holder keeps,
// the opening, from which he shows some fields, each with proof. The format is docs/entry-format.md.
// Nothing here does I/O.
package declaration

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/declaration/profile"
	"cocket.example/internal/strict"
)

const (
	entryHeader  = "cocket-entry/v1"
	maxEntry     = 4096 // bytes of an entry
	maxPublic    = 16   // public lines
	minWidth     = 32
	maxWidth     = profile.MaxFields
	maxSubmitter = 128
)

var (
	// ErrInvalid is every refusal of malformed or rule-breaking input.
	ErrInvalid = errors.New("invalid")
	// ErrUnknown means a well-formed entry of a version, profile or event that this program
	// does not know: to who reads the log, an opaque leaf.
	ErrUnknown = errors.New("unknown version, profile or event")
)

// invalidError is an ErrInvalid that says what is wrong and no more.
type invalidError struct{ error }

func (e invalidError) Unwrap() error        { return e.error }
func (e invalidError) Is(target error) bool { return target == ErrInvalid }

func invalid(format string, args ...any) error { return invalidError{fmt.Errorf(format, args...)} }

// Hash is a SHA-256 hash.
type Hash = [32]byte

// Entry is a leaf of the log. It holds commitments; only Public is in clear.
type Entry struct {
	Log, Event, Profile, Submitter string

	Width     int    // of the commitment tree: a power of two, 32 … 65,536
	Root      Hash   // of the commitment tree
	Certifier Hash   // commitment to the certifier's signature, or to there being none
	Refers    *Hash  // leaf hash of what is amended or withdrawn
	Tags      []Hash // blinded index keys, in the order of the profile's table
	Public    []Field
	Signed    []byte // the submitter's key id and signature; nil where there is none
}

// Field is one value of a declaration.
type Field struct {
	Number  int    // in the commitment tree
	Path    string // as "goods[3].hs"
	Value   string // normalised; empty where absent
	Present bool
}

// LeafHash is SHA-256(0x00 ‖ entry), as in RFC 6962.
func LeafHash(entry []byte) Hash { return Hash(rfc6962.DefaultHasher.HashLeaf(entry)) }

// Bytes prints the entry.
func (e Entry) Bytes() []byte { return e.print(true, true, true) }

// context returns the entry without its fields, certifier and signed lines, which the commitments
// are bound to.
func (e Entry) context() []byte { return e.print(false, false, false) }

// print prints the entry, with or without the lines of which a hash or signature covers the rest.
func (e Entry) print(fields, certifier, signed bool) []byte {
	var b bytes.Buffer
	line := func(words ...string) { b.WriteString(strings.Join(words, " ") + "\n") }
	line(entryHeader)
	line("log", e.Log)
	line("event", e.Event)
	line("profile", e.Profile)
	line("submitter", e.Submitter)
	if fields {
		line("fields", strconv.Itoa(e.Width), encode(e.Root[:]))
	}
	if certifier {
		line("certifier", encode(e.Certifier[:]))
	}
	if e.Refers != nil {
		line("refers", encode(e.Refers[:]))
	}
	for _, tag := range e.Tags {
		line("tag", encode(tag[:]))
	}
	for _, p := range e.Public {
		line("public", p.Path, p.Value)
	}
	if signed && e.Signed != nil {
		line("signed", encode(e.Signed))
	}
	return b.Bytes()
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// check judges an entry that is well-formed.
func (e *Entry) check() error {
	if err := strict.Name(e.Log); err != nil {
		return invalid("entry line log: %v", err)
	}
	if err := CheckSubmitter(e.Submitter); err != nil {
		return err
	}
	if !validWidth(e.Width) {
		return invalid("entry line fields: width %d, want a power of two from %d to %d", e.Width, minWidth, maxWidth)
	}
	if InClear(e.Event) != (e.Refers != nil) {
		return invalid("entry line refers: required for amend and withdraw, forbidden for the others")
	}
	if err := e.checkAscending(); err != nil {
		return err
	}
	table, err := lookup(e.Profile, e.Event)
	if err != nil {
		return err
	}
	if len(e.Tags) != len(table.Tags) {
		return invalid("entry: %d tag lines, %s %s has %d", len(e.Tags), e.Profile, e.Event, len(table.Tags))
	}
	return e.checkPublic(table)
}

// checkAscending judges the public lines as far as any profile would. Where they ascend, equal paths
// are neighbours.
func (e *Entry) checkAscending() error {
	if len(e.Public) > maxPublic {
		return invalid("entry: %d public lines, want at most %d", len(e.Public), maxPublic)
	}
	for i, f := range e.Public {
		if f.Path == "" || f.Value == "" || i > 0 && e.Public[i-1].Path == f.Path {
			return invalid("entry line public: want a path and a value, each path once")
		}
		if i > 0 && comparePublic(e.Public[i-1], f) > 0 {
			return invalid("entry: public lines are not ascending")
		}
	}
	return nil
}

// checkPublic applies the profile's rules to the public lines and numbers them.
func (e *Entry) checkPublic(table *profile.Table) error {
	for i, f := range e.Public {
		number, spec, err := table.Find(f.Path)
		if err != nil {
			return invalid("entry line public: %v", err)
		}
		if !spec.Public {
			return invalid("entry line public: %s may not be shown in clear", f.Path)
		}
		if !spec.Form.Normal(f.Value) {
			return invalid("entry line public: %s: not a normalised %s", f.Path, spec.Form.Name)
		}
		if number >= e.Width {
			return invalid("entry line public: %s lies outside the tree of width %d", f.Path, e.Width)
		}
		e.Public[i].Number = number
	}
	return nil
}

// comparePublic orders public lines by their bytes. A space, which ends a path, is less than anything
// that a path may hold, so that path and value can be compared one after the other.
func comparePublic(a, b Field) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Value, b.Value))
}

// CheckSubmitter checks a submitter's name: 1 to 128 characters of ASCII 0x21–0x7E without "+".
func CheckSubmitter(name string) error {
	if name == "" || len(name) > maxSubmitter || !strict.Visible(name) {
		return invalid("submitter %.40q: want 1 to %d characters of visible ASCII without +", name, maxSubmitter)
	}
	return nil
}

func validWidth(n int) bool { return n >= minWidth && n <= maxWidth && n&(n-1) == 0 }

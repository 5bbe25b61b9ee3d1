// SPDX-License-Identifier: Apache-2.0

// Package declaration SKELETON: the agreed API; its owner replaces this file by real ones.
package declaration

import (
	"encoding/json"
	"errors"
	"io"

	"golang.org/x/mod/sumdb/note"
)

var (
	ErrInvalid = errors.New("invalid")         // wrapped by every refusal of malformed input
	ErrUnknown = errors.New("unknown profile") // entry of a profile, version or format that this program does not know: opaque to monitors
)

// Hash is a SHA-256 hash.
type Hash = [32]byte

// Entry is a parsed leaf (entry format section 2).
type Entry struct {
	Log, Event, Profile, Submitter string
	Width                          int
	Root, Certifier                Hash
	Refers                         *Hash
	Tags                           []Hash
	Public                         []Field
	Signed                         []byte // key id || signature, or nil
}

// Field is a path and its normalised value.
type Field struct {
	Number  int
	Path    string
	Value   string
	Present bool
}

// Parse parses an entry strictly: prints back and compares.
func Parse(entry []byte) (Entry, error) { panic("unwritten") }

// Bytes prints the entry.
func (e Entry) Bytes() []byte { panic("unwritten") }

// LeafHash is SHA-256(0x00 || entry).
func LeafHash(entry []byte) Hash { panic("unwritten") }

// VerifySubmitter checks the signed line against the submitter's vkey (type 0x01).
func (e Entry) VerifySubmitter(vkey string) error { panic("unwritten") }

// CheckRefers checks what an amendment or withdrawal e says of its target (sections 2 and 8): the target is
// an issue or amend of the same profile, log and submitter.
func (e Entry) CheckRefers(target Entry) error { panic("unwritten") }

// Declaration is the customs form in clear.
type Declaration struct {
	Log, Event, Profile, Submitter string
	Refers                         *Hash
	Fields                         map[string]string // path → value, as given; Seal normalises and validates
	Public                         []string          // paths shown in clear
	Width                          int               // 0: the least
	Tags                           map[string]Tag    // by name; a tag not given is random
}

// Tag is a blinded index key (section 6).
type Tag struct {
	Key   [32]byte
	Value string
}

// ParseFields reads the JSON form of a declaration's fields: objects nest with ".", lists with [i]; goods.count is computed.
func ParseFields(b []byte) (map[string]string, error) { panic("unwritten") }

// Validate normalises and reports every broken rule (joined errors that name the path); nil error if good.
func (d Declaration) Validate() error { panic("unwritten") }

// Seal draws the secret.
func (d Declaration) Seal(rand io.Reader) (Opening, error) { panic("unwritten") }

// Opening is the secret and all values of one declaration. Prints only a hash when logged.
type Opening struct{ unexported int }

// ParseOpening parses strictly and checks that the opening opens its entry.
func ParseOpening(b []byte) (Opening, error) { panic("unwritten") }

// MarshalJSON prints the file.
func (o Opening) MarshalJSON() ([]byte, error) { return json.Marshal(nil) }

// Entry returns the entry's bytes.
func (o Opening) Entry() []byte { panic("unwritten") }

// Fields returns every present field in order.
func (o Opening) Fields() []Field { panic("unwritten") }

// Certify adds the certifier's signature; vkey is the public key of s.
func (o Opening) Certify(vkey string, s note.Signer) (Opening, error) { panic("unwritten") }

// Sign adds the submitter's signed line (after Certify).
func (o Opening) Sign(s note.Signer) (Opening, error) { panic("unwritten") }

// Disclose shows the fields at these paths (an absent one is shown as absent) with the receipt.
func (o Opening) Disclose(receipt []byte, certifier bool, paths ...string) (Disclosure, error) {
	panic("unwritten")
}

// Disclosure is the part of an opening shown to someone.
type Disclosure struct {
	Entry     []byte
	Receipt   []byte
	Fields    []ShownField
	Proof     []Hash
	Certifier *ShownCertifier
}

// ShownField is one disclosed field.
type ShownField struct {
	Field
	Salt Hash
}

// ShownCertifier is the certifier's signature with what opens its commitment.
type ShownCertifier struct {
	VKey      string
	Signature []byte
	Salt      Hash
}

// ParseDisclosure parses strictly.
func ParseDisclosure(b []byte) (Disclosure, error) { panic("unwritten") }

// MarshalJSON prints the file.
func (x Disclosure) MarshalJSON() ([]byte, error) { return json.Marshal(nil) }

// Examine checks the disclosure against its entry, each fact by itself. The receipt is checked by package receipt.
func (x Disclosure) Examine() Report { panic("unwritten") }

// Check is Examine's fields, or its first error.
func (x Disclosure) Check() ([]Field, error) { panic("unwritten") }

// Report is what a disclosure shows, each fact with its own error.
type Report struct {
	Entry        Entry
	EntryErr     error
	Fields       []FieldFact // path and value against the profile
	CoverErr     error       // the fields reach the root, with the minimal cover
	PublicErr    error       // public lines agree
	Certifier    string      // vkey, "" if not shown
	CertifierErr error
}

// FieldFact is one shown field and whether the profile accepts it at its number.
type FieldFact struct {
	Field Field
	Err   error
}

// Err is the first error, or nil.
func (r Report) Err() error { panic("unwritten") }

// SPDX-License-Identifier: Apache-2.0

// Package receipt SKELETON: the agreed API; its owner replaces this file by real ones.
package receipt

import (
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Hash is a SHA-256 hash of the Merkle tree.
type Hash = [32]byte

// Checkpoint is what a log signs.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash
}

// ParseCheckpoint parses a signed note whose text is a checkpoint; verifies no signature.
func ParseCheckpoint(signed []byte) (Checkpoint, []Signature, error) { panic("unwritten") }

// Body returns the three lines that are signed.
func (c Checkpoint) Body() []byte { panic("unwritten") }

// Sign returns the checkpoint as a signed note with the log's own (type 0x01) signatures.
func (c Checkpoint) Sign(signers ...note.Signer) ([]byte, error) { panic("unwritten") }

// Signature is one signature line of a note: em dash, name, base64(key id || bytes).
type Signature struct {
	Name string
	ID   uint32
	Sig  []byte // without the key id
}

// ParseSignatures parses signature lines and nothing else (what a witness answers).
func ParseSignatures(lines []byte) ([]Signature, error) { panic("unwritten") }

// String returns the line, with its LF.
func (s Signature) String() string { panic("unwritten") }

// Cosigner signs checkpoints as a witness (Ed25519 cosignature, type 0x04).
type Cosigner struct{}

// NewCosigner parses a type 0x04 skey (PRIVATE+KEY+name+id+base64).
func NewCosigner(skey string) (*Cosigner, error) { panic("unwritten") }

// VerifierKey returns the vkey.
func (c *Cosigner) VerifierKey() string { panic("unwritten") }

// Cosign signs the checkpoint with a time; t must be after 1970 (CS-1, CS-5, CS-9).
func (c *Cosigner) Cosign(cp Checkpoint, t time.Time) (Signature, error) { panic("unwritten") }

// VerifierKey is the parsed vkey of a log (0x01) or a witness (0x04). Comparable.
type VerifierKey struct{} // wraps strict.Key; Name, ID, Type exported as fields or methods by embedding

// ParseVerifierKey parses a vkey strictly.
func ParseVerifierKey(vkey string) (VerifierKey, error) { panic("unwritten") }

// VerifyLog checks that signed has a valid signature of key (type 0x01), and none of that key that is broken.
func (k VerifierKey) VerifyLog(cp Checkpoint, signatures []Signature) error { panic("unwritten") }

// VerifyCosignature checks one cosignature line by this key (0x04) and returns its time.
func (k VerifierKey) VerifyCosignature(cp Checkpoint, s Signature) (time.Time, error) {
	panic("unwritten")
}

// Policy is a c2sp.org/tlog-policy.
type Policy struct {
	Logs      []Log
	Witnesses []Witness
	Groups    []Group
	Quorum    string // a witness, a group, or "none"
}

// Log is a "log" line.
type Log struct {
	Key VerifierKey
	URL string // may be empty
}

// Witness is a "witness" line.
type Witness struct {
	Name string // the policy's own name for it
	Key  VerifierKey
	URL  string // submission prefix; may be empty
}

// Group is a "group" line.
type Group struct {
	Name      string
	Threshold int // 1 ≤ Threshold ≤ len(Members)
	Members   []string
}

// ParsePolicy parses strictly (TP-1 … TP-13).
func ParsePolicy(b []byte) (Policy, error) { panic("unwritten") }

// String prints the canonical text: ParsePolicy(p.String()) == p.
func (p Policy) String() string { panic("unwritten") }

// Examine reports every fact about a checkpoint by itself.
func (p Policy) Examine(checkpoint []byte) Report { panic("unwritten") }

// Verify is Examine, with the first failed fact as the error. The only source of a Trusted.
func (p Policy) Verify(checkpoint []byte) (Trusted, error) { panic("unwritten") }

// Satisfied reports whether cosignatures of the witnesses with these policy names satisfy the quorum by themselves.
func (p Policy) Satisfied(witness func(name string) bool) bool { panic("unwritten") }

// Report is what is known of a checkpoint, each fact with its own error.
type Report struct {
	Checkpoint  Checkpoint
	SyntaxErr   error
	Log         VerifierKey // which log of the policy signed
	LogErr      error
	Witnesses   []WitnessFact // one for each witness of the policy, in its order
	QuorumErr   error
	NoLaterThan time.Time // "on file no later than"; zero: no time can be given
}

// Err is the first error in the order syntax, log, broken witness signature, quorum; nil if all facts hold.
func (r Report) Err() error { panic("unwritten") }

// WitnessFact is what a checkpoint holds of one witness.
type WitnessFact struct {
	Witness Witness
	Time    time.Time
	Err     error // ErrNoCosignature if there is none (which the quorum may allow); else why the line is broken (which refuses the checkpoint, PF-8)
}

// Trusted is a checkpoint whose signatures satisfied a policy.
type Trusted struct{ report Report }

// Report returns the facts; the zero Trusted has none.
func (t Trusted) Report() Report { return t.report }

// Includes verifies that the entry with this leaf hash is at r.Index of the trusted checkpoint,
// and that r.Checkpoint is that checkpoint's tree (same origin, size and root).
func (t Trusted) Includes(leaf Hash, r Receipt) error { panic("unwritten") }

// Receipt is a c2sp.org/tlog-proof@v1.
type Receipt struct {
	Index      uint64
	Extra      []byte // untrusted; nil if there is no such line
	Proof      []Hash
	Checkpoint []byte
}

// Parse parses a tlog-proof strictly (PF-1 … PF-7).
func Parse(b []byte) (Receipt, error) { panic("unwritten") }

// Bytes prints the receipt.
func (r Receipt) Bytes() []byte { panic("unwritten") }

// AddCheckpoint is the body of a witness request (TW-2).
type AddCheckpoint struct {
	Old        uint64
	Proof      []Hash
	Checkpoint []byte
}

// ParseAddCheckpoint parses strictly (TW-2 … TW-6).
func ParseAddCheckpoint(b []byte) (AddCheckpoint, error) { panic("unwritten") }

// Bytes prints the body.
func (a AddCheckpoint) Bytes() []byte { panic("unwritten") }

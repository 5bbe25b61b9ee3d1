// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"cocket.example/internal/strict"
)

// KeyType is the signature type of a key (SN-16).
type KeyType byte

// The key types that this package makes and verifies.
const (
	Ed25519     KeyType = strict.Ed25519     // a log's signature over the checkpoint
	Cosignature KeyType = strict.Cosignature // a witness's timestamped cosignature
)

// maxTime is the last second of the year 9999 in Unix time. What lies after it has no RFC 3339 form,
// and near 2^63 time.Time overflows and would sort before everything else.
const maxTime = 253402300799

// VerifierKey is the public key of a log or a witness. It is comparable.
type VerifierKey struct{ strict.Key }

// ParseVerifierKey parses a vkey: name, id in 8 lowercase hexadecimal digits, base64 of type and
// public key (SN-18 … SN-20). An id that does not follow from the rest is refused.
func ParseVerifierKey(vkey string) (VerifierKey, error) {
	k, err := strict.ParseKey(vkey)
	return VerifierKey{k}, err
}

// signed reports whether a signature claims to be of this key (SN-8).
func (k VerifierKey) signed(s Signature) bool { return s.Name == k.Name && s.ID == k.ID }

// ErrNoSignature means that no line claims to be of the key.
var ErrNoSignature = errors.New("no signature of this key")

// find returns the only signature that claims to be of this key. Two of them are an error (SN-12).
func (k VerifierKey) find(signatures []Signature) (found Signature, err error) {
	err = ErrNoSignature
	for _, s := range signatures {
		if !k.signed(s) {
			continue
		}
		if err == nil {
			return s, fmt.Errorf("two signatures of key %s+%08x (SN-12)", k.Name, k.ID)
		}
		found, err = s, nil
	}
	return found, err
}

// VerifyLog checks the log's own signature, of type 0x01, over a checkpoint. It returns
// ErrNoSignature if there is none.
func (k VerifierKey) VerifyLog(cp Checkpoint, signatures []Signature) error {
	if KeyType(k.Type) != Ed25519 {
		return fmt.Errorf("key %s has type 0x%02x, a log signs with 0x01", k.Name, k.Type)
	}
	s, err := k.find(signatures)
	if err != nil {
		return err
	}
	if !ed25519.Verify(ed25519.PublicKey(k.Public), cp.Body(), s.Sig) {
		return fmt.Errorf("the signature of %s+%08x does not hold for this checkpoint (SN-9)", k.Name, k.ID)
	}
	return nil
}

// VerifyCosignature checks one cosignature of this key, of type 0x04, and returns its time (CS-1,
// CS-9). A time in the future is not judged, unless it lies after the year 9999, which CS-5 lets a
// verifier refuse; 0 is returned as the zero time.
func (k VerifierKey) VerifyCosignature(cp Checkpoint, s Signature) (time.Time, error) {
	if KeyType(k.Type) != Cosignature {
		return time.Time{}, fmt.Errorf("key %s has type 0x%02x, a witness cosigns with 0x04", k.Name, k.Type)
	}
	if !k.signed(s) {
		return time.Time{}, ErrNoSignature
	}
	if len(s.Sig) != 8+ed25519.SignatureSize {
		return time.Time{}, fmt.Errorf("cosignature of %s has %d bytes, want 72 (CS-1)", k.Name, len(s.Sig))
	}
	unix := binary.BigEndian.Uint64(s.Sig)
	if unix > maxTime {
		return time.Time{}, fmt.Errorf("cosignature of %s has a time after the year 9999 (CS-5)", k.Name)
	}
	if !ed25519.Verify(ed25519.PublicKey(k.Public), cosigned(cp, unix), s.Sig[8:]) {
		return time.Time{}, fmt.Errorf("the cosignature of %s+%08x does not hold for this checkpoint (SN-9)", k.Name, k.ID)
	}
	if unix == 0 {
		return time.Time{}, nil
	}
	return time.Unix(int64(unix), 0).UTC(), nil
}

// cosigned returns what an Ed25519 cosignature signs (CS-9).
func cosigned(cp Checkpoint, unix uint64) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", unix, cp.Body())
}

// secret is a private key that never prints. The key stands behind a function because fmt calls
// no method of an unexported field of somebody's struct, and shows what a pointer there points to.
type secret struct {
	key  func() ed25519.PrivateKey
	vkey strict.Key
}

// String returns a placeholder.
func (secret) String() string { return "(secret key)" }

// GoString returns a placeholder.
func (secret) GoString() string { return "(secret key)" }

// Format prints a placeholder, whatever the verb.
func (secret) Format(f fmt.State, _ rune) { io.WriteString(f, "(secret key)") }

// VerifierKey returns the vkey.
func (s secret) VerifierKey() string { return s.vkey.String() }

// Signer signs checkpoints, or other texts, with type 0x01. It is a note.Signer.
type Signer struct{ secret }

// NewSigner parses an skey of type 0x01: "PRIVATE+KEY+" name "+" id "+" base64(type ‖ seed).
func NewSigner(skey string) (*Signer, error) {
	s, err := parseSecret(skey, Ed25519)
	if err != nil {
		return nil, err
	}
	return &Signer{s}, nil
}

// Name returns the key's name.
func (s *Signer) Name() string { return s.vkey.Name }

// KeyHash returns the key id.
func (s *Signer) KeyHash() uint32 { return s.vkey.ID }

// Sign returns the Ed25519 signature of a text.
func (s *Signer) Sign(text []byte) ([]byte, error) { return ed25519.Sign(s.key(), text), nil }

// Cosigner signs checkpoints as a witness, with type 0x04.
type Cosigner struct{ secret }

// NewCosigner parses an skey of type 0x04.
func NewCosigner(skey string) (*Cosigner, error) {
	s, err := parseSecret(skey, Cosignature)
	if err != nil {
		return nil, err
	}
	return &Cosigner{s}, nil
}

// Cosign states that at time t this is the largest consistent tree head seen for its origin
// (CS-10). The time must lie after 1970 (TW-11) and not after the year 9999.
func (c *Cosigner) Cosign(cp Checkpoint, t time.Time) (Signature, error) {
	unix := t.Unix()
	if unix <= 0 || unix > maxTime {
		return Signature{}, fmt.Errorf("time of a cosignature: %s, want one from 1970 to 9999 (TW-11)", t)
	}
	sig := binary.BigEndian.AppendUint64(nil, uint64(unix))
	sig = append(sig, ed25519.Sign(c.key(), cosigned(cp, uint64(unix)))...)
	return Signature{Name: c.vkey.Name, ID: c.vkey.ID, Sig: sig}, nil
}

// GenerateKey makes a key pair in the text form of signed notes, which other tools read too.
func GenerateKey(rand io.Reader, typ KeyType, name string) (skey, vkey string, err error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return "", "", fmt.Errorf("random seed: %w", err)
	}
	s, err := newSecret(seed, typ, name)
	if err != nil {
		return "", "", err
	}
	return s.skey(), s.VerifierKey(), nil
}

func newSecret(seed []byte, typ KeyType, name string) (secret, error) {
	key := ed25519.NewKeyFromSeed(seed)
	vkey, err := strict.NewKey(name, byte(typ), key.Public().(ed25519.PublicKey))
	return secret{func() ed25519.PrivateKey { return key }, vkey}, err
}

func (s secret) skey() string {
	typed := append([]byte{s.vkey.Type}, s.key().Seed()...)
	return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", s.vkey.Name, s.vkey.ID, base64.StdEncoding.EncodeToString(typed))
}

// parseSecret never puts a part of the key into an error.
func parseSecret(skey string, want KeyType) (secret, error) {
	rest, ok := strings.CutPrefix(skey, "PRIVATE+KEY+")
	parts := strings.SplitN(rest, "+", 3)
	if !ok || len(parts) != 3 {
		return secret{}, errors.New("not a secret key: want PRIVATE+KEY+name+id+base64")
	}
	b, err := strict.Base64(parts[2])
	if err != nil || len(b) != 1+ed25519.SeedSize {
		return secret{}, errors.New("secret key: want base64 of a type and a seed of 32 bytes")
	}
	if KeyType(b[0]) != want {
		return secret{}, fmt.Errorf("secret key of type 0x%02x, want 0x%02x: 01 is for logs, certifiers and submitters, 04 for witnesses", b[0], want)
	}
	s, err := newSecret(b[1:], want, parts[0])
	if err != nil {
		return secret{}, err
	}
	if s.skey() != skey {
		return secret{}, errors.New("secret key: the id does not belong to name and key")
	}
	return s, nil
}

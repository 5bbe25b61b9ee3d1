// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"filippo.io/mldsa"

	"cocket.example/internal/strict"
)

// KeyType is the signature type of a key (SN-16).
type KeyType byte

// The key types that this package makes and verifies. A log signs with Ed25519 or MLDSA44 or both, a
// witness cosigns with Cosignature or MLDSA44 or both (TP-9).
const (
	Ed25519     KeyType = strict.Ed25519     // over the checkpoint, or any other text, without a time
	Cosignature KeyType = strict.Cosignature // a witness's Ed25519 cosignature, with a time
	MLDSA44     KeyType = strict.MLDSA44     // with a time, of a log or a witness
)

// String names the algorithm and, where the type has only one, the role.
func (t KeyType) String() string {
	switch t {
	case Ed25519:
		return "Ed25519"
	case Cosignature:
		return "Ed25519 cosignature"
	case MLDSA44:
		return "ML-DSA-44"
	}
	return fmt.Sprintf("0x%02x", byte(t))
}

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

// VerifyLog checks the log's own signature, of type 0x01 or 0x06, over a checkpoint. It returns
// ErrNoSignature if there is none. The time that one of type 0x06 states proves nothing, because it
// is the log's own word, and may be 0 (CS-14).
func (k VerifierKey) VerifyLog(cp Checkpoint, signatures []Signature) error {
	typ := KeyType(k.Type)
	if typ != Ed25519 && typ != MLDSA44 {
		return fmt.Errorf("key %s has type 0x%02x, a log signs with 0x01 or 0x06 (TP-9)", k.Name, k.Type)
	}
	s, err := k.find(signatures)
	if err != nil {
		return err
	}
	if typ == MLDSA44 {
		_, err := k.verifyTimed(cp.subtree(), s)
		return err
	}
	if !ed25519.Verify(ed25519.PublicKey(k.Public), cp.Body(), s.Sig) {
		return k.broken()
	}
	return nil
}

// VerifyCosignature checks one cosignature of this key, of type 0x04 or 0x06, and returns its time
// (CS-1). A time in the future is not judged, unless it lies after the year 9999, which CS-5 lets a
// verifier refuse; 0, which is no time, is returned as the zero time (CS-6, CS-14).
func (k VerifierKey) VerifyCosignature(cp Checkpoint, s Signature) (time.Time, error) {
	if typ := KeyType(k.Type); typ != Cosignature && typ != MLDSA44 {
		return time.Time{}, fmt.Errorf("key %s has type 0x%02x, a witness cosigns with 0x04 or 0x06 (TP-9)", k.Name, k.Type)
	}
	if !k.signed(s) {
		return time.Time{}, ErrNoSignature
	}
	return k.verifyTimed(cp.subtree(), s)
}

// timeSize is the length in bytes of the time before a signature that states one.
const timeSize = 8

// verifyTimed checks a signature of a type that states a time (CS-1, CS-5, CS-6):
//
//	uint64 POSIX seconds ‖ signature over a message that holds them too
func (k VerifierKey) verifyTimed(t Subtree, s Signature) (time.Time, error) {
	size, verify := timeSize+ed25519.SignatureSize, verifyEd25519
	if KeyType(k.Type) == MLDSA44 {
		size, verify = timeSize+mldsa.MLDSA44SignatureSize, verifyMLDSA
	}
	if len(s.Sig) != size {
		return time.Time{}, fmt.Errorf("cosignature of %s has %d bytes, want %d (CS-1)", k.Name, len(s.Sig), size)
	}
	unix := binary.BigEndian.Uint64(s.Sig)
	if unix > maxTime {
		return time.Time{}, fmt.Errorf("cosignature of %s has a time after the year 9999 (CS-5)", k.Name)
	}
	if !verify(k, t.message(k.Key, unix), s.Sig[timeSize:]) {
		return time.Time{}, k.broken()
	}
	if unix == 0 {
		return time.Time{}, nil
	}
	return time.Unix(int64(unix), 0).UTC(), nil
}

func (k VerifierKey) broken() error {
	return fmt.Errorf("the signature of %s+%08x does not hold for this checkpoint (SN-9)", k.Name, k.ID)
}

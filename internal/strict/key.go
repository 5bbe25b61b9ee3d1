// SPDX-License-Identifier: Apache-2.0

package strict

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/edwards25519"
	"filippo.io/mldsa"
)

// Signature types of signed notes (SN-16).
const (
	Ed25519     = 0x01 // a signature over the note's text
	Cosignature = 0x04 // a timestamped Ed25519 cosignature
	MLDSA44     = 0x06 // a timestamped ML-DSA-44 signature over a tree
)

// Key is a verifier key in the text form of signed notes. It is comparable.
type Key struct {
	Name   string
	ID     uint32 // first four bytes of SHA-256(name ‖ LF ‖ type ‖ public key), SN-15
	Type   byte
	Public string // the raw public key: 32 bytes for both Ed25519 types, 1312 for ML-DSA-44
}

// NewKey checks name and public key and derives the key id.
func NewKey(name string, typ byte, public []byte) (Key, error) {
	if err := Name(name); err != nil {
		return Key{}, fmt.Errorf("key %w", err)
	}
	check := checkPoint
	switch typ {
	case Ed25519, Cosignature:
	case MLDSA44:
		check = checkMLDSA
	default:
		return Key{}, fmt.Errorf("key type 0x%02x is not known, want 0x01 (Ed25519), 0x04 (cosignature) or "+
			"0x06 (ML-DSA-44)", typ)
	}
	if err := check(public); err != nil {
		return Key{}, err
	}
	return Key{Name: name, ID: keyID(name, typ, public), Type: typ, Public: string(public)}, nil
}

// ParseKey parses a vkey: name "+" key id in 8 lowercase hexadecimal digits "+" base64(type ‖ public
// key). The id is derived anew and compared (SN-18, SN-19); base64 may hold "+" itself (SN-20).
func ParseKey(vkey string) (Key, error) {
	name, rest, ok1 := strings.Cut(vkey, "+")
	id, data, ok2 := strings.Cut(rest, "+")
	if !ok1 || !ok2 {
		return Key{}, errors.New("not a verifier key: want name+id+base64")
	}
	b, err := Base64(data)
	if err != nil {
		return Key{}, fmt.Errorf("verifier key %.80q: %w", name, err)
	}
	if len(b) == 0 {
		return Key{}, fmt.Errorf("verifier key %.80q holds no key", name)
	}
	key, err := NewKey(name, b[0], b[1:])
	if err != nil {
		return Key{}, err
	}
	if key.String() != vkey {
		return Key{}, fmt.Errorf("verifier key %q has id %.8s, its name and key give %08x", name, id, key.ID)
	}
	return key, nil
}

// String returns the vkey.
func (k Key) String() string {
	typed := append([]byte{k.Type}, k.Public...)
	return fmt.Sprintf("%s+%08x+%s", k.Name, k.ID, base64.StdEncoding.EncodeToString(typed))
}

func keyID(name string, typ byte, public []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write([]byte{'\n', typ})
	h.Write(public)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// checkPoint refuses a public key that is no canonical point of the curve or lies in its small
// subgroup: a signature under such a key can hold for any message.
func checkPoint(public []byte) error {
	point, err := new(edwards25519.Point).SetBytes(public)
	if err != nil || string(point.Bytes()) != string(public) {
		return fmt.Errorf("%.8s… is not a canonical Ed25519 public key", hex.EncodeToString(public))
	}
	if point.MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return errors.New("Ed25519 public key of small order")
	}
	return nil
}

// rhoSize is the length in bytes of the first part of an ML-DSA public key, the seed of its matrix.
const rhoSize = 32

// checkMLDSA refuses a public key of another length (FIPS 204, algorithm 22), and one whose second
// part, t1, is zero: anyone can sign for such a key, and it is what a placeholder looks like.
func checkMLDSA(public []byte) error {
	if len(public) != mldsa.MLDSA44PublicKeySize {
		return fmt.Errorf("ML-DSA-44 public key of %d bytes, want %d", len(public), mldsa.MLDSA44PublicKeySize)
	}
	if !slices.ContainsFunc(public[rhoSize:], func(b byte) bool { return b != 0 }) {
		return errors.New("ML-DSA-44 public key under which anyone can sign")
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"crypto/ed25519"
	"fmt"
)

// Signer signs checkpoints, or other texts, with Ed25519 (type 0x01). It is a note.Signer.
type Signer struct{ secret }

// NewSigner parses an skey of type 0x01.
func NewSigner(skey string) (*Signer, error) {
	s, err := parseSecret(skey, Ed25519)
	if err != nil {
		return nil, err
	}
	return &Signer{s}, nil
}

// Sign returns the Ed25519 signature of a text.
func (s *Signer) Sign(text []byte) ([]byte, error) { return s.sign(text) }

func expandEd25519(seed []byte) (public []byte, sign func([]byte) ([]byte, error), err error) {
	key := ed25519.NewKeyFromSeed(seed)
	sign = func(message []byte) ([]byte, error) { return ed25519.Sign(key, message), nil }
	return key.Public().(ed25519.PublicKey), sign, nil
}

// verifyEd25519 checks an Ed25519 cosignature (type 0x04) without its time.
func verifyEd25519(k VerifierKey, message, sig []byte) bool {
	return ed25519.Verify(ed25519.PublicKey(k.Public), message, sig)
}

// cosigned returns what an Ed25519 cosignature signs (CS-9). The signer's name is not in it.
func cosigned(cp Checkpoint, unix uint64) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", unix, cp.Body())
}

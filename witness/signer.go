// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"errors"
	"fmt"
	"time"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// Signer is a key that cosigns. A *receipt.Cosigner has it in memory; keys that PKCS#11 or another
// machine holds come behind the same three methods. An error means that the request is answered with
// 503 and that nothing is stored, so that the log asks again. A signer
// that is far away bounds its own time. It is safe for concurrent use.
type Signer interface {
	// VerifierKey returns the vkey, of type 0x04 or 0x06; always the same.
	VerifierKey() string
	// Cosign signs a checkpoint at a time, whole seconds (CS-10).
	Cosign(receipt.Checkpoint, time.Time) (receipt.Signature, error)
	// CosignSubtree signs a subtree without a time (CS-13). Only keys of type 0x06 are asked.
	CosignSubtree(receipt.Subtree) (receipt.Signature, error)
}

// key is a Signer with what its signatures are held against: none that does not verify gets into the
// state or out of the house, whatever is wrong with the signer. A fault in an Ed25519 signature that
// is computed anew, as by a bit that flips, can give its secret away.
type key struct {
	signer Signer
	public receipt.VerifierKey
}

// newKeys wants a key, and none twice.
func newKeys(signers []Signer) (keys []key, err error) {
	if len(signers) == 0 {
		return nil, errors.New("witness without a cosignature key")
	}
	seen := make(map[receipt.VerifierKey]bool)
	for _, s := range signers {
		public, err := receipt.ParseVerifierKey(s.VerifierKey())
		if err != nil {
			return nil, fmt.Errorf("cosignature key: %w", err)
		}
		if public.Type != strict.Cosignature && public.Type != strict.MLDSA44 {
			return nil, fmt.Errorf("cosignature key %s has type 0x%02x: a witness signs with 0x04 (Ed25519) or 0x06 "+
				"(ML-DSA-44)", public.Name, public.Type)
		}
		if seen[public] {
			return nil, fmt.Errorf("cosignature key %s is given twice", public)
		}
		seen[public] = true
		keys = append(keys, key{s, public})
	}
	return keys, nil
}

// cosign returns a cosignature that holds, at that time.
func (k key) cosign(cp receipt.Checkpoint, t time.Time) (receipt.Signature, error) {
	s, err := k.signer.Cosign(cp, t)
	if err != nil {
		return s, fmt.Errorf("cosigning: %w", err)
	}
	at, err := k.public.VerifyCosignature(cp, s)
	if err == nil && !at.Equal(t) {
		err = fmt.Errorf("it states the time %d, not %d", at.Unix(), t.Unix())
	}
	return s, k.distrust(err)
}

// cosignSubtree returns a cosignature over the subtree that holds.
func (k key) cosignSubtree(t receipt.Subtree) (receipt.Signature, error) {
	s, err := k.signer.CosignSubtree(t)
	if err != nil {
		return s, fmt.Errorf("cosigning a subtree: %w", err)
	}
	return s, k.distrust(k.public.VerifySubtree(t, s))
}

func (k key) distrust(err error) error {
	if err != nil {
		return fmt.Errorf("the signer of %s+%08x made a signature that is not good: %w",
			k.public.Name, k.public.ID, err)
	}
	return nil
}

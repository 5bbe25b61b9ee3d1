// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"cocket.example/receipt"
)

// forged is a line that claims to be of key, signed with the secret key that b seeds.
func forged(key receipt.VerifierKey, b byte, cp receipt.Checkpoint, unix uint64) receipt.Signature {
	secret := ed25519.NewKeyFromSeed(slices.Repeat([]byte{b}, 32))
	text := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", unix, cp.Body())
	sig := append(binary.BigEndian.AppendUint64(nil, unix), ed25519.Sign(secret, text)...)
	return receipt.Signature{Name: key.Name, ID: key.ID, Sig: sig}
}

// Cosignatures whose signature is right, at the borders of what a time may be (CS-5, CS-6, CS-9).
func TestTimesOfValidCosignatures(t *testing.T) {
	_, key := witnessKey(2, "w.example")
	cp := newTree(2).checkpoint(2)
	const last = 253402300799 // of the year 9999
	for _, unix := range []uint64{1, 1700000000, last} {
		at, err := key.VerifyCosignature(cp, forged(key, 2, cp, unix))
		if err != nil || at.Unix() != int64(unix) {
			t.Errorf("time %d: %s, %v", unix, at, err)
		}
	}
	if at, err := key.VerifyCosignature(cp, forged(key, 2, cp, 0)); err != nil || !at.IsZero() {
		t.Errorf("time 0: %s, %v", at, err)
	}
	for _, unix := range []uint64{last + 1, math.MaxInt64, 1 << 63, math.MaxUint64} {
		_, err := key.VerifyCosignature(cp, forged(key, 2, cp, unix))
		wantError(t, err, "CS-5")
	}
	_, err := key.VerifyCosignature(cp, forged(key, 3, cp, 1700000000)) // by another key
	wantError(t, err, "SN-9")
	for _, n := range []int{0, 1, 8, 64, 71, 73, 2428} { // CS-1
		s := forged(key, 2, cp, 1700000000)
		s.Sig = slices.Concat(s.Sig, make([]byte, 2500))[:n]
		_, err := key.VerifyCosignature(cp, s)
		wantError(t, err, "want 72")
	}
}

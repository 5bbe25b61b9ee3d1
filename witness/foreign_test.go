// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
)

// TestForeignVerifiers has other projects' code verify what add-checkpoint and the monitoring GET
// answer (W24: who knows one key only ignores the lines of others).
func TestForeignVerifiers(t *testing.T) {
	r := newRig(t)
	signed := string(r.log.sign(t, r.log.head(trunk, 5)))
	answered := signed + r.want(200, r.log.grow(t, trunk, 0, 5))
	shown := r.get(monitorPath(r.log.origin)).Body.String()
	if answered != shown {
		t.Errorf("answered\n%s, shown\n%s", answered, shown)
	}
	log, err := note.NewVerifier(r.log.key.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range r.keys {
		cosigner, err := torchwood.NewCosignatureVerifier(key.String())
		if err != nil {
			t.Fatal(err)
		}
		opened, err := note.Open([]byte(shown), note.VerifierList(log, cosigner))
		if err != nil {
			t.Fatal(err)
		}
		if len(opened.Sigs) != 2 || len(opened.UnverifiedSigs) != 1 {
			t.Errorf("%d signatures verified, %d unknown, want 2 and 1",
				len(opened.Sigs), len(opened.UnverifiedSigs))
		}
		at, err := torchwood.CosignatureTimestamp(opened.Sigs[1])
		if err != nil || at != start.Unix() {
			t.Errorf("cosigned at %d (%v), want %d", at, err, start.Unix())
		}
		c, _, err := torchwood.VerifyCheckpoint([]byte(shown), torchwood.ThresholdPolicy(3,
			torchwood.OriginPolicy(r.log.origin), torchwood.SingleVerifierPolicy(log),
			torchwood.SingleVerifierPolicy(cosigner)))
		if err != nil || c.N != 5 || [32]byte(c.Hash) != trunk.root(0, 5) {
			t.Errorf("checkpoint %+v: %v", c, err)
		}
	}
}

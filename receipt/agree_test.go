// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"testing"
	"time"

	"filippo.io/torchwood"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/receipt"
)

// What we print, x/mod, formats and torchwood verify, with the same values.
func TestOthersVerifyOurs(t *testing.T) {
	w := newWorld()
	r := w.receipt(11, 7)
	verifiers := []note.Verifier{must(note.NewVerifier(w.logKey.String()))}
	policies := []torchwood.Policy{torchwood.OriginPolicy(origin), torchwood.SingleVerifierPolicy(verifiers[0])}
	for _, k := range w.keys {
		verifiers = append(verifiers, must(fnote.NewVerifierForCosignatureV1(k.String())))
		policies = append(policies, torchwood.SingleVerifierPolicy(must(torchwood.NewCosignatureVerifier(k.String()))))
	}
	n, err := note.Open(r.Checkpoint, note.VerifierList(verifiers...))
	if err != nil || len(n.Sigs) != 3 || len(n.UnverifiedSigs) != 0 {
		t.Fatalf("x/mod with formats: %v, %v", n, err)
	}
	for i, want := range []int64{1000, 1100} {
		if at := must(fnote.CoSigV1Timestamp(n.Sigs[i+1])); at.Unix() != want {
			t.Errorf("witness %d: formats reads time %s, want %d", i, at, want)
		}
	}
	policy := torchwood.ThresholdPolicy(len(policies), policies...)
	cp, _, err := torchwood.VerifyCheckpoint(r.Checkpoint, policy)
	if ours := w.tree.checkpoint(11); err != nil || cp.Origin != ours.Origin || uint64(cp.N) != ours.Size ||
		receipt.Hash(cp.Hash) != ours.Root {
		t.Errorf("torchwood reads %v: %v", cp, err)
	}
	if err := torchwood.VerifyProof(policy, tlog.RecordHash(entry(7)), r.Bytes()); err != nil {
		t.Errorf("torchwood refuses our receipt: %v", err)
	}
	var theirs proof.TLogProof
	if err := theirs.Unmarshal(r.Bytes()); err != nil || !bytes.Equal(theirs.Marshal(), r.Bytes()) {
		t.Errorf("formats reads another receipt: %v", err)
	}
}

// Keys go both ways between us, x/mod (0x01) and formats (0x04).
func TestKeysAreExchanged(t *testing.T) {
	cp := newTree(3).checkpoint(3)
	theirs, vkey, err := note.GenerateKey(seed(5), origin)
	if err != nil {
		t.Fatal(err)
	}
	signed := must(cp.Sign(must(receipt.NewSigner(theirs))))
	must(note.Open(signed, note.VerifierList(must(note.NewVerifier(vkey)))))
	ours, vkey, _ := receipt.GenerateKey(seed(6), receipt.Ed25519, origin)
	signed = must(cp.Sign(must(note.NewSigner(ours))))
	_, signatures, err := receipt.ParseCheckpoint(signed)
	if err != nil {
		t.Fatal(err)
	}
	if err := must(receipt.ParseVerifierKey(vkey)).VerifyLog(cp, signatures); err != nil {
		t.Error(err)
	}

	skey, vkey, _ := receipt.GenerateKey(seed(7), receipt.Cosignature, "w.example")
	signer := must(fnote.NewSignerForCosignatureV1(skey))
	before := time.Now().Unix()
	signed = must(note.Sign(&note.Note{Text: string(cp.Body())}, signer))
	_, signatures, err = receipt.ParseCheckpoint(signed)
	if err != nil {
		t.Fatal(err)
	}
	at, err := must(receipt.ParseVerifierKey(vkey)).VerifyCosignature(cp, signatures[0])
	if err != nil || at.Unix() < before || at.Unix() > time.Now().Unix() {
		t.Errorf("time %s: %v", at, err)
	}
	// formats makes its 0x04 keys of x/mod's 0x01 keys.
	_, plain, _ := note.GenerateKey(seed(7), "w.example")
	if converted := must(fnote.VKeyToCosignatureV1(plain)); converted != vkey {
		t.Errorf("formats makes %s of the key, we %s", converted, vkey)
	}
}

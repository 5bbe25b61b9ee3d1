// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"cocket.example/receipt"
)

// What we sign with ML-DSA-44, x/mod with the verifier of formats verifies, with the same time, and
// refuses under another name.
func TestFormatsVerifiesOurMLDSA(t *testing.T) {
	timed, key := timedKey(1, origin)
	cosigner, witness := mldsaWitness(2, "w.example")
	_, namesake := mldsaWitness(2, "v.example")
	cp := newTree(3).checkpoint(3)
	signed := must(cp.SignAt(time.Unix(1000, 0), timed))
	signed = append(signed, must(cosigner.Cosign(cp, time.Unix(1100, 0))).String()...)
	n, err := note.Open(signed, note.VerifierList(must(fnote.NewMLDSAVerifier(key.String())),
		must(fnote.NewVerifierForCosignatureV1(witness.String()))))
	if err != nil || len(n.Sigs) != 2 || len(n.UnverifiedSigs) != 0 {
		t.Fatalf("%v, %v", n, err)
	}
	for i, want := range []int64{1000, 1100} {
		if at := must(fnote.CoSigV1Timestamp(n.Sigs[i])); at.Unix() != want {
			t.Errorf("formats reads time %s, want %d", at, want)
		}
	}
	_, signatures, err := receipt.ParseCheckpoint(signed)
	if err != nil {
		t.Fatal(err)
	}
	s := signatures[1].Sig
	if must(fnote.NewVerifierForCosignatureV1(namesake.String())).Verify(cp.Body(), s) {
		t.Error("formats takes the signature of another name (CS-17)")
	}
}

// Keys and signatures of formats are good here, as a log's and as a witness's.
func TestWeVerifyMLDSAOfFormats(t *testing.T) {
	skey, vkey, err := fnote.GenerateMLDSAKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	key := must(receipt.ParseVerifierKey(vkey))
	if ours := must(receipt.NewCosigner(skey)); ours.VerifierKey() != vkey {
		t.Errorf("read as %s, want %s", ours.VerifierKey(), vkey)
	}
	cp := newTree(3).checkpoint(3)
	before := time.Now().Unix()
	signed := must(note.Sign(&note.Note{Text: string(cp.Body())}, must(fnote.NewMLDSASigner(skey))))
	_, signatures, err := receipt.ParseCheckpoint(signed)
	if err != nil {
		t.Fatal(err)
	}
	if err := key.VerifyLog(cp, signatures); err != nil {
		t.Error(err)
	}
	at, err := key.VerifyCosignature(cp, signatures[0])
	if err != nil || at.Unix() < before || at.Unix() > time.Now().Unix() {
		t.Errorf("time %s: %v", at, err)
	}
	// formats takes a checkpoint to which somebody added a line; nobody here does (CS-15).
	longer := strings.Replace(string(signed), "\n\n", "\nmore\n\n", 1)
	must(note.Open([]byte(longer), note.VerifierList(must(fnote.NewMLDSAVerifier(vkey)))))
	_, _, err = receipt.ParseCheckpoint([]byte(longer))
	wantError(t, err, "CP-6")
}

// A log of torchwood states no time in its signature (CS-14).
func TestWeVerifyMLDSAOfTorchwood(t *testing.T) {
	files := must(txtar.ParseFile("testdata/torchwood-mldsa.txtar")).Files
	key := must(receipt.ParseVerifierKey(strings.TrimSpace(string(files[0].Data))))
	cp, signatures, err := receipt.ParseCheckpoint(files[1].Data)
	if err != nil {
		t.Fatal(err)
	}
	if err := key.VerifyLog(cp, signatures); err != nil {
		t.Error(err)
	}
	if at, err := key.VerifyCosignature(cp, signatures[0]); err != nil || !at.IsZero() {
		t.Errorf("states %s: %v", at, err)
	}
	cp.Size++
	wantError(t, key.VerifyLog(cp, signatures), "SN-9")
}

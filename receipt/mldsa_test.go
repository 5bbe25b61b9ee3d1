// SPDX-License-Identifier: Apache-2.0

package receipt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/receipt"
)

// timedKey is a log's key of type 0x06.
func timedKey(b byte, name string) (*receipt.TimedSigner, receipt.VerifierKey) {
	skey, vkey, err := receipt.GenerateKey(seed(b), receipt.MLDSA44, name)
	if err != nil {
		panic(err)
	}
	return must(receipt.NewLogSigner(skey)).(*receipt.TimedSigner), must(receipt.ParseVerifierKey(vkey))
}

// mldsaWitness is a witness's key of type 0x06.
func mldsaWitness(b byte, name string) (*receipt.Cosigner, receipt.VerifierKey) {
	skey, vkey, err := receipt.GenerateKey(seed(b), receipt.MLDSA44, name)
	if err != nil {
		panic(err)
	}
	return must(receipt.NewCosigner(skey)), must(receipt.ParseVerifierKey(vkey))
}

func TestMLDSALine(t *testing.T) { // CS-1, CS-3
	c, key := mldsaWitness(1, "w.example")
	line := must(c.Cosign(newTree(2).checkpoint(2), time.Unix(1000, 0))).String()
	fields := strings.Fields(line)
	if n := len(fields[2]); n != 3244 {
		t.Errorf("base64 of %d characters, want 3244", n)
	}
	if b := must(base64.StdEncoding.DecodeString(fields[2])); len(b) != 2432 {
		t.Errorf("%d bytes, want 2432", len(b))
	}
	if n := len(strings.Split(key.String(), "+")[2]); n > 1752 || len(key.Public) != 1312 {
		t.Errorf("vkey with %d characters of base64, key of %d bytes", n, len(key.Public))
	}
}

// Every field of the message is signed, and every byte of the line counts.
func TestVerifyMLDSACosignature(t *testing.T) {
	cosigner, key := mldsaWitness(2, "w.example")
	_, ed25519 := witnessKey(2, "w.example")
	cp := newTree(2).checkpoint(2)
	good := must(cosigner.Cosign(cp, time.Unix(1700000000, 5)))
	if at, err := key.VerifyCosignature(cp, good); err != nil || !at.Equal(time.Unix(1700000000, 0)) {
		t.Fatalf("%s, %v", at, err)
	}
	again := must(cosigner.Cosign(cp, time.Unix(1700000000, 5)))
	if bytes.Equal(again.Sig, good.Sig) {
		t.Error("signed without fresh randomness (CS-18)")
	}
	with := func(change func(*receipt.Signature)) receipt.Signature {
		s := good
		s.Sig = bytes.Clone(s.Sig)
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		s    receipt.Signature
		want string
	}{
		"CS-6 short":          {with(func(s *receipt.Signature) { s.Sig = s.Sig[:len(s.Sig)-1] }), "want 2428"},
		"CS-6 long":           {with(func(s *receipt.Signature) { s.Sig = append(s.Sig, 0) }), "want 2428"},
		"CS-6 of Ed25519":     {with(func(s *receipt.Signature) { s.Sig = s.Sig[:72] }), "want 2428"},
		"CS-5 2^63":           {with(func(s *receipt.Signature) { s.Sig[0] = 0x80 }), "year 9999"},
		"CS-12 time":          {with(func(s *receipt.Signature) { s.Sig[7]++ }), "SN-9"},
		"CS-12 no time":       {with(func(s *receipt.Signature) { clear(s.Sig[:8]) }), "SN-9"},
		"first byte":          {with(func(s *receipt.Signature) { s.Sig[8] ^= 1 }), "SN-9"},
		"last byte":           {with(func(s *receipt.Signature) { s.Sig[len(s.Sig)-1] ^= 1 }), "SN-9"},
		"SN-8 another key":    {with(func(s *receipt.Signature) { s.ID++ }), "no signature of this key"},
		"SN-8 another name":   {with(func(s *receipt.Signature) { s.Name = "x.example" }), "no signature of this key"},
		"SN-8 the other type": {with(func(s *receipt.Signature) { s.ID = ed25519.ID }), "no signature of this key"},
	} {
		_, err := key.VerifyCosignature(cp, c.s)
		if wantError(t, err, c.want); err == nil {
			t.Error(name)
		}
	}
	for name, other := range map[string]receipt.Checkpoint{
		"origin": {Origin: "log.example/b", Size: cp.Size, Root: cp.Root},
		"size":   {Origin: cp.Origin, Size: cp.Size + 1, Root: cp.Root},
		"root":   {Origin: cp.Origin, Size: cp.Size},
	} {
		if _, err := key.VerifyCosignature(other, good); err == nil {
			t.Errorf("holds for another %s", name)
		}
	}
}

// TestNameIsSigned: the same key under another name is another signer (CS-17).
func TestNameIsSigned(t *testing.T) {
	cosigner, _ := mldsaWitness(2, "w.example")
	_, other := mldsaWitness(2, "v.example")
	cp := newTree(2).checkpoint(2)
	s := must(cosigner.Cosign(cp, time.Unix(1000, 0)))
	s.Name, s.ID = other.Name, other.ID
	_, err := other.VerifyCosignature(cp, s)
	wantError(t, err, "SN-9")
}

func TestTimedSigner(t *testing.T) {
	signer, key := timedKey(1, origin)
	plain, plainKey := logKey(2, origin)
	cp := newTree(2).checkpoint(2)
	for _, at := range []time.Time{{}, time.Unix(1700000000, 0)} { // the zero time is none (CS-14)
		_, signatures, err := receipt.ParseCheckpoint(must(cp.SignAt(at, plain, signer)))
		if err != nil || len(signatures) != 2 {
			t.Fatal(signatures, err)
		}
		for _, k := range []receipt.VerifierKey{key, plainKey} {
			if err := k.VerifyLog(cp, signatures); err != nil {
				t.Error(err)
			}
		}
		got, err := key.VerifyCosignature(cp, signatures[1])
		if err != nil || !got.Equal(at) {
			t.Errorf("states %s, %v, want %s", got, err, at)
		}
		other := cp
		other.Size++
		wantError(t, key.VerifyLog(other, signatures), "SN-9")
		wantError(t, key.VerifyLog(cp, append(signatures, signatures...)), "SN-12")
	}
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(253402300800, 0)} {
		_, err := cp.SignAt(at, signer)
		wantError(t, err, "from 1970 to 9999")
	}
	_, err := note.Sign(&note.Note{Text: "no checkpoint\n"}, signer)
	wantError(t, err, "checkpoints alone")
	empty := receipt.Checkpoint{Origin: origin} // as Ed25519 signs it: who wants to prove a fault
	must(empty.Sign(plain, signer))
}

func TestKeyRoles(t *testing.T) { // TP-9
	cp := newTree(2).checkpoint(2)
	skeys := make(map[receipt.KeyType]string)
	keys := make(map[receipt.KeyType]receipt.VerifierKey)
	for _, typ := range []receipt.KeyType{receipt.Ed25519, receipt.Cosignature, receipt.MLDSA44} {
		skey, vkey, err := receipt.GenerateKey(seed(1), typ, origin)
		if err != nil {
			t.Fatal(err)
		}
		skeys[typ], keys[typ] = skey, must(receipt.ParseVerifierKey(vkey))
	}
	_, err := receipt.NewSigner(skeys[receipt.MLDSA44])
	wantError(t, err, "type 0x06, want 0x01")
	_, err = receipt.NewLogSigner(skeys[receipt.Cosignature])
	wantError(t, err, "type 0x04, want 0x01 or 0x06")
	_, err = receipt.NewCosigner(skeys[receipt.Ed25519])
	wantError(t, err, "type 0x01, want 0x04 or 0x06")
	wantError(t, keys[receipt.Cosignature].VerifyLog(cp, nil), "0x01 or 0x06")
	_, err = keys[receipt.Ed25519].VerifyCosignature(cp, receipt.Signature{})
	wantError(t, err, "0x04 or 0x06")
	for typ, name := range map[receipt.KeyType]string{1: "Ed25519", 4: "Ed25519 cosignature", 6: "ML-DSA-44", 7: "0x07"} {
		if typ.String() != name {
			t.Errorf("type %d is %s", byte(typ), typ)
		}
	}
}

// A log with two keys in the policy: either is enough (TP-3), and one that is broken is too much
// (SN-9).
func TestLogWithTwoKeys(t *testing.T) {
	w := newWorld()
	timed, key := timedKey(3, origin)
	cosigner, witness := mldsaWitness(4, "w2.example")
	p := w.policy
	p.Logs = append(p.Logs[:1:1], receipt.Log{Key: key})
	p.Witnesses = []receipt.Witness{{Name: "w", Key: witness}}
	p.Groups, p.Quorum = nil, "w"
	cp := w.tree.checkpoint(5)
	cosigned := must(cosigner.Cosign(cp, time.Unix(1000, 0))).String()
	note := func(signers ...note.Signer) []byte {
		return append(must(cp.SignAt(time.Unix(900, 0), signers...)), cosigned...)
	}
	for _, b := range [][]byte{note(w.log), note(timed), note(w.log, timed), note(timed, w.log)} {
		trusted, err := p.Verify(b)
		if err != nil || trusted.Report().NoLaterThan.Unix() != 1000 {
			t.Errorf("%s: %v", trusted.Report().NoLaterThan, err)
		}
	}
	other := w.tree.checkpoint(4)
	_, broken, err := receipt.ParseCheckpoint(must(other.Sign(w.log, timed)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Verify(append(note(w.log), broken[1].String()...))
	wantError(t, err, "SN-9")
	_, err = p.Verify(append(note(timed), broken[0].String()...))
	wantError(t, err, "SN-9")
}

// The log's own line never counts as a witness's, under whatever key and type.
func TestLogIsNoWitness(t *testing.T) {
	_, key := timedKey(3, origin)
	_, same := timedKey(3, "w.example")
	l, w := "log "+key.String()+"\n", "witness w "+key.String()+"\n"
	for _, text := range []string{l + w, w + l, l + "witness w " + same.String() + "\n"} {
		_, err := receipt.ParsePolicy([]byte(text + "quorum w\n"))
		wantError(t, err, "TP-8")
	}
	_, plain := logKey(3, origin)
	_, elsewhere := witnessKey(3, "w.example")
	l, w = "log "+plain.String()+"\n", "witness w "+elsewhere.String()+"\n"
	for _, text := range []string{l + w, w + l} {
		_, err := receipt.ParsePolicy([]byte(text + "quorum w\n"))
		wantError(t, err, "TP-8")
	}
	w = "witness w " + key.String() + "\n" // the log's second key
	for _, text := range []string{l + w, w + l} {
		_, err := receipt.ParsePolicy([]byte(text + "quorum w\n"))
		wantError(t, err, "no log is its own witness")
	}
}

// TestKeysOfOneID: two keys with one name and id would make each other's signatures broken ones, so that
// whoever adds the second loses the receipts of the first (SN-9, SN-18).
func TestKeysOfOneID(t *testing.T) {
	text := ""
	for _, n := range []uint64{33034, 41105} { // found by trying
		seed := binary.BigEndian.AppendUint64(make([]byte, 24), n)
		_, vkey, err := receipt.GenerateKey(bytes.NewReader(seed), receipt.Ed25519, origin)
		if err != nil || !strings.Contains(vkey, "+40b69ca7+") {
			t.Fatal(vkey, err)
		}
		text += "log " + vkey + "\n"
	}
	_, err := receipt.ParsePolicy([]byte(text + "quorum none\n"))
	wantError(t, err, "policy line 2: another key has the name and id log.example/a+40b69ca7")
}

// TestPolicyShowsNoSecret: a file of a key or a token, or one of them in the wrong place, is not repeated.
func TestPolicyShowsNoSecret(t *testing.T) {
	skey, _, err := receipt.GenerateKey(seed(9), receipt.Cosignature, "w1")
	if err != nil {
		t.Fatal(err)
	}
	token := strings.Repeat("token", 9)
	for _, secret := range []string{skey, token} {
		for _, text := range []string{secret, "quorum " + secret, "group g 1 " + secret, "group " + secret + " 1 a",
			"witness " + secret + " a", "log " + secret, "witness w " + secret} {
			_, err := receipt.ParsePolicy([]byte(text + "\n"))
			if err == nil || strings.Contains(err.Error(), secret[:20]) || strings.Contains(err.Error(), secret[len(secret)-10:]) {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
}

// TestMLDSATimeZero: a cosignature without a time satisfies a quorum and gives no time (CS-14).
func TestMLDSATimeZero(t *testing.T) {
	w := newWorld()
	timed, key := timedKey(5, origin) // the only signer that leaves the time out
	p := receipt.Policy{
		Logs: w.policy.Logs, Witnesses: []receipt.Witness{{Name: "w", Key: key}}, Quorum: "w",
	}
	trusted, err := p.Verify(must(w.tree.checkpoint(5).Sign(w.log, timed)))
	if err != nil || !trusted.Report().NoLaterThan.IsZero() || !trusted.Report().Witnesses[0].Time.IsZero() {
		t.Errorf("%v, %v", trusted.Report(), err)
	}
}

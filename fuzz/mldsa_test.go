// SPDX-License-Identifier: Apache-2.0

package fuzz

import (
	"bytes"
	"testing"
	"time"

	fnote "github.com/transparency-dev/formats/note"

	"cocket.example/receipt"
)

// FuzzMLDSACosignature: what a key of type 0x06 signs, as a witness or as a log and under whatever
// name, holds here and for formats, with the same time; changed in any byte, or under another name, it
// holds for neither.
func FuzzMLDSACosignature(f *testing.F) {
	f.Add("w.example", "log.example/a", uint64(1), int64(1790000000), 0, byte(0))
	f.Add("w.example", "log.example/a", uint64(1)<<62, int64(1), 9, byte(1))
	f.Add("log.example/a", "log.example/a", uint64(7), int64(0), 2427, byte(128))
	f.Fuzz(func(t *testing.T, name, origin string, size uint64, unix int64, at int, change byte) {
		cp := receipt.Checkpoint{Origin: origin, Size: size, Root: receipt.Hash{1}}
		_, err := cp.Sign()
		skey, vkey, err2 := receipt.GenerateKey(bytes.NewReader(make([]byte, 32)), receipt.MLDSA44, name)
		if err != nil || err2 != nil {
			return // neither a checkpoint nor a key that anybody could have
		}
		sig := sign(t, skey, cp, unix)
		if sig == nil {
			return
		}
		intact := change == 0 || at < 0 || at >= len(sig)
		if !intact {
			sig[at] ^= change
		}
		key, err := receipt.ParseVerifierKey(vkey)
		if err != nil {
			t.Fatal(err)
		}
		s := receipt.Signature{Name: key.Name, ID: key.ID, Sig: sig}
		when, err := key.VerifyCosignature(cp, s)
		if (err == nil) != intact || err == nil && unix != 0 && when.Unix() != unix || unix == 0 && !when.IsZero() {
			t.Fatalf("signed at %d, verified at %v: %v", unix, when, err)
		}
		if logErr := key.VerifyLog(cp, []receipt.Signature{s}); (logErr == nil) != intact {
			t.Fatalf("as a log's: %v", logErr)
		}
		theirs, err := fnote.NewVerifierForCosignatureV1(vkey)
		if err != nil {
			t.Fatalf("formats refuses the key: %v", err)
		}
		if theirs.KeyHash() != key.ID || theirs.Verify(cp.Body(), sig) != intact {
			t.Fatalf("formats does not say %v of key %08x", intact, theirs.KeyHash())
		}
		renamed := receipt.VerifierKey{Key: key.Key}
		renamed.Name += "x"
		s.Name = renamed.Name
		if _, err := renamed.VerifyCosignature(cp, s); err == nil {
			t.Fatal("holds under another name")
		}
	})
}

// sign signs a checkpoint at a time: as a witness, or at 0 as a log that states none. It returns nil
// for a time that nobody may state.
func sign(t *testing.T, skey string, cp receipt.Checkpoint, unix int64) []byte {
	t.Helper()
	if unix == 0 {
		signer, err := receipt.NewLogSigner(skey)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := signer.Sign(cp.Body())
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	cosigner, err := receipt.NewCosigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	s, err := cosigner.Cosign(cp, time.Unix(unix, 0))
	if err != nil {
		return nil
	}
	return s.Sig
}

// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"filippo.io/mldsa"
	"github.com/transparency-dev/merkle/rfc6962"
)

// The reference vector of CS-12: seed 00 … 1f, signed deterministically at 1700000000 over the empty
// tree. Anyone can recompute it in any language.
const (
	vectorSkey    = "PRIVATE+KEY+witness.example/w1+dcccf9ec+BgABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
	vectorPublic  = "9f107644c1084526af3bc8098680b05499a2325a644e388fb4f970e058d19d46" // its SHA-256
	vectorID      = 0xdcccf9ec
	vectorTime    = 1700000000
	vectorMessage = "737562747265652f76310a00" + "127769746e6573732e6578616d706c652f7731" +
		"000000006553f100" + "0d6c6f672e6578616d706c652f61" + "0000000000000000" + "0000000000000000" +
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	vectorSignature = "6a9742cb7bdfc314ad038074dd066e217c78b09f1b21215a675befd37f92b459"
	vectorLine      = "f510518623ba92447f576e4c0abd03ba53c9bb65ae4fd3e10d49c711fca17274"
)

func TestReferenceVector(t *testing.T) { // CS-2, CS-12, CS-13
	same := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	sum := func(b []byte) string {
		h := sha256.Sum256(b)
		return hex.EncodeToString(h[:])
	}
	c, err := NewCosigner(vectorSkey)
	if err != nil {
		t.Fatal(err)
	}
	same("public key", sum([]byte(c.vkey.Public)), vectorPublic)
	if c.KeyHash() != vectorID {
		t.Errorf("key id %08x", c.KeyHash())
	}
	cp := Checkpoint{Origin: "log.example/a", Root: Hash(rfc6962.DefaultHasher.EmptyRoot())}
	message := cp.subtree().labelled("witness.example/w1", vectorTime)
	same("message", hex.EncodeToString(message), vectorMessage)
	key, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), c.seed())
	if err != nil {
		t.Fatal(err)
	}
	sig, err := key.SignDeterministic(message, nil)
	if err != nil {
		t.Fatal(err)
	}
	same("signature", sum(sig), vectorSignature)
	line := Signature{c.Name(), c.KeyHash(), append(binary.BigEndian.AppendUint64(nil, vectorTime), sig...)}
	same("line", sum([]byte(line.String())), vectorLine)
	at, err := VerifierKey{c.vkey}.VerifyCosignature(cp, line)
	if err != nil || at.Unix() != vectorTime {
		t.Errorf("verified at %s: %v", at, err)
	}
}

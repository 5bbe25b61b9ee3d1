// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/internal/strict"
)

// testSigner is a certifier's key of fixed seed.
type testSigner struct {
	key  ed25519.PrivateKey
	vkey strict.Key
}

func (s testSigner) Name() string { return s.vkey.Name }

func (s testSigner) KeyHash() uint32 { return s.vkey.ID }

func (s testSigner) Sign(text []byte) ([]byte, error) { return ed25519.Sign(s.key, text), nil }

func certifierKey(t testing.TB) (string, note.Signer) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	vkey, err := strict.NewKey("exporter.example", strict.Ed25519, key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return vkey.String(), testSigner{key, vkey}
}

func unhash(t testing.TB, s string) Hash {
	t.Helper()
	h, err := strict.Hash(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func sample(profile string, fields map[string]string) Declaration {
	return Declaration{Log: "customs.example/log", Event: "issue", Profile: profile,
		Submitter: "broker.example", Fields: fields}
}

func mustSeal(t testing.TB, d Declaration) Opening {
	t.Helper()
	return sealWith(t, d, rand.Reader)
}

func sealWith(t testing.TB, d Declaration, random io.Reader) Opening {
	t.Helper()
	o, err := d.Seal(random)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

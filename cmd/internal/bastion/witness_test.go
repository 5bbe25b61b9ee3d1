// SPDX-License-Identifier: Apache-2.0

package bastion_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"path/filepath"
	"testing"

	"cocket.example/receipt"
	"cocket.example/witness"
)

// TestWitness: what a witness answers is the same through a bastion, its limit on bodies included.
func TestWitness(t *testing.T) {
	r := newRig(t)
	r.startBastion(r.key)
	key, log := newCosigner(t), newSigner(t)
	state := newState(t)
	w, err := witness.New(witness.Config{
		State: state, Keys: []witness.Signer{key},
		Logs: []witness.Log{{Keys: []receipt.VerifierKey{log.key}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, stop, logged := r.startBackend(w.Handler())
	r.await("the backend connects", func() bool { return logged.has("connected to the bastion") })
	signed, err := receipt.Checkpoint{Origin: log.Name(), Root: sha256.Sum256(nil)}.Sign(log.Signer)
	if err != nil {
		t.Fatal(err)
	}
	good := receipt.AddCheckpoint{Checkpoint: signed}.Bytes()
	for _, c := range []struct {
		body []byte
		want int
	}{
		{good, http.StatusOK},
		{bytes.Replace(good, []byte("old 0"), []byte("old 1"), 1), http.StatusBadRequest},
		{bytes.Repeat([]byte("a"), 1<<20), http.StatusRequestEntityTooLarge},
		{good, http.StatusOK},
	} {
		resp, err := r.client.Post(r.url("/add-checkpoint"), "", bytes.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%d bytes: status %d, want %d", len(c.body), resp.StatusCode, c.want)
		}
	}
	if err := stop(); err != nil { // before the state is closed
		t.Error(err)
	}
}

func newState(t *testing.T) *witness.State {
	t.Helper()
	path := filepath.Join(t.TempDir(), "witness.db")
	if err := witness.CreateState(path); err != nil {
		t.Fatal(err)
	}
	state, err := witness.OpenState(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = state.Close() })
	return state
}

func newCosigner(t *testing.T) *receipt.Cosigner {
	t.Helper()
	skey, _, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	key, err := receipt.NewCosigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// logKey is the key of a log.
type logKey struct {
	*receipt.Signer
	key receipt.VerifierKey
}

func newSigner(t *testing.T) logKey {
	t.Helper()
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, "log.example/a")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := receipt.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := receipt.ParseVerifierKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return logKey{signer, key}
}

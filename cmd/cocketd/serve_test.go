// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"path/filepath"
	"testing"

	"cocket.example/cmd/internal/server"
	"cocket.example/log/local"
	"cocket.example/receipt"
	"golang.org/x/mod/sumdb/note"
)

// TestWitnessMetrics: what the witnesses answer is among the metrics that the server exports.
func TestWitnessMetrics(t *testing.T) {
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, "customs.example/log")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	_, wkey, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := receipt.ParsePolicy([]byte("log " + vkey + "\nwitness w1 " + wkey + " http://127.0.0.1:1\nquorum w1\n"))
	if err != nil {
		t.Fatal(err)
	}
	fs := local.Dir(filepath.Join(t.TempDir(), "log"))
	if err := local.Create(fs, "customs.example/log"); err != nil {
		t.Fatal(err)
	}
	storage, err := local.Open(t.Context(), local.Config{FS: fs, MinFree: 1, Reserve: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer storage.Close()
	registry := server.NewRegistry()
	c := Config{Origin: "customs.example/log"}
	if _, err := c.newLog(keys{[]note.Signer{signer}, policy}, storage, shared{nil, registry}); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	exported := make(map[string]bool)
	for _, f := range families {
		exported[f.GetName()] = true
	}
	for _, name := range []string{"cocket_cosign_size", "cocket_cosign_failures_total", "cocket_cosign_claims_total"} {
		if !exported[name] {
			t.Errorf("%s is not exported", name)
		}
	}
}

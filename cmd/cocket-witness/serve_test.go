// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/receipt"
	"cocket.example/witness"
)

// TestAdmin shows what an operator sees of a log that forks.
func TestAdmin(t *testing.T) {
	dir := t.TempDir()
	log, cosigner := makeKey(t, dir, receipt.Ed25519), makeKey(t, dir, receipt.Cosignature)
	text := "listen: 127.0.0.1:0\ndir: state\nkeys: [" + cosigner + "]\nlogs: [{vkey_file: " + log + ".vkey}]\n"
	path := filepath.Join(dir, "w.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.create(); err != nil {
		t.Fatal(err)
	}
	state, err := c.files().Open()
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	p, err := c.assemble(state, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := keyfile.ReadSigner(filepath.Join(dir, log))
	if err != nil {
		t.Fatal(err)
	}
	for i, status := range []int{200, 409} {
		signed, err := receipt.Checkpoint{Origin: signer.Name(), Size: 5, Root: [32]byte{byte(i)}}.Sign(signer)
		if err != nil {
			t.Fatal(err)
		}
		body := receipt.AddCheckpoint{Checkpoint: signed}.Bytes()
		answer := httptest.NewRecorder()
		p.server.Public.ServeHTTP(answer, httptest.NewRequest("POST", "/add-checkpoint", bytes.NewReader(body)))
		if answer.Code != status {
			t.Fatalf("checkpoint %d: status %d, want %d", i, answer.Code, status)
		}
	}
	for path, want := range map[string]string{
		"/health":       "ok\n",
		"/metrics":      `cocket_witness_evidence{origin="` + signer.Name() + `"} 1`,
		"/evidence":     `"kind":"fork"`,
		"/debug/pprof/": "goroutine",
	} {
		if got := fetch(t, p.server.Admin, path); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q in it", path, got, want)
		}
	}
	var e witness.Evidence
	if err := json.Unmarshal([]byte(fetch(t, p.server.Admin, "/evidence")), &e); err != nil || e.Origin != signer.Name() {
		t.Errorf("evidence %+v: %v", e, err)
	}
}

// makeKey makes a key file with its vkey beside it, and returns its name.
func makeKey(t *testing.T, dir string, typ receipt.KeyType) string {
	t.Helper()
	name := map[receipt.KeyType]string{receipt.Ed25519: "log", receipt.Cosignature: "witness"}[typ]
	skey, vkey, err := receipt.GenerateKey(rand.Reader, typ, name+".example/a")
	if err != nil {
		t.Fatal(err)
	}
	if err := keyfile.Write(filepath.Join(dir, name), skey); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".vkey"), []byte(vkey+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func fetch(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	if answer.Code != http.StatusOK {
		t.Errorf("%s: status %d", path, answer.Code)
	}
	return answer.Body.String()
}

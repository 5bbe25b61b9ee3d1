// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cocket.example/receipt"
	"cocket.example/witness"
)

// TestHidden: with a bastion the witness runs without an address of its own, says where it can be
// reached, goes on while the bastion is away, and shows that it is.
func TestHidden(t *testing.T) {
	dir := t.TempDir()
	log, cosigner := makeKey(t, dir, receipt.Ed25519), makeKey(t, dir, receipt.Cosignature)
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	text := "dir: state\nkeys: [" + cosigner + "]\nlogs: [{vkey_file: " + log + ".vkey}]\n" +
		"bastion: {address: '127.0.0.1:1', key: bastion.key}\n"
	path := filepath.Join(dir, "w.yaml")
	for name, text := range map[string][]byte{
		path:                              []byte(text),
		filepath.Join(dir, "bastion.key"): pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := loadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.create(); err != nil {
		t.Fatal(err)
	}
	state, err := witness.OpenState(c.state())
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	var logged bytes.Buffer
	p, err := c.assemble(state, slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, p.server.Admin, "/metrics"); !strings.Contains(got, "cocket_witness_bastion_connected 0") {
		t.Errorf("metrics without the connection: %s", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.server.Run(ctx); err != nil {
		t.Error(err)
	}
	// The key of 32 zero bytes.
	const hash = "139e3940e64b5491722088d9a0d741628fc826e09475d341a780acde3c4b8070"
	if !strings.Contains(logged.String(), "msg=bastion addr=https://127.0.0.1:1/"+hash+"/") {
		t.Errorf("logged %s", logged.String())
	}
}

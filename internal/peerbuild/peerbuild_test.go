// SPDX-License-Identifier: Apache-2.0

package peerbuild_test

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cocket.example/internal/peerbuild"
	"cocket.example/receipt"
)

// Each peer is built, knows the log that it was told of, cosigns with the key that is said to be its own,
// and knows after kill -9 what it cosigned.
func TestPeers(t *testing.T) {
	for name, start := range map[string]func(context.Context, peerbuild.Config) (*peerbuild.Peer, error){
		"litewitness": peerbuild.StartLitewitness, "omniwitness": peerbuild.StartOmniwitness,
	} {
		t.Run(name, func(t *testing.T) {
			skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, "log.example/a")
			check(t, err)
			log, err := receipt.NewSigner(skey)
			check(t, err)
			_, other, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, "log.example/b")
			check(t, err)
			p, err := start(t.Context(), peerbuild.Config{Dir: t.TempDir(), Name: "witness.example/w",
				Logs: []string{vkey, other}})
			check(t, err)
			defer func() { check(t, p.Close()) }()
			cp := receipt.Checkpoint{Origin: "log.example/a", Size: 7, Root: [32]byte{1}}
			cosigned(t, p, cp, log)
			p.Kill()
			check(t, p.Restart(t.Context()))
			if status, body := offer(t, p, cp, log); status != http.StatusConflict || body != "7\n" {
				t.Errorf("after a restart status %d, %q", status, body)
			}
		})
	}
}

func cosigned(t *testing.T, p *peerbuild.Peer, cp receipt.Checkpoint, log *receipt.Signer) {
	t.Helper()
	status, body := offer(t, p, cp, log)
	lines, err := receipt.ParseSignatures([]byte(body))
	if status != http.StatusOK || err != nil {
		t.Fatalf("status %d, body %q, error %v", status, body, err)
	}
	key, err := receipt.ParseVerifierKey(p.VKey)
	check(t, err)
	if stated, err := key.VerifyCosignature(cp, lines[0]); err != nil || time.Since(stated).Abs() > time.Minute {
		t.Errorf("time %v, error %v", stated, err)
	}
}

func offer(t *testing.T, p *peerbuild.Peer, cp receipt.Checkpoint, log *receipt.Signer) (int, string) {
	t.Helper()
	signed, err := cp.Sign(log)
	check(t, err)
	request := receipt.AddCheckpoint{Checkpoint: signed}.Bytes()
	answer, err := http.Post(p.URL+"/add-checkpoint", "", strings.NewReader(string(request)))
	check(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	check(t, err)
	return answer.StatusCode, string(body)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cocket.example/receipt"
)

// pair is a key pair that is the same in every run.
func pair(t *testing.T, b byte, typ receipt.KeyType, name string) keyPair {
	t.Helper()
	skey, vkey, err := receipt.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{b}, 32)), typ, name)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{skey, vkey}
}

// lastCheckpoint is signed by a log and cosigned by a witness at 2026-01-01T00:00:00Z.
func lastCheckpoint(t *testing.T, log, witness keyPair, size uint64) []byte {
	t.Helper()
	signer, err := receipt.NewSigner(log.skey)
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := receipt.NewCosigner(witness.skey)
	if err != nil {
		t.Fatal(err)
	}
	cp := receipt.Checkpoint{Origin: signer.Name(), Size: size, Root: sha256.Sum256(nil)}
	note, err := cp.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	line, err := cosigner.Cosign(cp, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return append(note, line.String()...)
}

func TestRotatePolicy(t *testing.T) {
	const origin = "log.example/a"
	old, next := pair(t, 1, receipt.Ed25519, origin), pair(t, 2, receipt.Ed25519, origin)
	third, other := pair(t, 3, receipt.Ed25519, origin), pair(t, 4, receipt.Ed25519, "other.example")
	w := pair(t, 5, receipt.Cosignature, "w.example")
	log := func(k keyPair, url, bounds string) string {
		line := strings.TrimSpace("log "+k.vkey+" "+url) + "\n"
		if bounds != "" {
			line += "#cocket period " + k.vkey[:strings.LastIndex(k.vkey, "+")] + " sizes " + bounds + "\n"
		}
		return line
	}
	quorum := "witness w " + w.vkey + "\nquorum w\n"
	follows := []string{next.vkey}
	const until = " until 2026-01-01T01:00:00Z"
	for name, c := range map[string]struct {
		policy string
		r      rotation
		size   uint64
		want   string // the policy, or words of the error
	}{
		"a key follows": {log(old, "https://l.example", "") + log(other, "", "") + quorum, rotation{keys: follows}, 7,
			log(old, "https://l.example", "0..7"+until) + log(next, "https://l.example", "7..") + log(other, "", "") + quorum},
		"with a URL": {log(old, "", "") + quorum, rotation{keys: []string{next.vkey + ",https://n.example"}}, 7,
			log(old, "", "0..7"+until) + log(next, "https://n.example", "7..") + quorum},
		"until": {log(old, "", "") + quorum, rotation{keys: follows, until: "2030-01-01T02:00:00+02:00"}, 7,
			log(old, "", "0..7 until 2030-01-01T00:00:00Z") + log(next, "", "7..") + quorum},
		"the second change": {log(third, "", "0..5"+until) + log(old, "", "5..") + quorum, rotation{keys: follows}, 7,
			log(third, "", "0..5"+until) + log(old, "", "5..7"+until) + log(next, "", "7..") + quorum},
		"one key stays": {log(third, "", "") + log(old, "", "") + quorum, rotation{keys: []string{next.vkey, third.vkey}}, 7,
			log(third, "", "") + log(old, "", "0..7"+until) + log(next, "", "7..") + quorum},
		"an end that stands is kept": {log(old, "", "0.. until 2026-01-01T00:30:00Z") + quorum, rotation{keys: follows}, 7,
			log(old, "", "0..7 until 2026-01-01T00:30:00Z") + log(next, "", "7..") + quorum},
		"quorum none": {log(old, "", "") + "quorum none\n", rotation{keys: follows}, 7,
			log(old, "", "0..7") + log(next, "", "7..") + "quorum none\n"},
		"quorum none, until": {log(old, "", "") + "quorum none\n",
			rotation{keys: follows, until: "2030-01-01T00:00:00Z"}, 7, "until needs witnesses"},
		"no time": {log(old, "", "") + quorum,
			rotation{keys: follows, until: "tomorrow"}, 7, "want a time such as"},
		"too early": {log(old, "", "") + quorum,
			rotation{keys: follows, until: "2025-01-01T00:00:00Z"}, 7, "would not be good"},
		"no key": {log(old, "", "") + quorum, rotation{keys: []string{"missing.vkey"}}, 7, "--log: "},
		"another log's key": {log(old, "", "") + quorum,
			rotation{keys: []string{other.vkey}}, 7, "its name must be the log's"},
		"an empty log": {log(old, "", "") + quorum, rotation{keys: follows}, 0, "the log is empty"},
		"not its log":  {log(other, "", "") + quorum, rotation{keys: follows}, 7, "does not satisfy"},
		"no policy":    {"quorum\n", rotation{keys: follows}, 7, "TP-6"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c.r.policy, c.r.checkpoint = filepath.Join(dir, "policy"), filepath.Join(dir, "checkpoint")
			for path, content := range map[string][]byte{
				c.r.policy: []byte(c.policy), c.r.checkpoint: lastCheckpoint(t, old, w, c.size),
			} {
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p, err := c.r.rotate()
			if got := p.String(); err == nil && got != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\n%swant\n%s", err, got, c.want)
			}
		})
	}
}

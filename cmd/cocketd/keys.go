// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
	"golang.org/x/mod/sumdb/note"
)

// keys are what the log signs with, and what its checkpoints must satisfy.
type keys struct {
	signer note.Signer
	policy receipt.Policy
}

func loadKeys(c Config) (keys, error) {
	signer, err := keyfile.ReadSigner(string(c.Key))
	if err != nil {
		return keys{}, fmt.Errorf("key: %w", err)
	}
	if signer.Name() != c.Origin {
		return keys{}, fmt.Errorf("key: its name is %q, want the origin %q", signer.Name(), c.Origin)
	}
	own, err := ownKey(string(c.Key))
	if err != nil {
		return keys{}, fmt.Errorf("key: %w", err)
	}
	policy, err := loadPolicy(c, own)
	return keys{signer, policy}, err
}

// ownKey derives the verifier key from the log's secret:
//
//	PRIVATE+KEY+name+id+base64(0x01 ‖ seed of 32 bytes)
func ownKey(path string) (key receipt.VerifierKey, err error) {
	secret, err := keyfile.Read(path)
	if err != nil {
		return key, err
	}
	fields := strings.SplitN(secret, "+", 5)
	seed, err := strict.Base64(fields[len(fields)-1])
	if err != nil || len(fields) != 5 || len(seed) != 1+ed25519.SeedSize {
		return key, errors.New("not an Ed25519 signing key")
	}
	public := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(fields[2], public)
	if err != nil {
		return key, err
	}
	return receipt.ParseVerifierKey(vkey)
}

// loadPolicy reads the policy, which must name this log's key: what the log publishes satisfies its
// own policy. Without a file it is the key and no quorum.
func loadPolicy(c Config, own receipt.VerifierKey) (receipt.Policy, error) {
	if c.Policy == "" {
		return receipt.Policy{Logs: []receipt.Log{{Key: own}}, Quorum: "none"}, nil
	}
	text, err := os.ReadFile(string(c.Policy))
	if err != nil {
		return receipt.Policy{}, fmt.Errorf("policy: %w", err)
	}
	policy, err := receipt.ParsePolicy(text)
	if err != nil {
		return policy, fmt.Errorf("policy %s: %w", c.Policy, err)
	}
	isOwn := func(l receipt.Log) bool { return l.Key == own }
	if !slices.ContainsFunc(policy.Logs, isOwn) {
		return policy, fmt.Errorf("policy %s: want a line \"log %s\" with this log's key", c.Policy, own)
	}
	return policy, checkMonitors(c.Monitors, policy)
}

func checkMonitors(monitors map[string]string, p receipt.Policy) error {
	for name := range monitors {
		has := func(w receipt.Witness) bool { return w.Name == name }
		if !slices.ContainsFunc(p.Witnesses, has) {
			return fmt.Errorf("monitors: the policy has no witness %q", name)
		}
	}
	return nil
}

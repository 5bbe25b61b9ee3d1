// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"slices"

	"cocket.example/cmd/internal/keyfile"
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
	own, err := receipt.ParseVerifierKey(signer.VerifierKey())
	if err != nil {
		return keys{}, fmt.Errorf("key: %w", err)
	}
	policy, err := loadPolicy(c, own)
	return keys{signer, policy}, err
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

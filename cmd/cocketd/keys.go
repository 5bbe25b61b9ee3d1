// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/receipt"
	"golang.org/x/mod/sumdb/note"
)

// keys are what the log signs with, and what its checkpoints must satisfy.
type keys struct {
	signers []note.Signer
	policy  receipt.Policy
}

func loadKeys(c Config) (k keys, err error) {
	var own []receipt.VerifierKey
	names, paths := c.keyFiles()
	for i, path := range paths {
		signer, key, err := loadKey(path, c.Origin)
		if err == nil && slices.Contains(own, key) {
			err = errors.New("it is in the list already")
		}
		if err != nil {
			return k, fmt.Errorf("%s: %w", names[i], err)
		}
		k.signers, own = append(k.signers, signer), append(own, key)
	}
	k.policy, err = loadPolicy(c, own)
	return k, err
}

func loadKey(path, origin string) (receipt.LogSigner, receipt.VerifierKey, error) {
	signer, err := keyfile.ReadLogSigner(path)
	if err != nil {
		return nil, receipt.VerifierKey{}, err
	}
	if signer.Name() != origin {
		return nil, receipt.VerifierKey{}, fmt.Errorf("its name is %q, want the origin %q", signer.Name(), origin)
	}
	key, err := receipt.ParseVerifierKey(signer.VerifierKey())
	return signer, key, err
}

// loadPolicy reads the policy, which must name this log's keys, each of them: what the log publishes
// satisfies its own policy. Without a file it is the keys and no quorum.
func loadPolicy(c Config, own []receipt.VerifierKey) (receipt.Policy, error) {
	if c.Policy == "" {
		policy := receipt.Policy{Quorum: "none"}
		for _, key := range own {
			policy.Logs = append(policy.Logs, receipt.Log{Key: key})
		}
		return policy, nil
	}
	text, err := os.ReadFile(string(c.Policy))
	if err != nil {
		return receipt.Policy{}, fmt.Errorf("policy: %w", err)
	}
	policy, err := receipt.ParsePolicy(text)
	if err != nil {
		return policy, fmt.Errorf("policy %s: %w", c.Policy, err)
	}
	for _, key := range own {
		if !slices.ContainsFunc(policy.Logs, func(l receipt.Log) bool { return l.Key == key }) {
			return policy, fmt.Errorf("policy %s: want a line \"log %s\" with this log's key", c.Policy, key)
		}
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

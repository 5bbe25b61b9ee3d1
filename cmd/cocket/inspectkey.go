// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

func showKey(f *facts, b []byte) error {
	key, err := strict.ParseKey(strings.TrimSuffix(string(b), "\n"))
	if err != nil {
		return err
	}
	f.add("name", key.Name)
	f.add("key id", fmt.Sprintf("%08x", key.ID))
	f.add("algorithm", algorithmName(key.Type))
	return nil
}

// showSecret shows whose key it is and nothing of the key.
func showSecret(f *facts, b []byte) error {
	fields := splitKey(strings.TrimSuffix(string(b), "\n"))
	if fields == nil {
		return errors.New("want PRIVATE+KEY+name+id+base64")
	}
	f.add("name", fields[2])
	f.add("key id", fields[3])
	f.add("secret", "(not shown)")
	return nil
}

// splitKey splits a secret key into its five parts; nil if it has fewer. The last one, base64,
// may hold plus signs.
func splitKey(skey string) []string {
	if fields := strings.SplitN(skey, "+", 5); len(fields) == 5 {
		return fields
	}
	return nil
}

func algorithmName(t byte) string {
	switch t {
	case strict.Cosignature:
		return "Ed25519 cosignature, of a witness"
	case strict.MLDSA44:
		return "ML-DSA-44, of a log or a witness"
	}
	return "Ed25519, of a log, a certifier or a submitter"
}

// signatureKind tells a signature by its length: with no key at hand there is nothing else.
func signatureKind(s receipt.Signature) string {
	switch len(s.Sig) {
	case 64:
		return receipt.Ed25519.String()
	case 8 + 64:
		return receipt.Cosignature.String()
	case 8 + 2420:
		return receipt.MLDSA44.String()
	}
	return fmt.Sprintf("%d bytes", len(s.Sig))
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/receipt"
)

// keyTypes says by algorithm which kind of signature a key of each type makes (c2sp.org/signed-note).
var keyTypes = map[string]map[string]receipt.KeyType{
	"ed25519": {
		"log":         receipt.Ed25519,
		"certifier":   receipt.Ed25519,
		"submitter":   receipt.Ed25519,
		"cosignature": receipt.Cosignature,
	},
	"ml-dsa-44": {
		"log":         receipt.MLDSA44,
		"cosignature": receipt.MLDSA44,
	},
}

func newKeygenCommand() *cobra.Command {
	var spec keySpec
	var out string
	cmd := &cobra.Command{
		Use:   "keygen --type TYPE --name NAME --out FILE",
		Short: "Make a key pair",
		Long: `Make a key pair. The secret key goes into a new file that only you can read; the
verifier key (vkey), which others need, is printed.

Types:
  log          signs a log's checkpoints; its name is the log's origin
  cosignature  cosigns checkpoints as a witness
  certifier    signs declarations as their certifier
  submitter    signs entries as their submitter; its name is the submitter line

Logs and witnesses may have a second key of ML-DSA-44, which withstands quantum
computers, beside the one of Ed25519: a file for each. Its secret is as short,
its vkey has 1.8 kB, and each of its signatures takes 3.3 kB of every receipt.

With --passphrase-file the secret key of a witness is encrypted with age
(age-encryption.org/v1) for the one line of that file, which must be yours
alone.`,
		Example: `  cocket keygen --type log --name customs.example/log --out log.key > log.vkey
  cocket keygen --type log --name customs.example/log --algorithm ml-dsa-44 \
      --out log-pq.key
  cocket keygen --type cosignature --name witness.example/w1 --out w1.key
  cocket keygen --type cosignature --name witness.example/w1 \
      --passphrase-file w1.pass --out w1.key.age`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pair, err := spec.generate()
			if err != nil {
				return err
			}
			secret, err := spec.seal(pair.skey)
			if err != nil {
				return err
			}
			if err := keyfile.Write(out, secret); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), pair.vkey)
			return err
		},
	}
	cmd.Flags().StringVar(&spec.typ, "type", "", "`TYPE`: log, cosignature, certifier or submitter")
	cmd.Flags().StringVar(&spec.name, "name", "", "`NAME` of the key, such as customs.example/log")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` for the secret key; it must not exist yet")
	cmd.Flags().StringVar(&spec.algorithm, "algorithm", "ed25519", "`ALGORITHM`: ed25519, or for log and cosignature ml-dsa-44")
	cmd.Flags().StringVar(&spec.passphrase, "passphrase-file", "", "`FILE` of a passphrase that encrypts the key (cosignature)")
	require(cmd, "type", "name", "out")
	return cmd
}

// keySpec is what the flags say of a key.
type keySpec struct{ typ, name, algorithm, passphrase string }

// seal returns what is written: the key in clear or, with a passphrase, encrypted.
func (s keySpec) seal(skey string) (string, error) {
	if s.passphrase == "" {
		return skey, nil
	}
	return keyfile.Seal(skey, keyfile.Passphrase{File: s.passphrase})
}

// keyPair is a key in the text forms of signed notes.
type keyPair struct{ skey, vkey string }

func (s keySpec) generate() (keyPair, error) {
	if s.passphrase != "" && s.typ != "cosignature" {
		return keyPair{}, errors.New("--passphrase-file is for --type cosignature: cocket-witness alone reads encrypted keys")
	}
	types, ok := keyTypes[s.algorithm]
	if !ok {
		return keyPair{}, fmt.Errorf("--algorithm %s is not known, want ed25519 or ml-dsa-44", s.algorithm)
	}
	if _, ok := keyTypes["ed25519"][s.typ]; !ok {
		return keyPair{}, fmt.Errorf("--type %q is not known, want log, cosignature, certifier or submitter", s.typ)
	}
	typ, ok := types[s.typ]
	if !ok {
		return keyPair{}, fmt.Errorf("--algorithm %s is for log and cosignature, a %s signs with ed25519", s.algorithm, s.typ)
	}
	skey, vkey, err := receipt.GenerateKey(rand.Reader, typ, s.name)
	if err != nil {
		return keyPair{}, fmt.Errorf("--name: %w", err)
	}
	return keyPair{skey, vkey}, nil
}

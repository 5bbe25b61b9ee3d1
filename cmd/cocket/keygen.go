// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"fmt"

	"github.com/spf13/cobra"

	"cocket.example/cmd/internal/keyfile"
	"cocket.example/receipt"
)

// keyTypes says which kind of signature a key of each type makes (c2sp.org/signed-note).
var keyTypes = map[string]receipt.KeyType{
	"log":         receipt.Ed25519,
	"certifier":   receipt.Ed25519,
	"submitter":   receipt.Ed25519,
	"cosignature": receipt.Cosignature,
}

func newKeygenCommand() *cobra.Command {
	var typ, name, out, algorithm string
	cmd := &cobra.Command{
		Use:   "keygen --type TYPE --name NAME --out FILE",
		Short: "Make a key pair",
		Long: `Make a key pair. The secret key goes into a new file that only you can read; the
verifier key (vkey), which others need, is printed.

Types:
  log          signs a log's checkpoints; its name is the log's origin
  cosignature  cosigns checkpoints as a witness
  certifier    signs declarations as their certifier
  submitter    signs entries as their submitter; its name is the submitter line`,
		Example: `  cocket keygen --type log --name customs.example/log --out log.key > log.vkey
  cocket keygen --type cosignature --name witness.example/w1 --out w1.key`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if algorithm != "ed25519" {
				return fmt.Errorf("--algorithm %s is not known, want ed25519", algorithm)
			}
			pair, err := newKeyPair(typ, name)
			if err != nil {
				return err
			}
			if err := keyfile.Write(out, pair.skey); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), pair.vkey)
			return err
		},
	}
	cmd.Flags().StringVar(&typ, "type", "", "log, cosignature, certifier or submitter")
	cmd.Flags().StringVar(&name, "name", "", "name of the key, such as customs.example/log")
	cmd.Flags().StringVar(&out, "out", "", "file for the secret key; it must not exist yet")
	cmd.Flags().StringVar(&algorithm, "algorithm", "ed25519", "signature algorithm; only ed25519 so far")
	require(cmd, "type", "name", "out")
	return cmd
}

// keyPair is a key in the text forms of signed notes.
type keyPair struct{ skey, vkey string }

func newKeyPair(typ, name string) (keyPair, error) {
	algorithm, ok := keyTypes[typ]
	if !ok {
		return keyPair{}, fmt.Errorf("--type %q is not known, want log, cosignature, certifier or submitter", typ)
	}
	skey, vkey, err := receipt.GenerateKey(rand.Reader, algorithm, name)
	if err != nil {
		return keyPair{}, fmt.Errorf("--name: %w", err)
	}
	return keyPair{skey, vkey}, nil
}

// readSigner reads the key file of a log, certifier or submitter.
func readSigner(path string) (*receipt.Signer, error) {
	skey, err := keyfile.Read(path)
	if err != nil {
		return nil, err
	}
	signer, err := receipt.NewSigner(skey)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return signer, nil
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"cocket.example/cmd/internal/config"
	"cocket.example/cmd/internal/keyfile"
	"cocket.example/receipt"
)

// Key is the file of a cosignature key: the path of a file in clear, or a mapping that says where the
// passphrase of a file is that age has encrypted.
type Key struct {
	// File is the file of the key, mode 0600.
	File config.Path `yaml:"file"`
	// PassphraseFile is a file of one line, mode 0600.
	PassphraseFile config.Path `yaml:"passphrase_file"`
	// PassphraseCredential is the name of a credential of systemd's (LoadCredentialEncrypted=).
	PassphraseCredential string `yaml:"passphrase_credential"`
}

// UnmarshalYAML reads a path or a mapping.
func (k *Key) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return node.Decode(&k.File)
	}
	for i := 0; i < len(node.Content); i += 2 { // Decode takes keys that are not known
		switch name := node.Content[i]; name.Value {
		case "file", "passphrase_file", "passphrase_credential":
		default:
			return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: unknown key %q", name.Line, name.Value)}}
		}
	}
	type fields Key
	return node.Decode((*fields)(k))
}

func (k Key) check() error {
	switch {
	case k.File == "":
		return errors.New("want the path of a file")
	case k.PassphraseFile != "" && k.PassphraseCredential != "":
		return errors.New("want one of passphrase_file and passphrase_credential")
	}
	return nil
}

func (k Key) read() (*receipt.Cosigner, error) {
	return keyfile.ReadCosigner(string(k.File), keyfile.Passphrase{
		File: string(k.PassphraseFile), Credential: k.PassphraseCredential,
	})
}

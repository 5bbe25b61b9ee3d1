// SPDX-License-Identifier: Apache-2.0

package keyfile

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// ReadPEM reads an Ed25519 key that is no key of a note: one PRIVATE KEY (PKCS #8) in PEM, as "openssl
// genpkey -algorithm ed25519" prints it. The rules for secret files hold.
func ReadPEM(path string) (ed25519.PrivateKey, error) {
	content, err := readFile(path, modeOf(path))
	if err != nil {
		return nil, err
	}
	key, err := parsePEM(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// parsePEM takes nothing before, beside or after the one block. Its errors never repeat what may be a
// secret.
func parsePEM(content []byte) (ed25519.PrivateKey, error) {
	block, rest := pem.Decode(content)
	if block == nil || block.Type != "PRIVATE KEY" || len(rest) > 0 ||
		!bytes.Equal(pem.EncodeToMemory(block), content) {
		return nil, errors.New("want one PRIVATE KEY in PEM and nothing else")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the PRIVATE KEY is not PKCS #8")
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("the PRIVATE KEY is not an Ed25519 key")
	}
	if again, err := x509.MarshalPKCS8PrivateKey(key); err != nil || !bytes.Equal(again, block.Bytes) {
		return nil, errors.New("the PRIVATE KEY holds more than an Ed25519 key")
	}
	return key, nil
}

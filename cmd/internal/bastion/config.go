// SPDX-License-Identifier: Apache-2.0

package bastion

import (
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"cocket.example/cmd/internal/config"
	"cocket.example/cmd/internal/keyfile"
)

// Config is the part of a server's configuration file that names its bastion. The zero value means
// that there is none.
type Config struct {
	// Address is the bastion, host:port. Its certificate must be good for that host.
	Address string `yaml:"address"`
	// Key is the PEM file of the Ed25519 key that the bastion knows the server by, made by "openssl
	// genpkey -algorithm ed25519", mode 0600. It is not the key of a witness.
	Key config.Path `yaml:"key"`
	// Roots is a PEM file of the certificates that the bastion's is to lead to. Default: the system's.
	Roots config.Path `yaml:"roots"`
}

// Enabled reports whether there is a bastion.
func (c Config) Enabled() bool { return c != Config{} }

// Check refuses a configuration without what it needs.
func (c Config) Check() error {
	if !c.Enabled() {
		return nil
	}
	host, port, err := net.SplitHostPort(c.Address)
	if err != nil || host == "" || port == "" {
		return errors.New("bastion: address: want host:port")
	}
	if c.Key == "" {
		return errors.New("bastion: key: missing: want the PEM file of an Ed25519 key")
	}
	return nil
}

// load reads the key, and the roots unless they are the system's.
func (c Config) load() (ed25519.PrivateKey, *x509.CertPool, error) {
	key, err := keyfile.ReadPEM(string(c.Key))
	if err != nil {
		return nil, nil, fmt.Errorf("bastion: key: %w", err)
	}
	if c.Roots == "" {
		return key, nil, nil
	}
	pem, err := os.ReadFile(string(c.Roots))
	if err != nil {
		return nil, nil, fmt.Errorf("bastion: roots: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, nil, fmt.Errorf("bastion: roots: %s holds no certificate in PEM", c.Roots)
	}
	return key, roots, nil
}

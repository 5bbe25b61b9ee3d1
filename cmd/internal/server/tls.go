// SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/tls"
	"fmt"

	"cocket.example/cmd/internal/config"
)

// TLS names the certificate files of an address. The zero value means clear text.
type TLS struct {
	// Certificate is a PEM file: the server's certificate first, then those that lead to its root.
	Certificate config.Path `yaml:"certificate"`
	// Key is the PEM file of the certificate's private key.
	Key config.Path `yaml:"key"`
}

// Enabled reports whether the address speaks TLS.
func (t TLS) Enabled() bool { return t.Certificate != "" }

// load returns the settings for TLS 1.2 and 1.3, or nil for clear text.
func (t TLS) load() (*tls.Config, error) {
	if !t.Enabled() {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(string(t.Certificate), string(t.Key))
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, nil
}

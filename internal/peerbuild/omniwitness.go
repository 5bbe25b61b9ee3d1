// SPDX-License-Identifier: Apache-2.0

package peerbuild

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cocket.example/internal/strict"
)

// StartOmniwitness starts an omniwitness (github.com/transparency-dev/witness), with its state in SQLite.
func StartOmniwitness(ctx context.Context, c Config) (*Peer, error) {
	private, key, err := newKey(c.Name)
	if err != nil {
		return nil, err
	}
	plain, err := strict.NewKey(c.Name, strict.Ed25519, []byte(key.Public))
	if err != nil {
		return nil, err
	}
	// It takes a signed-note key of type 0x01, and makes of it a cosignature key.
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", c.Name, plain.ID,
		base64.StdEncoding.EncodeToString(append([]byte{strict.Ed25519}, private.Seed()...)))
	keyFile, logs := filepath.Join(c.Dir, "omniwitness.key"), filepath.Join(c.Dir, "omniwitness.yaml")
	if err := os.WriteFile(keyFile, []byte(skey), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(logs, omniwitnessLogs(c.Logs), 0o600); err != nil {
		return nil, err
	}
	p := &Peer{VKey: key.String()}
	args := func(address string) []string {
		return []string{"--listen", address, "--metrics_listen", "", "--private_key_path", keyFile,
			"--db_file", filepath.Join(c.Dir, "omniwitness.db"), "--additional_logs", logs}
	}
	if err := p.start(ctx, "omniwitness", c, args); err != nil {
		return nil, err
	}
	return p, nil
}

// omniwitnessLogs is its list of logs.
func omniwitnessLogs(vkeys []string) []byte {
	var b strings.Builder
	b.WriteString("Logs:\n")
	for _, vkey := range vkeys {
		origin, _, _ := strings.Cut(vkey, "+")
		fmt.Fprintf(&b, "  - Origin: %q\n    PublicKey: %q\n    URL: \"\"\n    Feeder: none\n", origin, vkey)
	}
	return []byte(b.String())
}

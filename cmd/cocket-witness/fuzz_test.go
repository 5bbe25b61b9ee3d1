// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzConfig: a configuration that is accepted names a directory, keys, and logs or lists of them; the keys of its logs
// are read as they stand there, or refused.
func FuzzConfig(f *testing.F) {
	f.Add([]byte("dir: state\nkeys: [w.key]\nlisten: 127.0.0.1:0\nlogs:\n- vkey: " +
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n- vkey_file: log.pub\n"))
	f.Add([]byte("dir: state\nkeys: [a, b]\nlogs: [{vkey: a+00000000+AAAA}]\nlisten: :1\nclock_step: 1m\n"))
	f.Add([]byte("dir: state\nkeys: w.key\nlogs: []\n"))
	f.Add([]byte("dir: state\nkeys: [{file: w.key.age, passphrase_file: p}, {file: x, passphrase_credential: c}]\n" +
		"listen: :1\nlogs: [{vkey_file: log.pub}]\n"))
	path := filepath.Join(f.TempDir(), "witness.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := loadConfig(path)
		if err != nil {
			if !strings.Contains(err.Error(), path) {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		if !filepath.IsAbs(c.state()) || len(c.Keys) == 0 || len(c.Logs)+len(c.LogLists) == 0 {
			t.Fatalf("accepted without what it needs: %+v", c)
		}
		for i, k := range c.Keys {
			if !filepath.IsAbs(string(k.File)) || k.PassphraseFile != "" && !filepath.IsAbs(string(k.PassphraseFile)) {
				t.Fatalf("key %d is read as %+v", i, k)
			}
		}
		for i, l := range c.Logs {
			if key, err := l.read(); err == nil && l.VKey != "" && key.String() != l.VKey {
				t.Fatalf("log %d is read as %s", i, key)
			}
		}
	})
}

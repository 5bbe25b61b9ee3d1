// SPDX-License-Identifier: Apache-2.0

package keyfile

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
)

// FuzzLine: a key file is its one line and an LF; what is wrong with it is said without a word of it.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"PRIVATE+KEY+log.example+00000000+AAAA\n", "token\r\n", "two\nlines\n", " token\n",
		"no end"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		line, err := oneLine(content)
		if err == nil && (line+"\n" != string(content) || line == "" || strings.TrimSpace(line) != line) {
			t.Fatalf("read as %q", line)
		}
		if word := strings.TrimSpace(string(content)); err != nil && len(word) > 24 && strings.Contains(err.Error(), word) {
			t.Fatalf("the error repeats the key: %v", err)
		}
	})
}

// FuzzPEM: a key that is read prints as what was read.
func FuzzPEM(f *testing.F) {
	f.Add(asPEM(f, ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if key, err := parsePEM(text); err == nil && !bytes.Equal(asPEM(t, key), text) {
			t.Errorf("%q is read as the key of %q", text, asPEM(t, key))
		}
	})
}

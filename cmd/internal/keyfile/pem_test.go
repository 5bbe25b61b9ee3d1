// SPDX-License-Identifier: Apache-2.0

package keyfile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// asPEM is the text of a key as OpenSSL prints it.
func asPEM(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestReadPEM(t *testing.T) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := string(asPEM(t, key))
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"good", good, 0o600, ""},
		{"read-only", good, 0o400, ""},
		{"readable by others", good, 0o640, "mode 0640"},
		{"empty", "", 0o600, "want one PRIVATE KEY"},
		{"text before it", "key:\n" + good, 0o600, "want one PRIVATE KEY"},
		{"two", good + good, 0o600, "want one PRIVATE KEY"},
		{"CR LF", strings.ReplaceAll(good, "\n", "\r\n"), 0o600, "want one PRIVATE KEY"},
		{"another kind", strings.ReplaceAll(good, "PRIVATE", "PUBLIC"), 0o600, "want one PRIVATE KEY"},
		{"another key", string(asPEM(t, other)), 0o600, "not an Ed25519 key"},
		{"no PKCS #8", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600, "not PKCS #8"},
		{"too long", strings.Repeat("A", maxSize) + good, 0o600, "want one PRIVATE KEY"},
	} {
		path := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		got, err := ReadPEM(path)
		switch {
		case c.want == "" && (err != nil || !got.Equal(key)):
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// What systemd hands over may have mode 0440, there and nowhere else.
func TestCredential(t *testing.T) {
	folder, key := t.TempDir(), ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	read := func(mode os.FileMode) error {
		path := filepath.Join(folder, "key.pem")
		if err := os.WriteFile(path, asPEM(t, key), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := ReadPEM(path)
		return err
	}
	if err := read(0o440); err == nil {
		t.Error("mode 0440 is taken outside of a folder of credentials")
	}
	t.Setenv("CREDENTIALS_DIRECTORY", folder)
	for mode, good := range map[os.FileMode]bool{0o400: true, 0o440: true, 0o444: false, 0o640: false, 0o460: false} {
		if err := read(mode); (err == nil) != good {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", filepath.Dir(folder))
	if err := read(0o440); err == nil {
		t.Error("mode 0440 is taken below a folder of credentials")
	}
}

// SPDX-License-Identifier: Apache-2.0

package keyfile

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"cocket.example/receipt"
)

// sealed is a secret encrypted by age itself, in bytes.
func sealed(t testing.TB, secret string, recipients ...age.Recipient) string {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, recipients...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, secret); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// scrypt is a recipient with a passphrase, of little work.
func scrypt(t testing.TB, passphrase string, work int) age.Recipient {
	t.Helper()
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(work)
	return r
}

func inArmor(t testing.TB, content string) string {
	t.Helper()
	var b strings.Builder
	w := armor.NewWriter(&b)
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSeal: what Seal makes is read again, and hides the key.
func TestSeal(t *testing.T) {
	skey, vkey := newPair(t, receipt.Cosignature)
	p := Passphrase{File: put(t, "correct horse\n", 0o600)}
	text, err := Seal(skey, p)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "w1.key.age")
	if err := Write(path, text); err != nil {
		t.Fatal(err)
	}
	key, err := ReadCosigner(path, p)
	if err != nil || key.VerifierKey() != vkey {
		t.Errorf("read %v, %v, want %s", key, err, vkey)
	}
	content, err := os.ReadFile(path)
	if err != nil || len(content) > 1000 || bytes.Contains(content, []byte(skey[len(skey)-20:])) {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	if _, err := Seal(skey, Passphrase{File: put(t, "\n", 0o600)}); err == nil {
		t.Error("sealed for an empty passphrase")
	}
}

// TestReadSealed: files of age's own are read, in bytes and in text, with the passphrase from a file or
// from a credential as systemd sets one up.
func TestReadSealed(t *testing.T) {
	skey, vkey := newPair(t, receipt.MLDSA44)
	content := sealed(t, skey+"\n", scrypt(t, "correct horse", 10))
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	for name, mode := range map[string]os.FileMode{"own": 0o400, "acl": 0o440} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("correct horse"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []Passphrase{
		{File: put(t, "correct horse\n", 0o600)}, {File: put(t, "correct horse", 0o400)},
		{Credential: "own"}, {Credential: "acl"},
	} {
		for _, content := range []string{content, inArmor(t, content)} {
			key, err := ReadCosigner(put(t, content, 0o600), p)
			if err != nil || key.VerifierKey() != vkey {
				t.Errorf("%+v: %v, %v, want %s", p, key, err, vkey)
			}
		}
	}
}

// TestSealedRefused: every fault is told apart, without a word of what is secret.
func TestSealedRefused(t *testing.T) {
	const passphrase = "correct horse"
	skey, _ := newPair(t, receipt.Cosignature)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	good := sealed(t, skey+"\n", scrypt(t, passphrase, 10))
	right := Passphrase{File: put(t, passphrase+"\n", 0o600)}
	file := func(content string) string { return put(t, content, 0o600) }
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "open"), []byte(passphrase), 0o604); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	for _, c := range []struct {
		path string
		p    Passphrase
		want string
	}{
		{file(good), Passphrase{}, "is encrypted with age: want its passphrase too"},
		{file(inArmor(t, good)), Passphrase{}, "is encrypted with age: want its passphrase too"},
		{file(skey + "\n"), right, "is not encrypted with age, and a passphrase is given"},
		{file(good), Passphrase{File: file("wrong horse\n")}, "is not encrypted for this passphrase"},
		{file(good), Passphrase{File: file("two\nlines\n")}, "more than one line"},
		{file(good), Passphrase{File: put(t, passphrase+"\n", 0o640)}, "has mode 0640"},
		{file(good), Passphrase{File: right.File, Credential: "open"}, "want one of the two"},
		{file(good), Passphrase{Credential: "open"}, "must not be everybody's"},
		{file(good), Passphrase{Credential: "missing"}, "no such file"},
		{file(good), Passphrase{Credential: "../" + filepath.Base(dir) + "/open"}, "not a path"},
		{file(good), Passphrase{Credential: ".."}, "not a path"},
		{file(good), Passphrase{Credential: "."}, "not a path"},
		{put(t, good, 0o644), right, "has mode 0644"},
		{file(good[:len(good)-1]), right, "cannot be decrypted"},
		{file(good + "more"), right, "cannot be decrypted"},
		{file(inArmor(t, good) + "more"), right, "cannot be decrypted"},
		{file(good + strings.Repeat("x", maxSize)), right, "more than 4096 bytes"},
		{file(strings.Replace(good, " 10\n", " 19\n", 1)), right, "at most 18"},
		{file(sealed(t, skey+"\n", identity.Recipient())), right, "is not encrypted for this passphrase"},
		{file(sealed(t, skey, scrypt(t, passphrase, 10))), right, "is not ended by LF"},
		{file(sealed(t, skey+"\n\n", scrypt(t, passphrase, 10))), right, "more than one line"},
		{file(sealed(t, good, scrypt(t, passphrase, 10))), right, "is encrypted with age"},
		{file(sealed(t, "PRIVATE+KEY+a+00000000+AAAA\n", scrypt(t, passphrase, 10))), right, "secret key"},
	} {
		_, err := ReadCosigner(c.path, c.p)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
			continue
		}
		for _, secret := range []string{passphrase, "wrong horse", skey[len(skey)-20:]} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error repeats a secret: %v", err)
			}
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if _, err := ReadCosigner(file(good), Passphrase{Credential: "open"}); err == nil ||
		!strings.Contains(err.Error(), "$CREDENTIALS_DIRECTORY is not set") {
		t.Error(err)
	}
}

// FuzzOpen: what decrypts is one line, and opening ends whatever the file says.
func FuzzOpen(f *testing.F) {
	good := sealed(f, "a key\n", scrypt(f, "correct horse", 1))
	f.Add([]byte(good))
	f.Add([]byte(inArmor(f, good)))
	f.Add([]byte(strings.Replace(good, " 1\n", " 30\n", 1)))
	f.Fuzz(func(t *testing.T, content []byte) {
		if line, err := open(content, "correct horse"); err == nil && line != "a key" {
			t.Fatalf("opened to %q", line)
		}
	})
}

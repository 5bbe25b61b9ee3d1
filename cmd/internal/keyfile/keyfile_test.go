// SPDX-License-Identifier: Apache-2.0

package keyfile

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cocket.example/receipt"
)

func newPair(t *testing.T, typ receipt.KeyType) (skey, vkey string) {
	t.Helper()
	skey, vkey, err := receipt.GenerateKey(rand.Reader, typ, "name.example/a")
	if err != nil {
		t.Fatal(err)
	}
	return skey, vkey
}

// put writes a file with that mode, whatever the umask.
func put(t *testing.T, content string, mode os.FileMode) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWrite(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(t.TempDir(), "key")
	if err := Write(path, "the first"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v (%v), want 0600", info.Mode(), err)
	}
	if err := Write(path, "the second"); err == nil || !strings.Contains(err.Error(), "never overwritten") {
		t.Errorf("written over: %v", err)
	}
	if line, err := Read(path); err != nil || line != "the first" {
		t.Errorf("read %q, %v", line, err)
	}
	target := filepath.Join(t.TempDir(), "target")
	if err := os.Symlink(target, path+".link"); err != nil {
		t.Fatal(err)
	}
	if err := Write(path+".link", "x"); err == nil {
		t.Error("written through a symbolic link")
	}
	if err := Write(filepath.Join(path, "below"), "x"); err == nil {
		t.Error("written below a file")
	}
}

func TestReadSigner(t *testing.T) {
	skey, vkey := newPair(t, receipt.Ed25519)
	signer, err := ReadSigner(put(t, skey+"\n", 0o600))
	if err != nil || signer.VerifierKey() != vkey {
		t.Errorf("read %v, %v, want %s", signer, err, vkey)
	}
	if _, err := ReadCosigner(put(t, skey+"\n", 0o600), Passphrase{}); err == nil {
		t.Error("a log's key was read as a witness's")
	}
}

func TestReadCosigner(t *testing.T) {
	skey, vkey := newPair(t, receipt.Cosignature)
	cosigner, err := ReadCosigner(put(t, skey+"\n", 0o400), Passphrase{})
	if err != nil || cosigner.VerifierKey() != vkey {
		t.Errorf("read %v, %v, want %s", cosigner, err, vkey)
	}
	if _, err := ReadSigner(put(t, skey+"\n", 0o600)); err == nil {
		t.Error("a witness's key was read as a log's")
	}
}

// TestReadMLDSA: a key of type 0x06 is a log's or a witness's, and nobody else's.
func TestReadMLDSA(t *testing.T) {
	skey, vkey := newPair(t, receipt.MLDSA44)
	path := put(t, skey+"\n", 0o600)
	if signer, err := ReadLogSigner(path); err != nil || signer.VerifierKey() != vkey {
		t.Errorf("log: %v, %v", signer, err)
	}
	if cosigner, err := ReadCosigner(path, Passphrase{}); err != nil || cosigner.VerifierKey() != vkey {
		t.Errorf("witness: %v, %v", cosigner, err)
	}
	if _, err := ReadSigner(path); err == nil || !strings.Contains(err.Error(), path+": secret key of type 0x06") {
		t.Errorf("submitter: %v", err)
	}
	for _, given := range []string{vkey, put(t, vkey+"\n", 0o644)} {
		if key, err := VerifierKey(given); err != nil || key.String() != vkey {
			t.Errorf("%v, %v", key, err)
		}
	}
}

// TestReadMode shows every mode that lets others in.
func TestReadMode(t *testing.T) {
	for mode := range os.FileMode(0o1000) {
		if mode&0o400 == 0 {
			continue
		}
		path := put(t, "secret\n", mode)
		_, err := Read(path)
		if private := mode&0o077 == 0; private != (err == nil) {
			t.Errorf("mode %04o: %v", mode, err)
		} else if err != nil && !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %04o: %v does not say what would be right", mode, err)
		}
	}
}

// TestReadRefuses shows contents that are not one line. No error repeats what may be a secret.
func TestReadRefuses(t *testing.T) {
	for name, content := range map[string]string{
		"empty":         "",
		"empty line":    "\n",
		"no LF":         "secret",
		"two lines":     "secret\nsecret\n",
		"line after":    "secret\nx",
		"empty after":   "secret\n\n",
		"CR LF":         "secret\r\n",
		"tab":           "sec\tret\n",
		"space before":  " secret\n",
		"space after":   "secret \n",
		"NUL":           "secret\x00\n",
		"not UTF-8":     "secret\xff\n",
		"too long":      strings.Repeat("secret", 1000) + "\n",
		"byte order":    "\ufeff secret \n",
		"far too large": strings.Repeat("secret\n", 10000),
	} {
		_, err := Read(put(t, content, 0o600))
		if err == nil || strings.Contains(err.Error(), "secret\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	skey, _ := newPair(t, receipt.Ed25519)
	_, err := ReadSigner(put(t, skey[:len(skey)-2]+"\n", 0o600))
	if err == nil || strings.Contains(err.Error(), skey[40:60]) {
		t.Errorf("broken key: %v", err)
	}
}

// TestReadOther shows what is no regular file; a named pipe without a writer must not hold up.
func TestReadOther(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, pipe} {
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Read(filepath.Join(dir, "missing")); !os.IsNotExist(err) {
		t.Errorf("missing file: %v", err)
	}
}

func TestVerifierKey(t *testing.T) {
	_, vkey := newPair(t, receipt.Ed25519)
	for _, given := range []string{vkey, put(t, vkey+"\n", 0o644)} {
		if key, err := VerifierKey(given); err != nil || key.String() != vkey {
			t.Errorf("%s: %v, %v", given, key, err)
		}
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a+b+c", []byte(vkey+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if key, err := VerifierKey("./a+b+c"); err != nil || key.String() != vkey {
		t.Errorf("file with plus signs: %v, %v", key, err)
	}
	for name, given := range map[string]string{
		"wrong id":        strings.Replace(vkey, "+", "+0", 1),
		"literal cut":     vkey[:len(vkey)-1],
		"no such file":    "missing",
		"file of no key":  put(t, "text\n", 0o644),
		"file of two":     put(t, vkey+"\n"+vkey+"\n", 0o644),
		"empty":           "",
		"secret, not key": strings.Repeat("PRIVATE+KEY+", 2),
	} {
		if _, err := VerifierKey(given); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestWriteFails shows that half a file is not left behind: the next attempt would find it.
func TestWriteFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	if err := writeLine(full, string(bytes.Repeat([]byte("x"), 100))); err == nil {
		t.Error("written to a full disk")
	}
}

// SPDX-License-Identifier: Apache-2.0

// Package keyfile keeps keys in files. A secret is one line in a file that only its owner can read, or
// such a line encrypted for a passphrase; a verifier key is one line in a file, or stands literally on a
// command line.
package keyfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// maxSize bounds a key file. The longest key in use, an ML-DSA-44 verifier key, has below 2,100
// bytes; secrets are short, whatever their type, and 500 bytes longer if they are encrypted.
const maxSize = 4096

// Write writes a secret line to a new file that only its owner can read (mode 0600). It returns
// once the file and its name are durable. A file that exists is never overwritten, because the key
// in it may be the only copy.
func Write(path, secret string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists already, and a key file is never overwritten", path)
	}
	if err != nil {
		return err
	}
	if err := writeLine(f, secret); err != nil {
		return errors.Join(err, os.Remove(path)) // ours, and useless
	}
	return syncDir(filepath.Dir(path))
}

func writeLine(f *os.File, line string) error {
	_, err := io.WriteString(f, line+"\n")
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Read returns the line of a secret file, without its LF. It refuses a file that others than its
// owner may read or write.
func Read(path string) (string, error) { return readLine(path, checkMode) }

// ReadSigner reads an Ed25519 key (type 0x01, SN-16), which is for logs, certifiers and submitters.
func ReadSigner(path string) (*receipt.Signer, error) { return readSecret(path, receipt.NewSigner) }

// ReadLogSigner reads a log's key: Ed25519 (type 0x01) or ML-DSA-44 (type 0x06, CS-2).
func ReadLogSigner(path string) (receipt.LogSigner, error) {
	return readSecret(path, receipt.NewLogSigner)
}

// ReadCosigner reads a witness's cosignature key: Ed25519 (type 0x04) or ML-DSA-44 (type 0x06, CS-2).
// With a passphrase the file must be encrypted (age-encryption.org/v1), else it must not.
func ReadCosigner(path string, p Passphrase) (*receipt.Cosigner, error) {
	if p == (Passphrase{}) {
		return readSecret(path, receipt.NewCosigner)
	}
	skey, err := readSealed(path, p)
	if err != nil {
		return nil, err
	}
	return parseSecret(path, skey, receipt.NewCosigner)
}

func readSecret[T any](path string, parse func(skey string) (T, error)) (key T, err error) {
	skey, err := Read(path)
	if err != nil {
		return key, err
	}
	return parseSecret(path, skey, parse)
}

func parseSecret[T any](path, skey string, parse func(skey string) (T, error)) (key T, err error) {
	if key, err = parse(skey); err != nil {
		return key, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// ReadVerifierKey reads a file that holds one vkey.
func ReadVerifierKey(path string) (receipt.VerifierKey, error) {
	vkey, err := readLine(path, func(os.FileInfo) error { return nil })
	if err != nil {
		return receipt.VerifierKey{}, err
	}
	key, err := receipt.ParseVerifierKey(vkey)
	if err != nil {
		return receipt.VerifierKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// VerifierKey takes a literal vkey, or else the name of a file that holds one. A vkey is told by
// its two plus signs; a file whose own name has two is given as ./NAME.
func VerifierKey(vkeyOrPath string) (receipt.VerifierKey, error) {
	literal := strings.Count(vkeyOrPath, "+") >= 2 && !strings.HasPrefix(vkeyOrPath, ".") &&
		!filepath.IsAbs(vkeyOrPath)
	if literal {
		return receipt.ParseVerifierKey(vkeyOrPath)
	}
	return ReadVerifierKey(vkeyOrPath)
}

// readLine reads a file of one line, whose mode check has approved.
func readLine(path string, check func(os.FileInfo) error) (string, error) {
	return readText(path, check, oneLine)
}

// readText returns what parse makes of a file whose mode check has approved. Mode and content are those
// of the same open file. O_NONBLOCK keeps a named pipe from holding the program up.
func readText(path string, check func(os.FileInfo) error, parse func([]byte) (string, error),
) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	if err := check(info); err != nil {
		return "", fmt.Errorf("%s %w", path, err)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return "", err
	}
	if len(content) > maxSize {
		return "", fmt.Errorf("%s has more than %d bytes: want one line", path, maxSize)
	}
	line, err := parse(content)
	if err != nil {
		return "", fmt.Errorf("%s %w", path, err)
	}
	return line, nil
}

// checkMode refuses a mode that shows a secret to, or takes one from, anyone but the owner.
func checkMode(info os.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("has mode %04o: a secret must be its owner's alone (chmod 600)", mode)
	}
	return nil
}

// oneLine returns the only line of the content. Its errors never repeat what may be a secret.
func oneLine(content []byte) (string, error) {
	if isSealed(content) {
		return "", errors.New("is encrypted with age: want its passphrase too or, where none can be given, " +
			"a file in clear")
	}
	line, rest, err := strict.Line(content)
	if err != nil {
		return "", fmt.Errorf("is not one line of text: %w", err)
	}
	if len(rest) > 0 {
		return "", errors.New("has more than one line")
	}
	if line == "" || strings.TrimSpace(line) != line {
		return "", errors.New("is empty or has white space around its line")
	}
	return line, nil
}

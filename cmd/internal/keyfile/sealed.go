// SPDX-License-Identifier: Apache-2.0

package keyfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

const (
	// writtenWork is the scrypt work factor (the logarithm of its cost) of files that Seal makes: 64 MiB
	// and a quarter of a second, once, when a server starts.
	writtenWork = 16
	// maxWork is the largest that is read: age's own, which takes 256 MiB. A file must not take all memory.
	maxWork = 18
)

// Passphrase says where the passphrase of an encrypted file is: in a file of mode 0600, or in a
// credential of systemd's. The zero Passphrase is for files in clear.
type Passphrase struct {
	File       string
	Credential string // name within $CREDENTIALS_DIRECTORY
}

// read returns the passphrase: one line, with or without its LF.
func (p Passphrase) read() (string, error) {
	switch {
	case p.File != "" && p.Credential != "":
		return "", errors.New("the passphrase is in a file and in a credential: want one of the two")
	case p.File != "":
		return readText(p.File, checkMode, passphraseLine)
	}
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", fmt.Errorf("credential %s: $CREDENTIALS_DIRECTORY is not set: want a service of systemd "+
			"with LoadCredential= or LoadCredentialEncrypted=", p.Credential)
	}
	if p.Credential != filepath.Base(p.Credential) || !filepath.IsLocal(p.Credential) || p.Credential == "." {
		return "", fmt.Errorf("credential %q: want the name of a file, not a path", p.Credential)
	}
	return readText(filepath.Join(dir, p.Credential), checkCredential, passphraseLine)
}

// checkCredential refuses a credential that everybody may read. The bits of the group are no matter:
// systemd lets the service's user in with an access control list, whose mask they show.
func checkCredential(info os.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o007 != 0 {
		return fmt.Errorf("has mode %04o: a secret must not be everybody's", mode)
	}
	return nil
}

// passphraseLine is oneLine, but the LF may be missing.
func passphraseLine(content []byte) (string, error) {
	if !bytes.HasSuffix(content, []byte("\n")) {
		content = append(content, '\n')
	}
	return oneLine(content)
}

// How a file that age has encrypted begins: in text, and in bytes.
const (
	armored = armor.Header
	binary  = "age-encryption.org/"
)

func isSealed(content []byte) bool {
	return bytes.HasPrefix(content, []byte(armored)) || bytes.HasPrefix(content, []byte(binary))
}

// Seal encrypts a secret line with age (age-encryption.org/v1) for a passphrase, as text that Write
// writes.
func Seal(secret string, p Passphrase) (string, error) {
	passphrase, err := p.read()
	if err != nil {
		return "", fmt.Errorf("passphrase: %w", err)
	}
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return "", fmt.Errorf("passphrase: %w", err)
	}
	recipient.SetWorkFactor(writtenWork)
	var text strings.Builder
	lines := armor.NewWriter(&text)
	w, err := age.Encrypt(lines, recipient)
	if err != nil {
		return "", fmt.Errorf("encrypting: %w", err)
	}
	_, err = io.WriteString(w, secret+"\n")
	if err = errors.Join(err, w.Close(), lines.Close()); err != nil {
		return "", fmt.Errorf("encrypting: %w", err)
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// readSealed returns the line of a secret file that age has encrypted for a passphrase.
func readSealed(path string, p Passphrase) (string, error) {
	return readText(path, checkMode, func(content []byte) (string, error) {
		if !isSealed(content) {
			return "", errors.New("is not encrypted with age, and a passphrase is given: want one or the other")
		}
		passphrase, err := p.read()
		if err != nil {
			return "", fmt.Errorf("cannot be decrypted: passphrase: %w", err)
		}
		return open(content, passphrase)
	})
}

// open decrypts. Its errors repeat nothing of the content but what age reads of a header.
func open(content []byte, passphrase string) (string, error) {
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return "", fmt.Errorf("cannot be decrypted: passphrase: %w", err)
	}
	identity.SetMaxWorkFactor(maxWork)
	var sealed io.Reader = bytes.NewReader(content)
	if bytes.HasPrefix(content, []byte(armored)) {
		sealed = armor.NewReader(sealed)
	}
	clear, err := age.Decrypt(sealed, identity)
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		return "", errors.New("is not encrypted for this passphrase")
	}
	if err != nil {
		return "", fmt.Errorf("cannot be decrypted (want scrypt with a work factor of at most %d): %w", maxWork, err)
	}
	secret, err := io.ReadAll(clear) // shorter than the content
	if err != nil {
		return "", fmt.Errorf("cannot be decrypted: %w", err)
	}
	line, err := oneLine(secret)
	if err != nil {
		return "", fmt.Errorf("holds, encrypted, what %w", err)
	}
	return line, nil
}

// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/internal/strict"
)

// Who certifies is itself confidential, so the entry holds only a commitment:
//
//	none:    SHA-256(0x02 ‖ salt ‖ 0x00)
//	signed:  SHA-256(0x02 ‖ salt ‖ 0x01 ‖ uint16 length ‖ vkey ‖ signature)
//
// The signature covers the hash of the salt, so that one signature makes one entry.

func commitCertifier(salt Hash, vkey string, signature []byte) Hash {
	b := append([]byte{2}, salt[:]...)
	if vkey == "" {
		return sha256.Sum256(append(b, 0))
	}
	b = binary.BigEndian.AppendUint16(append(b, 1), uint16(len(vkey)))
	return sha256.Sum256(append(append(b, vkey...), signature...))
}

func (c content) certifierCommitment() (Hash, error) {
	salt, err := c.salts.certifier()
	if err != nil || c.certifier == nil {
		return commitCertifier(salt, "", nil), err
	}
	signature, err := strict.Base64(c.certifier.Signature)
	if err != nil {
		return Hash{}, invalid("certifier signature: %v", err)
	}
	if err := c.entry.verifyCertifier(salt, c.certifier.VKey, signature); err != nil {
		return Hash{}, err
	}
	return commitCertifier(salt, c.certifier.VKey, signature), nil
}

// certified returns what a certifier signs: the entry without its certifier and signed lines.
func (e Entry) certified(salt Hash) []byte {
	sum := sha256.Sum256(salt[:])
	return append([]byte(entryHeader+" certify\n"+encode(sum[:])+"\n"), e.print(true, false, false)...)
}

func (e Entry) verifyCertifier(salt Hash, vkey string, signature []byte) error {
	key, err := strict.ParseKey(vkey)
	if err != nil {
		return invalid("certifier: %v", err)
	}
	if key.Type != strict.Ed25519 {
		return invalid("certifier: key of type 0x%02x, want 0x01", key.Type)
	}
	if !ed25519.Verify(ed25519.PublicKey(key.Public), e.certified(salt), signature) {
		return invalid("certifier: the signature of %s does not hold for this entry", key.Name)
	}
	return nil
}

// Certify adds the certifier's signature; vkey is the public key of s.
func (o Opening) Certify(vkey string, s note.Signer) (Opening, error) {
	c := o.open()
	salt, err := c.salts.certifier()
	if err != nil {
		return Opening{}, err
	}
	signature, err := s.Sign(c.entry.certified(salt))
	if err != nil {
		return Opening{}, fmt.Errorf("certifier's signature: %w", err)
	}
	c.certifier = &openCertifier{VKey: vkey, Signature: encode(signature)}
	c.entry.Signed = nil
	return c.commit()
}

// submitted returns what a submitter signs: the entry without its signed line.
func (e Entry) submitted() []byte {
	return append([]byte(entryHeader+" submit\n"), e.print(true, true, false)...)
}

func (e Entry) sign(s note.Signer) ([]byte, error) {
	signature, err := s.Sign(e.submitted())
	if err != nil {
		return nil, fmt.Errorf("submitter's signature: %w", err)
	}
	if len(signature) != ed25519.SignatureSize {
		return nil, invalid("submitter's signature of %d bytes, want Ed25519", len(signature))
	}
	return append(binary.BigEndian.AppendUint32(nil, s.KeyHash()), signature...), nil
}

// VerifySubmitter checks the signed line against the submitter's vkey, of type 0x01.
func (e Entry) VerifySubmitter(vkey string) error {
	key, err := strict.ParseKey(vkey)
	if err != nil {
		return invalid("submitter's key: %v", err)
	}
	switch {
	case key.Type != strict.Ed25519:
		return invalid("submitter's key of type 0x%02x, want 0x01", key.Type)
	case e.Signed == nil:
		return invalid("the entry has no signed line")
	case binary.BigEndian.Uint32(e.Signed) != key.ID:
		return invalid("the signed line is of another key than %s+%08x", key.Name, key.ID)
	case !ed25519.Verify(ed25519.PublicKey(key.Public), e.submitted(), e.Signed[4:]):
		return invalid("the signed line does not hold for this entry")
	}
	return nil
}

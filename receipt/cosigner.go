// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Cosigner signs checkpoints as a witness, with Ed25519 (type 0x04) or ML-DSA-44 (type 0x06).
type Cosigner struct{ secret }

// NewCosigner parses an skey of type 0x04 or 0x06.
func NewCosigner(skey string) (*Cosigner, error) {
	s, err := parseSecret(skey, Cosignature, MLDSA44)
	if err != nil {
		return nil, err
	}
	return &Cosigner{s}, nil
}

// Cosign states that at time t this is the largest consistent tree head seen for its origin
// (CS-10). The time must lie after 1970 (TW-11) and not after the year 9999.
func (c *Cosigner) Cosign(cp Checkpoint, t time.Time) (Signature, error) {
	unix := t.Unix()
	if unix <= 0 || unix > maxTime {
		return Signature{}, fmt.Errorf("time of a cosignature: %s, want one from 1970 to 9999 (TW-11)", t)
	}
	sig, err := c.signTimed(cp.subtree(), uint64(unix))
	return Signature{Name: c.vkey.Name, ID: c.vkey.ID, Sig: sig}, err
}

// signTimed returns the time and the signature over a message that holds it; see verifyTimed.
func (s secret) signTimed(t Subtree, unix uint64) ([]byte, error) {
	sig, err := s.sign(t.message(s.vkey, unix))
	if err != nil {
		return nil, fmt.Errorf("signing with %s+%08x: %w", s.vkey.Name, s.vkey.ID, err)
	}
	return append(binary.BigEndian.AppendUint64(nil, unix), sig...), nil
}

// LogSigner signs the checkpoints of a log: a *Signer or a *TimedSigner.
type LogSigner interface {
	note.Signer
	VerifierKey() string
}

// NewLogSigner parses an skey of type 0x01 or 0x06.
func NewLogSigner(skey string) (LogSigner, error) {
	s, err := parseSecret(skey, Ed25519, MLDSA44)
	switch {
	case err != nil:
		return nil, err
	case KeyType(s.vkey.Type) == Ed25519:
		return &Signer{s}, nil
	}
	return &TimedSigner{secret: s}, nil
}

// TimedSigner signs checkpoints as a log, with ML-DSA-44 (type 0x06, CP-9). It is a note.Signer,
// which signs nothing but checkpoints.
type TimedSigner struct {
	secret
	at time.Time // zero: without a time
}

// At returns a signer that states a time; see Checkpoint.SignAt. The zero time is none.
func (s *TimedSigner) At(t time.Time) note.Signer { return &TimedSigner{s.secret, t} }

// Sign signs a checkpoint at the time given to At, or without one: then it does not claim to be the
// largest (CS-14).
func (s *TimedSigner) Sign(text []byte) ([]byte, error) {
	cp, err := parseBody(text)
	if err != nil && !errors.Is(err, ErrEmptyRoot) {
		return nil, fmt.Errorf("a key of type 0x06 signs checkpoints alone: %w", err)
	}
	if s.at.IsZero() {
		return s.signTimed(cp.subtree(), 0)
	}
	unix := s.at.Unix()
	if unix <= 0 || unix > maxTime {
		return nil, fmt.Errorf("time of a log's signature: %s, want one from 1970 to 9999", s.at)
	}
	return s.signTimed(cp.subtree(), uint64(unix))
}

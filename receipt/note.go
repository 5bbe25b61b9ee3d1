// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"cocket.example/internal/strict"
)

const (
	// MaxCheckpoint bounds a signed checkpoint in bytes: room for 16 signatures of any kind and
	// more (SN-7).
	MaxCheckpoint = 128 << 10
	// maxSignatures bounds the signature lines of one note, as x/mod's note does (SN-14).
	maxSignatures = 100
)

// Signature is a signature line of a note (SN-2):
//
//	— <name> <base64(key id ‖ signature)>
type Signature struct {
	Name string
	ID   uint32
	Sig  []byte // what follows the key id
}

// String returns the line with its LF.
func (s Signature) String() string {
	b := append(binary.BigEndian.AppendUint32(nil, s.ID), s.Sig...)
	return "— " + s.Name + " " + base64.StdEncoding.EncodeToString(b) + "\n"
}

// ParseSignatures parses signature lines and nothing else, as a witness answers them (TW-11).
// Two lines of one key are an error only where the key is known (SN-12), so not here.
func ParseSignatures(lines []byte) ([]Signature, error) {
	if len(lines) > MaxCheckpoint {
		return nil, fmt.Errorf("signatures of %d bytes, want at most %d", len(lines), MaxCheckpoint)
	}
	signatures := make([]Signature, 0, 4)
	for rest := lines; len(rest) > 0; {
		line, after, err := strict.Line(rest)
		if err != nil {
			return nil, fmt.Errorf("signature line %d: %w", len(signatures)+1, err)
		}
		s, err := parseSignature(line)
		if err != nil {
			return nil, fmt.Errorf("signature line %d: %w", len(signatures)+1, err)
		}
		if signatures = append(signatures, s); len(signatures) > maxSignatures {
			return nil, fmt.Errorf("more than %d signatures", maxSignatures)
		}
		rest = after
	}
	if len(signatures) == 0 {
		return nil, errors.New("no signature line")
	}
	return signatures, nil
}

func parseSignature(line string) (Signature, error) {
	rest, ok := strings.CutPrefix(line, "— ")
	name, data, ok2 := strings.Cut(rest, " ")
	if !ok || !ok2 {
		return Signature{}, errors.New("want an em dash, a key name and base64, one space between (SN-2)")
	}
	if err := strict.Name(name); err != nil {
		return Signature{}, err
	}
	b, err := strict.Base64(data)
	if err != nil {
		return Signature{}, err
	}
	if len(b) < 5 {
		return Signature{}, fmt.Errorf("%d bytes, want a key id of 4 and a signature (SN-6)", len(b))
	}
	return Signature{Name: name, ID: binary.BigEndian.Uint32(b), Sig: b[4:]}, nil
}

// splitNote splits a signed note at its last empty line (SN-1, SN-4).
func splitNote(signed []byte) (text []byte, signatures []Signature, err error) {
	if len(signed) > MaxCheckpoint {
		return nil, nil, fmt.Errorf("signed note of %d bytes, want at most %d", len(signed), MaxCheckpoint)
	}
	i := lastEmptyLine(signed)
	if i < 0 {
		return nil, nil, errors.New("no empty line between text and signatures (SN-1)")
	}
	signatures, err = ParseSignatures(signed[i+1:])
	return signed[:i], signatures, err
}

// lastEmptyLine returns where the last empty line begins, or −1. It goes back line by line, which of so
// short a text is faster than bytes.LastIndex.
func lastEmptyLine(text []byte) int {
	for end := len(text); end > 0; {
		lf := bytes.LastIndexByte(text[:end-1], '\n')
		if lf >= 0 && lf == end-2 && text[end-1] == '\n' {
			return end - 1
		}
		end = lf + 1
	}
	return -1
}

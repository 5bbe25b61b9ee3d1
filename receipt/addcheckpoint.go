// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"cocket.example/internal/strict"
)

// AddCheckpoint is the body of a request to a witness (TW-2):
//
//	old <decimal>
//	<base64 hash> …               consistency proof, at most 63
//	                              (empty line)
//	<checkpoint>
type AddCheckpoint struct {
	Old        uint64
	Proof      []Hash
	Checkpoint []byte
}

// ParseAddCheckpoint parses a request body (TW-2 … TW-6); the checkpoint is parsed too. As there,
// ErrEmptyRoot comes with what was parsed.
func ParseAddCheckpoint(b []byte) (AddCheckpoint, error) {
	a, err := parseAddCheckpoint(b)
	if (err == nil || errors.Is(err, ErrEmptyRoot)) && !bytes.Equal(a.Bytes(), b) {
		err = errors.New("not in canonical form")
	}
	if errors.Is(err, ErrEmptyRoot) {
		return a, fmt.Errorf("add-checkpoint: %w", err)
	}
	if err != nil {
		return AddCheckpoint{}, fmt.Errorf("add-checkpoint: %w", err)
	}
	return a, nil
}

func parseAddCheckpoint(b []byte) (a AddCheckpoint, err error) {
	line, rest, err := strict.Line(b)
	if err != nil {
		return a, err
	}
	old, ok := strings.CutPrefix(line, "old ")
	if !ok {
		return a, errors.New(`first line is not "old <size>" (TW-3)`)
	}
	if a.Old, err = strict.Decimal(old); err != nil {
		return a, fmt.Errorf("old: %w (TW-3)", err)
	}
	if a.Proof, a.Checkpoint, err = parseHashes(rest, maxHashes); err != nil {
		return a, err
	}
	_, _, err = ParseCheckpoint(a.Checkpoint)
	return a, err
}

// Bytes prints the body.
func (a AddCheckpoint) Bytes() []byte {
	b := appendHashes([]byte("old "+strconv.FormatUint(a.Old, 10)+"\n"), a.Proof)
	return append(append(b, '\n'), a.Checkpoint...)
}

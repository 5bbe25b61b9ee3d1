// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cocket.example/internal/strict"
	"cocket.example/log"
)

// State and journal are short text files that end in their own SHA-256, so that a torn or flipped
// byte is never taken for another tree:
//
//	cocket-state/v1                       cocket-journal/v1
//	log <32 hex digits>                   log <32 hex digits>
//	epoch 3                               epoch 3
//	size 70000                            size 70000
//	root <base64>                         root <base64>
//	sum <base64>                          time 1790000000
//	                                      sum <base64>
const (
	stateFormat   = "cocket-state/v1"
	journalFormat = "cocket-journal/v1"
)

// identity tells the files of one log from those of another.
type identity [16]byte

func (id identity) String() string { return hex.EncodeToString(id[:]) }

// state is the integrated tree and the epoch of the writer that may go on from it.
type state struct {
	id    identity
	epoch uint64
	tree  log.Tree
}

// signed is the head journalled last.
type signed struct {
	id    identity
	epoch uint64
	head  log.Head
}

func (s state) bytes() []byte {
	return seal(stateFormat, s.id, s.epoch, s.tree, nil)
}

func (s signed) bytes() []byte {
	unix := int64(0)
	if !s.head.Time.IsZero() {
		unix = s.head.Time.Unix()
	}
	return seal(journalFormat, s.id, s.epoch, s.head.Tree, []string{"time " + strconv.FormatInt(unix, 10)})
}

func seal(format string, id identity, epoch uint64, tree log.Tree, more []string) []byte {
	lines := append([]string{
		format,
		"log " + id.String(),
		"epoch " + strconv.FormatUint(epoch, 10),
		"size " + strconv.FormatUint(tree.Size, 10),
		"root " + base64.StdEncoding.EncodeToString(tree.Root[:]),
	}, more...)
	text := strings.Join(lines, "\n") + "\n"
	sum := sha256.Sum256([]byte(text))
	return []byte(text + "sum " + base64.StdEncoding.EncodeToString(sum[:]) + "\n")
}

func parseState(b []byte) (state, error) {
	var s state
	var err error
	s.id, s.epoch, s.tree, _, err = unseal(stateFormat, b)
	if err == nil && !bytes.Equal(s.bytes(), b) {
		err = fmt.Errorf("not a %s file, or damaged", stateFormat)
	}
	return s, err
}

func parseSigned(b []byte) (signed, error) {
	var s signed
	var unix uint64
	var err error
	s.id, s.epoch, s.head.Tree, unix, err = unseal(journalFormat, b)
	if unix > 0 {
		s.head.Time = time.Unix(int64(unix), 0).UTC()
	}
	if err == nil && !bytes.Equal(s.bytes(), b) {
		err = fmt.Errorf("not a %s file, or damaged", journalFormat)
	}
	return s, err
}

// unseal reads the fields; the caller prints them back and compares, which also checks the sum.
func unseal(format string, b []byte) (id identity, epoch uint64, tree log.Tree, unix uint64, err error) {
	var line string
	fields := make(map[string]string)
	for rest := b; len(rest) > 0 && err == nil; {
		if line, rest, err = strict.Line(rest); err == nil {
			name, value, _ := strings.Cut(line, " ")
			fields[name] = value
		}
	}
	if _, known := fields[format]; err != nil || !known {
		return id, 0, tree, 0, fmt.Errorf("not a %s file, or damaged", format)
	}
	raw, err := strict.Hex(fields["log"], len(id))
	if err != nil {
		return id, 0, tree, 0, fmt.Errorf("log: %w", err)
	}
	id = identity(raw)
	if epoch, err = strict.Decimal(fields["epoch"]); err != nil {
		return id, 0, tree, 0, fmt.Errorf("epoch: %w", err)
	}
	if tree.Size, err = strict.Decimal(fields["size"]); err != nil {
		return id, 0, tree, 0, fmt.Errorf("size: %w", err)
	}
	if tree.Root, err = strict.Hash(fields["root"]); err != nil {
		return id, 0, tree, 0, fmt.Errorf("root: %w", err)
	}
	if text, ok := fields["time"]; ok {
		if unix, err = strict.Decimal(text); err != nil {
			return id, 0, tree, 0, fmt.Errorf("time: %w", err)
		}
	}
	return id, epoch, tree, unix, nil
}

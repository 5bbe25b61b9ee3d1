// SPDX-License-Identifier: Apache-2.0

package fsck

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

// marks are the full ranges that were found good under one checkpoint, kept in a file, so that a
// check that was broken off goes on where it was:
//
//	cocket-fsck/v1
//	customs.example/log 1000000 <root in base64>
//	0 <root of range 0 in base64>
//	…
//
// A last line that was not finished is left out. Another checkpoint begins the file anew.
type marks struct {
	path  string
	file  *os.File // nil: nothing is kept
	roots map[uint64]hash
}

const (
	marksHead = "cocket-fsck/v1\n"
	// maxMarks bounds the file in bytes: enough for 10^11 entries.
	maxMarks = 128 << 20
)

func openMarks(path string, cp receipt.Checkpoint) (*marks, error) {
	m := &marks{path: path, roots: make(map[uint64]hash)}
	if path == "" {
		return m, nil
	}
	head := fmt.Sprintf("%s%s %d %s\n", marksHead, cp.Origin, cp.Size, encodeHash(cp.Root))
	old, err := readBounded(path, maxMarks)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--resume: %w", err)
	}
	if err == nil && !strings.HasPrefix(string(old), marksHead) && len(old) > 0 {
		return nil, fmt.Errorf("%s is not the file of an earlier check: choose another name", path)
	}
	text := head
	if rest, ok := strings.CutPrefix(string(old), head); ok {
		text += m.parse(rest)
	}
	if m.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644); err != nil {
		return nil, err
	}
	if _, err := m.file.WriteString(text); err != nil {
		return nil, errors.Join(err, m.file.Close())
	}
	return m, nil
}

// parse takes lines up to the first that is not whole, and returns them.
func (m *marks) parse(text string) string {
	rest := []byte(text)
	for {
		line, after, err := strict.Line(rest)
		number, root, ok := strings.Cut(line, " ")
		r, numberErr := strict.Decimal(number)
		h, hashErr := strict.Hash(root)
		if !ok || errors.Join(err, numberErr, hashErr) != nil {
			return text[:len(text)-len(rest)]
		}
		m.roots[r], rest = h, after
	}
}

// good keeps that a full range was found good. It is not synced: what is lost is checked again.
func (m *marks) good(r uint64, root hash) error {
	if m.file == nil {
		return nil
	}
	_, err := fmt.Fprintf(m.file, "%d %s\n", r, encodeHash(root))
	return err
}

// close ends the file, which has done its duty when the check came to its end.
func (m *marks) close(done bool) error {
	if m.file == nil {
		return nil
	}
	err := m.file.Close()
	if done {
		err = errors.Join(err, os.Remove(m.path))
	}
	return err
}

func encodeHash(h hash) string { return base64.StdEncoding.EncodeToString(h[:]) }

// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cocket.example/receipt"
)

const (
	format = "cocket-watch/1"
	// maxState bounds a file in bytes: 16 rows of 11 kB and a note.
	maxState = 1 << 20
)

// state is what is kept of one log, in a file of its own: a line of JSON and its SHA-256 in hex, so
// that damage of ours is never laid to a log.
type state struct {
	Format string `json:"format"`
	Origin string `json:"origin"`
	// Proven is the largest size whose entries were seen to hash to the signed root.
	Proven proven `json:"proven"`
	// Read is the tree of what was read beyond, which no root has confirmed yet.
	Read tree `json:"read"`
	// Mirrored is the size of the mirror's checkpoint; 0 without one.
	Mirrored uint64 `json:"mirrored"`
	// Waiting is the oldest checkpoint whose entries could not be had; nil: there is none.
	Waiting *waiting `json:"waiting"`
	// Refuted says that its entries, read three times, hash to another root.
	Refuted bool `json:"refuted"`
}

type proven struct {
	Size uint64 `json:"size"`
	Root []byte `json:"root"`
	Tree tree   `json:"tree"` // of the whole bundles of it
}

type waiting struct {
	Note  []byte `json:"note"`
	Since int64  `json:"since"` // POSIX seconds
}

// signed is a checkpoint that was cosigned.
type signed struct {
	checkpoint receipt.Checkpoint
	note       []byte
	since      time.Time // when it was cosigned
}

func newState(origin string) state {
	root := sha256.Sum256(nil)
	return state{Format: format, Origin: origin, Proven: proven{Root: root[:]}}
}

func (s state) encode() ([]byte, error) {
	line, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(line)
	return fmt.Appendf(line, "\n%x\n", sum), nil
}

// parseState parses a file and prints it back.
func parseState(b []byte) (state, error) {
	var s state
	line, _, _ := bytes.Cut(b, []byte("\n"))
	if err := json.Unmarshal(line, &s); err != nil {
		return s, fmt.Errorf("damaged: %w", err)
	}
	if s.Format != format {
		return s, fmt.Errorf("format %.40q is not known, want %q", s.Format, format)
	}
	if again, err := s.encode(); err != nil || !bytes.Equal(again, b) {
		return s, errors.New("damaged: it does not have its checksum, or is spelled some other way")
	}
	if err := errors.Join(s.Proven.Tree.check(), s.Read.check()); err != nil {
		return s, fmt.Errorf("damaged: %w", err)
	}
	if len(s.Proven.Root) != sha256.Size || s.Proven.Size-s.Proven.Tree.Size >= 256 ||
		s.Read.Size < s.Proven.Tree.Size || s.Refuted && s.Waiting == nil {
		return s, errors.New("damaged: its sizes do not fit")
	}
	return s, nil
}

// first returns the checkpoint that waits; ok is false where none does.
func (s state) first() (first signed, ok bool, err error) {
	if s.Waiting == nil {
		return first, false, nil
	}
	c, _, err := receipt.ParseCheckpoint(s.Waiting.Note)
	if err == nil && c.Origin != s.Origin {
		err = fmt.Errorf("the checkpoint that waits is of %s", c.Origin)
	}
	return signed{c, s.Waiting.Note, time.Unix(s.Waiting.Since, 0)}, err == nil, err
}

// statePath is the file of an origin.
func statePath(dir, origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return filepath.Join(dir, hex.EncodeToString(sum[:]))
}

// readState reads the file of an origin; found is false where there is none yet.
func readState(path, origin string) (s state, found bool, err error) {
	b, err := readFile(path, maxState)
	if errors.Is(err, os.ErrNotExist) {
		return newState(origin), false, nil
	}
	if err == nil {
		s, err = parseState(b)
	}
	if err == nil && s.Origin != origin {
		err = fmt.Errorf("it is of %s", s.Origin)
	}
	if err != nil {
		return s, false, fmt.Errorf("%s: %w", path, err)
	}
	return s, true, nil
}

func (s state) write(path string) error {
	b, err := s.encode()
	if err != nil {
		return err
	}
	return errors.Join(replace(path, b), syncDir(filepath.Dir(path)))
}

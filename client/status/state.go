// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/transparency-dev/merkle/compact"

	"cocket.example/internal/strict"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// saved is what was read of a log, kept in a file so that the next reading goes on from there:
//
//	cocket-scan/v1
//	size <decimal>             entries that were read
//	references <decimal>
//	checkpoint <decimal>       its length in bytes
//	<base64 hash> …            the compact range [0, size), left to right
//	                           (empty line)
//	<checkpoint>               the signed note that was read for; its size is that of the range or above
//	<references>               24 bytes each: short of the entry, short of the target, index; by index
//	<32 bytes>                 SHA-256 of all before
//
// The range ties it to the log: it must lead to every root that the log signs later. Nothing ties the references to
// it. So it is its owner's note of what he has read, and one that others could have written is refused.
type saved struct {
	edge       *compact.Range // nil: nothing is saved
	found      []reference
	checkpoint []byte
}

const (
	savedHead     = "cocket-scan/v1\n"
	referenceSize = 24
	maxSaved      = maxFound*referenceSize + receipt.MaxCheckpoint + 64*46 + 256 // bytes
)

// write prints the file, without a second copy of it in memory.
func (s saved) write(to io.Writer) error {
	sum := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(to, sum), 64<<10)
	fmt.Fprintf(w, "%ssize %d\nreferences %d\ncheckpoint %d\n",
		savedHead, s.edge.End(), len(s.found), len(s.checkpoint))
	for _, h := range s.edge.Hashes() {
		fmt.Fprintln(w, base64.StdEncoding.EncodeToString(h))
	}
	fmt.Fprintf(w, "\n%s", s.checkpoint)
	var b [referenceSize]byte
	for _, f := range s.found {
		binary.BigEndian.PutUint64(b[:], f.leaf)
		binary.BigEndian.PutUint64(b[8:], f.target)
		binary.BigEndian.PutUint64(b[16:], f.index)
		w.Write(b[:]) // Flush returns its error
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := to.Write(sum.Sum(nil))
	return err
}

// errNoState is that of a file which something else has written, and which is not to be lost.
var errNoState = errors.New("it is not the state of a scan: choose another name")

// parseSaved parses the file, in its one spelling. It verifies no signature.
func parseSaved(b []byte) (s saved, err error) {
	if !bytes.HasPrefix(b, []byte(savedHead)) {
		return s, errNoState
	}
	if len(b) < len(savedHead)+sha256.Size {
		return s, errors.New("it is cut off")
	}
	body, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if h := sha256.Sum256(body); !bytes.Equal(h[:], sum) {
		return s, errors.New("it is damaged: its bytes do not have the hash at its end")
	}
	rest := body[len(savedHead):]
	var numbers [3]uint64
	for i, name := range []string{"size ", "references ", "checkpoint "} {
		if numbers[i], rest, err = number(rest, name); err != nil {
			return s, err
		}
	}
	size, references, length := numbers[0], numbers[1], numbers[2]
	if s.edge, rest, err = parseRange(rest, size); err != nil {
		return s, err
	}
	if length > receipt.MaxCheckpoint || references > maxFound ||
		uint64(len(rest)) != length+references*referenceSize {
		return s, errors.New("its lengths are not those of what follows")
	}
	s.checkpoint, rest = rest[:length], rest[length:]
	if s.found, err = parseFound(rest, size); err != nil {
		return s, err
	}
	if cp, _, err := receipt.ParseCheckpoint(s.checkpoint); err != nil || cp.Size < size {
		return s, errors.New("its checkpoint is none, or of fewer entries")
	}
	return s, nil
}

func number(b []byte, name string) (n uint64, rest []byte, err error) {
	line, rest, err := strict.Line(b)
	if err != nil {
		return 0, nil, err
	}
	digits, ok := strings.CutPrefix(line, name)
	if !ok {
		return 0, nil, fmt.Errorf("want a line %q here", strings.TrimSpace(name))
	}
	n, err = strict.Decimal(digits)
	return n, rest, err
}

// parseRange parses the hashes of a compact range [0, size) and the empty line behind them.
func parseRange(b []byte, size uint64) (*compact.Range, []byte, error) {
	hashes := make([][]byte, bits.OnesCount64(size))
	for i := range hashes {
		line, rest, err := strict.Line(b)
		if err != nil {
			return nil, nil, err
		}
		h, err := strict.Hash(line)
		if err != nil {
			return nil, nil, err
		}
		hashes[i], b = h[:], rest
	}
	rest, ok := bytes.CutPrefix(b, []byte("\n"))
	if !ok {
		return nil, nil, fmt.Errorf("want %d hashes and an empty line", len(hashes))
	}
	edge, err := tile.RestoreRange(size, hashes)
	return edge, rest, err
}

func parseFound(b []byte, size uint64) (found []reference, err error) {
	found = make([]reference, 0, len(b)/referenceSize)
	for before := uint64(0); len(b) > 0; b = b[referenceSize:] {
		r := reference{short(b), short(b[8:]), short(b[16:])}
		if r.index < before || r.index >= size {
			return nil, errors.New("its references are not in the order of their indexes, below its size")
		}
		found, before = append(found, r), r.index+1
	}
	return found, nil
}

// load reads the state, if there is one, and verifies its checkpoint.
func load(path string, policy receipt.Policy) (s saved, of receipt.Trusted, err error) {
	if path == "" {
		return s, of, nil
	}
	if err := prepare(path); err != nil {
		return s, of, fmt.Errorf("%s cannot be written: %w", path, err)
	}
	b, err := readSaved(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, of, nil
	case err != nil:
		return s, of, fmt.Errorf("%s: %w", path, err)
	}
	if s, err = parseSaved(b); err == nil {
		of, err = policy.Verify(s.checkpoint)
	}
	switch {
	case errors.Is(err, errNoState):
		return saved{}, of, fmt.Errorf("%s: %w", path, err)
	case err != nil:
		return saved{}, of, fmt.Errorf("%s cannot be gone on from, delete it to read everything again: %w", path, err)
	}
	return s, of, nil
}

// prepare fails early where store would fail at the end, and removes what a store left behind that was killed.
func prepare(path string) error {
	old, err := filepath.Glob(filepath.Join(escape(filepath.Dir(path)), escape(filepath.Base(path))+".*.tmp"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if info, err := os.Lstat(name); err == nil && time.Since(info.ModTime()) > time.Minute {
			os.Remove(name) // else it stays, and does no harm
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// escape makes a pattern of a name, which finds that name alone.
func escape(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// readSaved reads a state that nobody but the user could have written.
func readSaved(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSaved {
		return nil, errNoState
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSaved+1))
	if err != nil || !bytes.HasPrefix(b, []byte(savedHead)) {
		return nil, errors.Join(err, errNoState)
	}
	return b, private(info)
}

// private wants that the user owns a file, and that nobody else can write to it.
func private(info fs.FileInfo) error {
	const why = "whoever writes it can hide a withdrawal"
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to another user, and %s: choose another name, to read everything again", why)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("others may write it (mode %04o), and %s: delete it, to read everything again, or chmod 600 "+
			"it if you know that nobody did", info.Mode().Perm(), why)
	}
	return nil
}

// store writes the state whole or not at all. What is lost with the machine is read again.
func (s saved) store(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already if it was renamed
	err = s.write(f)
	if err = errors.Join(err, f.Chmod(0o600), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

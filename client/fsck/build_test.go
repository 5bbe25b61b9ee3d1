// SPDX-License-Identifier: Apache-2.0

package fsck_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"cocket.example/client/fsck"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

const origin = "log.example/fsck"

// A world is a log in a directory, and its key.
type world struct {
	dir  string
	skey string
	key  receipt.VerifierKey
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// entry is of 3 to 23 bytes, or of length bytes.
func entry(i, length int) []byte {
	b := fmt.Appendf(nil, "entry %d of %d", i, i*7)
	for len(b) < length {
		b = append(b, byte(i), byte(i>>8))
	}
	return b
}

// build writes a log of this size, level by level, with nothing of the code under test.
func build(t testing.TB, size, length int) *world {
	t.Helper()
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, origin)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{dir: t.TempDir(), skey: skey, key: must(receipt.ParseVerifierKey(vkey))}
	edge := tile.NewRange()
	var level, bundle []byte
	for i := range size {
		e := entry(i, length)
		bundle = must(tile.AppendEntry(bundle, e))
		leaf := sha256.Sum256(append([]byte{0}, e...))
		level = append(level, leaf[:]...)
		if err := edge.Append(leaf[:], nil); err != nil {
			t.Fatal(err)
		}
		if i%256 == 255 || i == size-1 {
			w.install(t, tile.Ref{Entries: true, Index: uint64(i / 256), Width: i%256 + 1}, bundle)
			bundle = nil
		}
	}
	for l := uint64(0); len(level) > 0; l++ {
		var above []byte
		for i := 0; i*8192 < len(level); i++ {
			b := level[i*8192 : min((i+1)*8192, len(level))]
			w.install(t, tile.Ref{Level: l, Index: uint64(i), Width: len(b) / 32}, b)
			if len(b) == 8192 {
				above = append(above, tile.Subtree(b)...)
			}
		}
		level = above
	}
	w.sign(t, uint64(size), must(tile.RangeRoot(edge)))
	return w
}

// install writes a tile or bundle, a partial one as local storage has it: twice.
func (w *world) install(t testing.TB, ref tile.Ref, b []byte) {
	t.Helper()
	w.write(t, ref.Path(), b)
	if ref.Width < 256 {
		w.write(t, w.edge(ref), b)
	}
}

func (w *world) edge(ref tile.Ref) string {
	if ref.Entries {
		return fmt.Sprintf("edge/entries-%d", ref.Index)
	}
	return fmt.Sprintf("edge/%d-%d", ref.Level, ref.Index)
}

func (w *world) sign(t testing.TB, size uint64, root [32]byte) {
	t.Helper()
	signer := must(receipt.NewSigner(w.skey))
	w.write(t, "checkpoint", must(receipt.Checkpoint{Origin: origin, Size: size, Root: root}.Sign(signer)))
}

func (w *world) read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w *world) write(t testing.TB, name string, b []byte) {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b, 0o644)); err != nil {
		t.Fatal(err)
	}
}

func (w *world) remove(t testing.TB, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(w.dir, name)); err != nil {
		t.Fatal(err)
	}
}

// harms are ways to damage a file; nil removes it.
var harms = map[string]func([]byte) []byte{
	"flipped":   func(b []byte) []byte { b = bytes.Clone(b); b[len(b)/2] ^= 4; return b },
	"first":     func(b []byte) []byte { b = bytes.Clone(b); b[0] ^= 1; return b },
	"truncated": func(b []byte) []byte { return b[:len(b)-1] },
	"longer":    func(b []byte) []byte { return append(bytes.Clone(b), 0) },
	"empty":     func([]byte) []byte { return []byte{} },
	"missing":   nil,
}

func (w *world) damage(t testing.TB, name string, harm func([]byte) []byte) {
	t.Helper()
	if harm == nil {
		w.remove(t, name)
		return
	}
	w.write(t, name, harm(w.read(t, name)))
}

func (w *world) config() fsck.Config { return fsck.Config{Source: fsck.Dir(w.dir), Key: &w.key} }

func (w *world) check(t testing.TB) fsck.Report {
	t.Helper()
	report, err := fsck.Check(t.Context(), w.config())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// files lists the log's files by name.
func (w *world) files(t testing.TB) (names []string) {
	t.Helper()
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, must(filepath.Rel(w.dir, path)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

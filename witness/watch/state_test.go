// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"cocket.example/internal/tamper"
	"cocket.example/internal/tile"
)

// grown is a tree of whole bundles.
func grown(full tamper.Tree, size uint64) (t tree) {
	for t.Size+tile.Width <= size {
		t.add(full.Subtree(tile.Height, t.Size/tile.Width))
	}
	return t
}

// TestTree: at every size around the edges its root is the tree's, and the tiles that it yields are.
func TestTree(t *testing.T) {
	full := tamper.New(70_000)
	for _, size := range []uint64{0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 66_000, 70_000} {
		edge := grown(full, size)
		var leaves []byte
		for i := edge.Size; i < size; i++ {
			leaf := full.Leaf(i)
			leaves = append(leaves, leaf[:]...)
		}
		root, err := edge.root(t.Context(), leaves)
		if err != nil || root != full.Root(size) {
			t.Errorf("%d: root %x, %v", size, root, err)
		}
		if err := edge.check(); err != nil {
			t.Errorf("%d: %v", size, err)
		}
		want := 0
		for level := range uint64(8) {
			if w := tile.WidthAt(level, size>>(8*level)/256, size); w > 0 {
				want++
			}
		}
		for _, p := range edge.edge(leaves) {
			want--
			b, err := tamper.Log{Tree: full, Size: size}.ReadTile(t.Context(), p.ref.Level, p.ref.Index, p.ref.Width)
			if err != nil || !bytes.Equal(b, p.hashes) {
				t.Errorf("%d: tile %s differs, %v", size, p.ref.Path(), err)
			}
		}
		if want != 0 {
			t.Errorf("%d: %d tiles are missing", size, want)
		}
	}
}

// example is the state of a log that waits.
func example(t testing.TB) state {
	s := newState("log.example/a")
	full := tamper.New(1000)
	root := full.Root(700)
	s.Proven = proven{700, root[:], grown(full, 700)}
	s.Read, s.Refuted = grown(full, 1000), true
	s.Waiting = &waiting{newPaper(t, "log.example/a", 1000).sign(1000), 1_800_000_000}
	return s
}

// TestState: a file is read as it was written, and not with any byte changed.
func TestState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s := example(t)
	if err := s.write(path); err != nil {
		t.Fatal(err)
	}
	got, found, err := readState(path, "log.example/a")
	want, _ := s.encode()
	if again, _ := got.encode(); err != nil || !found || !bytes.Equal(want, again) {
		t.Fatalf("read %+v, %v", got, err)
	}
	if _, _, err := readState(path, "log.example/b"); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("of another log: %v", err)
	}
	for i := range want {
		b := bytes.Clone(want)
		b[i] ^= 1 << rand.N(8)
		if _, err := parseState(b); err == nil {
			t.Errorf("with byte %d changed it is accepted", i)
		}
		if _, err := parseState(want[:i]); err == nil {
			t.Errorf("cut at %d it is accepted", i)
		}
	}
	s.Read.Rows[0] = s.Read.Rows[0][:32]
	if b, err := s.encode(); err != nil {
		t.Error(err)
	} else if _, err := parseState(b); err == nil {
		t.Error("a tree whose rows do not fit is accepted")
	}
}

// FuzzState: what is accepted prints back, and its trees have roots.
func FuzzState(f *testing.F) {
	for _, s := range []state{example(f), newState("a")} {
		b, err := s.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseState(b)
		if err != nil {
			return
		}
		if again, err := s.encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("prints back as %q, %v", again, err)
		}
		for _, tree := range []tree{s.Read, s.Proven.Tree} {
			if _, err := tree.root(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		_, _, _ = s.first()
	})
}

// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"cocket.example/log"
)

// with returns a disk on which one file holds these bytes.
func with(t testing.TB, name string, b []byte) *disk {
	t.Helper()
	d := newDisk(1)
	for _, dir := range []string{"index", "kept"} {
		if err := d.MkdirAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	if err := replaceFile(d, name, b); err != nil {
		t.Fatal(err)
	}
	return d
}

// FuzzFormat: the file that says what a directory is prints back to what was read.
func FuzzFormat(f *testing.F) {
	f.Add(formatFile("log.example/a", identity{1, 2}))
	f.Add([]byte("cocket-log/v1\norigin a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if origin, id, err := parseFormat(b); err == nil && !bytes.Equal(formatFile(origin, id), b) {
			t.Fatalf("prints back as %q", formatFile(origin, id))
		}
	})
}

// FuzzJournal: what is taken for a journal prints back, and nothing that was signed is later than it
// says. A changed byte never makes another journal of one.
func FuzzJournal(f *testing.F) {
	whole := signed{id: identity{7}, epoch: 3, head: log.Head{Tree: log.Tree{Size: 70000}, Time: epoch}}
	f.Add(whole.bytes(), 0, byte(0))
	f.Add(whole.bytes(), 40, byte(1))
	f.Fuzz(func(t *testing.T, b []byte, at int, change byte) {
		s, err := parseSigned(b)
		if err != nil {
			return
		}
		if !bytes.Equal(s.bytes(), b) {
			t.Fatal("prints back to something else")
		}
		if at < 0 || at >= len(b) || change == 0 {
			return
		}
		b = bytes.Clone(b)
		b[at] ^= change
		if other, err := parseSigned(b); err == nil {
			t.Fatalf("a journal with another byte %d is one of size %d", at, other.head.Size)
		}
	})
}

// seedRun writes a run of n keys, and returns its bytes.
func seedRun(f *testing.F, id identity, n uint64) []byte {
	f.Helper()
	d := newDisk(1)
	if err := d.MkdirAll("index"); err != nil {
		f.Fatal(err)
	}
	w, err := newRunWriter(d, 0, n)
	if err != nil {
		f.Fatal(err)
	}
	keys := make([]uint64, n)
	random := rand.New(rand.NewPCG(1, n))
	for i := range keys {
		keys[i] = random.Uint64()
	}
	slices.Sort(keys)
	for i, key := range keys {
		w.add(pair{key, uint64(i)})
	}
	if err := w.finish(id); err != nil {
		f.Fatal(err)
	}
	return d.names[runName(0, n)].data
}

// FuzzRun: a run that is taken is whole: every key in it is found, with an index within it. A byte
// changed in a whole run makes it refused, or was between its sections.
func FuzzRun(f *testing.F) {
	id := identity{5}
	for _, n := range []uint64{1, 9, 100} {
		f.Add(seedRun(f, id, n), n, 0, byte(0))
		f.Add(seedRun(f, id, n), n, 70, byte(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, n uint64, at int, change byte) {
		if n < 1 || n > 1000 {
			return
		}
		checkRun(t, id, b, n)
		if at >= 0 && at < len(b) {
			b = bytes.Clone(b)
			b[at] ^= change
			checkRun(t, id, b, n)
		}
	})
}

func checkRun(t *testing.T, id identity, b []byte, n uint64) {
	d := with(t, runName(0, n), b)
	r, err := openRun(d, id, 0, n, true)
	if err != nil {
		return
	}
	defer r.unmap()
	if _, _, _, length := layout(n); int64(len(b)) != length {
		t.Fatalf("a run of %d keys in %d bytes, want %d", n, len(b), length)
	}
	for i := range r.len() {
		if at := r.find(r.key(i)); at < 0 || r.key(at) != r.key(i) || r.index(i) >= n {
			t.Fatalf("key %d is not found, or of entry %d of %d", i, r.index(i), n)
		}
	}
}

// FuzzKept: a book of kept checkpoints opens with what was acknowledged, or says that it is damaged,
// and gives a checkpoint for every index that one covers.
func FuzzKept(f *testing.F) {
	whole := slices.Concat(keptRecord(3, 60, []byte("first")), keptRecord(700, 61, []byte("second")))
	f.Add(whole, uint64(0))
	f.Add(whole[:len(whole)-1], uint64(5))
	f.Add(binary.BigEndian.AppendUint32(whole, 7), uint64(699))
	f.Fuzz(func(t *testing.T, b []byte, index uint64) {
		d := with(t, "kept/all-00000000-000000", b)
		s := shelf{fs: d, prefix: "all-", period: 3600}
		if err := s.open(); err != nil {
			damaged(t, err)
			return
		}
		at, checkpoint, err := s.covering(index)
		if err != nil {
			damaged(t, err)
			return
		}
		if checkpoint != nil && (at.size <= index || at.length != len(checkpoint) ||
			!bytes.Contains(b, keptRecord(at.size, at.time, checkpoint))) {
			t.Fatalf("entry %d is covered by size %d, of %d bytes", index, at.size, len(checkpoint))
		}
	})
}

func damaged(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ErrDamaged) {
		t.Fatalf("error %v, want ErrDamaged", err)
	}
}

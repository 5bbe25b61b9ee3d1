// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"testing"

	"cocket.example/log"
	"cocket.example/log/storagetest"
)

// seedRecord makes a whole record.
func seedRecord(n int) record {
	batch := storagetest.Entries(0, n)
	fresh := make([]*log.Entry, n)
	for i := range batch {
		fresh[i] = &batch[i]
	}
	return newRecord(nil, head{id: identity{1}, generation: 3, first: 7, mark: 7}, fresh)
}

// promising makes a record that says it has an entry, and has none.
func promising() record {
	r := seedRecord(0)
	binary.BigEndian.PutUint32(r[52:], 1)
	return r.sum()
}

// FuzzRecord: what is taken for a record is one to the last byte, made again from its parts.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(seedRecord(0)))
	f.Add([]byte(seedRecord(3)))
	f.Add(append([]byte(seedRecord(2)), "and more"...))
	f.Add([]byte(promising()))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= recordLeaves { // a fuzzer does not find a CRC
			whole := bytes.Clone(b)
			record(whole).sum()
			checkRecord(t, whole)
		}
		checkRecord(t, b)
	})
}

func checkRecord(t *testing.T, b []byte) {
	r, err := parseRecord(b)
	if err != nil {
		return
	}
	var entries []*log.Entry
	for e := range r.from(0) {
		entries = append(entries, &e)
	}
	if r.end() >= r.first() && len(entries) != r.len() {
		t.Fatalf("%d entries of %d", len(entries), r.len())
	}
	if again := newRecord(nil, r.head(), entries); r.end() >= r.first() && !bytes.Equal(again, r) {
		t.Fatalf("made again it has %d bytes, not the %d that were read", len(again), len(r))
	}
}

// FuzzSegment: a header prints back to what was read.
func FuzzSegment(f *testing.F) {
	f.Add(segment{generation: 2, predecessor: 1, predecessorEnd: 99, first: 5}.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseSegment(b); err == nil && !bytes.HasPrefix(b, s.bytes()) {
			t.Fatal("prints back to something else")
		}
	})
}

// FuzzState: state and journal print back to what was read.
func FuzzState(f *testing.F) {
	f.Add(state{epoch: 3, tree: log.Tree{Size: 70000}}.bytes())
	f.Add(signed{epoch: 3, head: log.Head{Tree: log.Tree{Size: 1}, Time: epoch}}.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseState(b); err == nil && !bytes.Equal(s.bytes(), b) {
			t.Fatal("a state prints back to something else")
		}
		if s, err := parseSigned(b); err == nil && !bytes.Equal(s.bytes(), b) {
			t.Fatal("a journal prints back to something else")
		}
	})
}

// FuzzRecovery changes a file of a log and opens it: it opens with every acknowledged entry, or says
// that it is damaged.
func FuzzRecovery(f *testing.F) {
	whole, size := fuzzedLog(f)
	for _, name := range []string{segmentName(2), "state", "journal", "edge/0-1", "edge/entries-1", "tile/0/000"} {
		f.Add(name, 0, []byte{1})
		f.Add(name, 100, []byte("cwr1"))
	}
	f.Fuzz(func(t *testing.T, name string, at int, change []byte) {
		d := whole.clone()
		i := d.names[name]
		if i == nil || at < 0 || at+len(change) > len(i.data) {
			return
		}
		for n, c := range change {
			i.data[at+n] ^= c
		}
		if _, err := Examine(t.Context(), d.clone()); err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatalf("examine: %v", err)
		}
		if _, err := OpenRemains(d.clone()); err != nil {
			t.Fatalf("remains: %v", err)
		}
		s, err := Open(t.Context(), Config{FS: d, MinFree: 1, Reserve: 4096})
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("open: %v, want ErrDamaged", err)
			}
			return
		}
		defer s.Close()
		if got := s.tree.Load().Size; got < size {
			t.Fatalf("size %d, %d entries were acknowledged", got, size)
		}
	})
}

// fuzzedLog makes a log of some entries, integrated and drained.
func fuzzedLog(f *testing.F) (*disk, uint64) {
	d := newDisk(1)
	if err := Create(d, "log.example/a"); err != nil {
		f.Fatal(err)
	}
	h := storagetest.NewHistory()
	s := storagetest.Start(f, func(t testing.TB) log.Storage { return open(t, d) }, h)
	if _, err := h.Append(f.Context(), s, storagetest.Entries(0, 300)); err != nil {
		f.Fatal(err)
	}
	s.Stop()
	return d, 300
}

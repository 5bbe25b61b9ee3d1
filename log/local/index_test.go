// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"cocket.example/log"
	"cocket.example/log/storagetest"
)

// leafOf is the leaf hash of the i-th entry of these tests. Every 1000th agrees with the one before in
// its first 64 bits, and every 10th of some begin with the same 40 bits, as somebody who grinds
// hashes could make them.
func leafOf(i int) [32]byte {
	leaf := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	switch {
	case i%1000 == 999:
		before := leafOf(i - 1)
		copy(leaf[:8], before[:8])
	case i%10 == 3 && i < 50_000:
		copy(leaf[:5], "same!")
	}
	return leaf
}

// wantIndex asks for entries, of which candidates must hold the index, and for some that were never added.
func wantIndex(t *testing.T, x *index, size, step int) {
	t.Helper()
	for i := 0; i < size; i += step {
		leaf := leafOf(i)
		if found, _ := x.candidates(&leaf); !slices.Contains(found, uint64(i)) || len(found) > 2 {
			t.Fatalf("entry %d of %d: candidates %v", i, size, found)
		}
		absent := leafOf(1<<40 + i)
		hit := make([]bool, 2)
		x.sift([]log.Entry{{Leaf: leaf}, {Leaf: absent}}, hit)
		if inRun := i < int(x.table.first); hit[0] != inRun || hit[1] {
			t.Fatalf("entry %d of %d: sifted %v, want %v", i, size, hit, inRun)
		}
		if found, _ := x.candidates(&absent); len(found) > 0 {
			t.Fatalf("an entry that was never added: candidates %v", found)
		}
	}
}

// TestIndex fills more than two tables, so that runs are written and merged, and opens them again: whole,
// with each file damaged or cut short in turn, and with the log's end before theirs.
func TestIndex(t *testing.T) {
	const size = 3*tableSize + 1000
	d := newDisk(1)
	fill := func(x *index, from uint64) {
		for i := from; i < size; i++ {
			if err := x.add(t.Context(), leafOf(int(i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	x := newIndex(d, identity{1})
	if next, err := x.open(0); next != 0 || err != nil {
		t.Fatal(next, err)
	}
	fill(x, 0)
	wantIndex(t, x, size, 7)
	if len(x.runs) > 2 {
		t.Errorf("%d runs of %d entries: they are not merged", len(x.runs), size)
	}
	x.close()
	x = newIndex(d, identity{1})
	next, err := x.open(size)
	if err != nil || next != 3*tableSize {
		t.Fatalf("opened up to %d: %v", next, err)
	}
	fill(x, next)
	wantIndex(t, x, size, 97)
	runs := x.runs
	x.close()
	for _, r := range runs {
		for name, harm := range map[string]func(i *inode){
			"header":    func(i *inode) { i.data[20] ^= 1 },
			"fence":     func(i *inode) { i.data[runHeader+9] ^= 1 },
			"middle":    func(i *inode) { i.data[len(i.data)/2] ^= 1 },
			"offset":    func(i *inode) { i.data[len(i.data)-1] ^= 1 },
			"cut short": func(i *inode) { i.data = i.data[:len(i.data)-5] },
		} {
			c := d.clone()
			harm(c.names[r.name])
			x := newIndex(c, identity{1})
			if next, err := x.open(size); err != nil || next > r.first {
				t.Errorf("%s, %s: opened up to %d: %v", r.name, name, next, err)
			}
			x.close()
		}
	}
	x = newIndex(d.clone(), identity{2})
	if next, err := x.open(size); err != nil || next != 0 {
		t.Errorf("another log's runs: opened up to %d: %v", next, err)
	}
	x = newIndex(d.clone(), identity{1})
	if next, err := x.open(1000); err != nil || next != 0 {
		t.Errorf("runs that end behind the log: opened up to %d: %v", next, err)
	}
}

// TestTable compares a table with a map, while entries are put and taken back.
func TestTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tab := newTable(100)
	var twin []uint64 // keys, in the order of their indexes
	for range 3000 {
		var keys []uint64
		for range 1 + r.IntN(20) {
			key := r.Uint64N(1 << 14) // many are equal, and all have the same highest bits
			tab.grow(1)
			slot := tab.slot(key)
			for ok := true; ok; {
				_, slot, ok = tab.find(key, slot)
			}
			tab.put(key, slot)
			keys = append(keys, key)
		}
		if r.IntN(3) == 0 {
			tab.drop(keys)
		} else {
			twin = append(twin, keys...)
		}
	}
	if tab.n != len(twin) {
		t.Fatalf("%d entries, want %d", tab.n, len(twin))
	}
	want := make(map[uint64][]uint64)
	for i, key := range twin {
		want[key] = append(want[key], 100+uint64(i))
	}
	for key := range uint64(1 << 14) {
		var got []uint64
		for slot, ok := tab.slot(key), true; ok; {
			var i uint64
			if i, slot, ok = tab.find(key, slot); ok {
				got = append(got, i)
			}
		}
		if slices.Sort(got); !slices.Equal(got, want[key]) {
			t.Fatalf("key %d: %v, want %v", key, got, want[key])
		}
	}
	sorted := tab.sorted()
	if len(sorted) != len(twin) || !slices.IsSortedFunc(sorted, func(a, b pair) int {
		if a.key != b.key {
			return int(int64(a.key) - int64(b.key))
		}
		return int(int64(a.index) - int64(b.index))
	}) {
		t.Error("the table is not sorted")
	}
}

// TestIndexUnderLoad appends so much that tables become runs while entries are looked up, and all of it
// again: every entry keeps its index.
func TestIndexUnderLoad(t *testing.T) {
	d := newDisk(1)
	if err := Create(d, "log.example/a"); err != nil {
		t.Fatal(err)
	}
	s := open(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	const batches = 6
	for round := range 2 {
		for b := range batches {
			batch := storagetest.Entries(b*batchEntries, batchEntries)
			index := make([]uint64, len(batch))
			if err := s.Append(ctx, batch, index); err != nil {
				t.Fatal(err)
			}
			for i, got := range index {
				if got != uint64(b*batchEntries+i) {
					t.Fatalf("round %d: entry %d has index %d", round, b*batchEntries+i, got)
				}
			}
			for i := 0; i < len(batch); i += 1 << 13 {
				if got, ok, err := s.Lookup(ctx, batch[i].Leaf); err != nil || !ok || got != index[i] {
					t.Fatalf("look-up of %d: %d, %v, %v", index[i], got, ok, err)
				}
			}
		}
	}
	for s.tree.Load().Size < batches*batchEntries && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
	s.index.mu.RLock()
	defer s.index.mu.RUnlock()
	if len(s.index.runs) == 0 {
		t.Error("no table became a run: the test is too small")
	}
}

// TestDrop takes the keys of a group back, however many there are: the others are found all the same.
func TestDrop(t *testing.T) {
	for n := range 50 {
		x := newIndex(newDisk(1), identity{1})
		add := func(from, to int) (keys []uint64) {
			for i := from; i < to; i++ {
				leaf := leafOf(1000*n + i)
				key := keyOf(&leaf)
				_, slot, _ := x.table.find(key, x.table.slot(key))
				x.table.put(key, slot)
				keys = append(keys, key)
			}
			return keys
		}
		x.grow(180)
		held := add(0, 180)
		x.grow(266)
		x.table.drop(add(180, 446))
		for i, key := range held {
			if index, _, ok := x.table.find(key, x.table.slot(key)); !ok || index != uint64(i) {
				t.Fatalf("round %d: entry %d is not found any more", n, i)
			}
		}
	}
}

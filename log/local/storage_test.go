// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

// start opens and runs the log in dir; stop drains it and checks every byte of it.
func start(t *testing.T, dir string) (s *Storage, stop func()) {
	t.Helper()
	s, err := Open(t.Context(), Config{FS: Dir(dir), MinFree: 1, Reserve: 4096})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		check(t, s)
	}
	t.Cleanup(stop)
	return s, stop
}

// check reads the whole tree back: bundles hash to level 0, every level to the next, all to the root.
func check(t *testing.T, s *Storage) {
	t.Helper()
	ctx := context.Background()
	tree, _ := s.Tree(ctx)
	edge := tile.NewRange()
	for i := uint64(0); i < tree.Size; i += tile.Width {
		width := tile.WidthAt(0, i/tile.Width, tree.Size)
		b, err := s.ReadBundle(ctx, i/tile.Width, width)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := tile.ParseBundle(b, width)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			edge.Append(rfc6962.DefaultHasher.HashLeaf(e), nil)
		}
	}
	want, err := tile.RangeRoot(edge)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tile.Root(ctx, s, tree.Size)
	if err != nil || got != want || tree.Root != want {
		t.Fatalf("size %d: root of bundles %x, of tiles %x, of the state %x (%v)", tree.Size, want, got, tree.Root, err)
	}
}

func entries(from, n int) []log.Entry {
	batch := make([]log.Entry, n)
	for i := range batch {
		data := fmt.Appendf(nil, "entry %d", from+i)
		batch[i] = log.Entry{Data: data, Leaf: [32]byte(rfc6962.DefaultHasher.HashLeaf(data))}
	}
	return batch
}

func create(t *testing.T) string {
	t.Helper()
	dir := t.TempDir() + "/log"
	if err := Create(Dir(dir), "log.example/a"); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAppendKeepsIndexes(t *testing.T) {
	dir := create(t)
	for round, total := range []int{1, 255, 256, 257, 3000, 65536} {
		s, stop := start(t, dir)
		batch := entries(0, total)
		index := make([]uint64, total)
		if err := s.Append(t.Context(), batch, index); err != nil {
			t.Fatal(err)
		}
		for i, got := range index {
			if got != uint64(i) {
				t.Fatalf("round %d: entry %d has index %d", round, i, got)
			}
		}
		stop()
		if tree, _ := s.Tree(t.Context()); tree.Size != uint64(total) {
			t.Fatalf("size %d, want %d: equal entries were sequenced twice", tree.Size, total)
		}
	}
}

func TestEqualEntriesTogether(t *testing.T) {
	s, _ := start(t, create(t))
	batch := append(entries(0, 3), entries(0, 3)...)
	index := make([]uint64, len(batch))
	if err := s.Append(t.Context(), batch, index); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(index) != "[0 1 2 0 1 2]" {
		t.Fatalf("indexes %v", index)
	}
}

// TestCrash drops a running storage without draining it, as a kill does, and opens it again.
func TestCrash(t *testing.T) {
	dir := create(t)
	s, err := Open(t.Context(), Config{FS: Dir(dir), MinFree: 1, Reserve: 4096})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go s.sequence(ctx) // without the integrator: everything stays in the write-ahead log
	index := make([]uint64, 1000)
	for i := range 10 {
		if err := s.Append(t.Context(), entries(100*i, 100), index[100*i:100*i+100]); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	<-s.stopped
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, stop := start(t, dir)
	for i, e := range entries(0, 1000) {
		if got, ok, err := again.Lookup(t.Context(), e.Leaf); !ok || err != nil || got != index[i] {
			t.Fatalf("entry %d: index %d, %v, %v", i, got, ok, err)
		}
	}
	stop()
	if tree, _ := again.Tree(t.Context()); tree.Size != 1000 {
		t.Fatalf("size %d, want 1000", tree.Size)
	}
}

func TestDamagedWriteAheadLog(t *testing.T) {
	d := newDisk(1)
	if err := Create(d, "log.example/a"); err != nil {
		t.Fatal(err)
	}
	s := open(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	go s.sequence(ctx)
	for i := range 3 {
		if err := s.Append(t.Context(), entries(i, 1), make([]uint64, 1)); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	<-s.stopped
	name := segmentName(s.wal.generation)
	end := s.wal.end
	s.Close()
	for at := range end {
		damaged := d.clone()
		damaged.names[name].data[at] ^= 1
		s, err := Open(t.Context(), Config{FS: damaged, MinFree: 1, Reserve: 4096})
		if err == nil {
			n := s.tree.Load().Size
			s.Close()
			if n < 3 {
				t.Fatalf("byte %d changed: %d of 3 acknowledged entries are left and nobody was told", at, n)
			}
			continue
		}
		if !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d changed: %v", at, err)
		}
	}
}

func TestSecondWriter(t *testing.T) {
	dir := create(t)
	start(t, dir)
	if _, err := Open(t.Context(), Config{FS: Dir(dir)}); err == nil {
		t.Fatal("a second writer opened the log")
	}
	if err := Create(Dir(dir), "log.example/a"); err == nil {
		t.Fatal("a log was made over another")
	}
}

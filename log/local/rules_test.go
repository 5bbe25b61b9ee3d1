// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/storagetest"
)

// running runs f on a log on a simulated disk, in stopped time.
func running(t *testing.T, f func(t *testing.T, w *world, ctx context.Context, s *Storage)) {
	t.Helper()
	runningIn(t, true, f)
}

// runningIn says whether segments have the size that they have everywhere, or are full soon.
func runningIn(t *testing.T, roomy bool, f func(t *testing.T, w *world, ctx context.Context, s *Storage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(1)
		if err != nil {
			t.Fatal(err)
		}
		w.roomy = roomy
		err = w.run(func(ctx context.Context, s *Storage) error {
			f(t, w, ctx, s)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// large makes entries of 400 bytes that nobody has seen.
func large(n int) []log.Entry {
	batch := make([]log.Entry, n)
	for i := range batch {
		data := make([]byte, 400)
		rand.Read(data)
		batch[i] = storagetest.Entry(data)
	}
	return batch
}

// TestBytesWritten publishes every entry by itself: beside its record, no more than 3 bytes are written
// for each byte of it.
func TestBytesWritten(t *testing.T) {
	running(t, func(t *testing.T, w *world, ctx context.Context, s *Storage) {
		const n = 600
		grown := func() {
			if _, err := w.history.Append(ctx, s, large(1)); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.history.Settle(ctx, s), w.history.Publish(ctx, s)); err != nil {
				t.Fatal(err)
			}
		}
		grown()
		before, segment, zeros := w.disk.wrote, s.wal.end, s.wal.length
		for range n {
			grown()
		}
		records := int(s.wal.end - segment)
		beside := w.disk.wrote - before - records - int(s.wal.length-zeros)
		if beside > 3*400*n {
			t.Errorf("%d bytes written for %d entries of 400 bytes beside their records, %.2f for each byte",
				beside, n, float64(beside)/(400*n))
		}
		t.Logf("%.2f bytes for each byte of entry, and a record of %d", float64(beside)/(400*n), records/n)
	})
}

// TestNewSegmentAfterFailure: a segment whose sync failed is never written or synced again, and the
// next one holds what was acknowledged (rule 2).
func TestNewSegmentAfterFailure(t *testing.T) {
	running(t, func(t *testing.T, w *world, ctx context.Context, s *Storage) {
		w.disk.failing(func(call string) error {
			if call == "syncall" { // what is acknowledged stays in the write-ahead log alone
				return syscall.EIO
			}
			return nil
		})
		if _, err := w.history.Append(ctx, s, storagetest.Entries(0, 5)); err != nil {
			t.Fatal(err)
		}
		failed, touched := "", 0
		w.disk.failing(func(call string) error {
			switch {
			case call == "syncall":
				return syscall.EIO
			case failed == "" && strings.HasPrefix(call, "sync wal/"):
				failed = strings.TrimPrefix(call, "sync ")
				return syscall.EIO
			case failed != "" && (call == "sync "+failed || call == "write "+failed):
				touched++
			}
			return nil
		})
		if err := s.Append(ctx, storagetest.Entries(5, 5), make([]uint64, 5)); err == nil || errors.Is(err, log.ErrPushback) {
			t.Fatalf("a failed sync gives %v, want an error of unknown outcome", err)
		}
		index, err := w.history.Append(ctx, s, storagetest.Entries(5, 5))
		if err != nil || index[0] != 5 {
			t.Fatalf("sent again: index %v, %v", index, err)
		}
		if touched > 0 {
			t.Errorf("the failed segment was written or synced %d times more", touched)
		}
		w.disk.mu.Lock()
		w.disk.fails = nil
		delete(w.disk.names, failed)
		w.disk.mu.Unlock()
		if err := w.history.Verify(ctx, s); err != nil {
			t.Error(err)
		}
	})
}

// TestEpoch: a storage whose epoch was taken over refuses to append, to integrate and to sign (rule 8).
func TestEpoch(t *testing.T) {
	running(t, func(t *testing.T, w *world, ctx context.Context, s *Storage) {
		if _, err := w.history.Append(ctx, s, storagetest.Entries(0, 3)); err != nil {
			t.Fatal(err)
		}
		if err := w.history.Settle(ctx, s); err != nil {
			t.Fatal(err)
		}
		own := *s.state.Load()
		st, err := parseState(own)
		if err != nil {
			t.Fatal(err)
		}
		st.epoch++
		if err := replaceFile(w.disk, "state", st.bytes()); err != nil {
			t.Fatal(err)
		}
		if err := s.Append(ctx, storagetest.Entries(3, 1), make([]uint64, 1)); !errors.Is(err, log.ErrConflict) {
			t.Errorf("append: %v", err)
		}
		signed, _ := s.Signed(ctx)
		next := log.Head{Tree: st.tree, Time: epoch}
		if err := s.Sign(ctx, signed, next); !errors.Is(err, log.ErrConflict) {
			t.Errorf("sign: %v", err)
		}
		if err := s.steps(); !errors.Is(err, log.ErrConflict) {
			t.Errorf("integrate: %v", err)
		}
		if err := replaceFile(w.disk, "state", own); err != nil {
			t.Fatal(err)
		}
	})
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// TestLowSpace: below the low-water mark nothing is accepted, and above it again at once (rule 9).
func TestLowSpace(t *testing.T) {
	running(t, func(t *testing.T, w *world, ctx context.Context, s *Storage) {
		free := func(n uint64) {
			w.disk.mu.Lock()
			defer w.disk.mu.Unlock()
			w.disk.free = n
		}
		s.config.MinFree = 1000
		free(999)
		if err := s.Append(ctx, storagetest.Entries(0, 1), make([]uint64, 1)); !errors.Is(err, log.ErrPushback) {
			t.Errorf("append on a full disk: %v", err)
		}
		free(1 << 30)
		if _, err := w.history.Append(ctx, s, storagetest.Entries(0, 1)); err != nil {
			t.Error(err)
		}
	})
}

// TestExamine changes bytes of every kind of file beside tiles and bundles, and sees each named.
func TestExamine(t *testing.T) {
	w, err := newWorld(1)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		err = w.run(func(ctx context.Context, s *Storage) error {
			for i := range 3 {
				_, err := w.history.Append(ctx, s, storagetest.Entries(100*i, 100))
				if err = errors.Join(err, w.history.Settle(ctx, s), w.history.Publish(ctx, s)); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := Examine(t.Context(), w.disk); err != nil || len(found) > 0 {
		t.Fatalf("a whole log: %v, %v", found, err)
	}
	for name, i := range w.disk.names {
		if i == nil || !strings.HasPrefix(name, "state") && !strings.HasPrefix(name, "journal") && !strings.HasPrefix(name, "kept/all-") {
			continue
		}
		for at := 0; at < len(i.data); at += 7 {
			if strings.HasPrefix(name, "kept/") && (at < keptHeader || at > 110) {
				continue // a length says where the file ends, and the last record may be cut short
			}
			damaged := w.disk.clone()
			damaged.names[name].data[at] ^= 4
			found, err := Examine(t.Context(), damaged)
			named := slices.ContainsFunc(found, func(f Finding) bool { return f.Path == name })
			if err != nil || !named {
				t.Fatalf("%s of %d, byte %d: %v, %v", name, len(i.data), at, found, err)
			}
		}
	}
}

// TestRemains makes every bundle from the write-ahead log alone.
func TestRemains(t *testing.T) {
	running(t, func(t *testing.T, w *world, ctx context.Context, s *Storage) {
		for i := range 7 {
			if _, err := w.history.Append(ctx, s, storagetest.Entries(100*i, 100)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.history.Settle(ctx, s); err != nil {
			t.Fatal(err)
		}
		r, err := OpenRemains(w.disk)
		if err != nil {
			t.Fatal(err)
		}
		for ref := range tile.Refs(0, 700) {
			if !ref.Entries {
				continue
			}
			want, err := s.ReadBundle(ctx, ref.Index, ref.Width)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := r.ReadBundle(ctx, ref.Index, ref.Width); err != nil || !bytes.Equal(got, want) {
				t.Errorf("bundle %d: %d bytes, want %d: %v", ref.Index, len(got), len(want), err)
			}
		}
		if _, err := r.ReadBundle(ctx, 3, 1); err == nil {
			t.Error("an entry that never was is there")
		}
	})
}

// TestAllocations: from a decoded batch to its record nothing is allocated for an entry.
func TestAllocations(t *testing.T) {
	d := newDisk(1)
	if err := Create(d, "log.example/a"); err != nil {
		t.Fatal(err)
	}
	s := open(t, d)
	defer s.Close()
	q := &sequencer{Storage: s}
	batch := large(2000)
	r := &request{batch: batch, index: make([]uint64, len(batch))}
	q.group = []*request{r}
	buf := make([]byte, 0, 2<<20)
	once := func() {
		q.fresh, q.keys = q.fresh[:0], q.keys[:0]
		if err := q.assign(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(newRecord(buf, head{id: s.id}, q.fresh)) < 400*len(batch) {
			t.Fatal("the record is too short")
		}
		s.index.table.drop(q.keys)
	}
	once()
	if n := testing.AllocsPerRun(10, once); n > 10 {
		t.Errorf("%.0f allocations for %d entries, want no more than a few for a batch", n, len(batch))
	}
}

// TestRecycle appends so much that segments are used again, and finds a few files where many were filled.
func TestRecycle(t *testing.T) {
	runningIn(t, false, func(t *testing.T, w *world, ctx context.Context, s *Storage) {
		recycled := 0
		w.disk.failing(func(call string) error {
			if strings.HasPrefix(call, "rename wal/") {
				recycled++
			}
			return nil
		})
		for range 200 {
			if _, err := w.history.Append(ctx, s, large(10)); err != nil {
				t.Fatal(err)
			}
			if err := w.history.Settle(ctx, s); err != nil {
				t.Fatal(err)
			}
		}
		generations, err := listSegments(w.disk)
		if err != nil || len(generations) > 5 {
			t.Errorf("%d segments are kept: %v", len(generations), err)
		}
		if recycled < 20 {
			t.Errorf("%d segments were used again", recycled)
		}
		if err := w.history.Verify(ctx, s); err != nil {
			t.Error(err)
		}
	})
}

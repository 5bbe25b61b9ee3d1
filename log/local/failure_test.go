// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"cocket.example/log"
	"cocket.example/log/storagetest"
)

// everywhere runs a story on disks that lose, tear and keep what was not synced in different ways.
func everywhere(t *testing.T, f func(t *testing.T, w *world)) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			w, err := newWorld(seed)
			if err != nil {
				t.Fatal(err)
			}
			f(t, w)
		})
	}
}

// wantWhole holds what is found on a disk to what was promised.
func (w *world) wantWhole(t *testing.T, d *disk) {
	t.Helper()
	if err := (&world{disk: d, history: w.history}).verify(); err != nil {
		t.Error(err)
	}
}

// TestSegmentHalfBegun: a write fails, and so does the segment that was to follow, half way through the
// copies of what is acknowledged. The process dies.
func TestSegmentHalfBegun(t *testing.T) {
	for _, failed := range []string{"write wal/", "sync wal/", "syncdir wal"} {
		t.Run(failed, func(t *testing.T) {
			everywhere(t, func(t *testing.T, w *world) {
				w.roomy = true
				w.run(func(ctx context.Context, s *Storage) error {
					fail := func(calls ...string) {
						w.disk.failing(func(call string) error {
							if slices.ContainsFunc(calls, func(c string) bool { return strings.HasPrefix(call, c) }) {
								return syscall.EIO
							}
							return nil
						})
					}
					fail("syncall") // what is acknowledged stays in the write-ahead log alone
					for range 5 {
						if _, err := w.history.Append(ctx, s, large(20)); err != nil {
							t.Fatal(err)
						}
					}
					fail("syncall", failed, "sync wal/", "remove wal/")
					for range 2 {
						w.history.Append(ctx, s, large(3))
					}
					killed := w.disk.clone()
					w.disk.mu.Lock()
					cut := w.disk.crash()
					w.disk.mu.Unlock()
					w.wantWhole(t, killed)
					w.wantWhole(t, cut)
					w.disk.failing(nil)
					return nil
				})
			})
		})
	}
}

// TestDamagedCopy: a segment begins with copies, and one of them is damaged afterwards. That is told from
// a write that was cut short, though nothing stands behind it.
func TestDamagedCopy(t *testing.T) {
	d := newLog(t)
	s := open(t, d)
	r, err := s.wal.append(nil, fresh(storagetest.Entries(0, 3)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.wal.roll([]record{r}); err != nil {
		t.Fatal(err)
	}
	name, end := segmentName(s.wal.generation), s.wal.end
	s.Close()
	d.names[name].data[end-1] ^= 1
	if _, err := Open(t.Context(), (&world{disk: d}).config()); !errors.Is(err, ErrDamaged) {
		t.Errorf("opened: %v", err)
	}
}

// TestStateInDoubt: a step is durable, and its state too, but the call that says so fails. The machine
// goes down when the step is tried again.
func TestStateInDoubt(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.run(func(ctx context.Context, s *Storage) error {
			doubtful := false
			w.disk.failing(func(call string) error {
				switch {
				case call == "syncdir ." && !doubtful:
					doubtful = true
					return syscall.EIO
				case call == "syncall" && doubtful:
					return errCrash
				}
				return nil
			})
			ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			w.history.Append(ctx, s, large(50))
			time.Sleep(5 * time.Second)
			return nil
		})
		w.wantWhole(t, w.disk.Crash())
	})
}

// TestEdgeAfterRestart: the first step after a start writes rows of the right edge anew that the durable
// tree needs, and the machine goes down before it is durable.
func TestEdgeAfterRestart(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		err := w.run(func(ctx context.Context, s *Storage) error {
			if _, err := w.history.Append(ctx, s, large(50)); err != nil {
				return err
			}
			return w.history.Settle(ctx, s)
		})
		if err != nil {
			t.Fatal(err)
		}
		w.run(func(ctx context.Context, s *Storage) error {
			w.disk.failing(func(call string) error {
				if call == "syncall" {
					return errCrash
				}
				return nil
			})
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			w.history.Append(ctx, s, large(5))
			time.Sleep(100 * time.Millisecond)
			return nil
		})
		w.wantWhole(t, w.disk.Crash())
	})
}

// TestDurableStep: one step becomes durable while the next, which is being written beside it, fails. The
// machine goes down when the next is tried again.
func TestDurableStep(t *testing.T) {
	for seed := range uint64(8) {
		w, err := newWorld(seed)
		if err != nil {
			t.Fatal(err)
		}
		s := open(t, w.disk)
		if err := s.lay(4); err != nil {
			t.Fatal(err)
		}
		opened := 0
		w.disk.failing(func(call string) error {
			if call == "open edge/entries-1" {
				if opened++; opened == 2 { // by the second step
					return syscall.EIO
				}
			}
			return nil
		})
		if err := s.steps(); err == nil {
			t.Fatal("no step failed")
		}
		if st, err := s.readState(); err != nil || st.tree.Size == 0 || st.tree != *s.tree.Load() {
			t.Fatalf("the tree in memory has %d entries, the durable one %d: %v", s.tree.Load().Size, st.tree.Size, err)
		}
		w.disk.failing(func(call string) error {
			if call == "syncall" {
				return errCrash
			}
			return nil
		})
		s.steps()
		again := open(t, w.disk.Crash())
		again.Close()
	}
}

// lay appends n records that are large enough for steps of their own, as the sequencer does.
func (s *Storage) lay(n int) error {
	for i := range n {
		batch := make([]log.Entry, 100)
		for j := range batch {
			data := make([]byte, 60_000)
			copy(data, fmt.Sprint(i, j))
			batch[j] = storagetest.Entry(data)
		}
		r, err := s.wal.append(nil, fresh(batch))
		if err != nil {
			return err
		}
		s.tail.push(r)
	}
	return nil
}

// TestFailedGroup: the write of a group fails that made the index's table grow. What was acknowledged
// before is known all the same.
func TestFailedGroup(t *testing.T) {
	for range 20 { // the table's secret decides where a key goes
		running(t, func(t *testing.T, w *world, ctx context.Context, s *Storage) {
			held := large(700)
			first, err := w.history.Append(ctx, s, held)
			if err != nil {
				t.Fatal(err)
			}
			failed := false
			w.disk.failing(func(call string) error {
				if !failed && strings.HasPrefix(call, "sync wal/") {
					failed = true
					return syscall.EIO
				}
				return nil
			})
			if err := s.Append(ctx, large(1000), make([]uint64, 1000)); err == nil {
				t.Fatal("a group whose sync failed was acknowledged")
			}
			again, err := w.history.Append(ctx, s, held)
			if err != nil || !slices.Equal(again, first) {
				t.Errorf("entries that are held have other indexes when they are sent again: %v", err)
			}
		})
	}
}

// TestTailMemory: small records do not each hold a large buffer.
func TestTailMemory(t *testing.T) {
	var tl tail
	tl.init()
	for size := 1; size <= bufferSize; size *= 3 {
		if b := tl.buffer(size); cap(b) > 4*size {
			t.Errorf("a record of %d bytes takes %d", size, cap(b))
		}
	}
	tl.push(make(record, 10, 1000))
	if tl.held != 1000 {
		t.Errorf("%d bytes are held, want 1000", tl.held)
	}
}

// TestClosedIndex: who asks after the end gets an error, not "never heard of it".
func TestClosedIndex(t *testing.T) {
	s := open(t, newLog(t))
	s.Close()
	if _, _, err := s.Lookup(t.Context(), [32]byte{}); err == nil {
		t.Error("a closed storage answers")
	}
}

// TestPromisingEntry: the next use of a segment meets the bytes of an entry, of anybody's making, that
// look like a record of one entry and end before it.
func TestPromisingEntry(t *testing.T) {
	d := newLog(t)
	s := open(t, d)
	if _, err := s.wal.append(nil, fresh(storagetest.Entries(0, 3))); err != nil {
		t.Fatal(err)
	}
	if err := writeSynced(s.wal.file, promising(), s.wal.end); err != nil {
		t.Fatal(err)
	}
	s.Close()
	wantEntries(t, d, storagetest.Entries(0, 3))
}

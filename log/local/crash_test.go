// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"cocket.example/internal/soak"
	"cocket.example/internal/tile"
	"cocket.example/log"
	"cocket.example/log/storagetest"
)

var crashes = flag.Int("crashes", 10_000, "random crash states to try")

// world is a log on a simulated disk, and what it has promised.
type world struct {
	disk    *disk
	history *storagetest.History
	next    int  // number of the next new entry
	roomy   bool // segments are not full within a run
	sound   bool // no call fails, so that nothing else may
}

func newWorld(seed uint64) (*world, error) {
	w := &world{disk: newDisk(seed), history: storagetest.NewHistory()}
	return w, Create(w.disk, "log.example/a")
}

func (w *world) config() Config {
	if w.roomy {
		return Config{FS: w.disk, MinFree: 1, Reserve: 4096}
	}
	return Config{FS: w.disk, MinFree: 1, Reserve: 4096, Segment: 4 << 10, Retain: 1}
}

// run opens the log and runs f beside it. It returns once everything has ended.
func (w *world) run(f func(ctx context.Context, s *Storage) error) error {
	s, err := Open(context.Background(), w.config())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	err = f(ctx, s)
	cancel()
	return errors.Join(err, <-done)
}

// load appends from two sides, with entries that are held already among the new ones, and publishes
// in between. Where failures of the storage are what is wanted, only a broken promise is returned.
func (w *world) load(ctx context.Context, s *Storage, r *rand.Rand) error {
	var group sync.WaitGroup
	var mu sync.Mutex
	var bad error
	report := func(err error) {
		if storagetest.Broken(err) || w.sound && err != nil {
			mu.Lock()
			defer mu.Unlock()
			bad = errors.Join(bad, err)
		}
	}
	for side := range 2 {
		var batches [][]log.Entry
		for range 4 {
			n := 1 + r.IntN(90)
			batches = append(batches, storagetest.Entries(max(0, w.next-r.IntN(20)), n))
			w.next += n
		}
		group.Go(func() {
			for _, batch := range batches {
				_, err := w.history.Append(ctx, s, batch)
				report(err)
				time.Sleep(time.Duration(1+side) * time.Millisecond)
			}
		})
	}
	group.Go(func() {
		for range 4 {
			time.Sleep(3 * time.Millisecond)
			report(w.history.Publish(ctx, s))
		}
	})
	group.Wait()
	return bad
}

// verify opens the log, with nothing failing any more, and holds it to its promises.
func (w *world) verify() error {
	w.disk.fails = nil
	return w.run(w.holds)
}

// holds compares a log that runs with what was promised.
func (w *world) holds(ctx context.Context, s *Storage) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return errors.Join(w.history.Verify(ctx, s), w.named(ctx, s))
}

// named looks for the full tiles and bundles under the names where other programs read them.
func (w *world) named(ctx context.Context, s *Storage) error {
	tree, err := s.Tree(ctx)
	if err != nil {
		return err
	}
	for ref := range tile.Refs(0, tree.Size) {
		if _, err := readFile(w.disk, ref.Path(), maxBundle); ref.Width == tile.Width && err != nil {
			return err
		}
	}
	return nil
}

// image is a disk as a crash leaves it, and what had been promised by then.
type image struct {
	disk    *disk
	history *storagetest.History
}

// TestCrashStates takes what a crash would leave at random calls of a run, and of the recovery of
// each, and holds all of them to what was promised before.
func TestCrashStates(t *testing.T) {
	soak.NoRace(t)
	crashStates(t, soak.Rounds(*crashes, 1_000_000))
}

// TestSomeCrashStates is so short that it can be held to the race detector too.
func TestSomeCrashStates(t *testing.T) { crashStates(t, 500) }

func crashStates(t *testing.T, want int) {
	states := 0
	for n := uint64(0); states < want; n++ {
		synctest.Test(t, func(t *testing.T) {
			more, err := crashing(n, nil)
			if err != nil {
				t.Fatalf("seed %d: %v", n, err)
			}
			states += more
		})
	}
	t.Logf("%d crash states, no acknowledged entry lost, no second root, no gap", states)
}

// crashing runs a load, in a new log or in one that was stopped, and verifies what crashes in it would
// leave. It returns their number.
func crashing(seed uint64, ignore func(string) bool) (states int, err error) {
	r := rand.New(rand.NewPCG(seed, 2))
	w, err := newWorld(seed)
	if err != nil {
		return 0, err
	}
	w.disk.ignore, w.sound = ignore, true
	load := func(ctx context.Context, s *Storage) error { return w.load(ctx, s, r) }
	if seed%2 == 1 {
		err = w.run(load)
	}
	images, crashed := w.crashes(r, 20, load)
	if err = errors.Join(err, crashed); err != nil {
		return 0, fmt.Errorf("before any crash: %w", err)
	}
	for _, i := range images {
		found := &world{disk: i.disk, history: i.history}
		again, err := found.crashes(r, 1, found.holds)
		if err != nil {
			return states, fmt.Errorf("after a crash: %w", err)
		}
		for _, i := range again {
			if err := (&world{disk: i.disk, history: i.history}).verify(); err != nil {
				return states, fmt.Errorf("after a crash in the recovery: %w", err)
			}
		}
		states += 1 + len(again)
	}
	return states, nil
}

// crashes opens the log, runs f beside it, and returns what n crashes at random calls would leave.
func (w *world) crashes(r *rand.Rand, n int, f func(ctx context.Context, s *Storage) error) (images []image, err error) {
	span := 40 * n
	at := make(map[int]bool)
	for range n {
		at[1+r.IntN(span)] = true
	}
	w.disk.calls = 0
	w.disk.fails = func(call int, _ string) error {
		if at[call] {
			images = append(images, image{w.disk.crash(), w.history.Clone()})
		}
		return nil
	}
	err = w.run(f)
	w.disk.fails = nil
	return images, err
}

// TestMissingCall leaves out one kind of sync or rename at a time: the crashes must tell.
func TestMissingCall(t *testing.T) {
	for _, c := range []string{
		"sync wal/", "syncdir wal", "syncall", "sync state.new",
		"sync journal.new", "sync kept/", "syncdir .", "sync checkpoint.new", "syncdir kept",
		"rename state", "rename journal", "rename checkpoint", "rename tile/", "rename edge/", "rename wal/",
	} {
		t.Run(c, func(t *testing.T) {
			for n := range uint64(200) {
				claimed := c != "rename state" // the first says whose the log is: without it nothing begins
				ignore := func(call string) bool {
					skip := strings.HasPrefix(call, c) && claimed
					claimed = claimed || strings.HasPrefix(call, c)
					return skip
				}
				var err error
				synctest.Test(t, func(*testing.T) { _, err = crashing(n, ignore) })
				if err != nil {
					return
				}
			}
			t.Error("nobody noticed: the call is needless, or the tests are blind")
		})
	}
}

// TestEveryCallFails fails the n-th call of a run, for every n, in every way, once or from then on.
func TestEveryCallFails(t *testing.T) {
	soak.NoRace(t)
	for _, c := range []struct {
		name    string
		err     error
		forever bool
	}{
		{"EIO once", syscall.EIO, false},
		{"EIO from then on", syscall.EIO, true},
		{"ENOSPC once", syscall.ENOSPC, false},
		{"ENOSPC from then on", syscall.ENOSPC, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for n := 1; n > 0; n++ {
				synctest.Test(t, func(t *testing.T) {
					calls, err := failing(n, c.err, c.forever)
					if err != nil {
						t.Fatalf("call %d: %v", n, err)
					}
					if calls < n || n > 600 {
						n = -1 // the run had fewer calls
					}
				})
			}
		})
	}
}

// failing runs a load on a disk of which one call fails, or all from then on, and verifies the log
// as it is found then, and after a crash. It returns the number of calls.
func failing(at int, fault error, forever bool) (int, error) {
	r := rand.New(rand.NewPCG(7, 7))
	w, err := newWorld(uint64(at))
	if err != nil {
		return 0, err
	}
	w.disk.calls = 0
	w.disk.fails = func(call int, name string) error {
		wasted := strings.HasPrefix(name, "read") || strings.HasPrefix(name, "size") || strings.HasPrefix(name, "open ")
		if errors.Is(fault, syscall.ENOSPC) && wasted {
			return nil // reading needs no space
		}
		if call == at || forever && call > at {
			return fault
		}
		return nil
	}
	err = w.run(func(ctx context.Context, s *Storage) error { return w.load(ctx, s, r) })
	calls := w.disk.calls
	if storagetest.Broken(err) {
		return calls, err
	}
	found := w.disk.clone()
	w.disk = w.disk.Crash()
	if err := w.verify(); err != nil {
		return calls, fmt.Errorf("after a crash: %w", err)
	}
	w.disk = found
	if err := w.verify(); err != nil {
		return calls, fmt.Errorf("after a restart: %w", err)
	}
	return calls, nil
}

// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"cocket.example/internal/soak"
	"cocket.example/log"
	"cocket.example/log/local"
)

// The log of this test, when a bit flips:
//
//	signed and published      acknowledged, integrated, about to be signed
//	0 ────────────────── 700 ─────────────────────────────────────────── 1300
//	tiles and bundles 0, 1, 2 partly │ 2, 3, 4 full, 5 partly; hashes 2, 3, 4 of level 1
const (
	flipOld = 700
	flipNew = 600
)

// flips holds the logs that every round copies.
type flips struct {
	*rig
	base  string // 700 entries, stopped
	image string // the same, killed when 600 more had been acknowledged and none of them integrated
}

func newFlips(t *testing.T) *flips {
	f := &flips{rig: newRig(t), image: t.TempDir()}
	f.base = f.dir
	l, stop := f.run(same)
	add(t, l, 0, flipOld)
	if err := l.Wait(t.Context(), flipOld-1); err != nil {
		t.Fatal(err)
	}
	stop()
	f.dir = t.TempDir()
	copyLog(t, f.base, f.dir, everything)
	l, stop = f.run(func(s log.Storage) log.Storage {
		copyLog(t, f.dir, f.image, notWAL)
		return s
	})
	add(t, l, flipOld, flipNew/2)
	add(t, l, flipOld+flipNew/2, flipNew/2) // whose record says that the one before is durable
	copyLog(t, f.dir, f.image, onlyWAL)
	stop()
	f.dir = t.TempDir() // of the rounds
	return f
}

// flip is a way of damaging a log.
type flip struct {
	name  string
	below string // files of the directory; empty: in memory
	start bool   // on the image of a killed log, before it starts again; else while the log runs
	must  bool   // some of the flips must end signing, or the test did not reach what is read

	// stored means that the storage holds the damage and the check alone can see it: a storage
	// reads state, journal and write-ahead log itself, and a flip in what is read damages nothing.
	stored bool
}

var flipKinds = []flip{
	{name: "right edge", below: "edge", must: true, stored: true},
	{name: "tiles and bundles", below: "tile", must: true, stored: true},
	{name: "state", below: "state"},
	{name: "journal", below: "journal"},
	{name: "write-ahead log", below: "wal"},
	{name: "right edge, before a start", below: "edge", start: true, must: true},
	{name: "tiles and bundles, before a start", below: "tile", start: true},
	{name: "state, before a start", below: "state", start: true, must: true},
	{name: "journal, before a start", below: "journal", start: true, must: true},
	{name: "write-ahead log, before a start", below: "wal", start: true, must: true},
	{name: "entry on its way to the storage", must: true, stored: true},
	{name: "leaf hash on its way to the storage", must: true, stored: true},
	{name: "tile as read", must: true},
	{name: "bundle as read", must: true},
	{name: "root of the tree", must: true},
}

// TestFlippedBit flips one bit of a log between two publications, on disk or in memory. What is signed
// afterwards is right in every byte that the check is there for, or nothing is signed any more.
func TestFlippedBit(t *testing.T) {
	f := newFlips(t)
	refused := make(map[flip]int)
	rounds := soak.Rounds(105, 10_005)
	for round := range rounds {
		kind := flipKinds[round%len(flipKinds)]
		j := f.round(t, kind, round, func(s log.Storage) log.Storage { return s })
		for _, wrong := range j.wrong {
			t.Errorf("round %d, %s: signed though %v", round, kind.name, wrong)
		}
		if j.signed <= flipOld {
			refused[kind]++
		}
	}
	for _, kind := range flipKinds {
		t.Logf("%-36s %d of %d ended signing", kind.name, refused[kind], rounds/len(flipKinds))
		if kind.must && refused[kind] == 0 {
			t.Errorf("%s: no flip was seen in %d rounds", kind.name, rounds/len(flipKinds))
		}
	}
}

// TestUnseenFlip proves that the test above can see: with a check that is blind, damaged trees are
// signed, and are found out.
func TestUnseenFlip(t *testing.T) {
	f := newFlips(t)
	for _, kind := range flipKinds {
		if !kind.stored {
			continue
		}
		t.Run(kind.name, func(t *testing.T) {
			for round := range 50 {
				j := f.round(t, kind, round, func(s log.Storage) log.Storage { return blind{s} })
				if len(j.wrong) > 0 {
					return
				}
			}
			t.Error("50 flips behind a blind check, and no damaged tree was found out")
		})
	}
}

// TestNoFlip is the counterpart: without a flip everything is signed, in both kinds of round.
func TestNoFlip(t *testing.T) {
	f := newFlips(t)
	f.config.Timeout = 10 * time.Second
	for _, kind := range []flip{{name: "running", below: "none"}, {name: "started", below: "none", start: true}} {
		if j := f.round(t, kind, 0, same); j.signed != flipOld+flipNew || len(j.wrong) > 0 {
			t.Errorf("%s: signed %d, wrong: %v", kind.name, j.signed, j.wrong)
		}
	}
}

// round damages a copy of the log and lets it sign what is acknowledged.
func (f *flips) round(t *testing.T, kind flip, seed int, sight func(log.Storage) log.Storage) *judge {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(seed), 5))
	dir, j := filepath.Join(f.dir, "round"), &judge{}
	defer os.RemoveAll(dir)
	if kind.start {
		copyLog(t, f.image, dir, everything)
		flipFile(t, random, dir, kind.below)
	} else {
		copyLog(t, f.base, dir, everything)
	}
	s, err := local.Open(t.Context(), local.Config{FS: local.Dir(dir), MinFree: 1, Reserve: 1})
	if err != nil {
		return j // it does not start: nothing is signed
	}
	j.Storage = s
	m := &memoryFlip{Storage: sight(j), kind: kind.name, random: random}
	f.sign(t, m, func() {
		if !kind.start && kind.below != "" {
			flipFile(t, random, dir, kind.below)
		}
		m.on.Store(true)
	})
	return j
}

// sign runs the log until everything that was acknowledged is signed, or it refuses. The next check is
// the one of its end, and damage comes before.
func (f *flips) sign(t *testing.T, s *memoryFlip, damage func()) {
	c := f.config
	c.Storage, c.Interval = s, time.Hour
	l, err := log.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	defer func() { <-done }() // an error means that nothing is signed
	defer cancel()
	appending, enough := context.WithTimeout(t.Context(), 10*time.Second)
	defer enough()
	if err := l.Append(appending, entries(flipOld, flipNew), make([]uint64, flipNew)); err != nil {
		return
	}
	for tick := time.Tick(time.Millisecond); ; {
		if now, err := s.Storage.Tree(appending); err != nil || now.Size == flipOld+flipNew {
			break
		}
		select {
		case <-tick:
		case err := <-done:
			done <- err
			return
		case <-appending.Done():
			return
		}
	}
	damage()
}

// memoryFlip flips a bit in what passes between log and storage. The journal and everything else of
// the storage is left alone.
type memoryFlip struct {
	log.Storage
	kind   string
	random *rand.Rand // until on by the test, then by the publication
	on     atomic.Bool
	done   atomic.Bool
}

func (m *memoryFlip) flip(b []byte) []byte {
	if len(b) > 0 && !m.done.Swap(true) {
		b[m.random.IntN(len(b))] ^= 1 << m.random.IntN(8)
	}
	return b
}

func (m *memoryFlip) Append(ctx context.Context, batch []log.Entry, index []uint64) error {
	damaged := append([]log.Entry(nil), batch...)
	e := &damaged[m.random.IntN(len(damaged))]
	switch m.kind {
	case "entry on its way to the storage":
		e.Data = m.flip(append([]byte(nil), e.Data...))
	case "leaf hash on its way to the storage":
		m.flip(e.Leaf[:])
	}
	return m.Storage.Append(ctx, damaged, index)
}

// skip lets most reads pass, so that each read of the check is hit in some round.
func (m *memoryFlip) skip(kind string) bool {
	return m.kind != kind || !m.on.Load() || m.random.IntN(4) > 0
}

func (m *memoryFlip) ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error) {
	b, err := m.Storage.ReadTile(ctx, level, index, width)
	if err == nil && !m.skip("tile as read") {
		m.flip(b)
	}
	return b, err
}

func (m *memoryFlip) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	b, err := m.Storage.ReadBundle(ctx, index, width)
	if err == nil && !m.skip("bundle as read") {
		m.flip(b)
	}
	return b, err
}

func (m *memoryFlip) Tree(ctx context.Context) (log.Tree, error) {
	tree, err := m.Storage.Tree(ctx)
	if m.kind == "root of the tree" && m.on.Load() {
		m.flip(tree.Root[:])
	}
	return tree, err
}

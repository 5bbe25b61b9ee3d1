// SPDX-License-Identifier: Apache-2.0

package peer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// The bound is what no log of this design can pass: every entry is hashed twice, its bytes are
// written twice, and nothing else is done. All stages run at once:
//
//	cores × (make a batch, hash) ──▶ one journal: whatever waits, written and fdatasynced
//	                                        │
//	                                        ▼
//	           cores × (hash again, bundle and level-0 tile of 256 entries) ──▶ syncfs for each round
const (
	boundBatch   = 4096      // entries that are hashed together, a multiple of 256
	boundRound   = 16        // batches of one syncfs
	journalSize  = 256 << 20 // bytes of the preallocated file, which is written again and again
	tileWidth    = 256       // entries of a bundle, hashes of a tile
	journalAhead = 8         // batches that one sync takes at most
)

// runBound measures the bound by time, and the raw rates of its two ingredients.
func runBound(ctx context.Context, spec Spec, tell say) error {
	hashing := rawHashing()
	writing, err := rawWriting(filepath.Join(spec.Dir, "raw"))
	if err != nil {
		return err
	}
	b, err := newBound(spec.Dir)
	if err != nil {
		return err
	}
	m := meter{spec: spec, began: time.Now(), tell: tell}
	if err := b.run(ctx, &m); err != nil {
		return err
	}
	result, err := m.result()
	if err != nil {
		return err
	}
	result.Hashing, result.Writing = hashing, writing
	return tell(Event{Result: &result})
}

type bound struct {
	dir     string
	root    *os.File // for syncfs
	journal *os.File // preallocated
	offset  int64    // in journal

	hashed chan []byte // batches, hashed once
	synced chan []byte // batches that are in the journal
}

func newBound(dir string) (*bound, error) {
	b := &bound{
		dir: dir, hashed: make(chan []byte, journalAhead), synced: make(chan []byte, 2*boundRound),
	}
	var err error
	if b.root, err = os.Open(dir); err != nil {
		return nil, err
	}
	if b.journal, err = os.Create(filepath.Join(dir, "journal")); err != nil {
		return nil, err
	}
	return b, errors.Join(fill(b.journal, journalSize), b.journal.Sync())
}

// fill writes so many bytes of zero.
func fill(f *os.File, size int) error {
	zero := make([]byte, 1<<20)
	for range size / len(zero) {
		if _, err := f.Write(zero); err != nil {
			return err
		}
	}
	return nil
}

// run runs all stages until the time is over and everything is on the disk. A batch counts when it is
// in the journal, as it does for a log.
func (b *bound) run(ctx context.Context, m *meter) error {
	defer b.root.Close()
	defer b.journal.Close()
	producing, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	var producers errgroup.Group
	for i := range runtime.NumCPU() {
		producers.Go(func() error { return b.produce(ctx, producing, newProducer(i)) })
	}
	g.Go(func() error {
		defer close(b.hashed)
		return producers.Wait()
	})
	g.Go(func() error {
		defer close(b.synced)
		return b.write(ctx, m)
	})
	g.Go(func() error { return b.integrate(ctx) })
	Pause(ctx, m.spec.Warm)
	m.mark()
	Pause(ctx, m.spec.Measure)
	stop()
	return g.Wait()
}

func (b *bound) produce(ctx, until context.Context, p *producer) error {
	var sum [32]byte
	for until.Err() == nil {
		batch := p.slab(boundBatch)
		for e := 0; e < len(batch); e += EntrySize {
			sum = sha256.Sum256(batch[e : e+EntrySize])
		}
		select {
		case b.hashed <- batch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	runtime.KeepAlive(sum)
	return nil
}

// write takes whatever waits, writes it into the journal, and syncs once.
func (b *bound) write(ctx context.Context, m *meter) error {
	for first := range b.hashed {
		group := [][]byte{first}
		for more := true; more && len(group) < journalAhead; {
			select {
			case next, ok := <-b.hashed:
				if more = ok; ok {
					group = append(group, next)
				}
			default:
				more = false
			}
		}
		if err := b.record(group); err != nil {
			return err
		}
		m.acknowledged.Add(uint64(len(group)) * boundBatch)
		for _, batch := range group {
			select {
			case b.synced <- batch:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

func (b *bound) record(group [][]byte) error {
	for _, batch := range group {
		if b.offset+int64(len(batch)) > journalSize {
			b.offset = 0
		}
		if _, err := b.journal.WriteAt(batch, b.offset); err != nil {
			return err
		}
		b.offset += int64(len(batch))
	}
	return unix.Fdatasync(int(b.journal.Fd()))
}

// integrate writes the bundles and tiles of round after round. The files of the next are written
// while a round is synced.
func (b *bound) integrate(ctx context.Context) error {
	syncs := new(errgroup.Group)
	for round := 0; ; round++ {
		n, err := b.round(ctx, round)
		if err = errors.Join(err, syncs.Wait()); err != nil || n == 0 {
			return err
		}
		syncs.Go(func() error {
			if err := unix.Syncfs(int(b.root.Fd())); err != nil {
				return fmt.Errorf("syncfs: %w", err)
			}
			return nil
		})
	}
}

// round writes the files of up to boundRound batches and returns how many there were.
func (b *bound) round(ctx context.Context, round int) (n int, err error) {
	dir := filepath.Join(b.dir, fmt.Sprintf("%06d", round))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return 0, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for ; n < boundRound && ctx.Err() == nil; n++ {
		batch, ok := <-b.synced
		if !ok {
			break
		}
		g.Go(func() error { return writeTiles(filepath.Join(dir, fmt.Sprintf("%03d-", n)), batch) })
	}
	return n, g.Wait()
}

// writeTiles writes a batch as bundles and level-0 tiles.
func writeTiles(prefix string, batch []byte) error {
	tile := make([]byte, 0, tileWidth*sha256.Size)
	for i := 0; len(batch) > 0; i++ {
		bundle := batch[:tileWidth*EntrySize]
		batch, tile = batch[len(bundle):], tile[:0]
		for e := 0; e < len(bundle); e += EntrySize {
			sum := sha256.Sum256(bundle[e : e+EntrySize])
			tile = append(tile, sum[:]...)
		}
		err := errors.Join(os.WriteFile(fmt.Sprintf("%s%02d-entries", prefix, i), bundle, 0o644),
			os.WriteFile(fmt.Sprintf("%s%02d-tile", prefix, i), tile, 0o644))
		if err != nil {
			return err
		}
	}
	return nil
}

// rawHashing returns how many entries all cores hash in a second, once each.
func rawHashing() float64 {
	const perCore = 400_000
	began := time.Now()
	var g errgroup.Group
	for i := range runtime.NumCPU() {
		g.Go(func() error {
			entry := newProducer(i).batch(1)[0]
			for range perCore {
				sum := sha256.Sum256(entry)
				copy(entry, sum[:])
			}
			return nil
		})
	}
	_ = g.Wait() // nothing in it fails
	return perCore * float64(runtime.NumCPU()) / time.Since(began).Seconds()
}

// rawWriting returns how many bytes a second one stream reaches, synced at the end.
func rawWriting(path string) (float64, error) {
	const size = 256 << 20
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer os.Remove(path)
	defer f.Close()
	began := time.Now()
	if err := errors.Join(fill(f, size), f.Sync()); err != nil {
		return 0, err
	}
	return size / time.Since(began).Seconds(), nil
}

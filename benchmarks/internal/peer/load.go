// SPDX-License-Identifier: Apache-2.0

package peer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// sink is what a load goes to.
type sink struct {
	append func(ctx context.Context, entries [][]byte) error // returns when they are acknowledged
	settle func(ctx context.Context) error                   // returns when all of them are durable and published
}

// load appends from several goroutines, by time or by number, and measures the sustained rate: what
// was acknowledged after the warm-up, over the time until the last of it is settled.
//
//	├── warm-up ──┼────────── measured ──────────┼─ settle ─┤
//	              └────────── Result.Seconds ───────────────┘
func load(ctx context.Context, spec Spec, to sink, tell say) (Result, error) {
	m := meter{spec: spec, began: time.Now(), tell: tell}
	if spec.Entries > 0 {
		m.mark()
		if err := tell(Event{}); err != nil {
			return Result{}, err
		}
	}
	producing, stop := context.WithCancel(ctx)
	defer stop()
	g, running := errgroup.WithContext(ctx)
	for i := range max(spec.Producers, 1) {
		g.Go(func() error { return m.produce(running, producing, to, newProducer(i)) })
	}
	if spec.Entries == 0 {
		Pause(running, spec.Warm)
		m.mark()
		Pause(running, spec.Measure)
		stop()
	}
	if err := g.Wait(); err != nil {
		return Result{}, err
	}
	if err := to.settle(ctx); err != nil {
		return Result{}, fmt.Errorf("waiting until everything is published: %w", err)
	}
	return m.result()
}

// meter counts what is acknowledged.
type meter struct {
	spec         Spec
	began        time.Time
	offered      atomic.Uint64
	acknowledged atomic.Uint64

	mu   sync.Mutex // holds tell and next
	tell say
	next uint64 // size of the next event

	from    time.Time
	before  uint64
	written uint64
}

// mark begins the part that counts.
func (m *meter) mark() {
	m.from, m.before, m.written = time.Now(), m.acknowledged.Load(), written()
}

func (m *meter) result() (Result, error) {
	return Result{
		Entries: m.acknowledged.Load() - m.before,
		Total:   m.acknowledged.Load(),
		Seconds: time.Since(m.from).Seconds(),
		Written: written() - m.written,
	}, nil
}

// produce appends batch after batch until it is enough.
func (m *meter) produce(ctx, until context.Context, to sink, p *producer) error {
	for until.Err() == nil {
		n := m.spec.Batch
		if end := m.offered.Add(uint64(n)); m.spec.Entries > 0 && end > m.spec.Entries {
			if n -= int(end - m.spec.Entries); n <= 0 {
				return nil
			}
		}
		if err := to.append(ctx, p.batch(n)); err != nil {
			return err
		}
		if err := m.count(uint64(n)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// count says at every window how far the load is.
func (m *meter) count(n uint64) error {
	size := m.acknowledged.Add(n)
	if m.spec.Window == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.next == 0 {
		m.next = m.spec.Window
	}
	if size < m.next {
		return nil
	}
	m.next = size - size%m.spec.Window + m.spec.Window
	return m.tell(Event{Size: size, Seconds: time.Since(m.began).Seconds()})
}

// producer makes entries that are never equal and that cannot be compressed, for little more than
// the copying of their bytes.
type producer struct {
	random [1 << 20]byte
	stamp  [16]byte // at the beginning of every entry
	count  uint64
}

func newProducer(id int) *producer {
	p := new(producer)
	seed := [32]byte{byte(id), byte(id >> 8)}
	binary.BigEndian.PutUint64(seed[8:], uint64(time.Now().UnixNano()))
	source := rand.NewChaCha8(seed)
	source.Read(p.random[:]) // never fails
	source.Read(p.stamp[:8])
	return p
}

// batch makes n entries in one piece of memory.
func (p *producer) batch(n int) [][]byte {
	slab, entries := p.slab(n), make([][]byte, n)
	for i := range entries {
		entries[i] = slab[i*EntrySize : (i+1)*EntrySize : (i+1)*EntrySize]
	}
	return entries
}

// slab makes n entries, one after the other.
func (p *producer) slab(n int) []byte {
	slab := make([]byte, n*EntrySize)
	for entry := slab; len(entry) > 0; entry = entry[EntrySize:] {
		p.count++
		copy(entry[:EntrySize], p.random[p.count*EntrySize%(uint64(len(p.random))-EntrySize):])
		binary.BigEndian.PutUint64(p.stamp[8:], p.count)
		copy(entry, p.stamp[:])
	}
	return slab
}

// Pause waits, for no longer than ctx.
func Pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// written returns the bytes that this process has caused to be sent to the disk (proc(5),
// write_bytes), 0 where the system does not say.
func written() uint64 {
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	_, after, _ := bytes.Cut(b, []byte("\nwrite_bytes: "))
	var n uint64
	if _, err := fmt.Sscan(string(after), &n); err != nil {
		return 0
	}
	return n
}

// stopped drops the error of a process that was asked to stop.
func stopped(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

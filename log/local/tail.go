// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"sync"

	"cocket.example/log"
)

const (
	// tailLimit bounds the entries that are acknowledged and not integrated, by their cost;
	// above it the sequencer waits, so that the tiles never fall behind for good.
	tailLimit = 128 << 20
	// overhead is what an entry costs beside its bytes, on disk or in memory.
	overhead = 128
)

// cost is what entries take of the limits, in bytes.
func cost(entries []log.Entry) int {
	n := overhead * len(entries)
	for _, e := range entries {
		n += len(e.Data)
	}
	return n
}

// tail holds what is durable in the write-ahead log and not yet in the tree. The sequencer pushes,
// the integrator pops once the tree's state is durable.
type tail struct {
	mu      sync.Mutex
	first   uint64 // index of entries[0]
	entries []log.Entry
	cost    int
	changed chan struct{} // closed and replaced at every change
	ended   bool          // the sequencer pushes no more
}

func (t *tail) init(first uint64) { t.first, t.changed = first, make(chan struct{}) }

func (t *tail) update(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *tail) push(entries []log.Entry) {
	t.update(func() {
		t.entries = append(t.entries, entries...)
		t.cost += cost(entries)
	})
}

func (t *tail) pop(n int) {
	t.update(func() {
		t.cost -= cost(t.entries[:n])
		t.entries = append([]log.Entry(nil), t.entries[n:]...)
		t.first += uint64(n)
	})
}

func (t *tail) end() { t.update(func() { t.ended = true }) }

// next waits for entries and returns up to limit of them, which stay in the tail; none when the
// tail has ended empty.
func (t *tail) next(limit int) []log.Entry {
	for {
		t.mu.Lock()
		entries, ended, changed := t.entries, t.ended, t.changed
		t.mu.Unlock()
		if len(entries) > 0 {
			return entries[:min(limit, len(entries))]
		}
		if ended {
			return nil
		}
		<-changed
	}
}

// room waits until the tail is below its limit.
func (t *tail) room(ctx context.Context) error {
	for {
		t.mu.Lock()
		full, changed := t.cost >= tailLimit, t.changed
		t.mu.Unlock()
		if !full {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// all returns what is acknowledged and not integrated.
func (t *tail) all() []log.Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.entries
}

// leaf returns the leaf hash of entry i, if the tail holds it.
func (t *tail) leaf(i uint64) ([32]byte, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i < t.first || i-t.first >= uint64(len(t.entries)) {
		return [32]byte{}, false
	}
	return t.entries[i-t.first].Leaf, true
}

// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"slices"
	"sort"
	"sync"

	"cocket.example/log"
)

const (
	// tailLimit bounds the records that are acknowledged and not integrated, in bytes; above it
	// the sequencer waits, so that the tiles never fall behind for good.
	tailLimit = 40 << 20
	// bufferSize is the memory for a record of the usual size; it is used again and again.
	bufferSize = 4 << 20
	// overhead is what an entry costs beside its bytes, on disk or in memory.
	overhead = 128
)

// cost is what entries take of the limits, in bytes.
func cost(entries []log.Entry) int {
	n := overhead * len(entries)
	for i := range entries {
		n += len(entries[i].Data)
	}
	return n
}

// tail holds what is durable in the write-ahead log and not yet in the tree. The sequencer pushes,
// the integrator pops once the tree's state is durable.
type tail struct {
	mu      sync.Mutex
	records []record
	size    int           // bytes of the records
	held    int           // bytes of their memory, which the limit is for
	changed chan struct{} // closed and replaced at every change
	ended   bool          // the sequencer pushes no more
	spare   [][]byte      // buffers of bufferSize, of records that were popped
}

func (t *tail) init() { t.changed, t.ended = make(chan struct{}), false }

func (t *tail) update(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *tail) push(r record) {
	t.update(func() {
		t.records = append(t.records, r)
		t.size += len(r)
		t.held += cap(r)
	})
}

// pop drops the first n records and keeps some of their memory for the next.
func (t *tail) pop(n int) {
	t.update(func() {
		for i, r := range t.records[:n] {
			t.size -= len(r)
			t.held -= cap(r)
			if cap(r) == bufferSize && len(t.spare) < tailLimit/bufferSize {
				t.spare = append(t.spare, r[:0])
			}
			t.records[i] = nil
		}
		t.records = t.records[n:]
	})
}

// buffer returns memory for a record of this size.
func (t *tail) buffer(size int) []byte {
	if size > bufferSize || size < bufferSize/4 {
		return make([]byte, 0, size)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.spare) - 1
	if n < 0 {
		return make([]byte, 0, bufferSize)
	}
	b := t.spare[n]
	t.spare = t.spare[:n]
	return b
}

func (t *tail) end() { t.update(func() { t.ended = true }) }

// wait waits for records; it reports whether there are any, or the tail has ended empty.
func (t *tail) wait() bool {
	for {
		size, ended, changed := t.waiting()
		if size > 0 || ended {
			return size > 0
		}
		<-changed
	}
}

// after returns the records behind the first n, as many as one step takes, but one if there is any.
// They stay in the tail.
func (t *tail) after(n int) []record {
	records := t.all()[n:]
	n = 0
	for sum := 0; n < len(records) && (n == 0 || sum+len(records[n]) <= stepSize); n++ {
		sum += len(records[n])
	}
	return records[:n]
}

func sizeOf(records []record) (n int) {
	for _, r := range records {
		n += len(r)
	}
	return n
}

// waiting returns how many bytes wait, whether more can come, and what is closed at the next change.
func (t *tail) waiting() (size int, ended bool, changed chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.size, t.ended, t.changed
}

// room waits until the tail is below its limit.
func (t *tail) room(ctx context.Context) error {
	for {
		t.mu.Lock()
		held, changed := t.held, t.changed
		t.mu.Unlock()
		if held < tailLimit {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// all returns what is acknowledged and not integrated. The memory of the records is used again by
// the sequencer only.
func (t *tail) all() []record {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.records)
}

// leaf returns the leaf hash of entry i, if the tail holds it.
func (t *tail) leaf(i uint64) (leaf [32]byte, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := sort.Search(len(t.records), func(n int) bool { return t.records[n].end() > i })
	if at == len(t.records) || i < t.records[at].first() {
		return leaf, false
	}
	return t.records[at].leaf(int(i - t.records[at].first())), true
}

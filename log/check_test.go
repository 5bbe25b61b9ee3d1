// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"cocket.example/internal/tile"
	"cocket.example/log"
)

// damaged is a storage with one flipped bit, from the moment it is armed. It flips in a resource, at
// whatever width it is read, as a bit on a disk does.
type damaged struct {
	*memory
	ref  tile.Ref // its width is not looked at
	at   int      // byte
	root bool     // flip in the root that Tree claims instead
	on   atomic.Bool
}

func (d *damaged) flip(ref tile.Ref, b []byte, err error) ([]byte, error) {
	ref.Width = d.ref.Width
	if err == nil && d.on.Load() && !d.root && ref == d.ref && d.at < len(b) {
		b[d.at] ^= 1 << (d.at % 8)
	}
	return b, err
}

func (d *damaged) ReadTile(ctx context.Context, level, index uint64, width int) ([]byte, error) {
	b, err := d.memory.ReadTile(ctx, level, index, width)
	return d.flip(tile.Ref{Level: level, Index: index}, b, err)
}

func (d *damaged) ReadBundle(ctx context.Context, index uint64, width int) ([]byte, error) {
	b, err := d.memory.ReadBundle(ctx, index, width)
	return d.flip(tile.Ref{Entries: true, Index: index}, b, err)
}

func (d *damaged) Tree(ctx context.Context) (log.Tree, error) {
	t, err := d.memory.Tree(ctx)
	if d.root && d.on.Load() {
		t.Root[d.at] ^= 1
	}
	return t, err
}

// TestDamage flips a bit in every kind of thing that a signature rests on. Nothing is signed from
// then on, and the message says where to look. A tree of 300 is signed; one of 700 would be next.
//
//	bundle    0 [old 256]  1 [old 44 | new 212]  2 [new 188]
//	level 0   0 [old 256]  1 [old 44 | new 212]  2 [new 188]
//	level 1   0 [old 1 | new 1]
func TestDamage(t *testing.T) {
	last := func(i int) int { return tile.HashSize*i + 31 }
	for _, c := range []struct {
		name string
		*damaged
		want string
	}{
		{"first new entry", &damaged{ref: tile.Ref{Entries: true, Index: 1}, at: 44*11 + 5}, "entry 300"},
		{"last new entry", &damaged{ref: tile.Ref{Entries: true, Index: 2}, at: 188*11 - 1}, "entry 699"},
		{"length of an entry", &damaged{ref: tile.Ref{Entries: true, Index: 2}, at: 1}, "tile/entries/002"},
		{"first old leaf of the edge", &damaged{ref: tile.Ref{Index: 1}, at: 0}, "tile/0/001"},
		{"last old leaf", &damaged{ref: tile.Ref{Index: 1}, at: last(43)}, "tile/0/001"},
		{"first new leaf", &damaged{ref: tile.Ref{Index: 1}, at: 44 * tile.HashSize}, "entry 300"},
		{"last new leaf", &damaged{ref: tile.Ref{Index: 2}, at: last(187)}, "entry 699"},
		{"old hash of level 1", &damaged{ref: tile.Ref{Level: 1}, at: 3}, "tile/1/000"},
		{"new hash of level 1", &damaged{ref: tile.Ref{Level: 1}, at: last(1)}, "tile/1/000"},
		{"root of the state", &damaged{root: true, at: 9}, "tree of 700"},
	} {
		timed(t, c.name, func(t *testing.T, b *bench) {
			d := c.damaged
			d.memory = b.storage
			b.config.Storage = d
			l, stop := b.run()
			add(t, l, 0, 300)
			time.Sleep(time.Second)
			b.wantPublished(300, 1)
			d.on.Store(true)
			add(t, l, 300, 400)
			time.Sleep(time.Second)
			b.refuses(l)
			d.on.Store(false) // it does not recover by itself
			b.refuses(l)
			if l.Signed() != 300 || b.head().Size != 300 {
				t.Errorf("signed %d, journalled %d, want 300", l.Signed(), b.head().Size)
			}
			b.says(c.want)
			if _, err := l.ReadTile(t.Context(), 0, 0, tile.Width); err != nil {
				t.Errorf("reads do not go on: %v", err)
			}
			stop()
		})
	}
}

// TestDamageWhileStopping: a stop does not sign what a check refused, though the damage passes.
func TestDamageWhileStopping(t *testing.T) {
	timed(t, "", func(t *testing.T, b *bench) {
		d := &damaged{memory: b.storage, ref: tile.Ref{Index: 0}, at: 70}
		b.config.Storage = d
		b.config.Interval = time.Hour
		l, stop := b.run()
		add(t, l, 0, 5)
		settle(time.Millisecond) // until they are integrated
		d.on.Store(true)
		before := b.signatures()
		time.AfterFunc(5*time.Millisecond, func() { d.on.Store(false) })
		stop()
		if b.signatures() != before {
			t.Error("signed after a failed check")
		}
	})
}

// TestDamageAtStart: a storage that does not hold what was signed is read-only from the start.
func TestDamageAtStart(t *testing.T) {
	timed(t, "right edge", func(t *testing.T, b *bench) {
		l, stop := b.run()
		add(t, l, 0, 300)
		time.Sleep(time.Second)
		stop()
		d := &damaged{memory: b.storage, ref: tile.Ref{Index: 1}, at: 40}
		d.on.Store(true)
		b.config.Storage = d
		l, stop = b.run()
		b.refuses(l)
		b.says("tile/0/001")
		stop()
	})
	timed(t, "fewer entries", func(t *testing.T, b *bench) {
		l, stop := b.run()
		add(t, l, 0, 300)
		time.Sleep(time.Second)
		stop()
		b.storage.entries = b.storage.entries[:200]
		b.storage.integrate(200)
		l, stop = b.run()
		b.refuses(l)
		b.says("a tree of 200, one of 300 was signed")
		stop()
	})
}

// TestHonest is the counterpart: the same sizes without damage are signed.
func TestHonest(t *testing.T) {
	for _, sizes := range [][]int{{300, 700}, {1, 2}, {255, 256, 257}, {256, 512}, {511, 513, 70_000}} {
		timed(t, fmt.Sprint(sizes), func(t *testing.T, b *bench) {
			l, stop := b.run()
			from := 0
			for _, size := range sizes {
				add(t, l, from, size-from)
				time.Sleep(time.Second)
				b.wantPublished(uint64(size), 1)
				from = size
			}
			stop()
			if root := b.roots[uint64(from)]; root != tree(from) {
				t.Errorf("signed another root for %d than RFC 6962 gives", from)
			}
		})
	}
}

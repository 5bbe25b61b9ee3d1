// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"cocket.example/log"
)

// crasher is a storage whose process dies at the n-th write: from then on nothing has any effect.
type crasher struct {
	*memory
	effect bool // of the write at which it dies

	mu     sync.Mutex
	left   int // writes until then
	writes int
	dead   chan struct{}
}

var errDead = errors.New("the process is dead")

func (c *crasher) write(do func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	switch c.left--; {
	case c.left > 0:
		return do()
	case c.left == 0:
		defer close(c.dead)
		if c.effect {
			do()
		}
	}
	return errDead
}

func (c *crasher) Sign(ctx context.Context, previous, next log.Head) error {
	return c.write(func() error { return c.memory.Sign(ctx, previous, next) })
}

func (c *crasher) Publish(ctx context.Context, size uint64, checkpoint []byte) error {
	return c.write(func() error { return c.memory.Publish(ctx, size, checkpoint) })
}

// TestCrash lets the process die at every write of three publications, before and after it takes
// effect, and starts again. That no size gets two roots and that every signature is of the head
// journalled last is judged by the bench's recorder, over both lives.
//
//	journal ──┬── sign ── cosign ── publish ──┬── journal ── …
//	         dies                            dies
func TestCrash(t *testing.T) {
	for n := 1; n <= 7; n++ {
		for _, effect := range []bool{false, true} {
			timed(t, fmt.Sprintf("write %d, effect %v", n, effect), func(t *testing.T, b *bench) {
				c := &crasher{memory: b.storage, effect: effect, left: n, dead: make(chan struct{})}
				b.config.Storage = c
				l, stop := b.run()
				for i := range 4 {
					add(t, l, 30*i, 30)
					time.Sleep(time.Second)
				}
				select {
				case <-c.dead:
				default:
					t.Fatalf("%d writes, did not die", c.writes)
				}
				stop()
				before := b.head()
				b.config.Storage = b.storage
				l, stop = b.run()
				if l.Signed() != before.Size {
					t.Errorf("started at size %d, journalled is %d", l.Signed(), before.Size)
				}
				add(t, l, 5000, 1)
				time.Sleep(time.Second)
				b.wantPublished(121, 1)
				if got := b.head().Time; got.Before(before.Time) {
					t.Errorf("journalled %s after %s", got, before.Time)
				}
				stop()
			})
		}
	}
}

// TestConflict: a journal that another writer has moved on stops this one.
func TestConflict(t *testing.T) {
	timed(t, "", func(t *testing.T, b *bench) {
		l, stop := b.run()
		add(t, l, 0, 3)
		time.Sleep(time.Second)
		b.storage.mu.Lock()
		b.storage.head.Time = b.storage.head.Time.Add(time.Second)
		b.storage.mu.Unlock()
		add(t, l, 3, 1)
		time.Sleep(time.Second)
		b.refuses(l)
		stop()
	})
}

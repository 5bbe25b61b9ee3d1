// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cocket.example/log"
	"cocket.example/receipt"
)

// timed runs a test with stopped time.
func timed(t *testing.T, name string, test func(t *testing.T, b *bench)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, newBench(t)) })
	})
}

// settle lets time pass, and everything that is due then happen.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestInterval(t *testing.T) {
	timed(t, "nothing new, nothing signed", func(t *testing.T, b *bench) {
		b.config.Heartbeat = time.Hour
		_, stop := b.run()
		time.Sleep(time.Second) // the empty tree is published
		before := b.signatures()
		time.Sleep(time.Minute)
		if b.signatures() != before {
			t.Error("an unchanged tree was signed again")
		}
		stop()
	})
	timed(t, "one checkpoint an interval", func(t *testing.T, b *bench) {
		b.config.Interval = time.Second
		l, stop := b.run()
		time.Sleep(time.Second + time.Millisecond)
		before := b.signatures()
		for i := range 100 {
			add(t, l, i, 1)
			time.Sleep(5 * time.Millisecond)
		}
		if n := b.signatures() - before; n != 0 {
			t.Errorf("%d signatures within an interval", n)
		}
		time.Sleep(time.Second)
		if n := b.signatures() - before; n != 1 {
			t.Errorf("%d signatures after an interval, want 1", n)
		}
		b.wantPublished(100, 1)
		stop()
	})
}

// TestHeartbeatTime: after the heartbeat the same tree is signed and cosigned again, at a later time.
func TestHeartbeatTime(t *testing.T) {
	timed(t, "running clock", func(t *testing.T, b *bench) {
		l, stop := b.run()
		add(t, l, 0, 7)
		settle(time.Second)
		first, asked := b.head(), b.asked()
		settle(10 * time.Minute)
		second := b.head()
		if second.Tree != first.Tree || second.Time.Sub(first.Time) < 10*time.Minute {
			t.Errorf("head %v after %v, want the same tree ten minutes later", second, first)
		}
		if n := b.asked(); n != asked+1 {
			t.Errorf("the witnesses were asked %d times, want once", n-asked)
		}
		stop()
	})
	timed(t, "clock behind the journal", func(t *testing.T, b *bench) {
		future := time.Now().UTC().Truncate(time.Second).Add(24 * time.Hour)
		b.storage.head.Time = future
		l, stop := b.run()
		add(t, l, 0, 7)
		settle(time.Second)
		b.wantPublished(7, 1)
		asked := b.asked()
		settle(10 * time.Minute)
		if got := b.head().Time; !got.Equal(future) {
			t.Errorf("journalled %s after %s", got, future)
		}
		if b.asked() == asked {
			t.Error("no heartbeat, because the clock was set back")
		}
		stop()
	})
}

// TestNoQuorum: nothing is published, reads and appends go on, the complaint does not fill the log,
// and all is published once the quorum is back.
func TestNoQuorum(t *testing.T) {
	timed(t, "", func(t *testing.T, b *bench) {
		errNone := errors.New("nobody home")
		b.witnesses.quorum = func(context.Context) error { return errNone }
		l, stop := b.run()
		add(t, l, 0, 300)
		time.Sleep(9 * time.Minute)
		if _, err := l.Published(t.Context()); err == nil {
			t.Error("published without a quorum")
		}
		if l.Signed() != 300 {
			t.Errorf("readable up to %d, want 300", l.Signed())
		}
		if _, err := l.ReadBundle(t.Context(), 1, 44); err != nil {
			t.Error(err)
		}
		if n := strings.Count(b.out.String(), "nobody home"); n < 5 || n > 10 {
			t.Errorf("complained %d times in 9 minutes, want about once a minute", n)
		}
		b.witnesses.set(func(w *witnesses) { w.quorum = nil })
		time.Sleep(time.Second)
		b.wantPublished(300, 1)
		stop()
	})
}

// TestLate: cosignatures that come after the quorum are published too, once.
func TestLate(t *testing.T) {
	timed(t, "", func(t *testing.T, b *bench) {
		l, stop := b.run()
		add(t, l, 0, 3)
		settle(time.Second)
		b.wantPublished(3, 1)
		b.witnesses.set(func(w *witnesses) { w.lines = 2 })
		settle(time.Second)
		b.wantPublished(3, 2)
		before := b.kept()
		settle(time.Minute)
		if n := b.kept() - before; n != 0 {
			t.Errorf("published %d times more", n)
		}
		stop()
	})
}

// TestConfirmFirst: until the witnesses have confirmed the last head nothing new is signed, while
// entries are taken and what was signed is read.
func TestConfirmFirst(t *testing.T) {
	timed(t, "", func(t *testing.T, b *bench) {
		heard := make(chan struct{})
		b.witnesses.confirm = func(ctx context.Context) error {
			select {
			case <-heard:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		l, stop := b.run()
		before := b.signatures()
		add(t, l, 0, 5)
		time.Sleep(time.Hour)
		if b.signatures() != before || l.Signed() != 0 {
			t.Error("signed before the witnesses confirmed")
		}
		close(heard)
		time.Sleep(time.Second)
		b.wantPublished(5, 1)
		stop()
	})
	timed(t, "stopped before", func(t *testing.T, b *bench) {
		b.witnesses.confirm = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		l, stop := b.run()
		before := b.signatures()
		add(t, l, 0, 5)
		began := time.Now()
		stop()
		if b.signatures() != before {
			t.Error("signed though the witnesses never confirmed")
		}
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("stopping took %s", d)
		}
	})
}

// TestAhead: what contradicts the storage, and bears the log's signature, makes the log read-only.
func TestAhead(t *testing.T) {
	timed(t, "at a witness", func(t *testing.T, b *bench) {
		b.witnesses.confirm = func(context.Context) error {
			return fmt.Errorf("witness w1 holds size 9: %w", log.ErrAhead)
		}
		l, stop := b.run()
		b.refuses(l)
		if !strings.Contains(b.out.String(), "witness w1 holds size 9") {
			t.Errorf("does not say why: %s", b.out.String())
		}
		stop()
	})
	timed(t, "at a witness, later", func(t *testing.T, b *bench) {
		l, stop := b.run()
		add(t, l, 0, 5)
		settle(time.Second)
		b.wantPublished(5, 1)
		before := b.signatures()
		b.witnesses.set(func(w *witnesses) { w.ahead = fmt.Errorf("witness w1 holds size 9: %w", log.ErrAhead) })
		add(t, l, 5, 5)
		settle(time.Second)
		if b.signatures() != before {
			t.Error("signed after a witness had shown more")
		}
		b.refuses(l)
		b.says("witness w1 holds size 9")
		stop()
	})
	for name, cp := range map[string]receipt.Checkpoint{
		"larger":          {Origin: origin, Size: 12, Root: tree(12)},
		"another":         {Origin: origin, Size: 10, Root: tree(11)},
		"another smaller": {Origin: origin, Size: 6, Root: tree(7)},
	} {
		timed(t, "published, "+name, func(t *testing.T, b *bench) {
			l, stop := b.run()
			add(t, l, 0, 10)
			time.Sleep(time.Second)
			stop()
			signed, err := cp.Sign(b.config.Signers[0].(recorder).Signer)
			must(t, err)
			line, err := b.witnesses.keys[0].Cosign(cp, time.Now())
			must(t, err)
			b.storage.published = append(signed, line.String()...)
			l, stop = b.run()
			b.refuses(l)
			if _, err := l.ReadTile(t.Context(), 0, 0, 10); err != nil {
				t.Errorf("reads do not go on: %v", err)
			}
			stop()
		})
	}
}

// TestBrokenPublished: a published checkpoint that no client would take is not shown, proves nothing,
// and is published anew.
func TestBrokenPublished(t *testing.T) {
	timed(t, "", func(t *testing.T, b *bench) {
		l, stop := b.run()
		add(t, l, 0, 10)
		time.Sleep(time.Second)
		stop()
		broken := []byte(strings.Replace(string(b.storage.published), "\n10\n", "\n90\n", 1))
		b.storage.published = broken
		l, stop = b.run()
		if checkpoint, err := l.Published(t.Context()); err == nil {
			t.Errorf("shown: %q", checkpoint)
		}
		time.Sleep(time.Second)
		b.wantPublished(10, 1)
		stop()
	})
}

// TestDrain: what was acknowledged before a stop is published, though its integration takes time.
func TestDrain(t *testing.T) {
	timed(t, "", func(t *testing.T, b *bench) {
		b.storage.lag = 3 * time.Second
		l, stop := b.run()
		add(t, l, 0, 40)
		stop()
		b.wantPublished(40, 1)
		if err := l.Append(t.Context(), entries(40, 1), make([]uint64, 1)); !errors.Is(err, log.ErrPushback) {
			t.Errorf("append after the end: %v, want ErrPushback", err)
		}
	})
	timed(t, "without a quorum it ends in time", func(t *testing.T, b *bench) {
		b.witnesses.quorum = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		l, stop := b.run()
		add(t, l, 0, 40)
		began := time.Now()
		stop()
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("stopping took %s", d)
		}
	})
}

// TestWait: who waits is woken by the publication that covers the index, and not by an earlier one.
func TestWait(t *testing.T) {
	timed(t, "", func(t *testing.T, b *bench) {
		l, stop := b.run()
		woken := make(chan error, 1)
		go func() { woken <- l.Wait(t.Context(), 4) }()
		add(t, l, 0, 4)
		time.Sleep(time.Minute)
		select {
		case <-woken:
			t.Fatal("woken by a checkpoint that does not cover the index")
		default:
		}
		add(t, l, 4, 1)
		began := time.Now()
		must(t, <-woken)
		if d := time.Since(began); d > 200*time.Millisecond {
			t.Errorf("woken after %s", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := l.Wait(ctx, 5); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the deadline", err)
		}
		stop()
	})
}

// TestConfig names what is wrong.
func TestConfig(t *testing.T) {
	for want, change := range map[string]func(c *log.Config){
		"needs a storage":      func(c *log.Config) { c.Storage = nil },
		"needs a key":          func(c *log.Config) { c.Signers = nil },
		"CP-8":                 func(c *log.Config) { c.Origin = "log.example/b" },
		"names no key":         func(c *log.Config) { c.Policy.Logs = nil },
		"nobody to ask":        func(c *log.Config) { c.Cosigner = nil },
		"want none below zero": func(c *log.Config) { c.Interval = -1 },
	} {
		b := newBench(t)
		change(&b.config)
		if _, err := log.New(b.config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error that says %q", err, want)
		}
	}
}

// TestCreate: a log is created once, from an empty storage, and does not run before.
func TestCreate(t *testing.T) {
	b := newBench(t)
	if err := log.Create(t.Context(), b.storage); err == nil {
		t.Error("created twice")
	}
	full := newMemory()
	must(t, full.Append(t.Context(), entries(0, 1), make([]uint64, 1)))
	full.integrate(1)
	if err := log.Create(t.Context(), full); err == nil {
		t.Error("created from a storage with entries")
	}
	b.config.Storage = newMemory()
	l, err := log.New(b.config)
	must(t, err)
	if err := l.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "cocketd init") {
		t.Errorf("%v, want an error that says how to create a log", err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"cocket.example/internal/fetch"
	"cocket.example/internal/tile"
	"cocket.example/witness"
)

// proofs is how often entries must be read, and hash to another root, before that is laid to the log.
const proofs = 3

// follower reads what one log publishes.
type follower struct {
	config  Config
	log     Log
	path    string        // of the state
	client  *fetch.Client // of the log
	mirror  *mirror       // nil: none is kept
	logger  *slog.Logger
	wake    chan struct{}       // holds an element once there is something to do
	memory  *semaphore.Weighted // bytes of the bundles that are being read
	largest atomic.Int64        // bytes of the longest bundle
	bytes   atomic.Uint64       // that were read
	refused atomic.Uint64       // larger checkpoints that were not cosigned
	begins  bool                // it was not watched before
	quit    context.CancelFunc  // nil: does not run; guarded by Watcher.mu
	done    chan struct{}

	// Owned by run.
	read     tree // what was read and hashed, beyond what is proven
	wrong    int  // how often in a row the entries gave another root
	reported bool // that nothing larger is cosigned

	mu      sync.Mutex // guards what follows; never held across I/O
	queue   queue
	proven  proven
	refuted bool  // the first of the queue has entries that hash to another root
	fault   error // why this log cannot be watched at all
}

// wrongRoot means that entries hash to another root than the one that was signed.
type wrongRoot struct {
	signed signed
	root   [32]byte
}

func (e *wrongRoot) Error() string {
	return fmt.Sprintf("the entries that the log serves for size %d have the root %x, it has signed %x",
		e.signed.checkpoint.Size, e.root, e.signed.checkpoint.Root)
}

// run follows the log until ctx ends.
func (f *follower) run(ctx context.Context) {
	for failures := 0; ; {
		target, ok := f.target()
		if !ok {
			select {
			case <-ctx.Done():
				return
			case <-f.wake:
			}
			continue
		}
		err := f.advance(ctx, target)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			failures = 0
			continue
		}
		failures++
		f.failed(ctx, err)
		if fetch.Sleep(ctx, f.config.pause(failures)) != nil {
			return
		}
	}
}

// pause is how long to wait after so many failures in a row: twice as long each time, by half at random.
func (c Config) pause(failures int) time.Duration {
	limit := min(c.Pause<<min(failures, 16), c.MaxPause)
	return limit/2 + rand.N(limit/2+1)
}

// target is the checkpoint to read up to: the newest, but after a wrong root that one again.
func (f *follower) target() (signed, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 {
		return signed{}, false
	}
	if f.wrong > 0 {
		return f.queue[0], true
	}
	return f.queue[len(f.queue)-1], true
}

// advance reads up to the target, checks the root of every cosigned size on the way, and publishes
// the target in the mirror.
func (f *follower) advance(ctx context.Context, target signed) error {
	for {
		read, err := f.bundles(ctx, f.read.Size/tile.Width, target.checkpoint.Size)
		if err != nil {
			return err
		}
		for _, b := range read {
			if err := f.append(ctx, b); err != nil {
				return err
			}
		}
		if f.mirror != nil {
			if err := f.mirror.flush(); err != nil {
				return err
			}
		}
		if len(read) < chunk || f.read.Size == target.checkpoint.Size {
			return f.finish(target, read)
		}
		if err := f.save(); err != nil {
			return err
		}
	}
}

// append adds a bundle to the tree, and checks the root of each cosigned size that it reaches.
func (f *follower) append(ctx context.Context, b bundle) error {
	end := f.read.Size + uint64(b.ref.Width)
	for {
		s, ok := f.next(f.read.Size)
		size := s.checkpoint.Size
		if !ok || size > end || size == f.read.Size+tile.Width {
			break
		}
		if err := f.check(ctx, s, b.leaves[:(size-f.read.Size)*tile.HashSize]); err != nil {
			return err
		}
	}
	if b.ref.Width < tile.Width {
		return nil
	}
	for _, p := range f.read.add(b.root) {
		if f.mirror != nil {
			if err := f.mirror.put(p.ref, p.hashes); err != nil {
				return err
			}
		}
	}
	if s, ok := f.next(f.read.Size - 1); ok && s.checkpoint.Size == f.read.Size {
		return f.check(ctx, s, nil)
	}
	return nil
}

// next returns the first cosigned checkpoint that is larger than size and not proven yet.
func (f *follower) next(size uint64) (signed, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.queue.after(max(size, f.proven.Size))
}

// check compares the root of what was read with the one that was signed.
func (f *follower) check(ctx context.Context, s signed, leaves []byte) error {
	root, err := f.read.root(ctx, leaves)
	if err != nil {
		return err
	}
	if root != s.checkpoint.Root {
		return &wrongRoot{s, root}
	}
	f.mu.Lock()
	gated := f.refuted || f.reported
	f.proven = proven{s.checkpoint.Size, s.checkpoint.Root[:], f.read.clone()}
	f.queue = f.queue.without(s.checkpoint.Size)
	f.refuted, f.reported, f.wrong = false, false, 0
	f.mu.Unlock()
	if gated {
		f.logger.Warn("the entries are there and hash to the signed root", "size", s.checkpoint.Size)
	}
	return nil
}

// finish makes a proven target the mirror's checkpoint, and all of it durable.
func (f *follower) finish(target signed, read []bundle) error {
	f.mu.Lock()
	isProven := f.proven.is(target)
	f.mu.Unlock()
	if !isProven {
		f.read = f.proven.Tree.clone()
		return fmt.Errorf("size %d was passed by: it is read again", target.checkpoint.Size)
	}
	if f.mirror != nil {
		var end bundle
		if n := len(read); n > 0 && read[n-1].ref.Width < tile.Width {
			end = read[n-1]
		}
		if err := f.mirror.publish(target, f.read, end); err != nil {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.queue = f.queue.with(target) // once more
			return fmt.Errorf("mirror: %w", err)
		}
	}
	f.mu.Lock()
	f.queue = f.queue.without(target.checkpoint.Size)
	f.mu.Unlock()
	f.logger.Debug("watched", "size", target.checkpoint.Size)
	return f.save()
}

// save writes the state, after the mirror's files that it speaks of.
func (f *follower) save() error {
	f.mu.Lock()
	s := state{Format: format, Origin: f.log.Origin(), Proven: f.proven, Refuted: f.refuted}
	if len(f.queue) > 0 {
		s.Waiting = &waiting{f.queue[0].note, f.queue[0].since.Unix()}
	}
	f.mu.Unlock()
	s.Read = f.read
	if f.mirror != nil {
		s.Mirrored = f.mirror.size
	}
	return s.write(f.path)
}

// failed takes down what kept the entries from being had. The first failure makes durable since when.
func (f *follower) failed(ctx context.Context, err error) {
	logger := f.logger
	var wrong *wrongRoot
	if errors.As(err, &wrong) {
		f.disproved(ctx, wrong)
	} else {
		logger.Warn("reading what was cosigned", "err", err)
	}
	if err := f.gate(time.Now()); err != nil && !f.reported {
		f.reported = true
		logger.Error("gated", "err", err)
	}
	if err := f.save(); err != nil {
		logger.Error("state of watching", "err", err)
	}
}

// disproved goes back to what is proven, to read again over fresh connections; damage on the way is
// not the log's. The third time it is taken for the log's own.
func (f *follower) disproved(ctx context.Context, e *wrongRoot) {
	f.wrong++
	f.logger.Error("wrong entries", "size", e.signed.checkpoint.Size, "times", f.wrong, "err", e)
	f.client.CloseIdle()
	f.mu.Lock()
	f.read = f.proven.Tree.clone()
	f.queue = f.queue.from(e.signed.checkpoint.Size)
	convict := f.wrong >= proofs && !f.refuted
	f.refuted = f.refuted || convict
	f.mu.Unlock()
	if !convict {
		return
	}
	served := witness.Served{Root: e.root[:]}
	f.locate(ctx, e.signed, &served)
	if err := f.config.State.KeepServed(e.signed.checkpoint, e.signed.note, served); err != nil {
		f.logger.Error("evidence could not be kept", "err", err)
		return
	}
	f.logger.Error("evidence kept", "size", e.signed.checkpoint.Size, "kind", "watch")
}

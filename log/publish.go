// SPDX-License-Identifier: Apache-2.0

package log

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"cocket.example/receipt"
)

// publishing owns the head. Until ctx ends it looks at every interval whether there is something to
// sign; then it takes no more entries and publishes what was accepted. run outlives ctx.
func (l *Log) publishing(ctx, run context.Context) error {
	if err := l.start(run); err != nil {
		return err
	}
	if !l.confirm(ctx, run) {
		return nil
	}
	tick := time.NewTicker(l.config.Interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-run.Done():
			return nil
		case <-ctx.Done():
			l.drain(run)
			return nil
		}
		if l.refuse.Load() == nil {
			l.report(l.round(run))
		}
	}
}

// round signs and publishes if the tree grew, the heartbeat is due, or the last attempt failed; it
// publishes again if more cosignatures came.
func (l *Log) round(ctx context.Context) error {
	if l.config.Cosigner != nil {
		if err := l.config.Cosigner.Err(); err != nil {
			return err
		}
	}
	tree, err := l.config.Storage.Tree(ctx)
	if err != nil {
		return err
	}
	l.metrics.integrated.Set(float64(tree.Size))
	began := time.Now()
	switch {
	case tree.Size != l.head.Size, l.complete && l.due():
		if err := l.advance(ctx, tree); err != nil {
			return err
		}
	case l.complete:
		return l.late(ctx)
	}
	if err := l.publish(ctx); err != nil {
		return err
	}
	l.metrics.duration.Observe(time.Since(began).Seconds())
	return nil
}

// due reports whether the heartbeat is. The journalled time tells so after a start, the monotonic
// clock if somebody has set the other one back.
func (l *Log) due() bool {
	return time.Since(l.head.Time) >= l.config.Heartbeat || time.Since(l.beat) >= l.config.Heartbeat
}

// advance checks, journals and signs the next head, and lets readers read up to it.
func (l *Log) advance(ctx context.Context, tree Tree) error {
	if err := check(ctx, l.config.Storage, l.head, tree); err != nil {
		return l.failed("check", err)
	}
	if err := l.config.maySign(tree.Size); err != nil {
		return l.failed("period", fmt.Errorf("%w: %w", err, errStop))
	}
	next := Head{Tree: tree, Time: now()}
	if next.Time.Before(l.head.Time) {
		next.Time = l.head.Time
	}
	if err := l.config.Storage.Sign(ctx, l.head, next); err != nil {
		return l.failed("journal", err)
	}
	l.head, l.beat, l.note, l.gathered, l.complete = next, time.Now(), nil, nil, false
	return l.signHead()
}

// signHead signs the head journalled last, and lets readers read up to it.
func (l *Log) signHead() error {
	signed, err := l.sign(l.head)
	if err != nil {
		return l.failed("sign", err)
	}
	l.note = signed
	l.show(l.head)
	return nil
}

// sign signs a head that is journalled, with every key. A signature that states a time states the
// journalled one, so that it never goes back and one record covers all signatures.
func (l *Log) sign(h Head) ([]byte, error) {
	cp := receipt.Checkpoint{Origin: l.config.Origin, Size: h.Size, Root: h.Root}
	return cp.SignAt(h.Time, l.config.Signers...)
}

// show lets readers read up to a head.
func (l *Log) show(h Head) {
	l.signed.Store(h.Size)
	l.metrics.signed.Set(float64(h.Size))
}

// publish gathers a quorum for the signed head and publishes it. A head whose signing failed is signed
// first, and never the note of an earlier one taken for it.
func (l *Log) publish(ctx context.Context) error {
	if l.note == nil {
		if err := l.signHead(); err != nil {
			return err
		}
	}
	if l.gathered == nil {
		var err error
		if l.gathered, err = l.cosign(ctx); err != nil {
			return l.failed("cosign", err)
		}
	}
	return l.finish(ctx, l.gathered)
}

func (l *Log) cosign(ctx context.Context) ([]byte, error) {
	if l.config.Cosigner == nil {
		return l.note, nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	return l.config.Cosigner.Cosign(ctx, l.note)
}

// late publishes the head again when more witnesses have cosigned it.
func (l *Log) late(ctx context.Context) error {
	if l.config.Cosigner == nil {
		return nil
	}
	checkpoint := l.config.Cosigner.Cosigned()
	if !bytes.HasPrefix(checkpoint, l.note) || len(checkpoint) <= len(l.published) {
		return nil
	}
	return l.finish(ctx, checkpoint)
}

// finish verifies a checkpoint as any client would, and makes it the published one.
func (l *Log) finish(ctx context.Context, checkpoint []byte) error {
	if _, err := l.config.Policy.Verify(checkpoint); err != nil {
		return l.failed("verify", fmt.Errorf("the checkpoint to be published: %w", err))
	}
	if err := l.config.Storage.Publish(ctx, l.head.Size, checkpoint); err != nil {
		return l.failed("publish", err)
	}
	l.complete = true
	l.announce(checkpoint, l.head.Size)
	return nil
}

// announce shows a published checkpoint and wakes who waits for it.
func (l *Log) announce(checkpoint []byte, size uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.published, l.size = checkpoint, size
	close(l.changed)
	l.changed = make(chan struct{})
	l.metrics.published.Set(float64(size))
}

// drainInterval is the time between looks at a storage that stops.
const drainInterval = 10 * time.Millisecond

// drain takes no more entries, and signs and publishes until all that were acknowledged are in the
// published tree, for no longer than Timeout.
func (l *Log) drain(ctx context.Context) {
	l.refuseNew()
	l.appends.Wait()
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	tick := time.NewTicker(drainInterval)
	defer tick.Stop()
	for l.refuse.Load() == nil {
		l.report(l.round(ctx))
		if l.complete && l.head.Size >= l.held.Load() {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package log

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// publishing owns the head. Until ctx ends it looks at every interval whether there is something to
// sign; then it takes no more entries and publishes what was accepted. run outlives ctx.
func (l *Log) publishing(ctx, run context.Context) error {
	if err := l.start(run); err != nil {
		return err
	}
	confirmed := make(chan error, 1)
	go func() { confirmed <- l.confirm(ctx) }()
	tick := time.NewTicker(l.config.Interval)
	defer tick.Stop()
	sure := false
	for {
		select {
		case err := <-confirmed:
			if sure = err == nil; !sure && ctx.Err() == nil {
				l.stop(err)
			}
			continue
		case <-tick.C:
		case <-run.Done():
			return nil
		case <-ctx.Done():
			return l.drain(run, sure)
		}
		if sure && l.refuse.Load() == nil {
			l.report(l.round(run))
		}
	}
}

// start compares journal, storage and published checkpoint, and signs the journalled head again.
func (l *Log) start(ctx context.Context) error {
	var err error
	if l.head, err = l.config.Storage.Signed(ctx); err != nil {
		return err
	}
	if l.head.Time.IsZero() {
		return errors.New("the sign journal is empty: create the log first (cocketd init)")
	}
	root, err := tile.Root(ctx, l.config.Storage, l.head.Size)
	if err != nil {
		return fmt.Errorf("the tree of %d that was signed: %w", l.head.Size, err)
	}
	if root != l.head.Root {
		return fmt.Errorf("the stored tree of %d has another root than the one that was signed", l.head.Size)
	}
	if l.note, err = l.sign(l.head); err != nil {
		return err
	}
	l.show(l.head)
	return l.startPublished(ctx)
}

// startPublished takes over the published checkpoint. One that this log signed and that does not
// lie behind the journal stops all signing.
func (l *Log) startPublished(ctx context.Context) error {
	published, err := l.config.Storage.Published(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	trusted, err := l.config.Policy.Verify(published)
	if err != nil { // the policy may have changed since
		l.config.Logger.Warn("the published checkpoint does not satisfy the policy", "err", err)
	}
	cp, _, err := receipt.ParseCheckpoint(published)
	if err != nil {
		return fmt.Errorf("published checkpoint: %w", err)
	}
	l.announce(published, cp.Size)
	l.complete = cp.Size == l.head.Size && cp.Root == l.head.Root && trusted.Report().Err() == nil
	if cp.Size > l.head.Size || cp.Size == l.head.Size && cp.Root != l.head.Root {
		l.stop(fmt.Errorf("published size %d, journalled size %d: %w", cp.Size, l.head.Size, ErrAhead))
	}
	return nil
}

// confirm asks the witnesses what they hold, until those not heard from could not satisfy the
// quorum alone.
func (l *Log) confirm(ctx context.Context) error {
	if l.config.Cosigner == nil {
		return nil
	}
	return l.config.Cosigner.Confirm(ctx, l.note)
}

// round signs and publishes if the tree grew, the heartbeat is due, or the last attempt failed; it
// publishes again if more cosignatures came.
func (l *Log) round(ctx context.Context) error {
	tree, err := l.config.Storage.Tree(ctx)
	if err != nil {
		return err
	}
	l.metrics.integrated.Set(float64(tree.Size))
	began := time.Now()
	switch due := time.Since(l.head.Time) >= l.config.Heartbeat; {
	case tree.Size != l.head.Size || due && l.complete:
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

// advance checks, journals and signs the next head, and lets readers read up to it.
func (l *Log) advance(ctx context.Context, tree Tree) error {
	if err := check(ctx, l.config.Storage, l.head, tree); err != nil {
		return l.failed("check", err)
	}
	next := Head{Tree: tree, Time: now()}
	if next.Time.Before(l.head.Time) {
		next.Time = l.head.Time
	}
	if err := l.config.Storage.Sign(ctx, l.head, next); err != nil {
		return l.failed("journal", err)
	}
	l.head, l.complete = next, false
	signed, err := l.sign(next)
	if err != nil {
		return l.failed("sign", err)
	}
	l.note = signed
	l.show(next)
	return nil
}

// sign signs a head that is journalled.
func (l *Log) sign(h Head) ([]byte, error) {
	cp := receipt.Checkpoint{Origin: l.config.Origin, Size: h.Size, Root: h.Root}
	return cp.Sign(l.config.Signers...)
}

// show lets readers read up to a head.
func (l *Log) show(h Head) {
	l.signed.Store(h.Size)
	l.metrics.signed.Set(float64(h.Size))
}

// publish gathers a quorum for the signed head and publishes it.
func (l *Log) publish(ctx context.Context) error {
	checkpoint := l.note
	if l.config.Cosigner != nil {
		ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
		defer cancel()
		var err error
		if checkpoint, err = l.config.Cosigner.Cosign(ctx, l.note); err != nil {
			return l.failed("cosign", err)
		}
	}
	return l.finish(ctx, checkpoint)
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

// drain takes no more entries, waits until what was accepted is integrated, and publishes it.
func (l *Log) drain(ctx context.Context, sure bool) error {
	l.close()
	if !sure || l.refuse.Load() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.config.Timeout)
	defer cancel()
	tick := time.NewTicker(min(l.config.Interval, 20*time.Millisecond))
	defer tick.Stop()
	for l.head.Size < l.durable.Load() || !l.complete {
		if err := l.round(ctx); err != nil {
			l.report(err)
			if l.refuse.Load() != nil {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			l.config.Logger.Warn("stopped before everything accepted was published; it is durable, and the next start publishes it",
				"published", l.size, "accepted", l.durable.Load())
			return nil
		}
	}
	return nil
}

// failed counts a failed step.
func (l *Log) failed(step string, err error) error {
	l.metrics.failures.WithLabelValues(step).Inc()
	return fmt.Errorf("%s: %w", step, err)
}

// stop ends signing and accepting for good.
func (l *Log) stop(err error) {
	l.refuse.Store(&err)
	l.metrics.readOnly.Set(1)
	l.config.Logger.Error("the log is read-only: it signs and accepts nothing until the cause is found; reads go on",
		"err", err)
}

// complaint keeps one lasting fault from filling the log.
type complaint struct {
	text string
	at   time.Time
}

// report logs a failed round, once a minute as long as it says the same.
func (l *Log) report(err error) {
	switch {
	case err == nil:
		l.complain = complaint{}
	case errors.Is(err, errStop), errors.Is(err, ErrConflict), errors.Is(err, ErrAhead):
		l.stop(err)
	case err.Error() != l.complain.text || time.Since(l.complain.at) >= time.Minute:
		l.complain = complaint{err.Error(), time.Now()}
		l.config.Logger.Error("nothing is published; it is tried again", "err", err, "size", l.head.Size)
	}
}

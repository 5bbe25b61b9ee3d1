// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cocket.example/client"
	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/declaration"
	"cocket.example/receipt"
)

const (
	batchSize = 250
	workers   = 4
	patience  = 30 * time.Second // for a receipt
)

// loader submits the entries, fetches a receipt for each, and verifies it as its holder would.
type loader struct {
	client   *client.Client
	policy   receipt.Policy
	progress *progress.Progress

	mu     sync.Mutex
	result result
	seen   map[string]receipt.Trusted // by checkpoint: signatures are checked once
}

// load runs the batches through a few workers.
func load(ctx context.Context, c Config, s *Site, in sealed) (result, error) {
	cl, err := client.New(client.Config{URL: s.LogURL, Token: s.Token})
	if err != nil {
		return result{}, err
	}
	l := &loader{
		client: cl, policy: s.Policy, seen: make(map[string]receipt.Trusted),
		progress: progress.New(c.Err, "submitted and verified", len(in.entries)),
	}
	defer l.progress.Done()
	g, loading := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i := 0; i < len(in.entries) && loading.Err() == nil; i += batchSize {
		batch := in.entries[i:min(i+batchSize, len(in.entries))]
		g.Go(func() error { return l.batch(loading, batch) })
	}
	err = g.Wait()
	if err == nil {
		l.late(ctx)
	}
	return l.result, err
}

// late gives witnesses that were not needed for a quorum a moment to cosign the last checkpoint, which
// the log then publishes again with theirs.
func (l *loader) late(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	for len(l.result.witnesses) < len(l.policy.Witnesses) {
		checkpoint, err := l.client.Checkpoint(ctx)
		if err != nil {
			return
		}
		if trusted, err := l.policy.Verify(checkpoint); err == nil {
			l.result.saw(trusted)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

func (l *loader) batch(ctx context.Context, entries [][]byte) error {
	began := time.Now()
	index, err := l.client.SubmitBatch(ctx, entries)
	if err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	appended := time.Since(began)
	// The last index is covered last; with its receipt the others can be had.
	if _, err := l.client.Receipt(ctx, index[len(index)-1], patience); err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	covered := time.Since(began)
	l.mu.Lock()
	l.result.submitted += len(entries)
	l.result.append = append(l.result.append, appended)
	l.result.receipt = append(l.result.receipt, covered)
	l.mu.Unlock()
	for i, entry := range entries {
		b, err := l.client.Receipt(ctx, index[i], patience)
		if err == nil {
			err = l.verify(entry, b)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.record(index[i], err)
	}
	l.progress.Add(len(entries))
	return nil
}

// verify checks one receipt with nothing but the policy.
func (l *loader) verify(entry, b []byte) error {
	r, err := receipt.Parse(b)
	if err != nil {
		return err
	}
	l.mu.Lock()
	trusted, ok := l.seen[string(r.Checkpoint)]
	l.mu.Unlock()
	if !ok {
		if trusted, err = l.policy.Verify(r.Checkpoint); err != nil {
			return err
		}
		l.mu.Lock()
		l.seen[string(r.Checkpoint)] = trusted
		l.result.saw(trusted)
		l.mu.Unlock()
	}
	e, err := declaration.Parse(entry)
	if err != nil {
		return err
	}
	if e.Log != trusted.Report().Checkpoint.Origin {
		return fmt.Errorf("the entry is for %s", e.Log)
	}
	return trusted.Includes(declaration.LeafHash(entry), r)
}

func (l *loader) record(index uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.result.verified++
		return
	}
	l.result.failed = append(l.result.failed, fmt.Errorf("entry %d does not verify: %w", index, err))
}

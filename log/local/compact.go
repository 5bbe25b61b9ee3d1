// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"slices"
)

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run writes runs and merges them until ctx ends. Errors are tried again: the index is not needed
// for what is acknowledged to be durable, but the sequencer waits for it.
func (x *index) run(ctx context.Context, failed func(error)) error {
	merging := make(chan struct{}, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range merging {
			for ctx.Err() == nil && x.mergeable() >= 0 {
				if err := x.merge(ctx); err != nil {
					if ctx.Err() == nil {
						failed(err)
					}
					break
				}
			}
		}
	}()
	defer func() { close(merging); <-done }()
	for {
		select {
		case <-x.work:
		case <-ctx.Done():
			return nil
		}
		if err := x.flush(); err != nil {
			failed(err)
			if !sleep(ctx, stepRetry) {
				return nil
			}
			notify(x.work)
			continue
		}
		notify(x.ready)
		notify(merging)
	}
}

// flush makes the frozen table a run.
func (x *index) flush() error {
	x.mu.RLock()
	t := x.frozen
	x.mu.RUnlock()
	if t == nil {
		return nil
	}
	w, err := newRunWriter(x.fs, t.first, t.end())
	if err != nil {
		return err
	}
	for _, p := range t.sorted() {
		w.add(p)
	}
	if err := w.finish(x.id); err != nil {
		return err
	}
	r, err := openRun(x.fs, x.id, t.first, t.end(), false)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.runs, x.frozen, x.spare = append(x.runs, r), nil, t
	return nil
}

// mergeable returns the place of a run that is shorter than twice its neighbour on the right, the
// rightmost, or -1.
func (x *index) mergeable() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for i := len(x.runs) - 2; i >= 0; i-- {
		a, b := x.runs[i].len(), x.runs[i+1].len()
		if a < 2*b && a+b <= runLimit {
			return i
		}
	}
	return -1
}

// merge replaces two neighbours by one run. Nobody else replaces runs meanwhile.
func (x *index) merge(ctx context.Context) error {
	i := x.mergeable()
	x.mu.RLock()
	a, b := x.runs[i], x.runs[i+1]
	x.mu.RUnlock()
	if err := mergeRuns(ctx, x.fs, x.id, a, b); err != nil {
		return err
	}
	r, err := openRun(x.fs, x.id, a.first, b.end, false)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.runs = slices.Replace(x.runs, i, i+2, r)
	x.buried = append(x.buried, a.name, b.name)
	return errors.Join(a.unmap(), b.unmap())
}

// dead returns the files that a later SyncAll makes needless, and bury removes them after it. One
// that cannot be removed does no harm.
func (x *index) dead() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	names := x.buried
	x.buried = nil
	return names
}

func (x *index) bury(names []string) {
	for _, name := range names {
		x.fs.Remove(name)
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"iter"
	"runtime"

	"filippo.io/age"
	"golang.org/x/sync/errgroup"

	"cocket.example/cmd/cocket/internal/progress"
)

// inOrder lets all cores work on what comes, and hands it on in the order in which it came:
//
//	items ─┬─▶ queue ──────────────────▶ take
//	       └─▶ todo ─▶ work ─▶ done ──────┘
//
// What is under way is bounded by the queue. It stops at the first error.
func inOrder[T any](ctx context.Context, items iter.Seq2[T, error], work func(T), take func(T) error) error {
	type task struct {
		item T
		done chan struct{}
	}
	g, ctx := errgroup.WithContext(ctx)
	todo, queue := make(chan task), make(chan task, 2*runtime.NumCPU())
	g.Go(func() error {
		defer close(todo)
		defer close(queue)
		for item, err := range items {
			if err != nil {
				return err
			}
			t := task{item, make(chan struct{})}
			for _, to := range []chan task{queue, todo} {
				select {
				case to <- t:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range runtime.NumCPU() {
		g.Go(func() error {
			for t := range todo {
				work(t.item)
				close(t.done)
			}
			return nil
		})
	}
	g.Go(func() error {
		for t := range queue {
			select {
			case <-t.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := take(t.item); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// reading is what reads sources, and shows how far it is.
type reading struct {
	sources    []source
	identities []age.Identity // for what is encrypted
	progress   *progress.Progress
}

const kilobyte = 1000 // bytes

// newReading counts kilobytes, since how many entries there are is not known before.
func newReading(sources []source, identities []age.Identity, what string, w io.Writer) reading {
	var total int64
	for _, s := range sources {
		total += s.size
	}
	return reading{sources, identities, progress.New(w, what, int(total/kilobyte))}
}

// each opens what the sources hold, over all cores, and hands it on in its order. What does not open
// is handed on with its error.
func (r reading) each(ctx context.Context, take func(record) error) error {
	defer r.progress.Done()
	read := 0
	return inOrder(ctx, r.chunks, chunk.open, func(c chunk) error {
		for _, each := range c.records {
			if err := take(each); err != nil {
				return err
			}
		}
		r.progress.Add((read+c.bytes)/kilobyte - read/kilobyte)
		read += c.bytes
		return nil
	})
}

func (r reading) chunks(yield func(chunk, error) bool) {
	for _, s := range r.sources {
		for c, err := range s.chunks(r.identities) {
			if !yield(c, err) {
				return
			}
		}
	}
}

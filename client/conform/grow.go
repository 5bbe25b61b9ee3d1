// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"cocket.example/client"
)

const (
	parallel  = 64 // entries that are sent at once to a log that takes no batches
	fewest    = 16 // entries for which a batch is tried
	maxSingle = 20 // attempts for one entry, since some logs push back for seconds
)

// errBudget means that as many entries were added as may be.
var errBudget = errors.New("--max-entries is reached")

// adder adds entries that nobody added before. Several goroutines may use it.
type adder struct {
	client *client.Client
	once   *client.Client // does not try again
	run    string         // makes this run's entries differ from those of others

	left, number, added atomic.Int64
	top                 atomic.Int64 // the largest size that the log has acknowledged to us
	single              atomic.Bool  // it takes no batches
}

func newAdder(c Config) (*adder, error) {
	config := client.Config{URL: c.Add, Token: c.Token, Attempts: maxSingle, Timeout: c.Timeout}
	if c.Transport != nil {
		config.Transport = c.Transport
	}
	a := &adder{run: rand.Text()}
	a.left.Store(c.MaxEntries)
	var err error
	if a.client, err = client.New(config); err != nil {
		return nil, fmt.Errorf("--add: %w", err)
	}
	config.Attempts = 1
	a.once, err = client.New(config)
	return a, err
}

// entry makes a new entry, which compresses.
func (a *adder) entry() []byte {
	return fmt.Appendf(nil, "entry %d of the conformance test %s; it says nothing, and may be ignored",
		a.number.Add(1), a.run)
}

// add adds one entry and returns its index.
func (a *adder) add(ctx context.Context, entry []byte) (int64, error) {
	if a.left.Add(-1) < 0 {
		return 0, errBudget
	}
	index, err := a.client.Submit(ctx, entry)
	if err != nil {
		return 0, addError(err)
	}
	a.acknowledged(index, 1)
	return int64(index), nil
}

// acknowledged notes that the log holds this index, the largest of n.
func (a *adder) acknowledged(index uint64, n int64) {
	a.added.Add(n)
	for size := int64(index) + 1; ; {
		top := a.top.Load()
		if size <= top || a.top.CompareAndSwap(top, size) {
			return
		}
	}
}

// addMany adds n entries: as a batch, where the log takes batches.
func (a *adder) addMany(ctx context.Context, n int64) error {
	if n >= fewest && !a.single.Load() {
		err := a.addBatch(ctx, n)
		if !noBatches(err) {
			return err
		}
		a.single.Store(true)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for range n {
		g.Go(func() error {
			_, err := a.add(ctx, a.entry())
			return err
		})
	}
	return g.Wait()
}

func (a *adder) addBatch(ctx context.Context, n int64) error {
	if a.left.Load() < n {
		return errBudget
	}
	batch := make([][]byte, n)
	for i := range batch {
		batch[i] = a.entry()
	}
	indexes, err := a.client.SubmitBatch(ctx, batch)
	if err != nil {
		return addError(err)
	}
	a.left.Add(-n)
	a.acknowledged(slices.Max(indexes), n)
	return nil
}

// addError says what to do next where the log does not want what is added.
func addError(err error) error {
	if refused(err) {
		return fmt.Errorf("adding an entry: %w: want a log that takes any bytes, as cocketd with entries: any", err)
	}
	return fmt.Errorf("adding an entry: %w", err)
}

// noBatches reports whether the log does not know POST /add-batch, as most do not.
func noBatches(err error) bool {
	var refusal *client.Error
	return errors.As(err, &refusal) && slices.Contains([]int{http.StatusBadRequest, http.StatusNotFound,
		http.StatusMethodNotAllowed, http.StatusNotImplemented}, refusal.Status)
}

// keepBusy adds up to n entries from several goroutines until stop is called, which waits for those
// that are on their way, so that all are counted.
func (a *adder) keepBusy(ctx context.Context, n int64) (stop func()) {
	const workers = 4
	going, cancel := context.WithCancel(ctx)
	var g errgroup.Group
	for range workers {
		g.Go(func() error {
			for i := int64(0); i < n/workers && going.Err() == nil; i++ {
				if _, err := a.add(ctx, a.entry()); err != nil {
					return err // what matters of it, the one in the foreground meets as well
				}
			}
			return nil
		})
	}
	return func() {
		cancel()
		_ = g.Wait()
	}
}

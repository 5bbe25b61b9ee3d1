// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"cocket.example/client"
	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/cmd/internal/keyfile"
	"cocket.example/receipt"
)

const (
	requestEntries = 32_768   // of one request, whose run of indexes is one range as a rule
	requestBytes   = 16 << 20 // of its entries, with a length of 2 bytes each
	patience       = 20       // attempts of a request, some three minutes if the log is away
	waiting        = 4        // requests whose batch receipts are waited for at a time
)

// request is what is sent at once.
type request struct {
	first  record // names the place of the first entry in errors
	data   [][]byte
	leaves []receipt.Hash
	bytes  int
}

// file appends what is missing and writes the batch receipt of each range of indexes that it got.
//
//	pack ▸ requests, in order ▸ append ▸ places ▸ fetch, several at a time
//
// Requests go one after another, since an amendment may stand in a later one than its target. The next
// is packed meanwhile, and receipts are waited for behind.
func (b *batchSubmission) file(ctx context.Context) error {
	c, err := b.client(0)
	if err != nil {
		return err
	}
	patient, err := b.client(patience)
	if err != nil {
		return err
	}
	what, total := "filed", b.entries.missing(b.held)
	if total == 0 {
		what, total = "found on file", len(b.entries.prefixes)
	}
	p := progress.New(b.progress, what, total)
	defer p.Done()
	g, ctx := errgroup.WithContext(ctx)
	requests, filed := make(chan request), make(chan []place)
	g.Go(func() error {
		defer close(requests)
		return b.pack(ctx, requests, func() {
			if what != "filed" {
				p.Add(1)
			}
		})
	})
	g.Go(func() error {
		defer close(filed)
		for r := range requests {
			places, err := r.send(ctx, c)
			if err == nil {
				err = hand(ctx, filed, places)
			}
			if err != nil {
				return err
			}
			c = patient // the log is there, and will come back
		}
		return nil
	})
	for range waiting {
		g.Go(func() error {
			for places := range filed {
				if err := b.finish(ctx, patient, places); err != nil {
					return err
				}
				p.Add(len(places))
			}
			return nil
		})
	}
	return g.Wait()
}

// client sends a request so often at most; 0 is the default, which soon says that an address is wrong.
func (b *batchSubmission) client(attempts int) (*client.Client, error) {
	token, err := keyfile.Read(b.token)
	if err != nil {
		return nil, fmt.Errorf("--token-file: %w", err)
	}
	return client.New(client.Config{URL: b.url, Token: token, Attempts: attempts})
}

// hand hands on to whoever takes it, unless ctx ends.
func hand[T any](ctx context.Context, to chan<- T, item T) error {
	select {
	case to <- item:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pack puts what is missing into requests, in its order, and counts what is not.
func (b *batchSubmission) pack(ctx context.Context, to chan<- request, found func()) error {
	var next request
	err := b.entries.each(ctx, func(r record) error {
		if held, err := b.isHeld(r.leaf); err != nil {
			return err
		} else if held {
			found()
			return nil
		}
		if len(next.data) == requestEntries || next.bytes+2+len(r.data) > requestBytes {
			if err := hand(ctx, to, next); err != nil {
				return err
			}
			next = request{}
		}
		if next.data == nil {
			next.first = r
		}
		next.data, next.leaves = append(next.data, r.data), append(next.leaves, r.leaf)
		next.bytes += 2 + len(r.data)
		return nil
	})
	if err != nil || next.data == nil {
		return err
	}
	return hand(ctx, to, next)
}

// place is where a leaf is in the log, as the log said.
type place struct {
	index uint64
	leaf  receipt.Hash
}

// send appends the entries.
func (r request) send(ctx context.Context, c *client.Client) ([]place, error) {
	index, err := c.SubmitBatch(ctx, r.data)
	if err != nil {
		return nil, fmt.Errorf("the request of %d entries that begins with %v: %w", len(r.data), r.first, err)
	}
	places := make([]place, len(index))
	for i := range index {
		places[i] = place{index[i], r.leaves[i]}
	}
	return places, nil
}

// finish fetches the batch receipts of what one request filed.
func (b *batchSubmission) finish(ctx context.Context, c *client.Client, places []place) error {
	ranges, err := rangesOf(places)
	if err != nil {
		return err
	}
	var bridge *leafReader
	if len(ranges) > manyRanges {
		if bridge, err = b.bridge(ctx, c, ranges); err != nil {
			return err
		}
	}
	for len(ranges) > 0 {
		r, n := ranges[0], 1
		if bridge != nil {
			if r, n, err = bridge.join(ctx, ranges); err != nil {
				return err
			}
		}
		if err := b.fetch(ctx, c, r); err != nil {
			return err
		}
		ranges = ranges[n:]
	}
	return nil
}

// rangesOf sorts places by index and splits them where the indexes are not consecutive: entries that
// the log held already lie elsewhere.
func rangesOf(places []place) (ranges [][]place, err error) {
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.index, b.index) })
	for start := 0; start < len(places); {
		end := start + 1
		for end < len(places) && places[end].index == places[end-1].index+1 {
			end++
		}
		if end < len(places) && places[end].index == places[end-1].index {
			return nil, refutedError{fmt.Errorf("the log gave two different entries the index %d", places[end].index)}
		}
		ranges, start = append(ranges, places[start:end]), end
	}
	return ranges, nil
}

// fetch waits for the batch receipt of a range, verifies it and writes it.
func (b *batchSubmission) fetch(ctx context.Context, c *client.Client, r []place) (err error) {
	start, end := bounds(r)
	f := batchFile{path: filepath.Join(b.out.path, fmt.Sprintf("%d-%d%s", start, end, batchSuffix))}
	if f.batch, err = b.await(ctx, c, start, end); err != nil {
		return err
	}
	for _, place := range r {
		f.leaves = append(f.leaves, place.leaf)
	}
	known, err := b.check(f)
	if err != nil {
		return unverified(err)
	}
	if err := f.write(b.out.force); err != nil {
		return err
	}
	b.count(known.NoLaterThan)
	return nil
}

func bounds(r []place) (start, end uint64) { return r[0].index, r[len(r)-1].index + 1 }

// await waits for a batch receipt. It is one of this range, and not verified.
func (b *batchSubmission) await(ctx context.Context, c *client.Client, start, end uint64) (r receipt.Batch, err error) {
	text, err := c.BatchReceipt(ctx, start, end, b.wait)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r, fmt.Errorf("the entries %d to %d are durable, but no quorum of witnesses cosigned them "+
			"within %v: run the same command again later, which is safe", start, end-1, b.wait)
	case errors.Is(err, client.ErrNoReceipt):
		return r, unverified(err)
	case err != nil:
		return r, fmt.Errorf("the entries %d to %d are durable, their receipt is missing: %w", start, end-1, err)
	}
	if r, err = receipt.ParseBatch(text); err != nil {
		err = unverified(err)
	}
	return r, err
}

func unverified(err error) error {
	return refutedError{fmt.Errorf("the log's batch receipt does not verify, it was not written: %w", err)}
}

// check verifies a batch receipt: signatures, quorum, that all leaves are in the tree, and that it is
// of the log that the entries are for.
func (b *batchSubmission) check(f batchFile) (receipt.Report, error) {
	trusted, err := b.policy.Verify(f.batch.Checkpoint)
	if err != nil {
		return receipt.Report{}, err
	}
	known := trusted.Report()
	if origin := known.Checkpoint.Origin; origin != b.entries.origin {
		return known, fmt.Errorf("the entries are for %s, the receipt is of %s", b.entries.origin, origin)
	}
	return known, trusted.IncludesBatch(f.leaves, f.batch)
}

// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cocket.example/client"
	"cocket.example/receipt"
)

// giver is a source that gives receipts; client.Client is one.
type giver interface {
	Receipt(ctx context.Context, index uint64, wait time.Duration) ([]byte, error)
}

// receipts fills in the receipts of an entry and of its events.
func (a asker) receipts(ctx context.Context, x *Answer) (err error) {
	if x.Receipt, x.OnFile, err = a.receipt(ctx, x.Index, x.Leaf); err != nil {
		return err
	}
	var events []*Event
	for i := range x.Events {
		events = append(events, &x.Events[i])
	}
	for _, e := range []*Event{x.Winner, x.Doubt} {
		if e != nil {
			events = append(events, e)
		}
	}
	for i, e := range events {
		a.proving(i+1, len(events))
		if e.Receipt, e.Time, err = a.receipt(ctx, e.Index, e.Leaf); err != nil {
			return err
		}
	}
	return nil
}

// receipt returns the log's own receipt, which is for an early checkpoint, if it is good and of a tree that
// this one goes on from; else one for this tree, made from its tiles.
func (a asker) receipt(ctx context.Context, index uint64, leaf receipt.Hash) (b []byte, t time.Time, err error) {
	if g, ok := a.Source.(giver); ok {
		b, t, err = a.early(ctx, g, filed{index: index, leaf: leaf})
		if err == nil {
			err = a.spend(b)
		}
		if err == nil || errors.Is(err, client.ErrFork) || ctx.Err() != nil {
			return b, t, err
		}
	}
	r, err := a.prove(ctx, index)
	if err == nil {
		err = a.trusted.Includes(leaf, r)
	}
	b = r.Bytes()
	return b, a.trusted.Report().NoLaterThan, errors.Join(err, a.spend(b))
}

// early asks for the log's receipt and verifies it.
func (a asker) early(ctx context.Context, g giver, f filed) (b []byte, t time.Time, err error) {
	if b, err = g.Receipt(ctx, f.index, 0); err != nil {
		return nil, t, err
	}
	r, err := receipt.Parse(b)
	if err != nil {
		return nil, t, err
	}
	trusted, err := a.Policy.Verify(r.Checkpoint)
	if err == nil {
		err = trusted.Includes(f.leaf, r)
	}
	if err != nil {
		return nil, t, err
	}
	if err := a.follows(ctx, trusted); err != nil {
		return nil, t, fmt.Errorf("the log's receipt of entry %d: %w", f.index, err)
	}
	return b, trusted.Report().NoLaterThan, nil
}

// sortEvents puts events in log order.
func sortEvents(events []Event) {
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.Index, b.Index) })
}

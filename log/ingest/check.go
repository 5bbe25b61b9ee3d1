// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"cocket.example/declaration"
	"cocket.example/log"
	"cocket.example/log/internal/web"
)

// check judges every entry of a batch by itself, and then what they refer to, when all entries that
// may be named are known to be well-formed.
func (h *Handler) check(ctx context.Context, r request, batch []log.Entry) error {
	list, err := h.judge(r, batch)
	if err != nil || len(list) == 0 {
		return err
	}
	refs := newReferences(h.config.Log, batch)
	for _, ref := range list {
		if err := refs.check(ctx, ref); err != nil {
			return r.name(ref.position, err)
		}
	}
	return nil
}

// name says which entry of a batch an error is about; a single entry needs no name.
func (r request) name(i int, err error) error {
	if r.format.single {
		return err
	}
	return named(i, err)
}

// named puts the position of an entry before a refusal, and leaves other errors alone.
func named(i int, err error) error {
	var refusal *web.Error
	if !errors.As(err, &refusal) {
		return fmt.Errorf("entry %d: %w", i, err)
	}
	withName := *refusal
	withName.Text = fmt.Sprintf("entry %d: %s", i, refusal.Text)
	return &withName
}

// reference is an entry at a position of the batch that amends or withdraws another.
type reference struct {
	position int
	entry    declaration.Entry
}

// references checks what the entries of one batch refer to.
type references struct {
	log   Log
	batch []log.Entry
	first map[[32]byte]int // leaf hash → its first position in the batch
}

func newReferences(l Log, batch []log.Entry) *references {
	r := &references{log: l, batch: batch, first: make(map[[32]byte]int, len(batch))}
	for i := range batch {
		if _, ok := r.first[batch[i].Leaf]; !ok {
			r.first[batch[i].Leaf] = i
		}
	}
	return r
}

// check passes an entry that the log holds already, or that stands in the batch before: it gets the
// index that it has. For any other it looks at the target.
func (r *references) check(ctx context.Context, ref reference) error {
	leaf := r.batch[ref.position].Leaf
	if r.first[leaf] < ref.position {
		return nil
	}
	_, known, err := r.log.Lookup(ctx, leaf)
	if err != nil || known {
		return err
	}
	target, err := r.target(ctx, ref)
	if err != nil {
		return err
	}
	if err := ref.entry.CheckRefers(target); err != nil {
		return web.Errorf(http.StatusConflict, "%s", withoutValues(err, nil))
	}
	return nil
}

// target reads the entry that is referred to: an earlier one of the batch, or one in the log.
func (r *references) target(ctx context.Context, ref reference) (declaration.Entry, error) {
	data, err := r.targetData(ctx, ref)
	if err != nil {
		return declaration.Entry{}, err
	}
	target, err := declaration.Parse(data)
	if err != nil {
		return target, web.Errorf(http.StatusConflict, "line refers names an entry that is no declaration")
	}
	return target, nil
}

func (r *references) targetData(ctx context.Context, ref reference) ([]byte, error) {
	leaf := *ref.entry.Refers
	if i, ok := r.first[leaf]; ok && i < ref.position {
		return r.batch[i].Data, nil
	}
	index, ok, err := r.log.Lookup(ctx, leaf)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, web.Errorf(http.StatusConflict,
			"line refers names no entry of this log, want the leaf hash of an entry that was acknowledged")
	}
	return r.log.Entry(ctx, index)
}

// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"cocket.example/declaration"
	"cocket.example/log"
	"cocket.example/log/internal/web"
)

// prefix begins every declaration, of whatever version.
var prefix = []byte("cocket-entry/")

// check judges every entry of a batch; the first that is bad refuses the whole. References are
// looked at last, when all entries that they may name are known to be well-formed.
func (h *Handler) check(ctx context.Context, r request, batch []log.Entry) error {
	name := func(i int, err error) error {
		if r.format.single { // a single entry needs no name
			return err
		}
		return named(i, err)
	}
	refs := references{log: h.config.Log, batch: batch}
	for i := range batch {
		if h.config.Entries == Any && !bytes.HasPrefix(batch[i].Data, prefix) {
			continue
		}
		e, err := h.parse(batch[i].Data, r.who)
		if err != nil {
			return name(i, err)
		}
		if e.Refers != nil {
			refs.add(i, e)
		}
	}
	for _, ref := range refs.list {
		if err := refs.check(ctx, ref); err != nil {
			return name(ref.position, err)
		}
	}
	return nil
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

// parse parses one entry and checks that it is for this log and by this submitter.
func (h *Handler) parse(data []byte, who *submitter) (declaration.Entry, error) {
	e, err := declaration.Parse(data)
	if err != nil {
		return e, web.Errorf(http.StatusBadRequest, "not an entry that this log takes: %s", withoutValues(err, data))
	}
	if e.Log != h.config.Log.Origin() {
		return e, web.Errorf(http.StatusBadRequest, "line log names another log, want %s", h.config.Log.Origin())
	}
	return e, who.allow(e)
}

// references checks what the entries of one batch refer to.
type references struct {
	log   Log
	batch []log.Entry
	list  []reference
	first map[[32]byte]int // leaf hash → its first position in the batch; made when it is needed
}

// reference is an entry at a position of the batch that amends or withdraws another.
type reference struct {
	position int
	entry    declaration.Entry
}

func (r *references) add(position int, e declaration.Entry) {
	r.list = append(r.list, reference{position, e})
	if r.first != nil {
		return
	}
	r.first = make(map[[32]byte]int, len(r.batch))
	for i := range r.batch {
		if _, ok := r.first[r.batch[i].Leaf]; !ok {
			r.first[r.batch[i].Leaf] = i
		}
	}
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

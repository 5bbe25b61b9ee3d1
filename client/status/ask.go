// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"cocket.example/client"
	"cocket.example/declaration"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// Ask answers how entries stand, all in the same tree, in the order of the leaf hashes given. An error
// that wraps ErrNotFiled, ErrContradiction, client.ErrFork or client.ErrStale says what is wrong with
// the question or the log; others say what kept it from being tried. One that concerns some of the entries alone
// is also the Err of their answers, and the others are answered all the same.
func Ask(ctx context.Context, c Config, leaves ...receipt.Hash) ([]Answer, error) {
	c = c.withDefaults()
	s, before, err := load(c.State, c.Policy)
	if err != nil {
		return nil, err
	}
	t, err := c.look(ctx, before)
	if err != nil {
		return nil, err
	}
	left := maxBytes
	a := asker{tree: t, register: told{t}, left: &left}
	if c.Read {
		r := &register{tree: t}
		a.register = r
		if err := r.read(ctx, s, leaves); err != nil {
			return nil, err
		}
	} else if _, ok := c.Source.(teller); !ok {
		return nil, errors.New("a directory cannot be asked what refers to an entry: it must be read")
	}
	return a.each(ctx, leaves)
}

// each answers about one entry after another. It ends early where the log can be asked no more, or has forked.
func (a asker) each(ctx context.Context, leaves []receipt.Hash) ([]Answer, error) {
	answers := make([]Answer, len(leaves))
	var none []error
	for i, leaf := range leaves {
		var err error
		if answers[i], err = a.answer(ctx, leaf); err == nil {
			continue
		}
		answers[i] = a.blank(leaf)
		answers[i].Err = err
		err = fmt.Errorf("leaf hash %s: %w", encode(leaf), err)
		if ctx.Err() != nil || errors.Is(err, client.ErrFork) || errors.Is(err, client.ErrUnreachable) {
			return nil, err
		}
		none = append(none, err)
	}
	return answers, errors.Join(none...)
}

// tree is the tree that everything is looked up in, and verified against.
type tree struct {
	Config
	receipt.Checkpoint
	trusted receipt.Trusted
	tiles   *cache
}

// look fetches the published checkpoint and verifies it; it must go on from what was known before.
func (c Config) look(ctx context.Context, before receipt.Trusted) (t tree, err error) {
	signed, err := c.Source.Checkpoint(ctx)
	if err != nil {
		return t, fmt.Errorf("reading the checkpoint: %w", err)
	}
	trusted, err := c.Policy.Verify(signed)
	if err != nil {
		return t, fmt.Errorf("the log's checkpoint: %w", err)
	}
	t = tree{c, trusted.Report().Checkpoint, trusted, &cache{Source: c.Source}}
	for _, known := range append([]receipt.Trusted{before}, c.Known...) {
		if err := t.follows(ctx, known); err != nil {
			return t, fmt.Errorf("the log's checkpoint: %w", err)
		}
	}
	return t, nil
}

// filed is an entry as it was found in the tree.
type filed struct {
	index uint64
	leaf  receipt.Hash
	data  []byte
	entry declaration.Entry
	err   error // it is no entry of this format, or one that this program does not know
}

func (f *filed) parse() {
	if f.entry, f.err = declaration.Parse(f.data); f.err != nil {
		f.entry = declaration.Entry{}
	}
}

// at reads the entry at an index and verifies that the tree holds it.
func (t tree) at(ctx context.Context, index uint64) (f filed, err error) {
	data, err := tile.ReadEntry(ctx, t.tiles, index, t.Size)
	if err != nil {
		return f, fmt.Errorf("reading entry %d: %w", index, err)
	}
	data = bytes.Clone(data) // it is part of a bundle
	f = filed{index: index, leaf: declaration.LeafHash(data), data: data}
	proof, err := t.prove(ctx, index)
	if err != nil {
		return f, fmt.Errorf("proving entry %d: %w", index, err)
	}
	if err := t.trusted.Includes(f.leaf, proof); err != nil {
		return f, fmt.Errorf("%w: %w", t.untrue(), err)
	}
	f.parse()
	return f, nil
}

// untrue is what it means that bytes do not lead to the root: whoever can be asked tells them himself, and who
// reads a directory does not know who wrote to it.
func (c Config) untrue() error {
	if _, asks := c.Source.(teller); asks {
		return ErrContradiction
	}
	return ErrDamaged
}

// known is where an entry stands by a receipt.
func (t tree) known(leaf receipt.Hash) (index uint64, ok bool) {
	index, ok = t.At[leaf]
	return index, ok && index < t.Size
}

// prove makes a receipt from tiles. It is not verified.
func (t tree) prove(ctx context.Context, index uint64) (receipt.Receipt, error) {
	path, err := tile.Inclusion(ctx, t.tiles, index, t.Size)
	return receipt.Receipt{Index: index, Proof: path, Checkpoint: t.trusted.Signed()}, err
}

// refers is what an entry refers to, as far as that can be told.
func (f filed) refers() (receipt.Hash, bool) {
	if f.err == nil {
		if f.entry.Refers == nil {
			return receipt.Hash{}, false
		}
		return *f.entry.Refers, true
	}
	if errors.Is(f.err, declaration.ErrUnknown) {
		return refersTo(f.data)
	}
	return receipt.Hash{}, false
}

// teller is a source that can be asked; client.Client is one.
type teller interface {
	Lookup(ctx context.Context, leaf receipt.Hash) (index uint64, ok bool, err error)
	Refers(ctx context.Context, leaf receipt.Hash) ([]uint64, error)
}

// lister finds entries and what refers to them.
type lister interface {
	// find returns the lowest index that is known of an entry.
	find(ctx context.Context, leaf receipt.Hash) (index uint64, ok bool, err error)
	// list returns the indexes of entries that may refer to this one, ascending and below the size.
	list(ctx context.Context, f filed) ([]uint64, error)
}

// told believes what the log tells, as long as that is no contradiction.
type told struct{ tree }

func (t told) find(ctx context.Context, leaf receipt.Hash) (uint64, bool, error) {
	index, ok, err := t.Source.(teller).Lookup(ctx, leaf)
	at, known := t.known(leaf)
	switch {
	case err != nil || !known:
	case !ok:
		err = fmt.Errorf("%w: it says that it has no entry with this leaf hash, and a receipt proves that this is "+
			"entry %d (a copy that cannot be asked answers so too: read it with --scan)", ErrContradiction, at)
	default:
		index = min(index, at)
	}
	return index, ok && index < t.Size, err
}

func (t told) list(ctx context.Context, f filed) (below []uint64, err error) {
	all, err := t.Source.(teller).Refers(ctx, f.leaf)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: it holds entry %d, and says that it does not: %w", ErrContradiction, f.index, err)
	}
	for _, index := range all {
		if index < t.Size {
			below = append(below, index)
		}
	}
	return below, err
}

// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"cocket.example/client"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// register is what reading every entry has found.
type register struct {
	tree
	found []reference             // by target, then index
	seen  map[receipt.Hash]uint64 // the lowest index of each that was watched
	watch map[receipt.Hash]bool   // leaves that were watched in a reading from the first entry on
	asked map[receipt.Hash]bool   // leaves that were asked about
	noted uint64                  // entries whose references are those of the state, which nothing proves

	whole bool            // found holds every reference of the tree
	kept  map[uint64]bool // else those to these shorts, from the first entry on
	grown map[uint64]bool // and to these, from where it was seen that they matter
}

// read reads what is new since the state was kept, all if there is none, and keeps the state.
func (x *register) read(ctx context.Context, s saved, leaves []receipt.Hash) error {
	if err := x.continues(ctx, s); err != nil {
		return err
	}
	x.asked = make(map[receipt.Hash]bool)
	for _, leaf := range leaves {
		x.asked[leaf] = true
	}
	if s.edge == nil || s.edge.End() == 0 {
		x.watch = x.asked
	}
	r := newReading(x.Config, s, x.watch)
	r.kept = shorts(x.asked)
	if s.edge != nil {
		x.noted = s.edge.End()
	}
	keep := func() error { return saved{r.edge, r.found, x.trusted.Signed()}.store(x.State) }
	if err := r.to(ctx, x.Checkpoint, keep); err != nil {
		return err
	}
	if err := keep(); err != nil {
		return fmt.Errorf("keeping what was read: %w", err)
	}
	x.take(r)
	return nil
}

// take takes what a reading has found.
func (x *register) take(r *reading) {
	x.found, x.seen, x.whole, x.kept, x.grown = r.found, r.seen, r.grown == nil, r.kept, r.grown
	slices.SortFunc(x.found, func(a, b reference) int {
		return cmp.Or(cmp.Compare(a.target, b.target), cmp.Compare(a.index, b.index))
	})
}

func shorts(leaves map[receipt.Hash]bool) map[uint64]bool {
	set := make(map[uint64]bool)
	for leaf := range leaves {
		set[short(leaf[:])] = true
	}
	return set
}

// continues checks that the tree goes on from what was read before.
func (x *register) continues(ctx context.Context, s saved) error {
	if s.edge == nil {
		return nil
	}
	root, err := tile.RangeRoot(s.edge)
	if err != nil {
		return err
	}
	last := receipt.Checkpoint{Origin: x.Origin, Size: s.edge.End(), Root: root}
	err = client.Follows(ctx, x.tiles, last, x.Checkpoint)
	if errors.Is(err, client.ErrFork) || errors.Is(err, client.ErrStale) {
		// Nobody has signed what was read: the file tells of entries that were never in the signed tree.
		return fmt.Errorf("%s is of %d entries that are not those of this log, delete it to read everything again",
			x.State, last.Size)
	}
	return err
}

// find looks where an entry was seen, else asks, else reads everything once more. A log that is asked
// may name a later copy of an entry: it is not believed where something that refers to it stands before.
func (x *register) find(ctx context.Context, leaf receipt.Hash) (uint64, bool, error) {
	if index, ok := x.seen[leaf]; ok || x.watch[leaf] {
		return index, ok, nil
	}
	if !x.whole {
		return x.readFor(ctx, leaf)
	}
	first := x.candidates(leaf)
	index, ok, err := x.amongFound(ctx, leaf)
	if err == nil && !ok {
		index, ok = x.known(leaf)
	}
	if t, asks := x.Source.(teller); asks && err == nil && !ok {
		index, ok, err = t.Lookup(ctx, leaf)
	}
	if err != nil || ok && index < x.Size && (len(first) == 0 || index < first[0]) {
		return index, ok, err
	}
	return x.readFor(ctx, leaf)
}

// amongFound finds an entry that refers to another itself.
func (x *register) amongFound(ctx context.Context, leaf receipt.Hash) (index uint64, ok bool, err error) {
	for _, r := range x.found {
		if r.leaf != short(leaf[:]) || ok && r.index > index {
			continue
		}
		f, err := x.at(ctx, r.index)
		if err != nil {
			return 0, false, err
		}
		if f.leaf == leaf {
			index, ok = r.index, true
		}
	}
	return index, ok, nil
}

// readFor reads everything from the first entry on, to see where a leaf stands first and what refers to it, and so
// of each leaf before. What the state says is not needed any more.
func (x *register) readFor(ctx context.Context, leaf receipt.Hash) (uint64, bool, error) {
	watch := map[receipt.Hash]bool{leaf: true}
	maps.Copy(watch, x.asked)
	maps.Copy(watch, x.watch)
	c := x.Config
	c.State = ""
	r := newReading(c, saved{}, watch)
	r.kept = shorts(watch)
	maps.Copy(r.kept, x.kept)
	maps.Copy(r.kept, x.grown)
	if err := r.to(ctx, x.Checkpoint, func() error { return nil }); err != nil {
		return 0, false, err
	}
	x.take(r)
	x.watch, x.noted = watch, 0
	index, ok := x.seen[leaf]
	return index, ok, nil
}

func (x *register) list(ctx context.Context, f filed) ([]uint64, error) {
	if !x.whole && !x.kept[short(f.leaf[:])] {
		if _, _, err := x.readFor(ctx, f.leaf); err != nil {
			return nil, err
		}
	}
	return x.candidates(f.leaf), nil
}

// candidates are the indexes of what may refer to an entry, ascending.
func (x *register) candidates(leaf receipt.Hash) (indexes []uint64) {
	target := short(leaf[:])
	i, _ := slices.BinarySearchFunc(x.found, target, func(r reference, t uint64) int { return cmp.Compare(r.target, t) })
	for ; i < len(x.found) && x.found[i].target == target; i++ {
		indexes = append(indexes, x.found[i].index)
	}
	return indexes
}

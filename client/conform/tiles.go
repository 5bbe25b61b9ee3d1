// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/verdict"
)

// caseEmpty is L03: the root of nothing, and not a single tile (CP-5, TT-11).
func caseEmpty(ctx context.Context, s *subject, r *verdict.Result) {
	if size := s.latest.tree.N; size > 0 {
		r.Skip("the log holds %d entries: try it with a new log, before anything is added", size)
		return
	}
	empty, err := tlog.TreeHash(0, nil)
	if err != nil || s.latest.tree.Hash != empty {
		r.Fail(verdict.Must, "CP-5", s.latest.answer, "gives a tree of nothing the root %v, want %v", s.latest.tree.Hash, empty)
	}
	paths := outside(0)
	for _, t := range paths {
		judgeAbsent(r, s.tempt(ctx, t), 0)
	}
	r.Check("the checkpoint, and %d tiles and bundles that must not be there", len(paths))
}

// caseTiles is L04: exactly the tiles of the size, with exactly their bytes (TT-9, TT-11).
func caseTiles(ctx context.Context, s *subject, r *verdict.Result) {
	s.climb(ctx, r)
	if s.adder == nil {
		r.Skip("other sizes need --add")
	}
	has, hasNot := 0, 0
	var sizes []int64
	for _, at := range s.stops {
		for _, l := range at.has {
			judgePresent(r, l)
		}
		for _, l := range at.hasNot {
			judgeAbsent(r, l, at.tree.N)
		}
		has, hasNot, sizes = has+len(at.has), hasNot+len(at.hasNot), append(sizes, at.tree.N)
	}
	r.Check("at sizes %d: %d tiles and bundles that must be there, %d that must not", sizes, has, hasNot)
}

func judgePresent(r *verdict.Result, l look) {
	a := l.answer
	if !a.good() {
		r.Fail(verdict.Must, "TT-11", a, "%s, want 200: the signed tree has it", a.what())
	} else if want := l.tile.W * tlog.HashSize; l.tile.L != bundles && len(a.body) != want {
		r.Fail(verdict.Must, "TT-9", a, "has %d bytes, want %d", len(a.body), want)
	}
}

// judgeAbsent wants 404 for what a tree of this size has not. What was signed meanwhile is no fault.
func judgeAbsent(r *verdict.Result, l look, size int64) {
	switch a := l.answer; {
	case l.early:
		r.Fail(verdict.Must, "TT-11", a, "is served, though the tree of size %d has it not", size)
	case !a.good() && !a.missing():
		r.Fail(verdict.Practice, "TT-11", a, "%s, want 404: it is not there", a.what())
	}
}

// caseRetained is L05: a partial tile stays, for those who hold the checkpoint that it belongs to,
// until the full one is there (TT-12).
func caseRetained(ctx context.Context, s *subject, r *verdict.Result) {
	s.climb(ctx, r)
	asked := 0
	now := stop{tree: s.latest.tree, before: s.lookBack(ctx)} // since then, others may have added
	for _, at := range append(slices.Clone(s.stops), now) {
		for _, l := range at.before {
			if asked++; !l.answer.good() {
				r.Fail(verdict.Must, "TT-12", l.answer, "%s at size %d, want 200 until the full one is there",
					l.answer.what(), at.tree.N)
			}
		}
	}
	if asked == 0 {
		r.Skip("the log did not grow meanwhile, and needs --add to do so")
		return
	}
	r.Check("%d times a tile or bundle of an earlier size", asked)
}

// casePrefix is L06: whatever was served of a tile in two widths, the narrower is the beginning of
// the wider (TT-10), and the same of a bundle.
func casePrefix(ctx context.Context, s *subject, r *verdict.Result) {
	s.climb(ctx, r)
	pairs := 0
	for _, group := range s.widths(ctx) {
		widest := group[len(group)-1]
		for _, l := range group[:len(group)-1] {
			if l.tile.W < widest.tile.W {
				pairs++
			}
			if !bytes.HasPrefix(widest.answer.body, l.answer.body) {
				r.Fail(verdict.Must, "TT-10", l.answer, "is not the beginning of what %s was, then or later", path(widest.tile))
			}
		}
	}
	if pairs == 0 {
		r.Skip("nothing is served in two widths; with --add it will be")
		return
	}
	r.Check("%d tiles and bundles against wider ones", pairs)
}

// widths are the good answers for each tile and bundle, the narrowest first. Beside what was seen
// already, it asks for some widths that a log may keep, or serve as prefixes.
func (s *subject) widths(ctx context.Context) map[tlog.Tile][]look {
	groups := make(map[tlog.Tile][]look)
	add := func(l look) {
		key := tile(l.tile.L, l.tile.N, width)
		if l.answer.good() && l.answer.path == path(l.tile) { // not the full one in its stead
			groups[key] = append(groups[key], l)
		}
	}
	for _, at := range s.stops {
		for _, l := range slices.Concat(at.has, at.before) {
			add(l)
		}
	}
	for _, t := range some(s.latest.tree.N) {
		if t.N == 0 || t.W < width {
			for _, w := range []int64{1, int64(t.W) / 2, int64(t.W) - 1} {
				if w > 0 && w < int64(t.W) {
					narrow := tile(t.L, t.N, w)
					add(look{tile: narrow, answer: s.read(ctx, narrow)})
				}
			}
			add(look{tile: t, answer: s.read(ctx, t)})
		}
	}
	for _, group := range groups {
		slices.SortStableFunc(group, func(a, b look) int { return cmp.Compare(a.tile.W, b.tile.W) })
	}
	return groups
}

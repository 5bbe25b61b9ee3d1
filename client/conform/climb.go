// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/verdict"
)

// Sizes at which tiles begin, fill and run over, and with Large those at which a second level does.
var (
	usualSizes = []int64{1, 2, 255, 256, 257, 511, 512}
	largeSizes = []int64{65_535, 65_536, 65_537, 70_000}
)

// maxBefore bounds the earlier sizes whose partial tiles are asked for at one stop.
const maxBefore = 32

// stop is a size at which the log was looked at.
//
//	what an earlier size had       what this size has      what it has not
//	(it may be replaced by         ┌──────────────┬───┐ ┌ ─ ─ ─ ┬ ─ ─ ─ ┐
//	 the full one)                 │  full        │.p/W  wider   the next
//	                               └──────────────┴───┘ └ ─ ─ ─ ┴ ─ ─ ─ ┘
type stop struct {
	tree   tlog.Tree
	has    []look
	hasNot []look
	before []look
}

// look is a tile or bundle, and what the log answered for it.
type look struct {
	tile   tlog.Tile
	answer answer
	early  bool // it was served, and no checkpoint covered it even after the grace
}

// climb looks at the log as it is, and, where entries may be added, at each of the sizes up to which
// it grows. It does so once: several cases judge what was seen.
func (s *subject) climb(ctx context.Context, r *verdict.Result) {
	if len(s.stops) > 0 {
		return
	}
	s.look(ctx)
	if s.adder == nil {
		return
	}
	for _, size := range s.plan(r) {
		if !s.grow(ctx, size, r) {
			return
		}
		s.look(ctx)
	}
}

// plan lists the sizes at which to stop: those that are still ahead, or else the next end of a tile.
func (s *subject) plan(r *verdict.Result) (sizes []int64) {
	now := s.latest.tree.N
	all := slices.Clone(usualSizes)
	if s.config.Large {
		all = append(all, largeSizes...)
	} else {
		r.Skip("sizes around 65,536 need --large")
	}
	for _, size := range all {
		if size <= now {
			r.Skip("some sizes are behind: a new log shows all of them")
			continue
		}
		if size-now > s.adder.left.Load() {
			r.Skip("sizes from %d on are out of reach of --max-entries", size)
			break
		}
		sizes = append(sizes, size)
	}
	if full := (now/width + 1) * width; len(sizes) == 0 && full+1-now <= s.adder.left.Load() {
		sizes = slices.DeleteFunc([]int64{full - 1, full, full + 1}, func(size int64) bool { return size <= now })
	}
	return sizes
}

// grow adds entries up to a size, and waits for a checkpoint that covers it.
func (s *subject) grow(ctx context.Context, size int64, r *verdict.Result) bool {
	n := size - s.latest.tree.N
	if n <= 0 {
		return true // others add, too
	}
	if err := s.adder.addMany(ctx, n); errors.Is(err, errBudget) {
		r.Skip("%v", err)
		return false
	} else if err != nil {
		s.err = err
		return false
	}
	if !s.await(ctx, size) {
		r.Fail(verdict.Practice, "TT-3", s.latest.answer, "does not cover what was added %v ago: its size is %d, want %d",
			s.config.Timeout, s.latest.tree.N, size)
		return false
	}
	return true
}

// look asks for what the largest checkpoint says that there is, and for what it says that there is not.
func (s *subject) look(ctx context.Context) {
	at := stop{tree: s.latest.tree}
	for _, t := range some(at.tree.N) {
		at.has = append(at.has, look{tile: t, answer: s.read(ctx, t)})
	}
	for _, t := range outside(at.tree.N) {
		at.hasNot = append(at.hasNot, s.tempt(ctx, t))
	}
	at.before = s.lookBack(ctx)
	s.stops = append(s.stops, at)
}

// lookBack asks for what the sizes had that were seen before this one.
func (s *subject) lookBack(ctx context.Context) (looks []look) {
	for _, t := range s.earlier() {
		looks = append(looks, look{tile: t, answer: s.readFull(ctx, t)})
	}
	return looks
}

// earlier are the partial tiles and bundles of the latest sizes that were seen before this one.
func (s *subject) earlier() (tiles []tlog.Tile) {
	sizes := 0
	for i := len(s.seen) - 1; i >= 0 && sizes < maxBefore; i-- {
		h := s.seen[i]
		if h.err != nil || h.tree.N >= s.latest.tree.N {
			continue
		}
		sizes++
		for _, t := range partials(h.tree.N) {
			if !slices.Contains(tiles, t) {
				tiles = append(tiles, t)
			}
		}
	}
	return tiles
}

// tempt asks for what no checkpoint covers yet. Where it is served, it waits as long as the grace
// for a checkpoint that does cover it.
func (s *subject) tempt(ctx context.Context, t tlog.Tile) look {
	l := look{tile: t, answer: s.read(ctx, t)}
	if l.answer.good() {
		l.early = !s.overtaken(ctx, t)
	}
	return l
}

// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/internal/wire"
	"cocket.example/client/conform/verdict"
	"cocket.example/receipt"
)

const (
	rounds     = 16  // of L08
	background = 128 // entries that are added meanwhile
	window     = 8   // sizes behind an index for which its partial tile is asked for
)

// caseUnsigned is L08: however far the log has sequenced, what no checkpoint covers is not served. A
// crash may yet give these places to other entries, and a cache keeps for ever what it was given.
func caseUnsigned(ctx context.Context, s *subject, r *verdict.Result) {
	stop := s.adder.keepBusy(ctx, min(background, s.adder.left.Load()/2))
	defer stop()
	ahead, asked := 0, 0
	defer func() {
		if ahead == 0 {
			r.Skip("the log was never ahead of its checkpoint: it answers once it has published")
			return
		}
		r.Check("%d tiles and bundles, in %d moments when the log was ahead of its checkpoint", asked, ahead)
	}()
	for range rounds {
		index, err := s.adder.add(ctx, s.adder.entry())
		if errors.Is(err, errBudget) {
			r.Skip("%v", err)
			break
		}
		if err != nil {
			s.err = err
			return
		}
		if s.head(ctx); s.latest.tree.N > index {
			continue
		}
		ahead++
		for _, t := range s.unsigned(index) {
			l := s.tempt(ctx, t)
			if asked++; l.early {
				r.Fail(verdict.Must, "TT-11", l.answer, "is served, and no checkpoint covers it, which was waited for %v", s.grace())
				return // it is clear, and each takes as long as the grace
			}
		}
	}
}

// unsigned are the tiles and bundles that hold the entry at index and end at it or shortly behind, as
// a log would write them that is somewhere in a batch. At the end of a tile this is the full one, and
// the next one above.
func (s *subject) unsigned(index int64) (tiles []tlog.Tile) {
	top := max(index+1, min(s.adder.top.Load(), index+window))
	for size := index + 1; size <= top; size++ {
		n, w := (size-1)/width, (size-1)%width+1
		tiles = append(tiles, tile(bundles, n, w), tile(0, n, w))
		if w == width {
			tiles = append(tiles, tile(1, n/width, n%width+1))
		}
	}
	return tiles
}

// overtaken reports whether a checkpoint comes to cover a tile within the grace.
func (s *subject) overtaken(ctx context.Context, t tlog.Tile) bool {
	for began := time.Now(); ; {
		s.head(ctx)
		if s.latest == nil || covered(t, s.latest.tree.N) {
			return true
		}
		if time.Since(began) > s.grace() || wire.Sleep(ctx, s.pause()) != nil {
			return ctx.Err() != nil
		}
	}
}

// grace is how long before its checkpoint a tile may be served. A log may show what it has signed, to
// the witnesses that are to cosign it, before it has published that.
func (s *subject) grace() time.Duration {
	if s.config.Grace != 0 {
		return max(s.config.Grace, 0)
	}
	n, err := parseNote(s.latest.answer.body)
	others := func(sig receipt.Signature) bool { return sig.Name != s.latest.origin }
	if err == nil && slices.ContainsFunc(n.signatures, others) {
		return 10 * time.Second
	}
	return 500 * time.Millisecond
}

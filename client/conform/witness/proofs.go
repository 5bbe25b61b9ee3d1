// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/verdict"
)

// caseProofs is W11. One log climbs step by step; on every step wrong proofs are tried to every size
// above. Others take two steps each, so that there is one of every length.
//
//	1 2 3 4 5 … n        1 ─────▶ n        1 ▶ 2 ─────▶ n        1 ─▶ 3 ────▶ n …
func caseProofs(ctx context.Context, s *subject, r *verdict.Result) {
	n := s.config.sizes
	wrong, right := s.climb(ctx, r, n), n
	for i := range stairs(n) {
		l := s.log(stair(i))
		sizes := slices.Compact([]int64{0, 1, 1 + i, n})
		for j := range sizes[1:] {
			if _, ok := s.step(ctx, r, l, [2]int64{sizes[j], sizes[j+1]}); !ok {
				return
			}
			right++
		}
	}
	r.Check("%d wrong proofs, for every step between two sizes up to %d; %d right ones, of every length",
		wrong, n, right)
}

// stairs is how many pairs of steps there are from 1 to n.
func stairs(n int64) int64 { return (n-1)/2 + 1 }

func (s *subject) climb(ctx context.Context, r *verdict.Result, n int64) (wrong int) {
	l := s.log("w11")
	for m := range n {
		for next := m + 1; m > 0 && next <= n; next++ {
			for what, proof := range ordered(spoiled(l.main.proof(m, next), m)) {
				o := l.offer(m, next)
				o.proof = proof
				a := s.post(ctx, o)
				if wrong++; a.is(http.StatusUnprocessableEntity) {
					continue
				}
				r.Fail(verdict.Must, "R9", between{m, next}, "a proof with %s: %s, want 422", what, a.what())
				if a.is(http.StatusOK) || ctx.Err() != nil {
					return wrong // it is of another size now
				}
			}
		}
		if _, ok := s.step(ctx, r, l, [2]int64{m, m + 1}); !ok {
			return wrong
		}
	}
	return wrong
}

// between names a request by its sizes.
type between struct{ old, size int64 }

func (b between) String() string {
	return fmt.Sprintf("POST /add-checkpoint (%d to %d)", b.old, b.size)
}

// spoiled are proofs that are none.
func spoiled(proof []string, salt int64) map[string][]string {
	all := map[string][]string{
		"a bit flipped":  slices.Clone(proof),
		"a line dropped": proof[:len(proof)-1],
		"a line more":    append(slices.Clone(proof), proof[0]),
	}
	i := int(salt) % len(proof)
	all["a bit flipped"][i] = flipped(proof[i])
	if len(proof) > 1 {
		swapped := slices.Clone(proof)
		swapped[0], swapped[1] = swapped[1], swapped[0]
		all["two lines swapped"] = swapped
		all["no line at all"] = nil
	}
	return all
}

// flipped is a hash with one bit flipped.
func flipped(line string) string {
	hash, err := tlog.ParseHash(line)
	if err != nil {
		return line
	}
	hash[7] ^= 0x10
	return hash.String()
}

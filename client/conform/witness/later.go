// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"fmt"
	"net/http"

	"cocket.example/client/conform/internal/wire"
	"cocket.example/client/conform/verdict"
)

// caseStale is W07.
func caseStale(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w07")
	if _, ok := s.step(ctx, r, l, [2]int64{0, 10}); !ok {
		return
	}
	offers := [][2]int64{{3, 12}, {0, 12}, {3, 7}, {7, 7}, {0, 0}, {0, 10}, {11, 12}}
	for _, sizes := range offers {
		u := must("R6", ofTen(sizes), http.StatusConflict)
		s.judgeStale(r, s.try(ctx, r, u, l.offer(sizes[0], sizes[1])), u.what, 10)
	}
	s.step(ctx, r, l, [2]int64{10, 12})
	r.Check("%d old sizes, of checkpoints before and after the latest", len(offers))
}

func ofTen(sizes [2]int64) string {
	return fmt.Sprintf("old %d, size %d of a log of size 10", sizes[0], sizes[1])
}

// caseBeyond is W08.
func caseBeyond(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w08")
	if _, ok := s.step(ctx, r, l, [2]int64{0, 10}); !ok {
		return
	}
	for _, sizes := range [][2]int64{{13, 12}, {11, 10}, {10, 7}, {12, 7}} {
		s.try(ctx, r, must("R4", ofTen(sizes), http.StatusBadRequest), l.offer(sizes[0], sizes[1]))
	}
	r.Check("four old sizes beyond the checkpoint's, of a log of size 10")
}

// caseAgain is W09: a refresh states the time anew, and is for no other root.
func caseAgain(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w09")
	first, ok := s.step(ctx, r, l, [2]int64{0, 12})
	if !ok || wire.Sleep(ctx, s.config.tick) != nil {
		return
	}
	u := must("R8", "size 12 with another root", http.StatusUnprocessableEntity)
	s.try(ctx, r, u, l.offerOf(l.fork, 12, 12))
	again := s.try(ctx, r, must("TW-13", "size 12 once more", http.StatusOK), l.offer(12, 12))
	s.note(l, again)
	if again.is(http.StatusOK) {
		s.judgeLines(r, again, l.statement(12), allTypes...)
		if string(again.body) == string(first.body) {
			r.Fail(verdict.Must, "TW-13", again, "answers the same lines as before, want them of now")
		}
	}
	r.Check("the same root after %v, and another one", s.config.tick)
}

// caseSame is W10.
func caseSame(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w10")
	if _, ok := s.step(ctx, r, l, [2]int64{0, 10}); !ok {
		return
	}
	for what, line := range ordered(map[string]string{"the root": l.main.root(10).String(),
		"a line of a proof": l.main.proof(9, 10)[0]}) {
		o := l.offer(10, 10)
		o.proof = []string{line}
		s.try(ctx, r, must("R9", "old 10, size 10, "+what+" as proof", http.StatusUnprocessableEntity), o)
	}
	r.Check("the same size with a proof line")
}

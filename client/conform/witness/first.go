// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"fmt"
	"net/http"

	"cocket.example/client/conform/verdict"
	"cocket.example/internal/strict"
)

// allTypes are those of cosignatures.
var allTypes = []byte{strict.Cosignature, strict.MLDSA44}

// sizeType is the Content-Type of a 409, byte for byte.
const sizeType = "text/x.tlog.size"

// caseFirst is W01.
func caseFirst(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w01")
	if a, ok := s.step(ctx, r, l, [2]int64{0, 5}); ok {
		s.judgeLines(r, a, l.statement(5), allTypes...)
	}
	r.Check("old 0 to size 5, and a line of each of %d keys", len(s.config.Keys))
}

// caseTrust is W02: a log that says it is known already is not believed.
func caseTrust(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w02")
	u := must("TW-8", "old 7, size 10 at the first contact", http.StatusConflict)
	a := s.try(ctx, r, u, l.offer(7, 10))
	s.judgeStale(r, a, u.what, 0)
	s.try(ctx, r, must("TW-8", "old 0, size 10 after that", http.StatusOK), l.offer(0, 10))
	r.Check("old 7 to size 10, and then from old 0")
}

// judgeStale judges the body and type of a 409.
func (s *subject) judgeStale(r *verdict.Result, a answer, what string, size int64) {
	if !a.is(http.StatusConflict) {
		return // which was told already
	}
	if want := fmt.Sprintf("%d\n", size); string(a.body) != want {
		r.Fail(verdict.Must, "R6", a, "%s: the body is %.40q, want %q", what, a.body, want)
	}
	if got := a.header.Values("Content-Type"); len(got) != 1 || got[0] != sizeType {
		r.Fail(verdict.Must, "R6", a, "%s: Content-Type is %.60q, want %s alone", what, got, sizeType)
	}
}

// caseAhead is W03.
func caseAhead(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w03")
	s.try(ctx, r, must("R4", "old 12, size 10 at the first contact", http.StatusBadRequest), l.offer(12, 10))
	r.Check("old 12 to size 10")
}

// caseEmpty is W04.
func caseEmpty(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w04")
	for _, what := range []string{"size 0", "size 0 once more"} {
		a := s.try(ctx, r, must("TW-13", what, http.StatusOK), l.offer(0, 0))
		s.note(l, a)
		if a.is(http.StatusOK) {
			s.judgeLines(r, a, l.statement(0), allTypes...)
		}
	}
	s.try(ctx, r, must("TW-14", "size 0 to 9", http.StatusOK), l.offer(0, 9))
	r.Check("size 0 twice, and to size 9")
}

// caseEmptyRoot is W05.
func caseEmptyRoot(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w05")
	wrong := l.resign(l.offer(0, 0), l.text(0, l.main.root(5).String()))
	s.try(ctx, r, must("R5", "size 0 with the root of another tree", http.StatusUnprocessableEntity), wrong)
	zero := l.resign(l.offer(0, 0), l.text(0, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
	s.try(ctx, r, must("R5", "size 0 with a root of zeros", http.StatusUnprocessableEntity), zero)
	s.try(ctx, r, must("R5", "the right root after that", http.StatusOK), l.offer(0, 0))
	later := s.log("w05/later")
	if _, ok := s.step(ctx, r, later, [2]int64{0, 5}); ok {
		wrong := later.resign(later.offer(0, 0), later.text(0, l.main.root(5).String()))
		u := must("R5", "size 0 with another root, of a log of size 5", http.StatusUnprocessableEntity,
			http.StatusConflict)
		s.try(ctx, r, u, wrong)
	}
	r.Check("two wrong roots and the right one, and a wrong one of a log that has grown")
}

// caseNothing is W06.
func caseNothing(ctx context.Context, s *subject, r *verdict.Result) {
	l := s.log("w06")
	for _, size := range []int64{5, 0} {
		o := l.offer(0, size)
		o.proof = []string{l.main.root(3).String()}
		u := must("R7", fmt.Sprintf("old 0, size %d, a proof line", size), http.StatusUnprocessableEntity)
		if a := s.try(ctx, r, u, o); a.is(http.StatusOK) {
			break // it is of that size now
		}
	}
	r.Check("a proof line with old 0")
}

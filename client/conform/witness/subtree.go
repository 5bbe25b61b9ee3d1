// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"cocket.example/client/conform/verdict"
	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

const (
	ed25519Type = strict.Cosignature
	mldsaType   = strict.MLDSA44
)

func (s *subject) has(typ byte) bool {
	return slices.ContainsFunc(s.config.Keys, func(k receipt.VerifierKey) bool { return k.Type == typ })
}

// ask is a sign-subtree request in its parts.
type ask struct {
	span  string // "<start> <end>"
	hash  string
	proof []string
	note  string // the reference checkpoint
}

func (q ask) body() string {
	proof := ""
	for _, line := range q.proof {
		proof += line + "\n"
	}
	return "subtree " + q.span + "\n" + q.hash + "\n" + proof + "\n" + q.note
}

// reference is a checkpoint with the lines that the witness answered to it.
type reference struct {
	log  testLog
	size int64
	note string
}

func (f reference) ask(start, end int64) ask {
	t := f.log.main
	proof := t.subtreeProof(start, end, f.size)
	return ask{fmt.Sprintf("%d %d", start, end), t.subtree(start, end).String(), proof, f.note}
}

// absent are what a witness answers that signs no subtrees.
var absent = []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented}

// caseSubtree is W20. The endpoint is optional; whoever has it must have it right.
func caseSubtree(ctx context.Context, s *subject, r *verdict.Result) {
	if !s.has(mldsaType) {
		r.Skip("no key of ML-DSA-44 (type 0x06) was given: others sign no subtrees")
		return
	}
	l := s.log("w20")
	old := int64(0)
	var last reference
	asked := 0
	for _, size := range []int64{1, 2, 3, 5, 8, 13, 21, s.config.sizes, treeTop} {
		if size <= old {
			continue
		}
		a, ok := s.step(ctx, r, l, [2]int64{old, size})
		if !ok {
			return
		}
		old, last = size, reference{l, size, l.offer(size, size).text + "\n" + string(a.body)}
		if a := s.sign(ctx, last.ask(0, 1)); a.is(absent...) {
			r.Skip("there is no sign-subtree here (%s), which is optional", a.what())
			return
		}
		if size > s.config.sizes && s.config.sizes < maxSize {
			break
		}
		n, ok := s.signAll(ctx, r, last)
		if asked += n; !ok {
			break
		}
	}
	s.refuseSubtrees(ctx, r, last)
	r.Check("%d subtrees, and requests for what is none, is not proven, or was not cosigned", asked)
}

func (s *subject) sign(ctx context.Context, q ask) answer {
	return s.web.send(ctx, s.web.post("/sign-subtree", q.body()))
}

// signAll asks for every subtree of the reference (TW-22): start is a multiple of the smallest power of two
// that is not below the width.
func (s *subject) signAll(ctx context.Context, r *verdict.Result, f reference) (n int, ok bool) {
	for width := int64(1); width <= f.size; width++ {
		for start := int64(0); start+width <= f.size; start += aligned(width) {
			a := s.sign(ctx, f.ask(start, start+width))
			n++
			if !must("TW-22", "a subtree of what was cosigned", http.StatusOK).judge(r, a) {
				return n, false // it is clear
			}
			s.judgeSubtree(r, a, f.log.subtreeStatement(start, start+width))
		}
	}
	return n, true
}

func aligned(width int64) int64 {
	p := int64(1)
	for p < width {
		p *= 2
	}
	return p
}

func (l testLog) subtreeStatement(start, end int64) statement {
	return statement{origin: l.origin, start: uint64(start), end: uint64(end), hash: l.main.subtree(start, end)}
}

// judgeSubtree wants lines of subtree-capable keys alone, which state no time.
func (s *subject) judgeSubtree(r *verdict.Result, a answer, st statement) {
	got, err := receipt.ParseSignatures(a.body)
	if err != nil {
		r.Fail(verdict.Must, "TW-23", a, "answers what is not signature lines alone: %.200v", err)
		return
	}
	for _, key := range s.config.Keys {
		lines := of(key, got)
		if key.Type != mldsaType {
			if len(lines) > 0 {
				r.Fail(verdict.Must, "TW-23", a, "answers a line of %s+%08x, which cannot sign subtrees",
					key.Name, key.ID)
			}
			continue
		}
		if len(lines) != 1 {
			r.Fail(verdict.Should, "TW-23", a, "answers %d lines of %s+%08x, want one", len(lines), key.Name, key.ID)
			continue
		}
		if seconds, err := st.verify(key, lines[0].Sig); err != nil {
			r.Fail(verdict.Must, "CS-13", a, "the line of %s+%08x: %v", key.Name, key.ID, err)
		} else if seconds != 0 {
			r.Fail(verdict.Must, "TW-23", a, "states a time with a subtree, want 0")
		}
	}
}

// refuseSubtrees asks for what must not be signed.
func (s *subject) refuseSubtrees(ctx context.Context, r *verdict.Result, f reference) {
	if f.size < 8 {
		return
	}
	for what, want := range ordered(f.spans()) {
		q := f.ask(0, 4)
		q.span = want
		must("TW-22", what, http.StatusBadRequest).judge(r, s.sign(ctx, q))
	}
	wrong := f.ask(0, 4)
	wrong.hash = f.log.main.subtree(4, 8).String()
	must("TW-23", "the hash of another subtree", http.StatusUnprocessableEntity).judge(r, s.sign(ctx, wrong))
	unproven := f.ask(0, 4)
	unproven.proof = append([]string{flipped(unproven.proof[0])}, unproven.proof[1:]...)
	must("TW-23", "a proof with a bit flipped", http.StatusUnprocessableEntity).judge(r, s.sign(ctx, unproven))
	unproven.proof = nil
	must("TW-23", "no proof", http.StatusUnprocessableEntity).judge(r, s.sign(ctx, unproven))

	q := f.ask(0, 4)
	right := f.log.offer(f.size, f.size)
	q.note = right.note
	must("TW-23", "a reference that the log alone has signed", http.StatusForbidden).judge(r, s.sign(ctx, q))
	q.note = right.text + unknownLine
	must("TW-23", "a reference that others have cosigned", http.StatusForbidden).judge(r, s.sign(ctx, q))
	q.note = strings.Replace(f.note, f.log.origin, s.config.Logs.origin("w20/unknown"), 1)
	must("TW-23", "an unknown origin", http.StatusNotFound, http.StatusForbidden).judge(r, s.sign(ctx, q))
	other := s.log("w20/other")
	q.note = strings.Replace(f.note, f.log.origin, other.origin, 1)
	must("TW-23", "a reference with the lines of another log's", http.StatusForbidden).judge(r, s.sign(ctx, q))
}

// spans are no subtrees, or are spelled in another way.
func (f reference) spans() map[string]string {
	return map[string]string{
		"a start that is no multiple":  "2 6",
		"start 1, end 3":               "1 3",
		"an empty subtree":             "4 4",
		"a start beyond the end":       "5 4",
		"an end beyond the checkpoint": fmt.Sprintf("0 %d", f.size+1),
		"a leading zero in a subtree":  "0 04",
		"two spaces in a subtree":      "0  4",
		"a word behind a subtree":      "0 4 x",
		"a subtree without an end":     "0",
		"an end of 2^64":               "0 18446744073709551616",
		"a plus sign in a subtree":     "0 +4",
	}
}

// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"bytes"
	"context"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/client/conform/internal/wire"
	"cocket.example/client/conform/verdict"
	"cocket.example/receipt"
)

// caseCanonical is L02: every checkpoint of the run is spelt in the one way, and none takes back
// what an earlier one said.
func caseCanonical(ctx context.Context, s *subject, r *verdict.Result) {
	for range s.config.Polls {
		s.head(ctx)
		if wire.Sleep(ctx, s.config.Interval) != nil {
			return
		}
	}
	good := 0
	for _, h := range s.seen {
		if h.answer.good() {
			good++
			judgeSpelling(r, h.answer)
		}
	}
	if good == 0 {
		r.Skip("there is no checkpoint, see L01")
		return
	}
	s.judgeGrowth(r)
	s.judgeConsistency(ctx, r)
	r.Check("%d polls, %d different checkpoints", s.config.Polls, len(s.seen))
}

// judgeSpelling reads strictly. Where only more lines than three are wrong, it says so.
func judgeSpelling(r *verdict.Result, a answer) {
	_, _, err := receipt.ParseCheckpoint(a.body)
	if err == nil {
		return
	}
	n, noteErr := parseNote(a.body)
	switch {
	case noteErr != nil:
		r.Fail(verdict.Must, "CP-1", a, "cannot be read, see L01: %v", noteErr)
	case errors.Is(err, receipt.ErrEmptyRoot):
		r.Fail(verdict.Must, "CP-5", a, "%v", err)
	case bytes.Count(n.text, []byte("\n")) > 3 && !bytes.Contains(n.text, []byte("\n\n")):
		r.Fail(verdict.Should, "CP-6", a, "has lines behind the root: no auditor understands them, "+
			"and a cosignature of type 0x06 does not cover them")
	default:
		r.Fail(verdict.Must, "CP-4", a, "is not in the one spelling: %v", err)
	}
}

// judgeGrowth wants that sizes only grow, and that one size has one root.
func (s *subject) judgeGrowth(r *verdict.Result) {
	var last *head
	for i := range s.seen {
		h := &s.seen[i]
		if h.err != nil {
			continue
		}
		switch {
		case last == nil:
		case h.tree.N < last.tree.N:
			r.Fail(verdict.Must, "CP-7", h.answer, "went back from size %d to %d", last.tree.N, h.tree.N)
		case h.tree.N == last.tree.N && h.tree.Hash != last.tree.Hash:
			r.Fail(verdict.Must, "CP-7", h.answer, "has for size %d first the root %v, then %v: the log has forked",
				h.tree.N, last.tree.Hash, h.tree.Hash)
		}
		last = h
	}
}

// judgeConsistency computes the root of every size that was seen from the tiles of the largest.
func (s *subject) judgeConsistency(ctx context.Context, r *verdict.Result) {
	if s.latest == nil {
		r.Skip("no checkpoint verifies under the given key, see L01")
		return
	}
	reader := s.hashes(ctx)
	for _, h := range s.seen {
		if h.err != nil || h.tree.N > s.latest.tree.N {
			continue
		}
		root, err := tlog.TreeHash(h.tree.N, reader)
		if err != nil {
			r.Skip("whether the checkpoints agree: their tiles do not verify, see L13")
			return
		}
		if root != h.tree.Hash {
			r.Fail(verdict.Must, "CP-7", h.answer, "has for size %d the root %v, but the tiles that were signed later "+
				"give %v: the log has forked", h.tree.N, h.tree.Hash, root)
		}
	}
}

// caseSignatures is L15: whoever knows a key refuses a note in which that key's signature is broken
// (SN-9), so that a bad line, whoever gave it, makes the checkpoint worthless.
func caseSignatures(_ context.Context, s *subject, r *verdict.Result) {
	lines := 0
	for _, h := range s.seen {
		if !h.answer.good() {
			continue
		}
		n, err := parseNote(h.answer.body)
		if err != nil {
			r.Skip("a checkpoint is no signed note, see L01")
			continue
		}
		lines += len(n.signatures)
		judgeDoubles(r, h.answer, n.signatures)
		s.judgeWitnesses(r, h.answer)
	}
	if lines == 0 {
		return
	}
	if s.config.Policy == nil {
		r.Skip("the cosignatures and the quorum need --policy")
	}
	r.Check("%d signatures on %d checkpoints", lines, len(s.seen))
}

func judgeDoubles(r *verdict.Result, a answer, signatures []receipt.Signature) {
	type key struct {
		name string
		id   uint32
	}
	seen := make(map[key]bool)
	for _, sig := range signatures {
		k := key{sig.Name, sig.ID}
		if seen[k] {
			r.Fail(verdict.Must, "SN-12", a, "has two lines of key %.80q+%08x: which one counts depends on who reads",
				k.name, k.id)
		}
		seen[k] = true
	}
}

// judgeWitnesses examines what the policy's witnesses have put below a checkpoint.
func (s *subject) judgeWitnesses(r *verdict.Result, a answer) {
	if s.config.Policy == nil {
		return
	}
	report := s.config.Policy.Examine(a.body)
	if report.SyntaxErr != nil {
		r.Skip("the cosignatures of a checkpoint that is not in the one spelling, see L02")
		return
	}
	for _, w := range report.Witnesses {
		if w.Err != nil && !errors.Is(w.Err, receipt.ErrNoCosignature) {
			r.Fail(verdict.Must, "SN-9", a, "witness %s: %v", w.Witness.Name, w.Err)
		}
	}
	if report.QuorumErr != nil {
		r.Fail(verdict.Practice, "SN-9", a, "is published without the policy's quorum")
	}
}

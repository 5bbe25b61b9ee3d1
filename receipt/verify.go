// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrNoCosignature means that a checkpoint holds no cosignature of a witness, which its policy may
// allow.
var ErrNoCosignature = errors.New("has not cosigned")

// Report is what a policy makes of a checkpoint: each fact with its own error.
type Report struct {
	Checkpoint  Checkpoint
	SyntaxErr   error         // it is no checkpoint; nothing else is known
	Log         VerifierKey   // the log of the policy that signed
	Signers     []VerifierKey // its keys that did and are good for this checkpoint
	LogErr      error         // no log of the policy signed it, or one did and the signature is broken
	Period      Period        // what the policy says that the log's key is good for
	PeriodErr   error         // it is not good for this size or, where the quorum is satisfied, its time
	Witnesses   []WitnessFact // one for each witness of the policy, in its order
	QuorumErr   error         // the valid cosignatures do not satisfy the quorum
	NoLaterThan time.Time     // "on file no later than"; zero: no time can be given
}

// WitnessFact is what a checkpoint holds of one witness.
type WitnessFact struct {
	Witness Witness
	Time    time.Time // of a valid cosignature; zero if it states none
	Err     error     // ErrNoCosignature, or why the cosignature does not hold
}

// Err returns the first of the errors, in the order: syntax, log, the period of its key, a broken
// cosignature of a known witness (SN-9, PF-8), quorum.
func (r Report) Err() error {
	if err := cmp.Or(r.SyntaxErr, r.LogErr, r.PeriodErr); err != nil {
		return err
	}
	for _, w := range r.Witnesses {
		if w.Err != nil && !errors.Is(w.Err, ErrNoCosignature) {
			return fmt.Errorf("witness %s: %w", w.Witness.Name, w.Err)
		}
	}
	return r.QuorumErr
}

// Trusted is a checkpoint that satisfies a policy. Policy.Verify is the only source of one; the
// zero Trusted includes nothing.
type Trusted struct {
	report Report
	signed string // the signed note that was verified
}

// Report returns the facts that the trust rests on.
func (t Trusted) Report() Report { return t.report }

// Signed returns the signed note that was verified, nil of the zero Trusted.
func (t Trusted) Signed() []byte {
	if t.signed == "" {
		return nil
	}
	return []byte(t.signed)
}

// Verify checks a checkpoint's signatures, once for all receipts under it.
func (p Policy) Verify(checkpoint []byte) (Trusted, error) {
	r := p.Examine(checkpoint)
	if err := r.Err(); err != nil {
		return Trusted{}, err
	}
	return Trusted{r, string(checkpoint)}, nil
}

// Examine reports every fact about a checkpoint by itself.
func (p Policy) Examine(checkpoint []byte) Report {
	var r Report
	var signatures []Signature
	if r.Checkpoint, signatures, r.SyntaxErr = ParseCheckpoint(checkpoint); r.SyntaxErr != nil {
		return r
	}
	var signers []Log
	signers, r.LogErr = p.signers(r.Checkpoint, signatures)
	times := make(map[string]time.Time)
	valid := make(map[string]bool)
	for _, w := range p.Witnesses {
		fact := WitnessFact{Witness: w}
		var s Signature
		if s, fact.Err = w.Key.find(signatures); fact.Err == nil {
			fact.Time, fact.Err = w.Key.VerifyCosignature(r.Checkpoint, s)
		} else if errors.Is(fact.Err, ErrNoSignature) {
			fact.Err = ErrNoCosignature
		}
		valid[w.Name] = fact.Err == nil
		if fact.Err == nil {
			times[w.Name] = fact.Time
		}
		r.Witnesses = append(r.Witnesses, fact)
	}
	if !p.Satisfied(func(name string) bool { return valid[name] }) {
		r.QuorumErr = fmt.Errorf("the valid cosignatures do not satisfy the quorum %q", p.Quorum)
	}
	r.NoLaterThan = p.noLaterThan(times)
	r.choose(signers)
	return r
}

// signers finds the logs of the policy that signed: those whose name is the origin (TP-3, PF-5). With
// an error it is the one whose signature is broken.
func (p Policy) signers(cp Checkpoint, signatures []Signature) (signers []Log, err error) {
	unsigned := fmt.Errorf("origin %q is no log of the policy", cp.Origin)
	for _, l := range p.Logs {
		switch err := l.Key.VerifyLog(cp, signatures); {
		case err != nil && !errors.Is(err, ErrNoSignature):
			return []Log{l}, err // a known key's broken signature refuses the note, whatever its log (SN-9)
		case l.Key.Name != cp.Origin:
			continue
		case err == nil:
			signers = append(signers, l)
		default:
			unsigned = fmt.Errorf("no log of the policy has signed: %s: %w", keyID(l.Key), err)
		}
	}
	if len(signers) == 0 {
		return nil, unsigned
	}
	return signers, nil
}

// choose takes the first of those who signed whose key is good for this size and time, else the
// first, and why it is not. A stolen key's line beside a good one takes nothing from it.
func (r *Report) choose(signers []Log) {
	for i, l := range signers {
		err := l.Period.CheckSize(r.Checkpoint.Size)
		if r.QuorumErr == nil { // else there is no time, and no trust
			err = l.Period.Check(r.Checkpoint.Size, r.NoLaterThan)
		}
		switch {
		case err == nil && len(r.Signers) == 0:
			r.Log, r.Period, r.PeriodErr = l.Key, l.Period, nil
		case err != nil && i == 0:
			r.Log, r.Period, r.PeriodErr = l.Key, l.Period, fmt.Errorf("key %s is %w", keyID(l.Key), err)
		}
		if err == nil && r.LogErr == nil {
			r.Signers = append(r.Signers, l.Key)
		}
	}
}

// Satisfied reports whether the witnesses for which valid holds, by their names in the policy,
// satisfy the quorum by themselves.
func (p Policy) Satisfied(valid func(witness string) bool) bool {
	if p.Quorum == "none" {
		return true
	}
	return evaluate(p, func(w Witness) bool { return valid(w.Name) }, func(k int, members []bool) bool {
		n := 0
		for _, m := range members {
			if m {
				n++
			}
		}
		return k >= 1 && n >= k
	})
}

// noLaterThan is the least t such that the cosignatures with 0 < time ≤ t satisfy the quorum by
// themselves: for each group the k-th smallest of its members' times. A missing cosignature, or one
// without a time, counts as never, which is the zero time here.
func (p Policy) noLaterThan(times map[string]time.Time) time.Time {
	if p.Quorum == "none" {
		return time.Time{}
	}
	return evaluate(p, func(w Witness) time.Time { return times[w.Name] }, func(k int, members []time.Time) time.Time {
		known := slices.DeleteFunc(slices.Clone(members), time.Time.IsZero)
		if k < 1 || len(known) < k {
			return time.Time{}
		}
		slices.SortFunc(known, time.Time.Compare)
		return known[k-1]
	})
}

// evaluate folds the quorum's tree. Members are defined before the groups that name them, so one
// pass over the lines is enough, however deep they nest.
func evaluate[T any](p Policy, leaf func(Witness) T, group func(k int, members []T) T) T {
	values := make(map[string]T, len(p.Witnesses)+len(p.Groups))
	for _, w := range p.Witnesses {
		values[w.Name] = leaf(w)
	}
	for _, g := range p.Groups {
		members := make([]T, len(g.Members))
		for i, m := range g.Members {
			members[i] = values[m]
		}
		values[g.Name] = group(g.Threshold, members)
	}
	return values[p.Quorum]
}

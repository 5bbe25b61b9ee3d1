// SPDX-License-Identifier: Apache-2.0

package basis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cocket.example/client"
	"cocket.example/client/status"
	"cocket.example/receipt"
)

// Standing is what the certification's log holds about it, in a tree that was verified.
type Standing struct {
	status.Answer
	// Linked says that this tree begins with those of both receipts: they are of one history, and no witness
	// is needed to say so. Only where both are of this log.
	Linked bool
	// Claimed is the index of the claim, the lowest that is known, should it stand there twice. Only where Linked.
	Claimed uint64
}

// Read asks the certification's log, or a copy of it, how the certification stands. Its tree must go on from
// those of the receipts that are of this log. Contradicts tells errors that are for Trouble.
func (c Case) Read(ctx context.Context, log status.Config) (*Standing, error) {
	one, err := log.Policy.Verify(c.Certification.Receipt.Checkpoint)
	if err != nil {
		return nil, fmt.Errorf("the certification's receipt: %w", err)
	}
	s := &Standing{Linked: c.Claim.Log == c.Certification.Log}
	log.Known = []receipt.Trusted{one}
	leaves := []receipt.Hash{c.Certification.Leaf}
	if s.Linked {
		other, err := c.Policy.Verify(c.Claim.Receipt.Checkpoint)
		if err != nil {
			return nil, fmt.Errorf("the claim's receipt: %w", err)
		}
		log.Known, leaves = append(log.Known, other), append(leaves, c.Claim.Leaf)
	}
	answers, err := status.Ask(ctx, log, leaves...)
	if err != nil {
		return nil, err
	}
	if s.Answer = answers[0]; s.Linked {
		s.Claimed = answers[1].Index
	}
	return s, nil
}

// Contradicts reports whether an error of Read says something of the log: that it contradicts itself or its
// receipts. Others say what kept it from being read.
func Contradicts(err error) bool {
	return errors.Is(err, client.ErrFork) || errors.Is(err, status.ErrContradiction) || errors.Is(err, status.ErrNotFiled)
}

// howToRead names the flags of the program, for who is told that it was not done.
const howToRead = " (--url with --scan, or --mirror)"

// unchanged adds whether the certification was in force when the claim was filed, and on the day that it states.
// These are two orders (docs/proof.md): a claim may be dated before it is filed, and ahead.
func (r *Report) unchanged() {
	s, same := r.standing, r.Claim.Log == r.Certification.Log
	switch {
	case r.trouble != nil && same:
		r.Facts.Skip(unchanged, thatDay)
	case r.trouble != nil:
		r.Facts.Add(unchanged, "", r.trouble)
		r.Facts.Skip(thatDay)
	case s == nil:
		r.Facts.Absent(unchanged, "not proven: the log was not read"+howToRead)
		r.Facts.Absent(thatDay, "not proven: the log was not read")
	case s.State().Kind == status.Void:
		r.Facts.Add(unchanged, "", fmt.Errorf("the certification is void: %s", s.Void))
		r.Facts.Skip(thatDay)
	case same:
		r.unchangedBelow(s)
		r.inForce(s)
	default:
		r.unchangedElsewhere(s)
		r.inForce(s)
	}
}

// unchangedBelow looks at the entries below the claim, in the log that holds both.
func (r *Report) unchangedBelow(s *Standing) {
	claimed := r.claimed()
	state := s.At(claimed)
	switch {
	case s.Size <= claimed || !s.Linked:
		r.Facts.Absent(unchanged, fmt.Sprintf("not proven: the tree that was read, of %d entries, is older than the claim's "+
			"receipt", s.Size))
	case state.Kind == status.NotYet:
		r.Facts.Skip(unchanged) // it was filed after the claim
	case state.Kind == status.Unknown:
		r.Facts.Absent(unchanged, notKnown(state))
	case len(state.Chain) > 0:
		e := state.Chain[0]
		r.Facts.Add(unchanged, "", fmt.Errorf("%s as entry %d, before the claim, which is entry %d",
			state.Kind, e.Index, claimed))
	case !s.Complete:
		r.Facts.Absent(unchanged, "not proven: only the log says that nothing before the claim refers to it, and it could "+
			"leave something out"+howToRead)
	default:
		r.Facts.Add(unchanged, fmt.Sprintf("all %d entries were read, and none before the claim amends or withdraws it%s%s",
			s.Size, s.afterwards(), s.rests()), nil)
	}
}

// notKnown says what a newer program is needed for.
func notKnown(state status.State) string {
	return fmt.Sprintf("not proven: entry %d refers to it, and is of a version, profile or event that this program does "+
		"not know: a newer program is needed", state.Unknown.Index)
}

// rests says what rests on the note of an earlier reading.
func (s *Standing) rests() string {
	if rests := s.Rests(); rests != "" {
		return "; " + rests
	}
	return ""
}

// afterwards says what became of it later.
func (s *Standing) afterwards() string {
	state := s.State()
	if len(state.Chain) == 0 {
		return ""
	}
	return fmt.Sprintf("; later, as entry %d, it was %s", state.Chain[0].Index, state.Kind)
}

// unchangedElsewhere compares times, because the claim is in another log. What was on file before the claim is
// in every tree that witnesses cosigned after it.
func (r *Report) unchangedElsewhere(s *Standing) {
	state := s.State()
	switch {
	case state.Kind == status.Unknown:
		r.Facts.Absent(unchanged, notKnown(state))
	case len(state.Chain) > 0:
		r.Facts.Absent(unchanged, fmt.Sprintf("not proven: %s as entry %d; whether before the claim, which is in "+
			"another log, is not known", state.Kind, state.Chain[0].Index))
	case !s.Complete:
		r.Facts.Absent(unchanged, "not proven: only the log says that nothing refers to it, and it could leave something "+
			"out"+howToRead)
	case r.Claim.NoLaterThan.IsZero() || s.Time.IsZero() || s.Time.Before(r.Claim.NoLaterThan):
		r.Facts.Absent(unchanged, fmt.Sprintf("not proven: the tree that was read, of %d entries, is not proven to be later "+
			"than the claim", s.Size))
	default:
		r.Facts.Add(unchanged, fmt.Sprintf("all %d entries as of %s, after the claim, were read, and none amends or "+
			"withdraws it%s", s.Size, client.Stamp(s.Time), s.rests()), nil)
	}
}

// inForce compares what became of the certification with the day that the claim states, whichever log the claim
// is in. Only a tree from after that day, which ends last at UTC−12, shows that nothing happened on it.
func (r *Report) inForce(s *Standing) {
	begins, ends, err := bounds(r.day)
	state := s.State()
	var e status.Event
	if len(state.Chain) > 0 {
		e = state.Chain[0]
	}
	became := fmt.Sprintf("%s as entry %d", state.Kind, e.Index)
	switch changed, stood := len(state.Chain) > 0, r.stood(e); {
	case err != nil:
		r.Facts.Absent(thatDay, "not proven: no day is known that the claim states")
	case state.Kind == status.Unknown:
		r.Facts.Absent(thatDay, notKnown(state))
	case changed && !e.Time.IsZero() && e.Time.Before(begins):
		r.Facts.Add(thatDay, "", fmt.Errorf("%s, no later than %s, before %s, the day that the claim states",
			became, client.Stamp(e.Time), r.day))
	case !s.Complete:
		r.Facts.Absent(thatDay, "not proven: the log was asked, and not read")
	case changed && stood.Before(ends):
		r.Facts.Absent(thatDay, fmt.Sprintf("not proven: %s; whether before %s had ended is not known", became, r.day))
	case changed:
		r.Facts.Add(thatDay, fmt.Sprintf("%s, and not yet on %s, when %s had ended in every zone",
			became, client.Stamp(stood), r.day), nil)
	case s.Time.IsZero():
		r.Facts.Absent(thatDay, "not proven: the tree that was read proves no time")
	case s.Time.Before(ends):
		r.Facts.Absent(thatDay, fmt.Sprintf("not proven: what was read is as of %s, before %s had ended in every zone",
			client.Stamp(s.Time), r.day))
	default:
		r.Facts.Add(thatDay, fmt.Sprintf("what was read is as of %s, when %s had ended in every zone",
			client.Stamp(s.Time), r.day), nil)
	}
}

// stood is the last time at which a tree without this event was the log's, as far as the receipts prove it:
// witnesses had cosigned none that holds it.
func (r *Report) stood(e status.Event) (last time.Time) {
	for _, report := range []client.Report{r.Certification, r.Claim} {
		if report.Log == r.Certification.Log && report.Size <= e.Index && report.NoLaterThan.After(last) {
			last = report.NoLaterThan
		}
	}
	return last
}

// SPDX-License-Identifier: Apache-2.0

package basis

import (
	"context"
	"errors"
	"fmt"

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
	if s.Linked {
		other, err := c.Policy.Verify(c.Claim.Receipt.Checkpoint)
		if err != nil {
			return nil, fmt.Errorf("the claim's receipt: %w", err)
		}
		log.Known = append(log.Known, other)
	}
	answers, err := status.Ask(ctx, log, c.Certification.Leaf)
	if err != nil {
		return nil, err
	}
	s.Answer = answers[0]
	return s, nil
}

// Contradicts reports whether an error of Read says something of the log: that it contradicts itself or its
// receipts. Others say what kept it from being read.
func Contradicts(err error) bool {
	return errors.Is(err, client.ErrFork) || errors.Is(err, status.ErrContradiction) || errors.Is(err, status.ErrNotFiled)
}

// howToRead names the flags of the program, for who is told that it was not done.
const howToRead = " (--url with --scan, or --mirror)"

// unchanged adds whether the certification was in force when it was claimed upon.
func (r *Report) unchanged() {
	s, same := r.standing, r.Claim.Log == r.Certification.Log
	switch {
	case r.trouble != nil && same:
		r.Facts.Skip(unchanged)
	case r.trouble != nil:
		r.Facts.Add(unchanged, "", r.trouble)
	case s == nil:
		r.Facts.Absent(unchanged, "not proven: the log was not read"+howToRead)
	case s.State().Kind == status.Void:
		r.Facts.Add(unchanged, "", fmt.Errorf("the certification is void: %s", s.Void))
	case same:
		r.unchangedBelow(s)
	default:
		r.unchangedElsewhere(s)
	}
}

// unchangedBelow looks at the entries below the claim, in the log that holds both.
func (r *Report) unchangedBelow(s *Standing) {
	state := s.At(r.Claim.Index)
	switch {
	case s.Size <= r.Claim.Index || !s.Linked:
		r.Facts.Absent(unchanged, fmt.Sprintf("not proven: the tree that was read, of %d entries, is older than the claim's "+
			"receipt", s.Size))
	case state.Kind == status.NotYet:
		r.Facts.Skip(unchanged) // it was filed after the claim
	case state.Kind == status.Unknown:
		r.Facts.Absent(unchanged, notKnown(state))
	case len(state.Chain) > 0:
		e := state.Chain[0]
		r.Facts.Add(unchanged, "", fmt.Errorf("%s as entry %d, before the claim, which is entry %d",
			state.Kind, e.Index, r.Claim.Index))
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
	case len(state.Chain) > 0 && r.precedes(state.Chain[0]):
		r.Facts.Add(unchanged, "", fmt.Errorf("%s as entry %d, no later than %s, before the date that the claim states",
			state.Kind, state.Chain[0].Index, client.Stamp(state.Chain[0].Time)))
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

// precedes reports whether an event was on file before the day that the claim states.
func (r *Report) precedes(e status.Event) bool {
	begins, _, err := bounds(r.day)
	return err == nil && !e.Time.IsZero() && e.Time.Before(begins)
}

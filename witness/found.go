// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"errors"
	"fmt"
	"log/slog"

	"cocket.example/receipt"
)

// errNotOurs means that a checkpoint has no cosignature of this witness.
var errNotOurs = errors.New("has no cosignature of this witness")

// recognize reads a checkpoint that was found elsewhere, for what this witness has once made durable: it
// has its own cosignature, which is proof enough. The record has the lines of the log's keys and of our
// own that hold, and no others; of each of our own the one with the latest time, as peers want.
func recognize(own []receipt.VerifierKey, l Log, note []byte) (record, error) {
	c, signatures, err := receipt.ParseCheckpoint(note)
	if err != nil {
		return record{}, err
	}
	if c.Origin != l.Origin() {
		return record{}, fmt.Errorf("checkpoint of %q, want one of %q", c.Origin, l.Origin())
	}
	r := record{checkpoint: c, note: append(c.Body(), '\n')}
	if byLog, err := verify(l.Keys, c, signatures); err == nil { // without, the log has changed its key
		for _, s := range byLog {
			r.note = append(r.note, s.String()...)
		}
	}
	for _, key := range own {
		if line, t := latestLine(key, c, signatures); t > 0 {
			r.note = append(r.note, line.String()...)
			r.time = max(r.time, t)
		}
	}
	if r.time == 0 {
		return record{}, errNotOurs
	}
	return r, nil
}

// latestLine returns the line of a key that holds and has the latest time, in POSIX seconds; 0 if none has.
func latestLine(key receipt.VerifierKey, c receipt.Checkpoint, signatures []receipt.Signature,
) (line receipt.Signature, latest int64) {
	for _, s := range of(key, signatures) {
		t, err := key.VerifyCosignature(c, s)
		if err != nil || t.IsZero() { // without a time it is that of a subtree, which says nothing
			continue
		}
		if t.Unix() > latest {
			line, latest = s, t.Unix()
		}
	}
	return line, latest
}

// adopt brings the record of the origin up to a checkpoint of our own that was found elsewhere. If it
// contradicts the one held, both are kept as evidence, and nothing is cosigned for the log ever again:
// this witness, or a copy of it, has signed after it had forgotten what it signed, and nobody can say
// which of the two histories to go on with.
func (w *Witness) adopt(logger *slog.Logger, found record) error {
	origin, state := found.checkpoint.Origin, w.config.State
	for range maxRaces {
		held, err := state.latest(origin)
		if err != nil {
			return err
		}
		next := found
		next.generation = held.generation
		switch held.relate(found) {
		case older:
			return nil
		case contrary:
			logger.Error("ALARM: cosignatures of this witness contradict each other: nothing more is cosigned "+
				"for this log", "held", held.checkpoint.Size, "found", found.checkpoint.Size)
			if err := w.keepContradiction(held, found); err != nil {
				return err
			}
			next = held
			next.generation = halted
		case newer:
			logger.Warn("found a later cosignature of this witness than it held", "held", held.checkpoint.Size,
				"found", found.checkpoint.Size)
		}
		if next.same(held) {
			return nil
		}
		if err := state.swap(origin, held, next); !errors.Is(err, errChanged) {
			return err
		}
	}
	return errChanged
}

// keepContradiction keeps two checkpoints that this witness cannot have cosigned both. The first two of a
// log are always kept: nobody else's count against their bound.
func (w *Witness) keepContradiction(held, found record) error {
	_, err := w.config.State.keep(contradiction, found.checkpoint.Body(), w.contradicts(held, found))
	return err
}

// keepForeign keeps two checkpoints that another witness cannot have cosigned both.
func (w *Witness) keepForeign(keeper string, held, found record) error {
	e := w.contradicts(held, found)
	e.keeper = keeper
	_, err := w.config.State.keep(foreign, found.checkpoint.Body(), e)
	return err
}

func (w *Witness) contradicts(held, found record) Evidence {
	return Evidence{
		Origin:  found.checkpoint.Origin,
		Kind:    contradiction.String(),
		Time:    w.config.Now().UTC(),
		Held:    string(held.note),
		Offered: string(found.note),
	}
}

// vouch makes the record of an origin one of this generation: what was cosigned before is known.
func (s *State) vouch(origin string) error {
	for range maxRaces {
		held, err := s.latest(origin)
		if err != nil || held.generation == s.generation || held.generation == halted {
			return err
		}
		next := held
		next.generation = s.generation
		if err := s.swap(origin, held, next); !errors.Is(err, errChanged) {
			return err
		}
	}
	return errChanged
}

// Accept is the operator's word that nothing larger than the size held was ever cosigned for the log:
// after it is known that the state had forgotten something, cosignatures go on from there. If it is
// wrong, a fork can be cosigned.
func (s *State) Accept(origin string, size uint64) error {
	held, err := s.latest(origin)
	switch {
	case err != nil:
		return err
	case held.checkpoint.Size != size:
		return fmt.Errorf("size %d is not the one held of %s: want %d", size, origin, held.checkpoint.Size)
	case held.generation == halted:
		return fmt.Errorf("cosignatures of %s contradict each other: nothing more is cosigned for it with these keys",
			origin)
	case held.generation == s.generation:
		return fmt.Errorf("nothing is missing of %s in this state: there is nothing to accept", origin)
	}
	return s.vouch(origin)
}

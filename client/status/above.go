// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"fmt"
	"slices"
)

// above tells whether an entry is void, and what came before it on the same target.
func (a asker) above(ctx context.Context, x *Answer, f filed) error {
	line, void, err := a.ancestors(ctx, f)
	if err != nil {
		return err
	}
	// From the first entry downwards: what refers to a void one is void as well.
	x.Void = void
	for i := len(line) - 1; i > 0; i-- {
		events, err := a.judge(ctx, x, judged{line[i], x.Void})
		if err != nil {
			return err
		}
		found := slices.IndexFunc(events, func(e Event) bool { return e.Leaf == line[i-1].leaf })
		if found < 0 {
			return fmt.Errorf("%w: it holds entry %d, and does not tell it of what that refers to", a.untrue(),
				line[i-1].index)
		}
		x.rule(events[:found+1])
	}
	return nil
}

// rule takes the verdict on the last of some events on one target: whether it is void, what won, and what may have
// come first.
func (x *Answer) rule(events []Event) {
	x.Void, x.Winner = events[len(events)-1].Void, nil
	for _, e := range events[:len(events)-1] {
		switch {
		case e.Void == "":
			x.Winner = &e
		case e.Unknown() && x.Doubt == nil:
			x.Doubt = &e
		}
	}
}

// ancestors returns an entry, what it refers to, and so on; void says why the last is, if it is.
func (a asker) ancestors(ctx context.Context, f filed) (line []filed, void string, err error) {
	for line = []filed{f}; len(line) <= maxAbove; {
		last := line[len(line)-1]
		target, ok := last.refers()
		if !ok && last.err == nil && last.entry.Log != a.Origin {
			return line, otherLog, nil
		}
		if !ok {
			return line, "", nil
		}
		parent, found, err := a.find(ctx, target)
		if err != nil {
			return nil, "", fmt.Errorf("what entry %d refers to: %w", last.index, err)
		}
		if !found {
			return line, a.absent(), nil
		}
		if err := a.spend(parent.data); err != nil {
			return nil, "", err
		}
		line = append(line, parent)
	}
	return nil, "", fmt.Errorf("more than %d amendments of one another lead to it: ask about entry %d, which tells "+
		"what became of it", maxAbove, line[maxAbove].index)
}

// absent is why an entry is void whose target is not there, as far as that is known.
func (a asker) absent() string {
	if _, asked := a.register.(told); asked {
		return "it refers to an entry that is not in this log, so the log says"
	}
	return "it refers to no entry of this log"
}

// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cocket.example/declaration"
	"cocket.example/receipt"
)

// Bounds on what one entry's answer takes, so that nobody makes a reader work without end.
const (
	maxAbove  = 10_000    // entries that one refers to, each to the one before
	maxEvents = 10_000    // entries that refer to one, or to what took its place
	maxBytes  = 256 << 20 // of entries and receipts, of all answers together
	many      = 100       // entries named, from which on it is told how far their proofs are
)

// asker answers about one entry after another. It applies the rules of the entry format, section 8,
// whatever the log accepted: above the entry, because an amendment or withdrawal is itself void if it
// lost, and below it.
//
//	issue ◀─ amend ◀─ amend ◀═ the entry ◀─ amend ◀─ withdraw
//	  └───── above ─────┘                     └─ events ─┘
type asker struct {
	tree
	register lister
	left     *int // of maxBytes
}

// spend counts bytes that an answer takes.
func (a asker) spend(b []byte) error {
	if *a.left -= len(b); *a.left < 0 {
		return fmt.Errorf("the entries and receipts to be named take more than %d MiB: ask about fewer at a time",
			maxBytes>>20)
	}
	return nil
}

// proving tells how far the proofs of the entries are that an answer names, if they are many.
func (a asker) proving(done, total int) {
	if total >= many {
		a.Proving(uint64(done), uint64(total))
	}
}

func (a asker) answer(ctx context.Context, leaf receipt.Hash) (x Answer, err error) {
	f, ok, err := a.find(ctx, leaf)
	if err != nil || !ok {
		return x, errors.Join(err, a.notFiled(err))
	}
	if f.err != nil {
		return x, fmt.Errorf("entry %d is none whose status can be told: %w", f.index, f.err)
	}
	x = a.blank(leaf)
	x.Index, x.Entry, x.Data = f.index, f.entry, f.data
	if err = a.spend(f.data); err == nil {
		err = a.above(ctx, &x, f)
	}
	if err == nil {
		err = a.below(ctx, &x, f)
	}
	if err == nil {
		err = a.receipts(ctx, &x)
	}
	a.note(&x) // now, for it may have been read once more
	return x, err
}

// blank is an answer that says nothing but where it was looked.
func (a asker) blank(leaf receipt.Hash) Answer {
	x := Answer{
		Leaf: leaf, Log: a.Origin, Size: a.Size, Root: a.Root, Checkpoint: a.trusted.Signed(),
		Time: a.trusted.Report().NoLaterThan,
	}
	_, x.Complete = a.register.(*register)
	a.note(&x)
	return x
}

// note says what of an answer rests on the state.
func (a asker) note(x *Answer) {
	x.Noted, x.NotedIn = 0, ""
	if r, read := a.register.(*register); read && r.noted > 0 {
		x.Noted, x.NotedIn = r.noted, a.State
	}
}

// notFiled says why there is no answer, unless another error does.
func (a asker) notFiled(err error) error {
	if err != nil {
		return nil
	}
	return fmt.Errorf("%w in its tree of %d", ErrNotFiled, a.Size)
}

// find finds the entry with a leaf hash.
func (a asker) find(ctx context.Context, leaf receipt.Hash) (f filed, ok bool, err error) {
	index, ok, err := a.register.find(ctx, leaf)
	if err != nil || !ok {
		return f, false, err
	}
	f, err = a.at(ctx, index)
	if err == nil && f.leaf != leaf {
		err = fmt.Errorf("%w: it says that this is entry %d, which is another", a.untrue(), index)
	}
	return f, true, err
}

// below fills in what refers to the entry, and to what took its place.
func (a asker) below(ctx context.Context, x *Answer, f filed) error {
	target := judged{f, x.Void}
	for {
		events, err := a.judge(ctx, x, target)
		if err != nil {
			return err
		}
		x.Events = append(x.Events, events...)
		if len(x.Events) > maxEvents {
			return fmt.Errorf("more than %d entries refer to it", maxEvents)
		}
		next := effective(events)
		if next == nil || next.kind() == Withdrawn {
			sortEvents(x.Events)
			return nil
		}
		target = judged{filed: filed{index: next.Index, leaf: next.Leaf, data: next.Data, entry: next.Entry}}
	}
}

func effective(events []Event) *Event {
	for i := range events {
		if events[i].Void == "" {
			return &events[i]
		}
	}
	return nil
}

// judged is an entry with why it is void, if it is.
type judged struct {
	filed
	void string
}

// judge lists what refers to an entry: of several, the first that may is effective, the rest are void.
func (a asker) judge(ctx context.Context, x *Answer, target judged) (events []Event, err error) {
	candidates, err := a.register.list(ctx, target.filed)
	if err != nil {
		return nil, err
	}
	if len(candidates) > maxEvents {
		return nil, fmt.Errorf("more than %d entries refer to entry %d", maxEvents, target.index)
	}
	first := make(map[receipt.Hash]uint64)
	for i, index := range candidates {
		a.proving(i+1, len(candidates))
		f, err := a.at(ctx, index)
		if err == nil {
			err = a.spend(f.data)
		}
		if err != nil {
			return nil, err
		}
		if to, ok := f.refers(); !ok || to != target.leaf {
			if err := a.lied(f, target.filed); err != nil {
				return nil, err
			}
			continue
		}
		if err := a.beforehand(f, target); err != nil {
			return nil, err
		}
		e := Event{Index: index, Leaf: f.leaf, Entry: f.entry, Data: f.data, Target: target.leaf, Void: a.rule(f, target)}
		if lower, again := first[f.leaf]; again {
			e.Void = fmt.Sprintf("it is entry %d once more", lower)
		} else if winner := effective(events); winner != nil && e.Void == "" {
			e.Void = fmt.Sprintf("entry %d came first", winner.Index)
		}
		if _, again := first[f.leaf]; !again {
			first[f.leaf] = index
		}
		events = append(events, e)
	}
	return events, a.compare(ctx, x, target.filed, events)
}

// lied is the error of a log that names an entry which does not refer to the one it was asked about. In
// what was read such a candidate is but two hashes that begin alike, or no good entry.
func (a asker) lied(f, target filed) error {
	if _, asked := a.register.(told); !asked {
		return nil
	}
	return fmt.Errorf("%w: it says that entry %d refers to entry %d, which it does not", ErrContradiction,
		f.index, target.index)
}

// beforehand is the error of a log that names an amendment or withdrawal which would be good if its target did not
// stand behind it, for it takes none of what it does not hold: the target stands there twice, and the log
// named the later one.
func (a asker) beforehand(f filed, target judged) error {
	_, asked := a.register.(told)
	if !asked || f.index > target.index || f.err != nil || target.err != nil || target.void != "" ||
		f.entry.Log != a.Origin || f.entry.CheckRefers(target.entry) != nil {
		return nil
	}
	return fmt.Errorf("%w: it says that this is entry %d, and entry %d refers to it already: read everything with "+
		"--scan, to see where it stands first", ErrContradiction, target.index, f.index)
}

const otherLog = "it is for another log"

// rule says why an entry may not amend or withdraw its target; "" if it may.
func (a asker) rule(f filed, target judged) string {
	switch {
	case f.err != nil:
		return "this program does not know its version, profile or event: a newer one may"
	case target.err != nil:
		return "what it refers to is no declaration that this program knows"
	case target.void != "":
		return "what it refers to is void"
	case f.index < target.index:
		return "it stands before what it refers to"
	case f.entry.Log != a.Origin:
		return otherLog
	}
	if err := f.entry.CheckRefers(target.entry); err != nil {
		return reason(err)
	}
	return ""
}

// reason is what a rule of package declaration says.
func reason(err error) string {
	text := strings.TrimSuffix(err.Error(), ": "+declaration.ErrInvalid.Error())
	return strings.TrimPrefix(text, "refers: ")
}

// compare asks a log what it tells of an entry that was read, and keeps what it leaves out. A log that
// does not answer leaves out nothing.
func (a asker) compare(ctx context.Context, x *Answer, f filed, events []Event) error {
	if _, ok := a.Source.(teller); !ok || !x.Complete || len(events) == 0 {
		return nil
	}
	tells, err := told{a.tree}.list(ctx, f)
	if errors.Is(err, ErrContradiction) {
		// Files on a server are a log as well, which answers no question: it must know the entry by another.
		if _, ok, asked := a.Source.(teller).Lookup(ctx, f.leaf); asked == nil && ok {
			err = nil
		}
	}
	if err != nil {
		return ctx.Err()
	}
	for _, e := range events {
		if e.Entry.Refers != nil && !slices.Contains(tells, e.Index) {
			x.Withheld = append(x.Withheld, e.Index)
		}
	}
	return nil
}

func encode(leaf receipt.Hash) string { return base64.StdEncoding.EncodeToString(leaf[:]) }

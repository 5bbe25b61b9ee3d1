// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cocket.example/declaration"
	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

// twin answers from all entries at once, in the words of the entry format, section 8.
type twin [][]byte

// first is where an entry stands first; -1 if nowhere.
func (w twin) first(leaf receipt.Hash) int {
	return slices.IndexFunc(w, func(e []byte) bool { return declaration.LeafHash(e) == leaf })
}

// valid: an issue always is. An amendment or withdrawal comes from its target's submitter, its target's index
// is lower and its target is not void; and of several the lowest index is effective.
func (w twin) valid(i int) bool {
	if i = w.first(declaration.LeafHash(w[i])); !w.may(i) {
		return false
	}
	e := must(declaration.Parse(w[i]))
	for j := range i {
		if other := must(declaration.Parse(w[j])); e.Refers != nil && other.Refers != nil && *other.Refers == *e.Refers &&
			w.first(declaration.LeafHash(w[j])) == j && w.may(j) {
			return false
		}
	}
	return true
}

// may is valid, but for the others on the same target.
func (w twin) may(i int) bool {
	e := must(declaration.Parse(w[i]))
	if e.Refers == nil {
		return true
	}
	at := w.first(*e.Refers)
	if at < 0 || at >= i {
		return false
	}
	target := must(declaration.Parse(w[at]))
	return target.Event != "withdraw" && target.Submitter == e.Submitter && w.valid(at)
}

// at is how an entry stands in the tree of a size.
func (w twin) at(i, size int) string {
	leaf := declaration.LeafHash(w[i])
	switch {
	case w.first(leaf) >= size:
		return string(NotYet)
	case !w.valid(i):
		return string(Void)
	}
	for j := range size {
		e := must(declaration.Parse(w[j]))
		if e.Refers == nil || *e.Refers != leaf || !w.valid(j) {
			continue
		}
		if e.Event == "withdraw" {
			return fmt.Sprintf("%s by %d", Withdrawn, j)
		}
		return fmt.Sprintf("%s by %d, %s", Superseded, j, w.at(j, size))
	}
	return string(InForce)
}

// says is the same of an answer.
func says(a Answer, size uint64) string {
	s := a.At(size)
	if len(s.Chain) == 0 {
		return string(s.Kind)
	}
	text := ""
	for _, e := range s.Chain {
		text += fmt.Sprintf("%s by %d, ", e.kind(), e.Index)
	}
	if last := s.Chain[len(s.Chain)-1]; last.kind() == Withdrawn {
		return text[:len(text)-2]
	}
	return text + string(InForce)
}

// histories makes every sequence of n entries of two submitters: issues, amendments and withdrawals of any
// entry before, of an entry that is not there, and entries that stand there once more.
func histories(n int, each func(entries [][]byte)) {
	absent := issue("absent.example", 99)
	var grow func(entries [][]byte)
	grow = func(entries [][]byte) {
		if len(entries) == n {
			each(slices.Clone(entries))
			return
		}
		for _, who := range []string{"a.example", "b.example"} {
			grow(append(entries, issue(who, len(entries))))
			for _, target := range append(slices.Clone(entries), absent) {
				for _, event := range []string{"amend", "withdraw"} {
					grow(append(entries, refer(event, who, target, len(entries))))
				}
			}
		}
		for _, again := range entries {
			grow(append(entries, again))
		}
	}
	grow(nil)
}

// TestRules compares with the twin: each history also in the opposite order, in which everything stands
// before what it refers to, and with two of its entries changed for one another. Readers apply the rules
// to a log that accepted all of it.
func TestRules(t *testing.T) {
	step, n := soak.Rounds(151, 1), 0
	histories(4, func(entries [][]byte) {
		if n++; n%step != 0 {
			return
		}
		compareWithTwin(t, entries)
		slices.Reverse(entries)
		compareWithTwin(t, entries)
		entries[1], entries[2] = entries[2], entries[1]
		compareWithTwin(t, entries)
	})
	if n < 20_000 {
		t.Errorf("only %d histories", n)
	}
}

func compareWithTwin(t *testing.T, entries [][]byte) {
	t.Helper()
	b := newBook(entries...)
	for name, c := range map[string]Config{
		"told": {Source: desk{book: b}}, "read": {Source: b, Read: true}, "both": {Source: desk{book: b}, Read: true},
	} {
		for i, a := range asks(t, c, entries...) {
			if a.Complete != c.Read || len(a.Withheld) > 0 {
				t.Errorf("%s: complete %t, withheld %v", name, a.Complete, a.Withheld)
			}
			for size := range len(entries) + 1 {
				if got, want := says(a, uint64(size)), twin(entries).at(i, size); got != want {
					t.Fatalf("%s: entry %d at size %d: %q, want %q\n%s", name, i, size, got, want, entries)
				}
			}
		}
	}
}

// TestOtherRules: what the two submitters of TestRules do not do.
func TestOtherRules(t *testing.T) {
	cert := issue("a.example", 1)
	change := func(data []byte, f func(*declaration.Entry)) []byte {
		e := must(declaration.Parse(data))
		f(&e)
		return e.Bytes()
	}
	withdraw := refer("withdraw", "a.example", cert, 2)
	elsewhere := change(withdraw, func(e *declaration.Entry) { e.Log = "other.example/log" })
	profile := change(withdraw, func(e *declaration.Entry) { e.Profile = "cafta-dr/1" })
	newer := append([]byte("cocket-entry/v2\n"), withdraw[len("cocket-entry/v1\n"):]...)
	claim := entryOf("claim", "a.example", nil, 5)
	for _, test := range []struct {
		name    string
		entries [][]byte // about the first
		want    string
		void    string // of the last
	}{
		{"another log", [][]byte{cert, elsewhere}, "in force", "it is for another log"},
		{"another profile", [][]byte{cert, profile}, "in force", "the target is of profile"},
		{"a newer version", [][]byte{cert, newer}, "in force", "does not know its version"},
		{"a withdrawal after it", [][]byte{cert, newer, withdraw}, "withdrawn by 2", ""},
		{"of a claim", [][]byte{claim, refer("withdraw", "a.example", claim, 6)}, "in force", "the target is of event claim"},
		{"for another log itself", [][]byte{change(cert, func(e *declaration.Entry) { e.Log = "other.example/log" })},
			"void", ""},
		{"of nothing that parses", [][]byte{refer("withdraw", "a.example", []byte("x"), 1), []byte("x")}, "void", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBook(test.entries...)
			a := asks(t, Config{Source: b, Read: true}, test.entries[0])[0]
			if got := says(a, a.Size); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			if test.void == "" {
				return
			}
			last := a.Events[len(a.Events)-1]
			if last.Index != a.Size-1 || !strings.Contains(last.Void, test.void) {
				t.Errorf("event %d is void because %q, want %q", last.Index, last.Void, test.void)
			}
		})
	}
}

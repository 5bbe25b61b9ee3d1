// SPDX-License-Identifier: Apache-2.0

package status

import (
	"errors"
	"fmt"
	"math/rand/v2"
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

// next lists what may follow entries: issues, amendments and withdrawals by two submitters of any entry
// before and of one that is not there, and each entry once more.
func next(entries [][]byte) (list [][]byte) {
	n := len(entries)
	for _, who := range []string{"a.example", "b.example"} {
		list = append(list, issue(who, n))
		for _, target := range append(slices.Clone(entries), issue("absent.example", 99)) {
			list = append(list, refer("amend", who, target, n), refer("withdraw", who, target, n))
		}
	}
	return append(list, entries...)
}

// histories makes every sequence of n entries.
func histories(n int, entries [][]byte, each func(entries [][]byte)) {
	if n == 0 {
		each(entries)
		return
	}
	for _, e := range next(entries) {
		histories(n-1, append(slices.Clone(entries), e), each)
	}
}

// TestRules compares with the twin: all short histories, or a part of them, and longer ones by chance. Readers
// apply the rules to a log that accepted all of it.
func TestRules(t *testing.T) {
	step, n := soak.Rounds(37, 1), 0
	histories(soak.Rounds(3, 4), nil, func(entries [][]byte) {
		if n++; n%step == 0 {
			compareWithTwin(t, entries)
		}
	})
	rng := rand.New(rand.NewPCG(6, 5))
	for range soak.Rounds(40, 3000) {
		var entries [][]byte
		for range 6 {
			list := next(entries)
			entries = append(entries, list[rng.IntN(len(list))])
		}
		compareWithTwin(t, entries)
	}
}

// compareWithTwin compares a history, and it in the opposite order, in which everything stands before what
// it refers to.
func compareWithTwin(t *testing.T, entries [][]byte) {
	t.Helper()
	compareOrder(t, entries)
	backwards := slices.Clone(entries)
	slices.Reverse(backwards)
	compareOrder(t, backwards)
}

// tryAll is asks that returns what went wrong.
func tryAll(t *testing.T, c Config, entries [][]byte) ([]Answer, error) {
	var leaves []receipt.Hash
	for _, e := range entries {
		leaves = append(leaves, declaration.LeafHash(e))
	}
	c.Policy = testKeys.policy
	return Ask(t.Context(), c, leaves...)
}

// backwards reports whether something stands before what it refers to, and would be good behind it.
func backwards(entries [][]byte) bool {
	for i, data := range entries {
		e := must(declaration.Parse(data))
		if e.Refers == nil {
			continue
		}
		at := twin(entries).first(*e.Refers)
		if at > i && e.CheckRefers(must(declaration.Parse(entries[at]))) == nil {
			return true
		}
	}
	return false
}

func compareOrder(t *testing.T, entries [][]byte) {
	t.Helper()
	b := newBook(entries...)
	for name, c := range map[string]Config{
		"told": {Source: desk{book: b}}, "read": {Source: b, Read: true}, "both": {Source: desk{book: b}, Read: true},
	} {
		answers, err := tryAll(t, c, entries)
		if err != nil && name != "told" {
			t.Fatal(err)
		}
		for i, a := range answers {
			if errors.Is(a.Err, ErrContradiction) && backwards(entries) {
				continue // no log takes that, unless it names a later copy
			}
			if a.Err != nil {
				t.Fatalf("%s: entry %d: %v", name, i, a.Err)
			}
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
	amend := refer("amend", "a.example", cert, 3)
	newerOf := func(target []byte) []byte {
		return append([]byte("cocket-entry/v2\n"), refer("withdraw", "a.example", target, 4)[len("cocket-entry/v1\n"):]...)
	}
	claim := entryOf("claim", "a.example", nil, 5)
	for _, test := range []struct {
		name    string
		entries [][]byte // about the first
		want    string
		void    string // of the last
	}{
		{"another log", [][]byte{cert, elsewhere}, "in force", "it is for another log"},
		{"another profile", [][]byte{cert, profile}, "in force", "the target is of profile"},
		{"a newer version", [][]byte{cert, newer}, "not known", "does not know its version"},
		{"a newer version of what took its place", [][]byte{cert, amend, newerOf(amend)}, "superseded by 1, in force", ""},
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

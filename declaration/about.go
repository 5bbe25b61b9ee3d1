// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"cocket.example/declaration/profile"
)

// targets are the events that each event may be about (entry format, section 8). An issue is about nothing.
var targets = map[string][]string{
	"amend":     {"issue", "amend"},
	"withdraw":  {"issue", "amend"},
	"claim":     {"issue", "amend"},
	"correct":   {"claim"},
	"query":     {"issue", "amend", "claim"},
	"response":  {"query", "claim"},
	"determine": {"query", "claim"},
}

// InClear reports whether an event states what it is about in its entry, as amend and withdraw do. The
// others commit it, as their field refers.
func InClear(event string) bool { return event == "amend" || event == "withdraw" }

// CheckRefers checks what an amendment or withdrawal says of its target: it is an issue or amend of
// the same log, profile and submitter.
func (e Entry) CheckRefers(target Entry) error {
	switch {
	case !slices.Contains(targets["withdraw"], target.Event):
		return invalid("refers: the target is of event %s, want issue or amend", target.Event)
	case target.Log != e.Log:
		return invalid("refers: the target is of another log")
	case target.Profile != e.Profile:
		return invalid("refers: the target is of profile %s, not %s", target.Profile, e.Profile)
	case target.Submitter != e.Submitter:
		return invalid("refers: the target is of another submitter, who alone may amend or withdraw it")
	}
	return nil
}

// CheckAbout checks that an entry may be about another: their events, and their profiles, which are the
// same but where the entry's is of any agreement. Of an event that states its reference in clear it is
// CheckRefers. A reference that is committed may be to another log and another submitter's; that it is
// to this target is for whoever sees the field refers.
func (e Entry) CheckAbout(target Entry) error {
	if InClear(e.Event) {
		return e.CheckRefers(target)
	}
	may := targets[e.Event]
	switch {
	case len(may) == 0:
		return invalid("refers: event %.40q is about no other", e.Event)
	case !slices.Contains(may, target.Event):
		return invalid("refers: the target is of event %s, want %s", target.Event, strings.Join(may, " or "))
	case e.Profile != target.Profile && !profile.AnyAgreement(e.Profile):
		return invalid("refers: the target is of profile %s, want %s", target.Profile, e.Profile)
	}
	return nil
}

// Target is a declaration that another is about, as far as somebody knows it.
type Target struct {
	profile.Target // event, and the values that are known

	Entry     Entry
	Leaf      Hash
	Certified bool // the certifier's signature is known
}

// LogValue keeps the target out of logs: only its leaf hash is shown.
func (t Target) LogValue() slog.Value { return slog.StringValue(t.String()) }

// String names the target by its leaf hash.
func (t Target) String() string { return "target " + encode(t.Leaf[:]) }

// Format prints no value, whatever the verb.
func (t Target) Format(f fmt.State, _ rune) { io.WriteString(f, t.String()) }

// Target is the declaration as what another is about: with all its values.
func (o Opening) Target() Target {
	c := o.open()
	return Target{
		Target: profile.Target{Event: c.entry.Event, Values: maps.Clone(c.values)},
		Entry:  c.entry, Leaf: LeafHash(c.entry.Bytes()), Certified: c.certifier != nil,
	}
}

// Target is what the disclosure shows, and what its entry says in clear, as what another declaration is
// about. It fails where Check fails; the receipt is not judged here.
func (x Disclosure) Target() (Target, error) {
	fields, err := x.Check()
	if err != nil {
		return Target{}, err
	}
	e, err := Parse(x.Entry)
	if err != nil {
		return Target{}, err
	}
	table, err := lookup(e.Profile, e.Event)
	if err != nil {
		return Target{}, err
	}
	values, shown := make(profile.Values), make(map[string]bool)
	for _, f := range append(fields, e.Public...) {
		if shown[f.Path] = true; f.Present {
			values[f.Path] = f.Value
		}
	}
	last := end(table, x.Fields, e.Width)
	hidden := func(path string) bool {
		i, _, err := table.Find(path)
		return err == nil && i < last && !shown[path]
	}
	return Target{
		Target: profile.Target{Event: e.Event, Values: values, Hidden: hidden},
		Entry:  e, Leaf: LeafHash(x.Entry), Certified: x.Certifier != nil,
	}, nil
}

// SPDX-License-Identifier: Apache-2.0

// Package follow drafts what follows a declaration: an amendment, a claim, a query and so on, with what can
// be taken over from the opening or disclosure that it is about (docs/life-cycle.md).
package follow

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"cocket.example/declaration"
	"cocket.example/declaration/profile"
)

// Step is what somebody says next, and about what.
type Step struct {
	Event string
	About declaration.Target

	Profile, Log, Submitter string // those of the target where empty

	Fields map[string]string // a whole declaration, as declaration.ParseFields returns it; nil: none
	Set    map[string]string // values by path, which go before Fields and before what is taken over
	Unset  []string          // paths of fields that shall not be there
	Lines  []int             // goods lines of the target, from 0; nil: those that are usual for the event
	Today  string            // the date where none is given, as YYYY-MM-DD; a claim must have one given
}

// Draft is a declaration, and how it came about.
type Draft struct {
	declaration.Declaration
	Filled  []Filled // what was not given; nothing of an amendment, which takes over all
	Changed []string // of an amendment: paths of the fields known to differ from the target's
}

// LogValue keeps the step out of logs.
func (s Step) LogValue() slog.Value { return slog.StringValue(s.String()) }

// String names the step by its event and its target.
func (s Step) String() string { return s.Event + " about " + s.About.String() }

// Format prints no value, whatever the verb.
func (s Step) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// Filled is a field whose value was not given.
type Filled struct {
	Path, Value string
	Assumed     bool // not taken over from the target
}

// Draft makes the declaration. It is not judged but for what it is about: Seal does that.
func (s Step) Draft() (Draft, error) {
	d := Draft{Declaration: declaration.Declaration{
		Event:     s.Event,
		Profile:   cmp.Or(s.Profile, s.About.Entry.Profile),
		Log:       cmp.Or(s.Log, s.About.Entry.Log),
		Submitter: cmp.Or(s.Submitter, s.About.Entry.Submitter),
		About:     &s.About.Target,
	}}
	own := declaration.Entry{Event: s.Event, Profile: d.Profile, Log: d.Log, Submitter: d.Submitter}
	if err := own.CheckAbout(s.About.Entry); err != nil {
		return d, err
	}
	if err := s.restates(); err != nil {
		return d, err
	}
	f, err := s.form(d.Profile)
	if err != nil {
		return d, err
	}
	switch {
	case s.Event == "amend":
		return s.amend(d, f)
	case declaration.InClear(s.Event):
		d.Refers = &s.About.Leaf
	}
	f.take(s.About.Values)
	f.assume(s)
	if err := f.agrees(s); err != nil {
		return d, err
	}
	d.Fields, d.Filled = f.done(), f.filled
	return d, nil
}

// agrees wants of a claim the agreement of its certification, where its own profile is of any.
func (f *form) agrees(s Step) error {
	want, _, _ := strings.Cut(s.About.Entry.Profile, "/")
	if given := f.fields["agreement"]; s.Event == "claim" && given != "" &&
		!profile.AnyAgreement(s.About.Entry.Profile) && !strings.EqualFold(given, want) {
		return fmt.Errorf("agreement: is that of the certification, %s, or is not given", strings.ToUpper(want))
	}
	return nil
}

// restates wants of an amendment one place to take everything from.
func (s Step) restates() error {
	switch {
	case s.Event != "amend":
	case s.Fields != nil && s.Lines != nil:
		return errors.New("a whole declaration has goods lines of its own: no lines of the target are chosen")
	case s.Fields == nil && s.About.Hidden != nil:
		return errors.New("an amendment restates everything: want its target's opening, or a whole declaration")
	}
	return nil
}

// amend restates all that the target says, unless a whole declaration is given, and shows in clear what the
// target shows, in a tree of its width.
func (s Step) amend(d Draft, f *form) (Draft, error) {
	if s.Fields == nil {
		f.take(s.About.Values)
	}
	d.Refers, d.Fields = &s.About.Leaf, f.done()
	d.Public = f.inClear(s)
	if f.table.Size(f.lines) <= s.About.Entry.Width {
		d.Width = s.About.Entry.Width
	}
	values, _ := f.table.Check(d.Fields, nil)
	if d.Changed = f.differ(values, s.About.Target); len(d.Changed) == 0 && s.About.Hidden == nil {
		return d, errors.New("an amendment changes something: set or unset a field, or give a new declaration")
	}
	return d, nil
}

// inClear are the paths of an amendment that show what the target shows in clear, wherever its goods lines went.
// Goods of a whole declaration may be others than the target's: of these only what is the same stays in clear.
func (f *form) inClear(s Step) (paths []string) {
	for _, p := range s.About.Entry.Public {
		number, _, err := f.table.Find(p.Path)
		if err != nil {
			continue
		}
		its := f.line(number)
		if its < 0 || s.Fields != nil && f.same(p.Path, p.Value) {
			paths = append(paths, p.Path)
			continue
		}
		for own, link := range f.links {
			if link == its {
				paths = append(paths, goods(own)+strings.TrimPrefix(p.Path, goods(its)))
			}
		}
	}
	paths = slices.DeleteFunc(paths, func(path string) bool { return f.fields[path] == "" })
	slices.SortFunc(paths, f.compare)
	return paths
}

// same reports whether a field has a value, however it is written.
func (f *form) same(path, value string) bool {
	values, _ := f.table.Check(f.fields, nil)
	return values[path] == value
}

// differ returns the paths at which values differ from the target's, in the order of the table. Of what is
// not shown nothing is said.
func (f *form) differ(values profile.Values, target profile.Target) (paths []string) {
	all := maps.Clone(target.Values)
	maps.Copy(all, values)
	for path := range all {
		hidden := target.Hidden != nil && target.Hidden(path)
		if values[path] != target.Values[path] && path != "goods.count" && !hidden {
			paths = append(paths, path)
		}
	}
	slices.SortFunc(paths, f.compare)
	return paths
}

// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cocket.example/declaration/profile"
	"cocket.example/internal/strict"
)

// form is a declaration that is being filled in.
type form struct {
	plan
	table  *profile.Table
	fields map[string]string // an empty value is one that shall not be there
	lines  int
	links  []int // the target's lines that the first lines are about
	filled []Filled
}

// form takes what was given.
func (s Step) form(name string) (*form, error) {
	p := profile.Find(name)
	if p == nil || p.Events[s.Event] == nil {
		return nil, fmt.Errorf("event %s of profile %.40q is not known", s.Event, name)
	}
	f := &form{table: p.Events[s.Event], fields: make(map[string]string)}
	f.plan = planOf(s.Event, f.table)
	maps.Copy(f.fields, s.Fields)
	given := profile.Values(s.Fields).Lines()
	if f.links = s.Lines; f.links == nil && given == 0 && slices.Contains(f.all, s.About.Event) {
		f.links = known(s.About.Target)
	}
	if f.lines = max(given, len(f.links)); f.table.Size(f.lines) > profile.MaxFields {
		return nil, fmt.Errorf("%d goods lines are too many", f.lines)
	}
	for _, n := range f.links {
		if n < 0 || f.link == "" && n >= s.About.Values.Lines() {
			return nil, fmt.Errorf("line %d: there are %d goods lines, counted from 0", n, s.About.Values.Lines())
		}
	}
	if f.link != "" {
		f.fields["refers"] = encode(s.About.Leaf)
		if given := s.Fields["refers"]; given != "" && given != f.fields["refers"] {
			return nil, fmt.Errorf("refers: is the leaf hash of what this is about, not to be given")
		}
	}
	return f, f.set(s)
}

// set puts single values, those of goods lines in order.
func (f *form) set(s Step) error {
	for _, path := range slices.SortedFunc(maps.Keys(s.Set), f.compare) {
		if s.Set[path] == "" {
			return fmt.Errorf("%s: want a value, or the field unset", path)
		}
		if err := f.put(path, s.Set[path]); err != nil {
			return err
		}
	}
	for _, path := range s.Unset {
		if _, twice := s.Set[path]; twice {
			return fmt.Errorf("%s: is to be set and unset", path)
		}
		if err := f.put(path, ""); err != nil {
			return err
		}
	}
	return nil
}

// put sets a field of the table, or with an empty value keeps it from being there. A line that does not
// exist yet comes next.
func (f *form) put(path, value string) error {
	number, _, err := f.table.Find(path)
	if err != nil {
		return err
	}
	if path == "goods.count" || path == "refers" {
		return fmt.Errorf("%s: is found out, not to be given", path)
	}
	switch line := f.line(number); {
	case line < f.lines:
	case line > f.lines || value == "" || number >= profile.MaxFields:
		return fmt.Errorf("%s: there are %d goods lines, counted from 0", path, f.lines)
	default:
		f.lines++
	}
	f.fields[path] = value
	return nil
}

// line is the goods line of a field's number; -1 of a header field.
func (f *form) line(number int) int {
	if number < len(f.table.Header) {
		return -1
	}
	return (number - len(f.table.Header)) / len(f.table.Line)
}

// compare orders paths by their numbers; those that have none come with the first.
func (f *form) compare(a, b string) int {
	i, _, _ := f.table.Find(a)
	j, _, _ := f.table.Find(b)
	return cmp.Or(i-j, strings.Compare(a, b))
}

// fill sets a field that was not given, if there is something to set.
func (f *form) fill(x Filled) {
	if _, given := f.fields[x.Path]; given || x.Value == "" {
		return
	}
	if _, _, err := f.table.Find(x.Path); err != nil {
		return
	}
	f.fields[x.Path] = x.Value
	f.filled = append(f.filled, x)
}

// take takes over what the plan says.
func (f *form) take(target profile.Values) {
	for _, p := range f.header {
		f.fill(Filled{Path: p.own, Value: target[p.its]})
	}
	for i := range f.lines {
		prefix := goods(i)
		if i < len(f.links) && f.link != "" {
			f.fill(Filled{Path: prefix + f.link, Value: strconv.Itoa(f.links[i])})
		}
		its, ok := f.source(i)
		for _, name := range f.each {
			if ok {
				f.fill(Filled{Path: prefix + name, Value: target[goods(its)+name]})
			}
		}
	}
}

// source is the line of the target that a line is about.
func (f *form) source(i int) (int, bool) {
	if f.link == "" {
		if i >= len(f.links) {
			return 0, false
		}
		return f.links[i], true
	}
	n, err := strict.Decimal(f.fields[goods(i)+f.link])
	return int(min(n, profile.MaxFields)), err == nil
}

// done counts the lines, and drops what shall not be there.
func (f *form) done() map[string]string {
	f.fields["goods.count"] = strconv.Itoa(f.lines)
	maps.DeleteFunc(f.fields, func(_, value string) bool { return value == "" })
	return f.fields
}

func goods(line int) string { return "goods[" + strconv.Itoa(line) + "]." }

// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cocket.example/declaration/form"
	"cocket.example/declaration/rule"
)

// check is a group of rules over several fields. It asks its view for what it needs, and says nothing
// where a value that it asked for is wrong by itself.
type check struct {
	codes  []string
	header func(*view)
	line   func(v *view, prefix string) // once for each goods line
	about  func(*view, Target)          // of what is known of the target as well
}

// view is a declaration as a check sees it.
type view struct {
	values  Values
	bad     map[string]bool // given and wrong, or required and missing
	tariffs []Tariff
	spoilt  bool // the check at work asked for a bad value
	found   rule.Findings
}

func (v *view) get(path string) string {
	v.spoilt = v.spoilt || v.bad[path]
	return v.values[path]
}

func (v *view) report(path, code string, args ...string) {
	v.found = append(v.found, rule.Of(code, args...).At(path))
}

// Check normalises fields as given, and returns everything that is wrong with them, in the order of the
// table. Values are whole where no finding is an error.
func (t *Table) Check(given map[string]string, tariffs []Tariff) (Values, rule.Findings) {
	v := view{values: make(Values, len(given)), bad: make(map[string]bool), tariffs: tariffs}
	for _, path := range slices.Sorted(maps.Keys(given)) {
		_, spec, err := t.Find(path)
		if err != nil {
			v.report(shorten(path), "FIELD")
			continue
		}
		value, finding := spec.Form.Normalise(given[path])
		if finding != nil {
			v.found = append(v.found, finding.At(path))
		}
		if value == "" {
			v.bad[path] = true
			continue
		}
		v.values[path] = value
	}
	t.checkLines(&v)
	t.judge(&v)
	return v.values, t.sorted(v.found)
}

// Judge returns what is wrong with values of good form.
func (t *Table) Judge(values Values, tariffs []Tariff) rule.Findings {
	v := view{values: values, bad: make(map[string]bool), tariffs: tariffs}
	t.judge(&v)
	return t.sorted(v.found)
}

// Complete returns which fields are missing from, or too many for, values of good form: what the table's
// text pins.
func (t *Table) Complete(values Values) rule.Findings {
	v := view{values: maps.Clone(values), bad: make(map[string]bool)}
	t.checkLines(&v)
	return t.sorted(v.found)
}

// shorten keeps a path that somebody made up from filling the screen, or drawing on it.
func shorten(path string) string {
	if len(path) > 80 || strconv.Quote(path) != `"`+path+`"` {
		return fmt.Sprintf("%.80q", path)
	}
	return path
}

// checkLines compares goods.count with the lines that are there, and asks for what is required.
func (t *Table) checkLines(v *view) {
	count := v.values["goods.count"]
	if count == "" {
		if !v.bad["goods.count"] {
			v.report("goods.count", "REQUIRED")
		}
		v.values["goods.count"] = "0" // nothing can be said of the lines
		t.require(v, 0)
		delete(v.values, "goods.count")
		return
	}
	n := v.values.Lines()
	if t.Size(n) > MaxFields || n > 0 && len(t.Line) == 0 {
		v.report("goods.count", "LINES-MANY", count)
		v.bad["goods.count"] = true
		return
	}
	for path := range v.values {
		if i, _, err := t.Find(path); err == nil && i >= t.Size(n) {
			v.report(path, "LINES-BEHIND", count)
		}
	}
	t.require(v, n)
}

// require asks for what every declaration has.
func (t *Table) require(v *view, lines int) {
	for i := range t.Size(lines) {
		path, spec := t.At(i)
		if spec.Required && v.values[path] == "" && !v.bad[path] {
			v.report(path, "REQUIRED")
			v.bad[path] = true
		}
	}
}

// judge applies the rules beyond form: to each value, to fields that depend on one other, to several.
func (t *Table) judge(v *view) {
	lines := v.values.Lines()
	switch {
	case v.bad["goods.count"] || v.values["goods.count"] == "":
		lines = 0
	case lines < t.Least:
		v.report("goods.count", "LINES-FEW")
	}
	for i := range t.Size(lines) {
		path, spec := t.At(i)
		if value := v.values[path]; value != "" {
			for _, f := range spec.Form.Judge(value) {
				v.found = append(v.found, f.At(path))
			}
		}
		if spec.Where != nil {
			v.where(path, spec)
		}
	}
	for _, c := range t.checks {
		if c.header != nil {
			v.run(func() { c.header(v) })
		}
		for i := range lines {
			if c.line != nil {
				v.run(func() { c.line(v, linePrefix(i)) })
			}
		}
	}
}

// run runs a check, and forgets what it found if it was misled.
func (v *view) run(check func()) {
	v.spoilt = false
	before := len(v.found)
	check()
	if v.spoilt {
		v.found = v.found[:before]
	}
}

// where judges a field that stands only where another has some value.
func (v *view) where(path string, spec *Spec) {
	other := strings.TrimSuffix(path, spec.Path) + spec.Where.Path
	holds := slices.Contains(spec.Where.Is, v.values[other])
	is := strings.Join(spec.Where.Is, ", ")
	switch given := v.values[path] != ""; {
	case v.bad[path] || v.bad[other]:
	case given && !holds:
		v.report(path, "ONLY-WHERE", other, is)
	case !given && holds && spec.Where.Needed:
		v.report(path, "REQUIRED-WHERE", other, is)
	}
}

// sorted orders findings by the numbers of their fields; those of no field come first.
func (t *Table) sorted(list rule.Findings) rule.Findings {
	numbers := make(map[string]int)
	for _, f := range list {
		if i, _, err := t.Find(f.Field); err == nil {
			numbers[f.Field] = i + 1
		}
	}
	slices.SortStableFunc(list, func(a, b rule.Finding) int { return numbers[a.Field] - numbers[b.Field] })
	return list
}

// Rules returns the codes of every rule of the table, in the order of the book.
func (t *Table) Rules() []rule.Rule {
	structure := []string{"FIELD", "REQUIRED", "LINES-FEW", "LINES-MANY", "LINES-BEHIND"}
	codes := slices.Concat(form.AnyValue, structure)
	for _, s := range slices.Concat(t.Header, t.Line) {
		codes = append(codes, s.Form.Rules...)
		if s.Where != nil {
			codes = append(codes, "REQUIRED-WHERE", "ONLY-WHERE")
		}
	}
	for _, c := range t.checks {
		codes = append(codes, c.codes...)
	}
	return slices.DeleteFunc(rule.All(), func(r rule.Rule) bool { return !slices.Contains(codes, r.Code) })
}

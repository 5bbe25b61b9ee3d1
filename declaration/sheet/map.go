// SPDX-License-Identifier: Apache-2.0

// Package sheet reads declarations from rows of a CSV file (RFC 4180), whose columns a mapping gives their
// fields. What cannot be mapped is named, never dropped. The mapping is described in docs/bulk.md.
package sheet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"cocket.example/declaration/profile"
)

// Map says how the columns of a sheet become fields. Paths of goods lines are written "goods[].hs": each row
// is one line. Only Profile and Columns have no default.
type Map struct {
	Profile   string                       `yaml:"profile"`   // as usmca/1
	Delimiter string                       `yaml:"delimiter"` // between columns, one character; default ","
	Decimal   string                       `yaml:"decimal"`   // mark of decimals, "." or ","; default "."
	Thousands string                       `yaml:"thousands"` // mark between three digits and three; default none
	Date      string                       `yaml:"date"`      // form of dates, as dd/mm/yyyy; default yyyy-mm-dd
	Group     string                       `yaml:"group"`     // column; rows in a row with one value are one declaration
	Columns   map[string]string            `yaml:"columns"`   // column → path
	Constants map[string]string            `yaml:"constants"` // path → value, the same for all rows
	Values    map[string]map[string]string `yaml:"values"`    // column → value in the sheet → value in the field
	Ignore    []string                     `yaml:"ignore"`    // columns that are no part of a declaration
}

// Added are the columns that sheets of refused rows have in front of their own. Readers pass them over.
var Added = []string{"cocket.row", "cocket.codes", "cocket.findings"}

const (
	linePath = "goods[]."
	maxNamed = 20 // faults that one error names
)

// Comma returns the delimiter.
func (m Map) Comma() rune {
	if m.Delimiter == "" {
		return ','
	}
	c, _ := utf8.DecodeRuneInString(m.Delimiter)
	return c
}

// column is one column that becomes a field.
type column struct {
	at      int
	name    string
	path    string // of header fields; of line fields behind linePath
	line    bool
	convert converter
	table   map[string]string // nil: there is none
}

// plan is a mapping that fits a profile and the first row of a sheet.
type plan struct {
	width     int // columns
	group     int // column that joins rows; -1: each row is one declaration
	groupName string
	lines     bool // each row is a goods line; else there are none
	columns   []column
	header    map[string]string // constants
	line      map[string]string
	names     map[string]string // path, with linePath → name of its column
}

// faults gathers what is wrong, so that all is named at once.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

func (f faults) err(what string) error {
	if len(f) == 0 {
		return nil
	}
	list := f
	if len(f) > maxNamed {
		list = append(slices.Clone(f[:maxNamed]), fmt.Sprintf("and %d more", len(f)-maxNamed))
	}
	return fmt.Errorf("%s:\n%s", what, strings.Join(list, "\n"))
}

// Check judges a mapping without a sheet, for an event of its profile.
func (m Map) Check(event string) error {
	table, err := m.table(event)
	if err != nil {
		return err
	}
	var wrong faults
	m.checkForms(&wrong)
	paths := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(m.Columns)) {
		path := m.Columns[name]
		if other, twice := paths[path]; twice {
			wrong.add("columns %q and %q are both mapped to %s", other, name, path)
		}
		paths[path] = name
		if _, err := find(table, path); err != nil {
			wrong.add("column %q: %v", name, err)
		}
		if slices.Contains(m.Ignore, name) {
			wrong.add("column %q is mapped and ignored", name)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(m.Constants)) {
		spec, err := find(table, path)
		if name, twice := paths[path]; twice {
			wrong.add("%s is a constant, and column %q is mapped to it", path, name)
		} else if err != nil {
			wrong.add("constant %v", err)
		} else if _, f := spec.Form.Normalise(m.Constants[path]); f != nil {
			wrong.add("constant %s", f.At(path))
		}
	}
	m.checkValues(&wrong)
	m.checkRequired(table, &wrong)
	return wrong.err("the mapping cannot be used")
}

// checkRequired wants what every declaration has to come from somewhere.
func (m Map) checkRequired(t *profile.Table, wrong *faults) {
	given := make(map[string]bool)
	for _, path := range m.Columns {
		given[path] = true
	}
	for path := range m.Constants {
		given[path] = true
	}
	want := func(prefix string, specs []profile.Spec) {
		for _, s := range specs {
			if path := prefix + s.Path; s.Required && !given[path] && path != "goods.count" {
				wrong.add("%s is required: map a column to it, or make it a constant", path)
			}
		}
	}
	want("", t.Header)
	if t.Least > 0 || m.hasLines() {
		want(linePath, t.Line)
	}
}

// hasLines says whether rows are goods lines.
func (m Map) hasLines() bool {
	is := func(path string) bool { return strings.HasPrefix(path, linePath) }
	return slices.ContainsFunc(slices.Collect(maps.Values(m.Columns)), is) ||
		slices.ContainsFunc(slices.Collect(maps.Keys(m.Constants)), is)
}

func (m Map) table(event string) (*profile.Table, error) {
	p := profile.Find(m.Profile)
	if p == nil {
		names := make([]string, len(profile.All))
		for i, p := range profile.All {
			names[i] = p.Name
		}
		return nil, fmt.Errorf("profile %.40q: want one of %s", m.Profile, strings.Join(names, ", "))
	}
	if p.Events[event] == nil {
		return nil, fmt.Errorf("event %.40q: want one of %s", event, strings.Join(profile.Events, ", "))
	}
	if len(m.Columns) == 0 {
		return nil, fmt.Errorf("columns: want the columns of the sheet and their fields, as Pedimento: declaration.number")
	}
	return p.Events[event], nil
}

// Find returns the field of a header path of an event's table.
func (m Map) Find(event, path string) (*profile.Spec, error) {
	t, err := m.table(event)
	if err != nil {
		return nil, err
	}
	_, spec, err := t.Find(path)
	return spec, err
}

// checkForms judges what concerns every column.
func (m Map) checkForms(wrong *faults) {
	if m.Delimiter != "" && (utf8.RuneCountInString(m.Delimiter) != 1 ||
		strings.ContainsAny(m.Delimiter, "\"\r\n\ufeff\ufffd")) {
		wrong.add(`delimiter %.20q: want one character, as ";", or "\t" for a tab`, m.Delimiter)
	}
	if m.Decimal != "" && m.Decimal != "." && m.Decimal != "," {
		wrong.add(`decimal %.20q: want "." or ","`, m.Decimal)
	}
	marks := []string{"", ".", ",", " ", "'", "\u00a0"}
	if !slices.Contains(marks, m.Thousands) || m.Thousands == m.decimal() {
		wrong.add("thousands %.20q: want a point, comma, space or apostrophe, other than the mark of decimals",
			m.Thousands)
	}
	if _, err := layout(m.Date); err != nil {
		wrong.add("date %.40q: %v", m.Date, err)
	}
}

// checkValues wants tables only of columns that are mapped.
func (m Map) checkValues(wrong *faults) {
	for _, name := range slices.Sorted(maps.Keys(m.Values)) {
		if m.Columns[name] == "" {
			wrong.add("values: column %q is not mapped", name)
		}
		for value := range m.Values[name] {
			if strings.TrimSpace(value) != value {
				wrong.add("values of column %q: want no white space around a value", name)
			}
		}
	}
}

func (m Map) decimal() string {
	if m.Decimal == "" {
		return "."
	}
	return m.Decimal
}

// find returns the field of a path of the mapping.
func find(t *profile.Table, path string) (*profile.Spec, error) {
	if path == "goods.count" {
		return nil, fmt.Errorf("goods.count: is counted, not given")
	}
	field, line := strings.CutPrefix(path, linePath)
	if strings.HasPrefix(path, "goods[") && !line {
		return nil, fmt.Errorf("%.80q: want %s without a number, each row is one line of goods", path, linePath)
	}
	if line {
		path = "goods[0]." + field
	}
	_, spec, err := t.Find(path)
	if err != nil && line {
		return nil, fmt.Errorf("%.80q is no field of this profile", linePath+field)
	}
	return spec, err
}

// fit plans how to read a sheet with this first row.
func (m Map) fit(t *profile.Table, first []string) (plan, error) {
	p := plan{width: len(first), group: -1, groupName: m.Group, lines: m.hasLines(), header: make(map[string]string),
		line: make(map[string]string), names: make(map[string]string)}
	var wrong faults
	found := make(map[string]bool)
	for at, name := range first {
		name = strings.TrimSpace(name)
		path, mapped := m.Columns[name]
		if used := mapped || m.Group != "" && name == m.Group; used && found[name] {
			wrong.add("column %q stands there twice", name)
		} else if !used && !slices.Contains(m.Ignore, name) && !slices.Contains(Added, name) {
			wrong.add("column %d, %q, is neither mapped nor ignored", at+1, name)
		}
		found[name] = true
		if m.Group != "" && name == m.Group {
			p.group = at
		}
		if !mapped {
			continue
		}
		spec, err := find(t, path)
		if err != nil {
			return p, err
		}
		field, line := strings.CutPrefix(path, linePath)
		p.columns = append(p.columns, column{at: at, name: name, path: field, line: line,
			convert: m.converter(spec.Form.Name), table: m.Values[name]})
		p.names[path] = name
	}
	for _, name := range slices.Sorted(maps.Keys(m.Columns)) {
		if !found[name] {
			wrong.add("column %q is mapped and not there", name)
		}
	}
	if m.Group != "" && p.group < 0 {
		wrong.add("column %q, which tells the rows of one declaration, is not there", m.Group)
	}
	for path, value := range m.Constants {
		if field, line := strings.CutPrefix(path, linePath); line {
			p.line[field] = value
		} else {
			p.header[path] = value
		}
	}
	return p, wrong.err("the first row does not fit the mapping")
}

// SPDX-License-Identifier: Apache-2.0

// Package rule is the book of rules: what each is called, how grave it is to break it, where it comes from,
// and what would be right, in English, Spanish and French. What breaks a rule is found by packages form and
// profile.
package rule

import (
	"encoding/json"
	"slices"
	"strings"
)

// Level says how grave it is to break a rule.
type Level string

const (
	Error   Level = "error"   // a declaration that breaks it is not sealed
	Warning Level = "warning" // it is likely wrong, but the source is not beyond doubt, or custom allows it
)

// Rule is one rule. Its code is the same in every language and never given to another rule.
type Rule struct {
	Code   string // as "USMCA-8-BLANKET-12M"
	Level  Level
	Field  string   // where it is found, as "goods[].hs", with commas; empty: where a form applies it, or anywhere
	Source string   // regulation, article or data element
	Args   []string // names of what its message tells beside the field

	en, es, fr string // what would be right, with %[1]s for the first of Args
}

// book holds every rule by its code, and all those of declarations in order.
var book, all = func() (map[string]Rule, []Rule) {
	all := slices.Concat(values, structure, numbers, usmca, cafta, events, about)
	book := make(map[string]Rule, len(all)+len(readers)+len(sheet))
	for _, r := range slices.Concat(all, readers, sheet) {
		book[r.Code] = r
	}
	return book, all
}()

// All returns every rule of declarations, in the order of the book.
func All() []Rule { return slices.Clone(all) }

// Lookup returns the rule of a code.
func Lookup(code string) (Rule, bool) {
	r, ok := book[code]
	return r, ok
}

// Text returns the rule's message with the names of its arguments in the place of the arguments.
func (r Rule) Text(l Language) string {
	args := make([]string, len(r.Args))
	for i, name := range r.Args {
		args[i] = "<" + name + ">"
	}
	return l.message(r.Code, args)
}

// Finding is a rule that a declaration breaks, and where.
type Finding struct {
	Code  string
	Level Level
	Field string   // path, as "goods[3].hs"
	Args  []string // of the message; never a value of the declaration that is personal
}

// Of makes a finding of a rule, without a field.
func Of(code string, args ...string) Finding {
	return Finding{Code: code, Level: book[code].Level, Args: args}
}

// At returns the finding with its field.
func (f Finding) At(field string) Finding {
	f.Field = field
	return f
}

// Message says what would be right.
func (f Finding) Message(l Language) string { return l.message(f.Code, f.Args) }

// Source says where the rule comes from.
func (f Finding) Source() string { return book[f.Code].Source }

// String is one line in English: field, what would be right, code.
func (f Finding) String() string {
	return f.Field + ": " + f.Message(English) + " (" + f.Code + ")"
}

// MarshalJSON prints the finding for programs, with its message in English.
func (f Finding) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Code    string   `json:"code"`
		Level   Level    `json:"level"`
		Field   string   `json:"field"`
		Args    []string `json:"args,omitempty"`
		Message string   `json:"message"`
		Source  string   `json:"source"`
	}{f.Code, f.Level, f.Field, f.Args, f.Message(English), f.Source()})
}

// Findings are those of one declaration, in the order of its fields.
type Findings []Finding

// Of returns those of a level.
func (f Findings) Of(l Level) Findings {
	return slices.DeleteFunc(slices.Clone(f), func(f Finding) bool { return f.Level != l })
}

// String is a line for each in English.
func (f Findings) String() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].String()
	}
	return strings.Join(lines, "\n")
}

// SPDX-License-Identifier: Apache-2.0

// Package form holds the forms of values: what each accepts, and the one spelling that it keeps. Forms are
// pinned with the profiles that use them, since whoever verifies a disclosure insists on them. What may
// become stricter with time, such as check digits, is a judgement on a value of good form.
package form

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"cocket.example/declaration/rule"
)

// Form validates and normalises one value. Normalising a normalised value gives it back.
type Form struct {
	Name   string   // as in the profile's printed table
	Closed bool     // of a closed vocabulary: only such fields may be public
	Codes  []string // the vocabulary, where it is a list
	Input  string   // regular expression of what is accepted, white space around it aside; empty: any text
	Rules  []string // codes of the rules that it applies, beside those for every value

	lines bool // may hold line breaks
	apply func(string) (string, *rule.Finding)
	judge func(string) []rule.Finding
	set   map[string]bool // Codes again: each is normalised
}

// MaxValue bounds any value in bytes.
const MaxValue = 4096

// Normalise returns the spelling that is kept, or nothing where a finding is an error. A warning says that
// the value was understood, and how.
func (f *Form) Normalise(value string) (string, *rule.Finding) {
	value, finding := clean(value)
	if finding == nil && !f.lines && strings.Contains(value, "\n") {
		finding = found("VALUE-LINES")
	}
	if finding == nil && f.apply != nil {
		value, finding = f.apply(value)
	}
	if finding != nil && finding.Level == rule.Error {
		return "", finding
	}
	return value, finding
}

// Normal reports whether a value is normalised. Most are codes, which need no other look.
func (f *Form) Normal(value string) bool {
	if f.set[value] {
		return true
	}
	normal, finding := f.Normalise(value)
	return normal == value && (finding == nil || finding.Level != rule.Error)
}

// Judge returns what is wrong with a normalised value beyond its form.
func (f *Form) Judge(value string) []rule.Finding {
	if f.judge == nil {
		return nil
	}
	return f.judge(value)
}

// Accepts is a regular expression of what the form accepts, white space around it aside, as far as one can
// say it.
func (f *Form) Accepts() string {
	const seen = `[^\s\x00-\x1f\x7f]`
	switch {
	case f.Input != "":
		return f.Input
	case f.lines:
		return seen + `(?:[^\x00-\x09\x0b-\x1f\x7f]*` + seen + `)?`
	}
	return seen + `(?:[^\x00-\x1f\x7f]*` + seen + `)?`
}

// Numbers reports whether some number in JSON is a value of the form.
func (f *Form) Numbers() bool {
	for _, n := range slices.Concat(f.Codes, []string{"1", "12", "123456", "1234567890"}) {
		if _, err := strconv.ParseFloat(n, 64); err == nil && f.Normal(n) {
			return true
		}
	}
	return false
}

// AnyValue are the codes of the rules for every value.
var AnyValue = []string{"VALUE-LENGTH", "VALUE-UTF8", "VALUE-EMPTY", "VALUE-CHARACTER", "VALUE-LINES"}

// clean applies what holds for every value.
func clean(value string) (string, *rule.Finding) {
	if len(value) > MaxValue {
		return "", found("VALUE-LENGTH", strconv.Itoa(MaxValue))
	}
	if !utf8.ValidString(value) {
		return "", found("VALUE-UTF8")
	}
	value = strings.TrimSpace(norm.NFC.String(value))
	if value == "" {
		return "", found("VALUE-EMPTY")
	}
	for _, c := range value {
		if !visible(c) {
			return "", found("VALUE-CHARACTER", fmt.Sprintf("U+%04X", c))
		}
	}
	if len(value) > MaxValue { // NFC makes some characters longer
		return "", found("VALUE-LENGTH", strconv.Itoa(MaxValue))
	}
	return value, nil
}

func found(code string, args ...string) *rule.Finding {
	f := rule.Of(code, args...)
	return &f
}

// visible says whether a person can see a character, and see it where it stands. What is not
// assigned yet is refused, since a later Unicode may normalise it otherwise; U+FFFD stands where a
// program lost what was written.
func visible(c rune) bool {
	switch {
	case c == '\n' || c >= 0x20 && c < 0x7f:
		return true
	case c == utf8.RuneError || !unicode.IsGraphic(c):
		return false
	}
	return !unicode.In(c, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// upper maps the letters a to z alone: other scripts have letters whose capital is an ASCII letter.
func upper(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' {
			return c - 'a' + 'A'
		}
		return c
	}, s)
}

// pattern makes a form of a regular expression on the upper-case value, whose letters the input may have
// in either case.
func pattern(name, expression, input, code string) *Form {
	re := regexp.MustCompile("^(?:" + expression + ")$")
	return &Form{Name: name, Input: input, Rules: []string{code}, apply: func(v string) (string, *rule.Finding) {
		if v = upper(v); !re.MatchString(v) {
			return "", found(code)
		}
		return v, nil
	}}
}

// OneOf makes a form of a closed vocabulary.
func OneOf(name string, codes ...string) *Form {
	f := &Form{Name: name, Closed: true, Codes: codes, set: make(map[string]bool), Rules: []string{"ONE-OF"}}
	for _, c := range codes {
		f.set[c] = true
	}
	f.Input = anyCase(codes...)
	f.apply = func(v string) (string, *rule.Finding) {
		if v = upper(v); !f.set[v] {
			return "", found("ONE-OF", strings.Join(codes, ", "))
		}
		return v, nil
	}
	return f
}

// anyCase is a regular expression of words in either case.
func anyCase(words ...string) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteByte('|')
		}
		for _, c := range word {
			switch up, low := unicode.ToUpper(c), unicode.ToLower(c); {
			case up != low:
				b.WriteString("[" + string(up) + string(low) + "]")
			default:
				b.WriteString(regexp.QuoteMeta(string(c)))
			}
		}
	}
	return b.String()
}

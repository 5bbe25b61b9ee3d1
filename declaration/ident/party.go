// SPDX-License-Identifier: Apache-2.0

package ident

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// scheme is a kind of party number.
type scheme struct {
	form    *regexp.Regexp
	spell   func(string) string // from what people write to what form wants
	example string
}

// schemes by the name that stands before a number, as in "EIN 12-345678900".
var schemes = map[string]scheme{
	"EIN":  {regexp.MustCompile(`^[0-9]{2}-[0-9]{7}[A-Z0-9]{2}$`), spellEIN, "12-345678900"},
	"CBP":  {regexp.MustCompile(`^[0-9]{6}-[0-9]{5}$`), spellCBP, "061234-12345"},
	"SSN":  {ssnForm, bare, "000-00-0000"},
	"DUNS": {regexp.MustCompile(`^[0-9]{9}$`), unhyphened, "150483782"},
	"RFC":  {regexp.MustCompile(`^[A-Z&Ñ]{3,4}[0-9]{6}[0-9A-Z]{3}$`), unhyphened, "MAB9307148T4"},
	"BN":   {regexp.MustCompile(`^[0-9]{9}(R[CMPT][0-9]{4})?$`), unhyphened, "123026635RM0001"},
	"LEI":  {regexp.MustCompile(`^[A-Z0-9]{18}[0-9]{2}$`), unhyphened, "213800KUD8LAJWSQ9D15"},
	"GLN":  {regexp.MustCompile(`^[0-9]{13}$`), unhyphened, "0614141000012"},
	"MID":  {regexp.MustCompile(`^[A-Z]{2}[A-Z0-9]{1,13}$`), unhyphened, "MXMAXACE100HER"},
}

// Schemes returns the names of the kinds of party numbers.
func Schemes() []string { return slices.Sorted(maps.Keys(schemes)) }

// IsScheme reports whether a name is one of them.
func IsScheme(name string) bool { return schemes[name].form != nil }

// Example returns a number of this kind.
func Example(name string) string { return schemes[name].example }

// Party spells a number of this kind, in capitals, in the one way that is kept, and reports whether it
// has the form. Check digits are not its matter.
func Party(name, number string) (string, bool) {
	s := schemes[name]
	if s.form == nil {
		return number, false
	}
	number = s.spell(number)
	return number, s.form.MatchString(number)
}

func bare(s string) string { return strings.ReplaceAll(s, " ", "") }

func unhyphened(s string) string { return strings.ReplaceAll(bare(s), "-", "") }

var (
	einDigits = regexp.MustCompile(`^[0-9]{9}([A-Z0-9]{2})?$`)
	cbpDigits = regexp.MustCompile(`^[0-9]{11}$`)
)

// spellEIN adds the suffix 00 to a number without one. A social security number stays what it is.
func spellEIN(s string) string {
	digits := unhyphened(s)
	if ssnForm.MatchString(bare(s)) {
		return bare(s)
	}
	if m := einDigits.FindStringSubmatch(digits); m != nil {
		if m[1] == "" {
			digits += "00"
		}
		return digits[:2] + "-" + digits[2:]
	}
	return bare(s)
}

// BareEIN reports whether an employer number has no suffix.
func BareEIN(s string) bool {
	m := einDigits.FindStringSubmatch(unhyphened(s))
	return m != nil && m[1] == "" && !ssnForm.MatchString(bare(s))
}

func spellCBP(s string) string {
	if digits := unhyphened(s); cbpDigits.MatchString(digits) {
		return digits[:6] + "-" + digits[6:]
	}
	return bare(s)
}

var ssnForm = regexp.MustCompile(`^[0-9]{3}-[0-9]{2}-[0-9]{4}$`)

// IsSSN reports whether a number has the form of a US social security number, with its hyphens.
func IsSSN(s string) bool { return ssnForm.MatchString(s) }

// RFC takes a Mexican tax number of good form apart: whether it is a person's, which has four letters,
// whether its six digits are a day, and whether its check character holds.
func RFC(rfc string) (person, day, holds bool) {
	runes := []rune(rfc)
	last := len(runes) - 1
	person = len(runes) == 13
	_, err := time.Parse("060102", string(runes[last-8:last-2]))
	return person, err == nil, RFCCheck(string(runes[:last])) == byte(runes[last])
}

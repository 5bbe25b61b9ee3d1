// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Rule validates and normalises one value. Normalising a normalised value gives it back.
type Rule struct {
	Name   string   // as in the profile's printed table
	Closed bool     // of a closed vocabulary: only such fields may be public
	Codes  []string // the vocabulary, where it is a list
	apply  func(string) (string, error)
	set    map[string]bool // Codes again: each is normalised
}

// isNormal reports whether a value is normalised. Most are codes, which need no other look.
func (r *Rule) isNormal(value string) bool {
	if r.set[value] {
		return true
	}
	normal, err := r.normalise(value)
	return err == nil && normal == value
}

// maxValue bounds any value in bytes.
const maxValue = 4096

// normalise applies what holds for every value, then the rule's own part.
func (r *Rule) normalise(value string) (string, error) {
	if len(value) > maxValue {
		return "", fmt.Errorf("%d bytes, want at most %d", len(value), maxValue)
	}
	if !utf8.ValidString(value) {
		return "", errors.New("not UTF-8")
	}
	value = strings.TrimSpace(norm.NFC.String(value))
	if value == "" {
		return "", errors.New("empty; leave the field out if it is absent")
	}
	for _, c := range value {
		if !visible(c) {
			return "", fmt.Errorf("holds U+%04X, want no control, bidirectional, zero-width, "+
				"private or unassigned character", c)
		}
	}
	if r != multiline && strings.Contains(value, "\n") {
		return "", errors.New("holds a line break, want one line")
	}
	return r.apply(value)
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

// pattern makes a rule of a regular expression on the upper-case value.
func pattern(name, expression, want string) *Rule {
	re := regexp.MustCompile("^(?:" + expression + ")$")
	return &Rule{Name: name, apply: func(v string) (string, error) {
		if v = upper(v); !re.MatchString(v) {
			return "", errors.New("want " + want)
		}
		return v, nil
	}}
}

// oneOf makes a rule of a closed vocabulary.
func oneOf(name string, values ...string) *Rule {
	set := make(map[string]bool, len(values))
	for _, v := range values {
		set[v] = true
	}
	want := "want one of " + strings.Join(values, ", ")
	if len(values) > 12 {
		want = "want a code of " + name
	}
	return &Rule{Name: name, Closed: true, Codes: values, set: set, apply: func(v string) (string, error) {
		if v = upper(v); !set[v] {
			return "", errors.New(want)
		}
		return v, nil
	}}
}

func text(s string) (string, error) { return s, nil }

// The rules that profiles share.
var (
	line      = &Rule{Name: "line", apply: text}
	multiline = &Rule{Name: "text", apply: text}
	date      = &Rule{Name: "date", Closed: true, apply: parseDate}
	number    = &Rule{Name: "decimal", apply: parseNumber}
	hs6       = &Rule{Name: "hs6", Closed: true, apply: parseHS6}
	criterion = &Rule{Name: "usmca-criterion", Closed: true, apply: parseCriterion}
	email     = &Rule{Name: "e-mail", apply: parseEmail}
	country   = oneOf("iso-3166-1-alpha-2", strings.Fields(countries)...)
	party     = oneOf("usmca-party", "US", "CA", "MX")
	code      = pattern("code", `[A-Z0-9][A-Z0-9./-]{0,34}`, "1 to 35 letters, digits, dots, slashes and hyphens")
)

func parseDate(v string) (string, error) {
	if t, err := time.Parse(time.DateOnly, v); err != nil || t.Year() < 1900 {
		return "", errors.New("want a date as 2026-05-04")
	}
	return v, nil
}

var numberForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$`)

// parseNumber drops what a decimal can do without: trailing zeros behind the point.
func parseNumber(v string) (string, error) {
	if !numberForm.MatchString(v) {
		return "", errors.New("want a decimal as 1200 or 372254.4, without sign, leading zeros or separators")
	}
	if strings.Contains(v, ".") {
		v = strings.TrimRight(strings.TrimRight(v, "0"), ".")
	}
	return v, nil
}

var (
	hsSeparators = strings.NewReplacer(".", "", " ", "", "-", "")
	hsForm       = regexp.MustCompile(`^[0-9]{6}$`)
)

// parseHS6 accepts the usual separators. Chapters run from 01 to 97; 77 is reserved.
func parseHS6(v string) (string, error) {
	v = hsSeparators.Replace(v)
	if !hsForm.MatchString(v) {
		return "", errors.New("want the six digits of the Harmonized System, as 8708.99")
	}
	if chapter := v[:2]; chapter == "00" || chapter == "77" || chapter > "97" {
		return "", fmt.Errorf("chapter %s is not of the Harmonized System (01 to 97 without 77)", chapter)
	}
	return v, nil
}

var criterionForm = regexp.MustCompile(`^(?:4\.2\s*)?\(?([A-Da-d])\)?$`)

// parseCriterion takes A … D, also written 4.2(a) (19 CFR 182.12(a)(4), USMCA Annex 5-A).
func parseCriterion(v string) (string, error) {
	m := criterionForm.FindStringSubmatch(v)
	if m == nil {
		return "", errors.New("want an origin criterion A, B, C or D")
	}
	return upper(m[1]), nil
}

var emailForm = regexp.MustCompile(`^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$`)

func parseEmail(v string) (string, error) {
	if !emailForm.MatchString(v) {
		return "", errors.New("want an e-mail address")
	}
	return v, nil
}

// countries are the officially assigned codes of ISO 3166-1 alpha-2, pinned with version 1 of every
// profile.
const countries = `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN
BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO
DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY
HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB
LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA
SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT
TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW`

// SPDX-License-Identifier: Apache-2.0

package form

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"cocket.example/declaration/rule"
)

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

// Country is any country.
var Country = nation("iso-3166-1-alpha-2", "COUNTRY", "", strings.Fields(countries))

// Party makes a form of the countries that are Parties to an agreement.
func Party(name string, codes ...string) *Form {
	return nation(name, "COUNTRY-PARTY", strings.Join(codes, ", "), codes)
}

// nation makes a form of countries that are also known by name and by three letters, with a warning. What
// is kept are two letters, so that no disclosure depends on how names are understood.
func nation(name, refusal, list string, codes []string) *Form {
	f := OneOf(name, codes...)
	f.Input += `|[\s\S]{3,}` // a name
	f.Rules = []string{refusal, "COUNTRY-NAME"}
	f.apply = func(v string) (string, *rule.Finding) {
		if c := upper(v); f.set[c] {
			return c, nil
		}
		if c := countryOf(v); f.set[c] {
			return c, found("COUNTRY-NAME", c)
		}
		if list == "" {
			return "", found(refusal)
		}
		return "", found(refusal, list)
	}
	return f
}

// names are countries with their three letters and their names in English, Spanish and French, as in the
// Unicode CLDR, behind one line that says so: "MX MEX Mexico|México|Mexique".
//
//go:embed countries.txt
var names string

// otherNames are names that people write and names does not have.
var otherNames = map[string]string{
	"United States of America": "US", "U.S.A.": "US", "U.S.": "US", "Estados Unidos de América": "US",
	"EE. UU.": "US", "EUA": "US", "États-Unis d'Amérique": "US", "Great Britain": "GB",
	"Republic of Korea": "KR", "Estados Unidos Mexicanos": "MX", "Russian Federation": "RU", "Viet Nam": "VN",
}

// countryOf knows a country by its name or by its three letters.
func countryOf(v string) string { return byName()[plain(v)] }

// byName holds the two letters by plain name. A name of two countries is none.
var byName = sync.OnceValue(func() map[string]string {
	codes := make(map[string]string)
	put := func(name, code string) {
		if known, taken := codes[plain(name)]; taken && known != code {
			code = ""
		}
		codes[plain(name)] = code
	}
	_, lines, _ := strings.Cut(names, "\n")
	for line := range strings.Lines(lines) {
		code, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		three, list, _ := strings.Cut(rest, " ")
		put(three, code)
		for name := range strings.SplitSeq(list, "|") {
			put(name, code)
		}
	}
	for name, code := range otherNames {
		put(name, code)
	}
	return codes
})

// plain drops case, accents and everything but letters, digits and single spaces.
func plain(s string) string {
	s = strings.ReplaceAll(s, "&", " and ")
	s = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsLetter(c):
			return unicode.ToLower(c)
		case unicode.IsSpace(c) || c == '-':
			return ' '
		case unicode.IsDigit(c):
			return c
		}
		return -1
	}, norm.NFD.String(s))
	return strings.Join(strings.Fields(s), " ")
}

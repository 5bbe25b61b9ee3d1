// SPDX-License-Identifier: Apache-2.0

package form

import (
	"regexp"
	"strings"

	"cocket.example/declaration/ident"
	"cocket.example/declaration/rule"
)

var (
	// EntryNumber is the number of an entry or import declaration in any country: a code. One of the form
	// of a US entry loses its hyphens; a profile that knows the country judges it further.
	EntryNumber = &Form{Name: "entry-number", Input: Code.Input, Rules: []string{"CODE"}, apply: entryNumber}
	// InBond is the number of an immediate transportation.
	InBond = &Form{Name: "in-bond", Input: Code.Input, Rules: []string{"CODE", "INBOND-FORM", "INBOND-CHECK"},
		apply: Code.apply, judge: inBond}
	// PartyID is a code of the party's own, or the name of a scheme and a number, as "EIN 12-345678900".
	PartyID = &Form{Name: "party-id", Input: partyInput(),
		Rules: []string{"CODE", "ID-FORM", "ID-SSN", "ID-EIN-SUFFIX", "ID-RFC-CHECK", "ID-RFC-DAY",
			"ID-RFC-PERSON", "ID-BN-CHECK", "ID-LEI-CHECK", "ID-GLN-CHECK", "ID-MID-COUNTRY"},
		apply: partyID, judge: judgeParty}
)

func entryNumber(v string) (string, *rule.Finding) {
	v, finding := Code.apply(v)
	if number, ok := ident.EntryNumber(v); ok {
		return number, nil
	}
	return v, finding
}

var nineDigits = regexp.MustCompile(`^[0-9]{9}$`)

func inBond(v string) []rule.Finding {
	if !nineDigits.MatchString(v) {
		return []rule.Finding{rule.Of("INBOND-FORM")}
	}
	if check := ident.InBondCheck(v[:8]); check != v[8] {
		return []rule.Finding{rule.Of("INBOND-CHECK", string(check))}
	}
	return nil
}

// partyInput is a code, or a scheme and a number.
func partyInput() string {
	return Code.Input + `|(` + anyCase(ident.Schemes()...) + `)\s+[A-Za-z0-9&Ññ -]+`
}

func partyID(v string) (string, *rule.Finding) {
	scheme, number, ok := scheme(v)
	if !ok {
		return Code.apply(v)
	}
	spelt, ok := ident.Party(scheme, number)
	if !ok {
		return "", found("ID-FORM", scheme, ident.Example(scheme))
	}
	if scheme == "EIN" && ident.BareEIN(number) {
		return scheme + " " + spelt, found("ID-EIN-SUFFIX")
	}
	return scheme + " " + spelt, nil
}

// scheme parts a value into the name of a scheme and a number, both in capitals.
func scheme(v string) (name, number string, ok bool) {
	name, number, ok = strings.Cut(strings.ReplaceAll(upper(v), "ñ", "Ñ"), " ")
	return name, strings.TrimSpace(number), ok && ident.IsScheme(name)
}

// Scheme returns the scheme and the number of a normalised party number; a code has no scheme.
func Scheme(v string) (name, number string) {
	if name, number, ok := scheme(v); ok {
		return name, number
	}
	return "", v
}

// judgeParty checks what the digits of a number say of one another.
func judgeParty(v string) (list []rule.Finding) {
	report := func(holds bool, code string, args ...string) {
		if !holds {
			list = append(list, rule.Of(code, args...))
		}
	}
	name, number := Scheme(v)
	if spelt, ok := ident.Party(name, number); name != "" && (!ok || spelt != number) {
		return nil // its form is wrong
	}
	switch name {
	case "RFC":
		person, day, holds := ident.RFC(number)
		report(holds, "ID-RFC-CHECK")
		report(day, "ID-RFC-DAY")
		report(!person, "ID-RFC-PERSON")
	case "BN":
		report(ident.BusinessNumberHolds(number), "ID-BN-CHECK")
	case "LEI":
		report(ident.LEIHolds(number), "ID-LEI-CHECK", ident.LEICheck(number[:18]))
	case "GLN":
		check := ident.GLNCheck(number[:12])
		report(number[12] == check, "ID-GLN-CHECK", string(check))
	case "MID":
		place := number[:2]
		report(ident.Province(place) || place != "CA" && Country.set[place], "ID-MID-COUNTRY", place)
	default:
		report(!ident.IsSSN(number), "ID-SSN")
	}
	return list
}

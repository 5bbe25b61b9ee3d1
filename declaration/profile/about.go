// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"cocket.example/declaration/rule"
	"cocket.example/internal/strict"
)

// Target is what an event is about, as far as it is known: of a disclosure the fields shown.
type Target struct {
	Event  string
	Values Values                 // without goods.count where the number of lines is not known
	Hidden func(path string) bool // whether a field is not shown; nil: what Values lacks is absent
}

// hidden reports whether nothing is known of a field of the target.
func (t Target) hidden(path string) bool {
	return t.Values[path] == "" && t.Hidden != nil && t.Hidden(path)
}

// Compare returns what is wrong with values of good form in the light of what they are about. Nothing is
// said of what either does not tell.
func (t *Table) Compare(values Values, target Target) rule.Findings {
	v := view{values: values}
	for _, c := range t.checks {
		if c.about != nil {
			c.about(&v, target)
		}
	}
	return t.sorted(v.found)
}

// date is the day of the target; nothing where it is not known.
func (t Target) date() string {
	return cmp.Or(t.Values["signature.date"], t.Values["declaration.date"], t.Values["date"])
}

// lineNamed wants numbers of lines that the target has. Lines of a query have numbers of their own target.
func lineNamed(name string) check {
	return check{codes: []string{"ABOUT-LINE"}, about: func(v *view, target Target) {
		count := target.Values["goods.count"]
		for i := range v.values.Lines() {
			path := linePrefix(i) + name
			n, err := strict.Decimal(v.get(path))
			if err == nil && count != "" && target.Event != "query" && n >= uint64(target.Values.Lines()) {
				v.report(path, "ABOUT-LINE", count)
			}
		}
	}}
}

// asked wants lines that the query asks about, where it asks about some.
var asked = check{codes: []string{"ABOUT-ASKED"}, about: func(v *view, target Target) {
	var list []string
	for i := range target.Values.Lines() {
		list = append(list, target.Values[linePrefix(i)+"target.line"])
	}
	if target.Event != "query" || len(list) == 0 || slices.Contains(list, "") {
		return
	}
	for i := range v.values.Lines() {
		path := linePrefix(i) + "target.line"
		if n := v.get(path); n != "" && !slices.Contains(list, n) {
			v.report(path, "ABOUT-ASKED", strings.Join(list, ", "))
		}
	}
}}

// sameAs wants a number that the target has too, if it is of this event.
func sameAs(event, path, code string) check {
	return check{codes: []string{code}, about: func(v *view, target Target) {
		own, its := v.get(path), target.Values[path]
		if target.Event == event && own != "" && its != "" && own != its {
			v.report(path, code)
		}
	}}
}

var (
	entryOfClaim  = sameAs("claim", "entry.number", "ABOUT-ENTRY")
	numberOfQuery = sameAs("query", "number", "ABOUT-NUMBER")
)

// notBefore wants a date that is not before that of the target.
var notBefore = check{codes: []string{"ABOUT-DATE"}, about: func(v *view, target Target) {
	if date := v.get("date"); date != "" && date < target.date() {
		v.report("date", "ABOUT-DATE", target.date())
	}
}}

// inTime wants an answer by the day that the query names.
var inTime = check{codes: []string{"RESPONSE-LATE"}, about: func(v *view, target Target) {
	if by := target.Values["reply.by"]; by != "" && v.get("date") > by {
		v.report("date", "RESPONSE-LATE", by)
	}
}}

// held compares a claim with the certification that it rests on: that was signed before, is not too old,
// and covers the importation. A claim after importation without the day of it tells nothing of the period.
var held = check{codes: []string{"CLAIM-BEFORE", "CLAIM-4Y", "CLAIM-PERIOD", "CLAIM-HIDDEN"},
	about: func(v *view, target Target) {
		v.compared("date", target, "signature.date")
		date, signed := v.get("date"), target.Values["signature.date"]
		if date != "" && date < signed {
			v.report("date", "CLAIM-BEFORE", signed)
		}
		if t, err := time.Parse(time.DateOnly, signed); err == nil {
			if last := t.AddDate(4, 0, 0).Format(time.DateOnly); date > last {
				v.report("date", "CLAIM-4Y", last)
			}
		}
		path := "importation.date"
		if v.get(path) == "" && v.get("kind") != "POST-IMPORTATION" {
			path = "date"
		}
		v.compared(path, target, "blanket.from", "blanket.to")
		day, from, to := v.get(path), target.Values["blanket.from"], target.Values["blanket.to"]
		if day != "" && (day < from || to != "" && day > to) {
			v.report(path, "CLAIM-PERIOD", cmp.Or(from, "…"), cmp.Or(to, "…"))
		}
	}}

// compared says which fields of the target are not shown that a field would be compared with.
func (v *view) compared(path string, target Target, with ...string) {
	with = slices.DeleteFunc(with, func(its string) bool { return !target.hidden(its) })
	if v.get(path) != "" && len(with) > 0 {
		v.report(path, "CLAIM-HIDDEN", strings.Join(with, ", "))
	}
}

// certified compares goods that are claimed with the line of the certification that they name.
var certified = check{codes: []string{"CLAIM-LINE", "CLAIM-HS", "CLAIM-ORIGIN", "CLAIM-HIDDEN"},
	about: func(v *view, target Target) {
		for i := range v.values.Lines() {
			prefix := linePrefix(i)
			line := v.get(prefix + "certificate.line")
			n, err := strict.Decimal(line)
			switch {
			case line == "":
				v.report(prefix+"certificate.line", "CLAIM-LINE")
			case err == nil && n < MaxFields:
				v.sameGoods(prefix, target, linePrefix(int(n)))
			}
		}
	}}

// sameGoods compares goods with those of the target. Codes of different editions cannot be compared.
func (v *view) sameGoods(prefix string, target Target, its string) {
	v.compared(prefix+"hs", target, its+"hs")
	own, other := v.get(prefix+"edition"), target.Values[its+"edition"]
	same := own == "" || other == "" || own == other
	hs, want := v.get(prefix+"hs"), target.Values[its+"hs"]
	want = want[:min(len(want), 6)]
	if same && hs != "" && !strings.HasPrefix(hs, want) {
		v.report(prefix+"hs", "CLAIM-HS", want)
	}
	country, of := v.get(prefix+"origin.country"), target.Values[its+"origin.country"]
	if country != "" && of != "" && country != of {
		v.report(prefix+"origin.country", "CLAIM-ORIGIN", of)
	}
}

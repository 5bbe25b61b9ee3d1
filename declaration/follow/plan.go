// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"cocket.example/declaration/profile"
	"cocket.example/internal/strict"
)

// plan says what an event takes over from its target, as far as that has it.
type plan struct {
	header []pair
	link   string   // the line field that names the target's line; empty: the reference is in clear
	each   []string // line fields
	all    []string // events of which every goods line that is known has a line here
}

// pair is a field and the one of the target that it takes the value of.
type pair struct{ own, its string }

func same(paths ...string) (list []pair) {
	for _, path := range paths {
		list = append(list, pair{path, path})
	}
	return list
}

var certified = []string{"issue", "amend"}

// plans are those of all events but amend. A claim may be on a certification or on an import declaration; a
// response and a determination about a claim or a query, whose lines name those of its own target.
var plans = map[string]plan{
	"claim": {link: "certificate.line", each: []string{"hs", "edition", "origin.country"}, all: certified,
		header: append(same("importer.name", "importer.id", "importation.country", "importation.date"),
			pair{"entry.number", "declaration.number"})},
	"correct":   {link: "claim.line", header: same("entry.number")},
	"query":     {link: "target.line", header: same("entry.number")},
	"determine": {link: "target.line", header: same("number"), all: []string{"claim", "query"}},
	"response": {link: "target.line", all: []string{"query"},
		header: append(same("number"),
			pair{"respondent.role", "addressee.role"}, pair{"respondent.name", "addressee.name"})},
}

// planOf returns the plan of an event; an amendment takes over everything.
func planOf(event string, t *profile.Table) plan {
	if event != "amend" {
		return plans[event]
	}
	p := plan{all: certified}
	for _, s := range t.Header {
		if s.Path != "goods.count" {
			p.header = append(p.header, same(s.Path)...)
		}
	}
	for _, s := range t.Line {
		p.each = append(p.each, s.Path)
	}
	return p
}

// known returns the goods lines of which something is known; of a query those that it asks about.
func known(target profile.Target) []int {
	lines := make(map[int]bool)
	for path := range target.Values {
		rest, ok := strings.CutPrefix(path, "goods[")
		index, name, _ := strings.Cut(rest, "].")
		if target.Event == "query" {
			ok = ok && name == "target.line"
			index = target.Values[path]
		}
		if n, err := strict.Decimal(index); ok && err == nil && n < profile.MaxFields {
			lines[int(n)] = true
		}
	}
	return slices.Sorted(maps.Keys(lines))
}

// assume fills in what is usual, and the date where it is no claim's.
func (f *form) assume(s Step) {
	assumed := func(path, value string) { f.fill(Filled{path, value, true}) }
	switch s.Event {
	case "claim":
		agreement, _, _ := strings.Cut(s.About.Entry.Profile, "/")
		assumed("kind", "ENTRY")
		if !profile.AnyAgreement(s.About.Entry.Profile) {
			assumed("basis", "CERTIFICATION")
			assumed("agreement", strings.ToUpper(agreement))
		}
		return
	case "determine":
		for i := range f.lines {
			if result := f.fields["result"]; !strings.EqualFold(result, "PARTIAL") {
				assumed(goods(i)+"result", result)
			}
		}
	}
	assumed("date", s.Today)
}

func encode(h [32]byte) string { return base64.StdEncoding.EncodeToString(h[:]) }

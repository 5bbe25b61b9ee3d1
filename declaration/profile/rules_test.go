// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	"cocket.example/declaration/form"
	"cocket.example/declaration/rule"
)

// TestRules breaks every rule alone, and passes it at its edge.
func TestRules(t *testing.T) {
	for _, r := range rule.All() {
		c, ok := cases[r.Code]
		if !ok {
			t.Errorf("%s has no case that breaks it alone and none at its edge", r.Code)
			continue
		}
		var tariffs []Tariff
		if slices.Contains([]string{"HS-TABLE", "HS-EDITION"}, r.Code) {
			tariffs = []Tariff{mustTariff(t, "2022", "870830")}
		}
		table := tableOf(t, c.table)
		found := c.found(table, changed(c.table, c.breaks), tariffs)
		if got := codes(found); len(got) != 1 || got[0] != r.Code+" "+c.field {
			t.Errorf("%s at %s: found %q", r.Code, c.field, got)
			continue
		}
		if f := found[0]; f.Level != r.Level || len(f.Args) != len(r.Args) || f.Source() != r.Source {
			t.Errorf("%s: found as %+v, the book has %+v", r.Code, f, r)
		}
		if !strings.Contains(", "+r.Field+", ", ", "+strings.ReplaceAll(c.field, "[0]", "[]")+", ") && !anywhere(t, table, c.field, r) {
			t.Errorf("%s: found at %s, the book has %q", r.Code, c.field, r.Field)
		}
		if !declares(table, r.Code) {
			t.Errorf("%s is found and not among the rules of %s", r.Code, c.table)
		}
		edge := cmp.Or(c.edgeOf, c.table)
		if found := c.found(tableOf(t, edge), changed(edge, c.edge), tariffs); len(found) > 0 {
			t.Errorf("%s: at its edge there is\n%s", r.Code, found)
		}
	}
	for code := range cases {
		if _, ok := rule.Lookup(code); !ok {
			t.Errorf("%s is no rule", code)
		}
	}
}

// found is everything that is wrong, in the light of what the case is about as well.
func (c ruleCase) found(table *Table, given fields, tariffs []Tariff) rule.Findings {
	values, found := table.Check(given, tariffs)
	if c.about != nil {
		found = append(found, table.Compare(values, *c.about)...)
	}
	return found
}

// anywhere reports whether a rule without a field of its own is one of the field's form, or for every field.
func anywhere(t *testing.T, table *Table, field string, r rule.Rule) bool {
	t.Helper()
	if r.Field != "" {
		return false
	}
	if _, spec, err := table.Find(field); err == nil && slices.Contains(spec.Form.Rules, r.Code) {
		return true
	}
	everywhere := []string{"FIELD", "REQUIRED", "REQUIRED-WHERE", "ONLY-WHERE", "LINES-BEHIND"}
	return slices.Contains(slices.Concat(form.AnyValue, everywhere), r.Code)
}

func declares(table *Table, code string) bool {
	return slices.ContainsFunc(table.Rules(), func(r rule.Rule) bool { return r.Code == code })
}

// TestBook: every rule is one of some profile, and whatever a table says it applies is in the book.
func TestBook(t *testing.T) {
	used := make(map[string]bool)
	for _, p := range All {
		for event, table := range p.Events {
			for _, r := range table.Rules() {
				used[r.Code] = true
			}
			for _, c := range table.checks {
				for _, code := range c.codes {
					if _, ok := rule.Lookup(code); !ok {
						t.Errorf("%s %s applies %s, which is in no book", p.Name, event, code)
					}
				}
			}
			for _, s := range slices.Concat(table.Header, table.Line) {
				for _, code := range s.Form.Rules {
					if _, ok := rule.Lookup(code); !ok {
						t.Errorf("form %s applies %s, which is in no book", s.Form.Name, code)
					}
				}
			}
		}
	}
	for _, r := range rule.All() {
		if !used[r.Code] {
			t.Errorf("%s is applied by no profile", r.Code)
		}
	}
	t.Logf("%d rules", len(rule.All()))
}

// TestAllAtOnce: whoever gets a declaration back learns everything that is wrong with it, and nothing that
// only follows from something else that is.
func TestAllAtOnce(t *testing.T) {
	_, found := tableOf(t, usmcaI).Check(changed(usmcaI, fields{
		"certifier.name": "", "certifier.country": "México", "certifier.role": "BROKER", "colour": "red", "goods[0].hs": "77",
		"goods[0].criterion": "D", "blanket.from": "yesterday", "blanket.to": "2030-01-01", "exporter.kind": "UNKNOWN",
	}), nil)
	want := []string{"FIELD colour", "ONE-OF certifier.role", "REQUIRED certifier.name", "COUNTRY-NAME certifier.country",
		"DATE blanket.from", "HS-DIGITS goods[0].hs"}
	if got := codes(found); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	if n := len(found.Of(rule.Warning)); n != 1 {
		t.Errorf("%d warnings", n)
	}
}

// TestMissing: what an entry cannot be numbered without is missed by Complete, and no other.
func TestMissing(t *testing.T) {
	table := tableOf(t, usmcaI)
	for path := range good[usmcaI] {
		left := maps.Clone(good[usmcaI])
		delete(left, path)
		_, spec, err := table.Find(path)
		if err != nil {
			t.Fatal(err)
		}
		if broken := table.Complete(left); (len(broken) > 0) != spec.Required {
			t.Errorf("without %s: %v", path, broken)
		}
	}
}

// TestBlanket counts days: 365, 366 where a leap day lies between, and not one more.
func TestBlanket(t *testing.T) {
	for _, test := range []struct{ from, to, want string }{
		{"2026-01-01", "2026-12-31", ""}, {"2026-01-01", "2027-01-01", "USMCA-8-BLANKET-EQUAL-DAY"},
		{"2026-01-01", "2027-01-02", "USMCA-8-BLANKET-12M"}, {"2024-01-01", "2024-12-31", ""},
		{"2023-03-01", "2024-02-29", ""}, {"2023-03-01", "2024-03-01", "USMCA-8-BLANKET-EQUAL-DAY"},
		{"2024-02-29", "2025-02-28", ""}, {"2024-02-29", "2025-03-01", "USMCA-8-BLANKET-EQUAL-DAY"},
		{"2025-02-28", "2026-02-27", ""}, {"2025-02-28", "2026-02-28", "USMCA-8-BLANKET-EQUAL-DAY"},
		{"2026-05-04", "2026-05-03", "USMCA-8-BLANKET-ORDER"}, {"9999-01-01", "9999-12-31", ""},
	} {
		_, found := tableOf(t, usmcaI).Check(changed(usmcaI, blanketOf(test.from, test.to)), nil)
		if got := codes(found); len(got) > 1 || (test.want == "") != (len(got) == 0) || len(got) == 1 && got[0] != test.want+" blanket.to" {
			t.Errorf("%s to %s: %q", test.from, test.to, got)
		}
	}
}

// TestSampleEntry checks the numbers that the samples of entries in the W3C traceability vocabulary carry, most
// of which are wrong, and the same mended.
func TestSampleEntry(t *testing.T) {
	sample := fields{
		"goods.count": "2", "declaration.number": "73461882610", "declaration.date": "2022-03-01", "importation.country": "US",
		"importation.date": "2022-03-12", "office": "2709", "transport.mode": "Ocean", "bill.number": "NC989877201",
		"inbond.number": "230012", "importer.id": "CBP 10025672", "departure.country": "SG",
		"goods[0].hs": "2204.21.60 00", "goods[0].description": "Wine of fresh grapes", "goods[0].origin.country": "SG",
		"goods[0].producer.id": "MID 2300912", "goods[0].net.mass": "6620", "goods[0].item.price": "12000",
		"goods[0].item.currency": "USD", "goods[1].hs": "9403 7000 00",
	}
	table := tableOf(t, importI)
	_, found := table.Check(sample, nil)
	want := []string{"ENTRY-CHECK declaration.number", "INBOND-FORM inbond.number", "ID-FORM importer.id", "ID-FORM goods[0].producer.id"}
	if got := codes(found); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	mended := with(sample, fields{"declaration.number": "734-6188261-2", "inbond.number": "257700030",
		"importer.id": "CBP 100256-72000", "goods[0].producer.id": "MID SGSINWIN12SIN"})
	values, found := table.Check(mended, nil)
	if len(found) > 0 || values["goods[0].hs"] != "2204216000" || values["goods[1].hs"] != "9403700000" {
		t.Errorf("mended: %v, %v", found, values)
	}
}

// TestPostClaim: a claim after importation into the US wants a date and two statements; other Parties have laws
// of their own.
func TestPostClaim(t *testing.T) {
	table := tableOf(t, usmcaC)
	late := changed(usmcaC, fields{"kind": "POST-IMPORTATION"})
	_, found := table.Check(late, nil)
	want := []string{"REQUIRED-WHERE importation.date", "REQUIRED-WHERE post.copies", "REQUIRED-WHERE post.protests"}
	if got := codes(found); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	late["importation.country"] = "CA"
	if _, found := table.Check(late, nil); len(found) > 0 {
		t.Errorf("into Canada: %s", found)
	}
}

// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"slices"
	"strings"
	"time"

	"cocket.example/declaration/form"
	"cocket.example/declaration/ident"
)

// claimed is how claims under one agreement differ from those under another.
type claimed struct {
	party *form.Form // where goods may be imported
	basis *form.Form
	spi   *form.Form // the special program indicator before the tariff code
	post  string     // the rule for claims after importation into the US; none if empty
	after []string   // the fields that such claims want
}

const byKnowledge = "IMPORTER-KNOWLEDGE"

var (
	claimKind = form.OneOf("claim-kind", "ENTRY", "POST-IMPORTATION")
	afterward = &Where{Path: "kind", Is: []string{"POST-IMPORTATION"}}
)

// table is a claim for preference: at entry, or within a year after importation (19 CFR 182.31 and 182.32).
func (c claimed) table() *Table {
	t := &Table{
		Header: []Spec{
			goodsCount(),
			about("182.12(a)(3)"),
			{Path: "kind", Form: claimKind, Required: true, Shown: buyer, Source: "182.11, 182.31"},
			{Path: "basis", Form: c.basis, Required: true, Shown: buyer, Source: "182.12, 10.583"},
			{Path: "entry.number", Form: form.EntryNumber, Required: true, Shown: buyer, Source: "CATAIR AE"},
			{Path: "date", Form: form.Date, Required: true, Shown: buyer, Source: "182.11"},
			{Path: "importation.country", Form: c.party, Required: true, Shown: buyer},
			{Path: "importation.date", Form: form.Date, Shown: buyer, Source: "182.31"},
			{Path: "importer.name", Form: form.Line, Shown: buyer},
			{Path: "importer.id", Form: form.PartyID, Shown: buyer, Source: "CBP 5106"},
			{Path: "post.copies", Form: form.Text, Shown: buyer, Source: "182.32", Where: afterward},
			{Path: "post.protests", Form: form.Text, Shown: buyer, Source: "182.32", Where: afterward},
		},
		Line: []Spec{
			{Path: "hs", Form: form.Tariff, Required: true, Shown: buyer, Source: "HTSUS"},
			{Path: "edition", Form: edition, Shown: buyer, Source: "HS"},
			{Path: "spi", Form: c.spi, Shown: buyer, Source: "182.11(b)"},
			{Path: "certificate.line", Form: form.Count, Shown: buyer},
			{Path: "entry.line", Form: form.Count, Shown: buyer},
			{Path: "origin.country", Form: c.party, Shown: buyer},
			{Path: "value", Form: form.Decimal, Shown: buyer},
			{Path: "duty", Form: form.Decimal, Shown: buyer},
			{Path: "currency", Form: form.Currency, Shown: buyer},
		},
		Least: 1,
		Tags:  []string{"entry"},
		checks: []check{basis, entryNumber("entry.number"), tariffOfUS, tariffs, mids,
			held, certified, lineNamed("certificate.line")},
	}
	if slices.Contains(c.basis.Codes, byKnowledge) {
		t.Header = append(t.Header, Spec{Path: "knowledge", Form: form.Text, Shown: buyer, Source: "10.583(a)",
			Where: &Where{Path: "basis", Is: []string{byKnowledge}, Needed: true}})
	}
	if c.spi.Codes != nil {
		t.checks = append(t.checks, indicated(c.spi.Codes))
	}
	if c.post != "" {
		t.checks = append(t.checks, afterImportation(c.post, c.after))
	} else { // the profile does not name the agreement
		t.Header = append(t.Header, Spec{Path: "agreement", Form: form.Code, Required: true, Shown: buyer})
	}
	return t
}

// basis: a claim rests on a certification, which it quotes, or on what the importer knows.
var basis = check{codes: []string{"CLAIM-REFERS", "CLAIM-KNOWLEDGE"}, header: func(v *view) {
	quoted, basis := v.get("refers") != "", v.get("basis")
	switch {
	case basis == "CERTIFICATION" && !quoted:
		v.report("refers", "CLAIM-REFERS")
	case basis == byKnowledge && quoted:
		v.report("refers", "CLAIM-KNOWLEDGE")
	}
}}

// indicated wants the special program indicator on US entries.
func indicated(codes []string) check {
	return check{codes: []string{"CLAIM-SPI"}, line: func(v *view, prefix string) {
		if v.get("importation.country") == "US" && v.get(prefix+"spi") == "" {
			v.report(prefix+"spi", "CLAIM-SPI", strings.Join(codes, ", "))
		}
	}}
}

// afterImportation is possible in the US for one year, with a declaration and statements.
func afterImportation(code string, wanted []string) check {
	return check{codes: []string{code, "REQUIRED-WHERE"}, header: func(v *view) {
		if v.get("kind") != "POST-IMPORTATION" || v.get("importation.country") != "US" {
			return
		}
		for _, path := range wanted {
			if v.get(path) == "" {
				v.report(path, "REQUIRED-WHERE", "kind", "POST-IMPORTATION")
			}
		}
		imported := v.get("importation.date")
		if last := yearFrom(imported).Format(time.DateOnly); imported != "" && v.get("date") > last {
			v.report("date", code, last)
		}
	}}
}

// entryNumber judges the number of an entry into the US.
func entryNumber(path string) check {
	return check{codes: []string{"ENTRY-FORM", "ENTRY-FILER", "ENTRY-CHECK"}, header: func(v *view) {
		number := v.get(path)
		if v.get("importation.country") != "US" || number == "" {
			return
		}
		if _, ok := ident.EntryNumber(number); !ok {
			v.report(path, "ENTRY-FORM")
			return
		}
		if number[:3] == "000" {
			v.report(path, "ENTRY-FILER")
		}
		if check := ident.EntryCheck(number[:10]); check != number[10] {
			v.report(path, "ENTRY-CHECK", string(check))
		}
	}}
}

// tariffOfUS: chapters 98 and 99 are its own, and it counts eight or ten digits.
var tariffOfUS = check{codes: []string{"HTS-US", "HTS-DIGITS"}, line: func(v *view, prefix string) {
	hs, us := v.get(prefix+"hs"), v.get("importation.country") == "US"
	switch {
	case hs == "":
	case hs >= "98" && !us:
		v.report(prefix+"hs", "HTS-US", chapterOf(hs))
	case us && len(hs) < 8:
		v.report(prefix+"hs", "HTS-DIGITS")
	}
}}

// addDays returns the date some days later; nothing for what is no date.
func addDays(date string, days int) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, days).Format(time.DateOnly)
}

// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// Tariff is the set of six-digit codes of one edition of the Harmonized System.
type Tariff struct {
	Edition string // as "2022"
	codes   map[string]bool
}

// maxTariff bounds a table in bytes; that of the World Customs Organization has about 1 MiB.
const maxTariff = 16 << 20

var (
	editionForm = regexp.MustCompile(`^20[0-9]{2}$`)
	codeForm    = regexp.MustCompile(`^[0-9]{2}(\.?[0-9]{2}(\.?[0-9]{2})?)?$`)
)

// ParseTariff reads a table: one code at the beginning of each line, what follows a comma, semicolon or
// tab is not read. Chapters and headings, of two and four digits, are skipped, as is a first line without a
// code, which names the columns.
//
//	hscode,description
//	0101.21,"Horses; live, pure-bred breeding animals"
func ParseTariff(edition string, table []byte) (Tariff, error) {
	t := Tariff{Edition: edition, codes: make(map[string]bool)}
	if !editionForm.MatchString(edition) {
		return t, fmt.Errorf("edition %.20q of the Harmonized System: want a year as 2022", edition)
	}
	if len(table) > maxTariff {
		return t, fmt.Errorf("table of %d bytes, want at most %d", len(table), maxTariff)
	}
	number := 0
	for line := range bytes.Lines(table) {
		number++
		code, _, _ := strings.Cut(strings.NewReplacer(";", ",", "\t", ",").Replace(string(line)), ",")
		code = strings.Trim(strings.TrimSpace(strings.TrimPrefix(code, "\ufeff")), `"`)
		switch {
		case codeForm.MatchString(code):
			if code = strings.ReplaceAll(code, ".", ""); len(code) == 6 {
				t.codes[code] = true
			}
		case number > 1 && strings.TrimSpace(string(line)) != "":
			return t, fmt.Errorf("line %d: want a code as 8708.99 in front", number)
		}
	}
	if len(t.codes) == 0 {
		return t, fmt.Errorf("a table without a code of six digits")
	}
	return t, nil
}

// Has reports whether the table has the first six digits of a code.
func (t Tariff) Has(code string) bool { return len(code) >= 6 && t.codes[code[:6]] }

// chapterOf returns the first two digits of a code.
func chapterOf(hs string) string { return hs[:min(len(hs), 2)] }

// chapters: one that is given, to be public, is that of the code.
var chapters = check{codes: []string{"HS-CHAPTER-OF"}, line: func(v *view, prefix string) {
	hs, chapter := v.get(prefix+"hs"), v.get(prefix+"chapter")
	if hs != "" && chapter != "" && chapterOf(hs) != chapter {
		v.report(prefix+"chapter", "HS-CHAPTER-OF", chapterOf(hs))
	}
}}

// tariffs compares the codes of goods with the tables given, of which there may be none.
var tariffs = check{codes: []string{"HS-TABLE", "HS-EDITION"}, line: func(v *view, prefix string) {
	hs, edition := v.get(prefix+"hs"), v.get(prefix+"edition")
	for _, t := range v.tariffs {
		switch {
		case hs == "" || chapterOf(hs) > "97" || t.Has(hs):
		case edition == t.Edition:
			v.report(prefix+"hs", "HS-TABLE", t.Edition)
		case edition == "":
			v.report(prefix+"hs", "HS-EDITION", t.Edition)
		}
	}
}}

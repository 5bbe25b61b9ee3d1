// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cocket.example/declaration/form"
	"cocket.example/declaration/profile"
	"cocket.example/declaration/rule"
	"cocket.example/internal/columns"
)

// heading are the words of a page.
type heading struct{ event, field, form, seen, source, lines, legend, codes, rules, error, warning string }

var headings = map[rule.Language]heading{
	rule.English: {"event", "field", "form", "seen", "source", "of each goods line",
		"* required, ? where its kind or basis says so. Seen by: P anyone, if its holder\n" +
			"wants, I importer, C customs, T carrier. Sources: 5-A is Annex 5-A of the USMCA,\n" +
			"GN 29 is of the HTSUS, numbers are sections of 19 CFR.",
		"Codes", "Rules, of fields, (forms), or * any field", "error", "warning"},
	rule.Spanish: {"evento", "campo", "forma", "ven", "fuente", "de cada línea de mercancías",
		"* obligatorio, ? según kind o basis. Lo ven: P cualquiera, si el titular quiere,\n" +
			"I importador, C aduana, T transportista. Fuentes: 5-A es el Anexo 5-A del T-MEC,\n" +
			"GN 29 es la nota general 29 de la HTSUS, los números son secciones de 19 CFR.",
		"Códigos", "Reglas, de campos, (formas) o * cualquier campo", "error", "advertencia"},
	rule.French: {"événement", "champ", "forme", "vu", "source", "de chaque ligne de marchandises",
		"* obligatoire, ? selon kind ou basis. Vu par : P quiconque, si le titulaire le\n" +
			"veut, I importateur, C douanes, T transporteur. Sources : 5-A est l’annexe 5-A\n" +
			"de l’ACEUM, GN 29 est la note générale 29 du HTSUS, les numéros sont des\n" +
			"articles de 19 CFR.",
		"Codes", "Règles, de champs, (formes) ou * tout champ", "erreur", "avertissement"},
}

// profilePage prints a profile within 80 columns.
func profilePage(p *profile.Profile, l rule.Language) string {
	h := headings[l]
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n%x\n\n%s\n", p.Name, p.Title, p.Hash(), h.legend)
	done := make(map[*profile.Table]bool)
	for _, event := range profile.Events {
		t := p.Events[event]
		if t == nil || done[t] {
			continue
		}
		done[t] = true
		same := slices.DeleteFunc(slices.Clone(profile.Events), func(e string) bool { return p.Events[e] != t })
		fmt.Fprintf(&b, "\n%s %s\n", h.event, strings.Join(same, ", "))
		pageRow(&b, " ", h.field, h.form, h.seen, h.source)
		pageRows(&b, t.Header)
		if len(t.Line) > 0 {
			fmt.Fprintf(&b, "  %s\n", h.lines)
			pageRows(&b, t.Line)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", h.codes)
	lists := codesOf(p)
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		for i, line := range columns.Fold(strings.Join(lists[name], ", "), 54) {
			fmt.Fprintf(&b, "  %-23s %s\n", map[bool]string{true: name}[i == 0], line)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", h.rules)
	for _, r := range rulesOf(p) {
		level := map[rule.Level]string{rule.Error: h.error, rule.Warning: h.warning}[r.Level]
		fmt.Fprintf(&b, "  %s %s [%s]\n", r.Code, level, r.Source)
		for _, line := range columns.Fold(whereFound(p, r)+": "+r.Text(l), 76) {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	return b.String()
}

// pageRow prints one line of a table, without space at its end.
func pageRow(b *strings.Builder, mark, path, form, seen, source string) {
	line := fmt.Sprintf("%s %-20s %-24s %-5s %s", mark, path, form, seen, source)
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

func pageRows(b *strings.Builder, specs []profile.Spec) {
	for _, s := range specs {
		mark := " "
		switch {
		case s.Required:
			mark = "*"
		case s.Where != nil && s.Where.Needed:
			mark = "?"
		}
		seen := ""
		for _, a := range []struct {
			sees bool
			mark string
		}{{s.Public, "P"}, {s.To("importer"), "I"}, {s.To("customs"), "C"}, {s.To("carrier"), "T"}} {
			if a.sees {
				seen += a.mark
			} else {
				seen += "."
			}
		}
		pageRow(b, mark, s.Path, s.Form.Name, seen, s.Source)
	}
}

// whereFound says where a rule is found: its fields, or those of the forms that apply it.
func whereFound(p *profile.Profile, r rule.Rule) string {
	if r.Field != "" {
		return r.Field
	}
	forms := make(map[string]bool)
	for t := range maps.Values(p.Events) {
		for _, s := range slices.Concat(t.Header, t.Line) {
			if slices.Contains(s.Form.Rules, r.Code) {
				forms[s.Form.Name] = true
			}
		}
	}
	if len(forms) == 0 {
		return "*"
	}
	return "(" + strings.Join(slices.Sorted(maps.Keys(forms)), ", ") + ")"
}

// codesOf returns the codes of every form that has some, but for those of all countries.
func codesOf(p *profile.Profile) map[string][]string {
	lists := make(map[string][]string)
	for t := range maps.Values(p.Events) {
		for _, s := range slices.Concat(t.Header, t.Line) {
			if s.Form.Codes != nil && s.Form != form.Country {
				lists[s.Form.Name] = s.Form.Codes
			}
		}
	}
	return lists
}

// rulesOf returns the rules of all tables, in the order of the book.
func rulesOf(p *profile.Profile) []rule.Rule {
	codes := make(map[string]bool)
	for t := range maps.Values(p.Events) {
		for _, r := range t.Rules() {
			codes[r.Code] = true
		}
	}
	return slices.DeleteFunc(rule.All(), func(r rule.Rule) bool { return !codes[r.Code] })
}

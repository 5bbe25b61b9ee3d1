// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cocket.example/declaration"
	"cocket.example/declaration/profile"
	"cocket.example/declaration/rule"
)

// profiling is what the flags of profile say.
type profiling struct {
	schema, hash bool
	event        string
	lang         tongue
}

func newProfileCommand() *cobra.Command {
	var p profiling
	cmd := &cobra.Command{
		Use:   "profile [PROFILE]",
		Short: "Show the fields and rules of a profile, or list the profiles",
		Long: `Show what a profile asks for: the fields of each event, the form of each value, to
whom it is usually shown, and the rules, each with its code, its level, its
source and what would be right. Without an argument, list the profiles.

With --schema, print a JSON Schema (2020-12) of the declaration that "cocket
seal" reads, for the system that writes it: nothing that is sealed breaks it,
and it says as much of what is not as a schema can.`,
		Example: `  cocket profile usmca/1
  cocket profile usmca/1 --lang es
  cocket profile usmca/1 --schema --event claim`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return list(cmd.OutOrStdout())
			}
			return p.show(cmd.OutOrStdout(), args[0])
		},
	}
	f := cmd.Flags()
	f.BoolVar(&p.schema, "schema", false, "print the JSON Schema of an event")
	f.StringVar(&p.event, "event", "issue", "`EVENT` of the schema")
	f.BoolVar(&p.hash, "hash", false, "print the SHA-256 of the profile's tables")
	addTongue(cmd, &p.lang)
	cmd.MarkFlagsMutuallyExclusive("schema", "hash")
	return cmd
}

func list(w io.Writer) error {
	for _, p := range profile.All {
		if _, err := fmt.Fprintf(w, "%-12s %s\n", p.Name, p.Title); err != nil {
			return err
		}
	}
	return nil
}

func (p profiling) show(w io.Writer, name string) error {
	known := profile.Find(name)
	if known == nil {
		return fmt.Errorf("profile %.40q: want one of %s", name, strings.Join(declaration.Profiles(), ", "))
	}
	var text string
	switch {
	case p.hash:
		text = fmt.Sprintf("%x\n", known.Hash())
	case p.schema:
		schema, err := known.Schema(p.event)
		if err != nil {
			return err
		}
		text = string(schema) + "\n"
	default:
		text = page(known, rule.Language(p.lang))
	}
	_, err := io.WriteString(w, text)
	return err
}

// heading are the words of a page.
type heading struct{ event, field, form, seen, source, lines, legend, rules, error, warning string }

var headings = map[rule.Language]heading{
	rule.English: {"event", "field", "form", "seen", "source", "of each goods line",
		"* required, ? where its kind or basis says so. Seen by: P anyone, if its holder\n" +
			"wants, I importer, C customs, T carrier. Sources: 5-A is Annex 5-A of the USMCA,\n" +
			"GN 29 is of the HTSUS, numbers are sections of 19 CFR.",
		"Rules", "error", "warning"},
	rule.Spanish: {"evento", "campo", "forma", "ven", "fuente", "de cada línea de mercancías",
		"* obligatorio, ? según su clase o base. Lo ven: P cualquiera, si el titular\n" +
			"quiere, I importador, C aduana, T transportista. Fuentes: 5-A es el anexo 5-A\n" +
			"del T-MEC, GN 29 es de la HTSUS, los números son secciones de 19 CFR.",
		"Reglas", "error", "aviso"},
	rule.French: {"événement", "champ", "forme", "vu", "source", "de chaque ligne de marchandises",
		"* obligatoire, ? selon son genre ou sa base. Vu par : P quiconque, si le\n" +
			"titulaire veut, I importateur, C douane, T transporteur. Sources : 5-A est\n" +
			"l’annexe 5-A de l’ACEUM, GN 29 est du HTSUS, les numéros sont de 19 CFR.",
		"Règles", "erreur", "avertissement"},
}

// page prints a profile within 80 columns.
func page(p *profile.Profile, l rule.Language) string {
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
		row(&b, " ", h.field, h.form, h.seen, h.source)
		fields(&b, t.Header)
		if len(t.Line) > 0 {
			fmt.Fprintf(&b, "  %s\n", h.lines)
			fields(&b, t.Line)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", h.rules)
	for _, r := range rulesOf(p) {
		level := map[rule.Level]string{rule.Error: h.error, rule.Warning: h.warning}[r.Level]
		for i, line := range fold(r.Code+" "+level+" ["+r.Source+"] "+r.Text(l), 76) {
			fmt.Fprintf(&b, "%s%s\n", map[bool]string{true: "  ", false: "    "}[i == 0], line)
		}
	}
	return b.String()
}

// row prints one line of a table, without space at its end.
func row(b *strings.Builder, mark, path, form, seen, source string) {
	line := fmt.Sprintf("%s %-20s %-24s %-5s %s", mark, path, form, seen, source)
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

func fields(b *strings.Builder, specs []profile.Spec) {
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
		row(b, mark, s.Path, s.Form.Name, seen, s.Source)
	}
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

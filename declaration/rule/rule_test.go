// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var codeForm = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$`)

// TestBook: codes are unique, and every message is there in three languages, with the same arguments.
func TestBook(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range slices.Concat(All(), Readers(), Sheet()) {
		if seen[r.Code] || !codeForm.MatchString(r.Code) {
			t.Errorf("%q is twice in the book, or no code", r.Code)
		}
		seen[r.Code] = true
		if r.Source == "" || r.Level != Error && r.Level != Warning {
			t.Errorf("%s has no source or level", r.Code)
		}
		texts := make(map[string]bool)
		for l, raw := range map[Language]string{English: r.en, Spanish: r.es, French: r.fr} {
			text := r.Text(l)
			for _, name := range r.Args {
				if strings.Count(text, "<"+name+">") != 1 {
					t.Errorf("%s in %s does not tell its %s once: %s", r.Code, l, name, text)
				}
			}
			if raw == "" || strings.Contains(text, "%") || strings.Count(raw, "%") != len(r.Args) || text == r.Code {
				t.Errorf("%s in %s: %q", r.Code, l, text)
			}
			if strings.TrimSpace(raw) != raw || strings.HasSuffix(raw, ".") {
				t.Errorf("%s in %s is a clause, without a full stop: %q", r.Code, l, raw)
			}
			texts[text] = true
		}
		if len(texts) != len(Languages) {
			t.Errorf("%s is the same in two languages", r.Code)
		}
	}
}

// TestFinding: the code is the same in all languages, and what a program reads has everything.
func TestFinding(t *testing.T) {
	f := Of("USMCA-8-BLANKET-12M", "2026-12-31").At("blanket.to")
	want := map[Language]string{
		English: "want 2026-12-31 or before, within twelve months from blanket.from",
		Spanish: "no debe ser posterior al 2026-12-31: el período global es de hasta doce meses desde blanket.from",
		French:  "ne doit pas être postérieur au 2026-12-31 : la période globale est d’au plus douze mois à partir de blanket.from",
		"de":    "want 2026-12-31 or before, within twelve months from blanket.from",
	}
	for l, text := range want {
		if got := f.Message(l); got != text {
			t.Errorf("%s: %s", l, got)
		}
	}
	if got := f.String(); got != "blanket.to: "+want[English]+" (USMCA-8-BLANKET-12M)" {
		t.Error(got)
	}
	b, err := json.Marshal(Findings{f})
	if err != nil || string(b) != `[{"code":"USMCA-8-BLANKET-12M","level":"error","field":"blanket.to","args":["2026-12-31"],`+
		`"message":"`+want[English]+`","source":"19 CFR 182.12(a)(4)(viii)"}]` {
		t.Errorf("%s, %v", b, err)
	}
}

func TestFindings(t *testing.T) {
	list := Findings{Of("PHONE").At("a"), Of("DATE").At("b"), Of("PHONE").At("c")}
	if got := fmt.Sprint(list.Of(Error)); !strings.HasPrefix(got, "b: want a date") || strings.Contains(got, "\n") {
		t.Error(got)
	}
	if got := list.Of(Warning); len(got) != 2 || len(list) != 3 {
		t.Error(got)
	}
	all := All()
	all[0].Code = "" // a copy
	if _, ok := Lookup(""); ok || All()[0].Code == "" {
		t.Error("the book can be written to")
	}
}

func TestLanguageOf(t *testing.T) {
	for locale, want := range map[string]Language{
		"es": Spanish, "fr_CA.UTF-8": French, "EN-us": English, "es@euro": Spanish, "de_DE": "", "C": "", "": "", "espanol": "",
	} {
		if got, ok := LanguageOf(locale); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %s %v", locale, got, ok)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package form

import (
	"strings"

	"cocket.example/declaration/rule"
)

// phrases are what people write for the codes of a role or of the kind of a party, in the three languages
// of the USMCA.
var phrases = map[string][]string{
	"VARIOUS": {"varios", "divers"},
	"UNKNOWN": {"desconocido", "inconnu"},
	"ON-REQUEST": {
		"available upon request by the importing authorities",
		"disponible a solicitud de las autoridades importadoras",
		"disponible a solicitud de autoridades importadoras",
		"disponible sur demande des autorités importatrices",
		"disponible sur demande par les autorités importatrices",
		"disponible à la demande des autorités importatrices",
	},
	"IMPORTER": {"importador", "importateur"},
	"EXPORTER": {"exportador", "exportateur"},
	"PRODUCER": {"productor", "producteur"},
}

// Phrase returns the code that a set phrase stands for, or nothing.
func Phrase(text string) string {
	text = strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ".")
	for code, list := range phrases {
		if strings.EqualFold(text, code) {
			return code
		}
		for _, phrase := range list {
			if strings.EqualFold(text, phrase) {
				return code
			}
		}
	}
	return ""
}

// Kind makes a form of codes, for which the set phrases are accepted too.
func Kind(name string, codes ...string) *Form {
	f := OneOf(name, codes...)
	words := append([]string(nil), codes...)
	for _, c := range codes {
		words = append(words, phrases[c]...)
	}
	f.Input = `(` + strings.ReplaceAll(anyCase(words...), " ", `\s+`) + `)\.?`
	code := f.apply
	f.apply = func(v string) (string, *rule.Finding) {
		if c := Phrase(v); f.set[c] {
			return c, nil
		}
		return code(strings.TrimSuffix(v, "."))
	}
	return f
}

// NoPhrase makes a form of codes that refuses to have the producer withheld, and says so.
func NoPhrase(name string, codes ...string) *Form {
	f := Kind(name, codes...)
	f.Rules = append(f.Rules, "CAFTA-ON-REQUEST")
	apply := f.apply
	f.apply = func(v string) (string, *rule.Finding) {
		if Phrase(v) == "ON-REQUEST" {
			return "", found("CAFTA-ON-REQUEST")
		}
		return apply(v)
	}
	return f
}

// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// Language is one of those that messages are in.
type Language string

const (
	English Language = "en"
	Spanish Language = "es"
	French  Language = "fr"
)

// Languages are all of them.
var Languages = []Language{English, Spanish, French}

// LanguageOf tells the language of "es", or of a locale as "fr_CA.UTF-8", and whether there is one.
func LanguageOf(locale string) (Language, bool) {
	name := strings.ToLower(locale)
	if end := strings.IndexAny(name, "_-.@"); end >= 0 {
		name = name[:end]
	}
	for _, l := range Languages {
		if string(l) == name {
			return l, true
		}
	}
	return English, false
}

// printers hold the catalogue: the messages of every rule in every language.
var printers = func() map[Language]*message.Printer {
	c := catalog.NewBuilder(catalog.Fallback(language.English))
	for _, r := range book {
		for l, text := range map[Language]string{English: r.en, Spanish: r.es, French: r.fr} {
			// It fails for a text that does not compile, which a test would see.
			_ = c.SetString(language.Make(string(l)), r.Code, text)
		}
	}
	printers := make(map[Language]*message.Printer)
	for _, l := range Languages {
		printers[l] = message.NewPrinter(language.Make(string(l)), message.Catalog(c))
	}
	return printers
}()

func (l Language) message(code string, args []string) string {
	p := printers[l]
	if p == nil {
		p = printers[English]
	}
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a
	}
	return p.Sprintf(code, values...)
}

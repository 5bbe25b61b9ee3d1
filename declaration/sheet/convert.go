// SPDX-License-Identifier: Apache-2.0

package sheet

import (
	"errors"
	"strings"
	"time"

	"cocket.example/declaration/rule"
)

// converter brings a value from the spelling of the sheet into that of the field's form.
type converter func(value string) (string, *rule.Finding)

// converter returns what fields of a form need, nil for nothing.
func (m Map) converter(form string) converter {
	switch {
	case form == "date" && m.Date != "" && m.Date != "yyyy-mm-dd":
		return m.dates()
	case form == "decimal" && (m.decimal() != "." || m.Thousands != ""):
		return m.decimals
	}
	return nil
}

// words of the form of a date, and what package time calls them. The longer come first.
var words = []struct{ word, layout string }{
	{"yyyy", "2006"}, {"mm", "01"}, {"dd", "02"}, {"m", "1"}, {"d", "2"},
}

// layout translates the form of a date: yyyy, mm or m, dd or d, each once, and what stands between them.
func layout(date string) (string, error) {
	if date == "" {
		return time.DateOnly, nil
	}
	var b strings.Builder
	seen := make(map[byte]int)
next:
	for rest := date; rest != ""; {
		for _, w := range words {
			if after, ok := strings.CutPrefix(rest, w.word); ok {
				b.WriteString(w.layout)
				seen[w.word[0]]++
				rest = after
				continue next
			}
		}
		if !strings.ContainsRune("/.- ", rune(rest[0])) {
			return "", errors.New("want yyyy, mm or m, dd or d, each once, as dd/mm/yyyy")
		}
		b.WriteByte(rest[0])
		rest = rest[1:]
	}
	if len(seen) != 3 || seen['y'] != 1 || seen['m'] != 1 || seen['d'] != 1 {
		return "", errors.New("want yyyy, mm or m, dd or d, each once, as dd/mm/yyyy")
	}
	return b.String(), nil
}

func (m Map) dates() converter {
	from, err := layout(m.Date)
	return func(value string) (string, *rule.Finding) {
		day, wrong := time.Parse(from, value)
		if err != nil || wrong != nil || day.Year() < 1000 {
			f := rule.Of("SHEET-DATE", m.Date)
			return value, &f
		}
		return day.Format(time.DateOnly), nil
	}
}

// decimals reads 1.234,56 where the mapping has such marks. Marks between thousands may be left out, but not
// stand elsewhere.
func (m Map) decimals(value string) (string, *rule.Finding) {
	whole, fraction, point := strings.Cut(value, m.decimal())
	if m.Thousands != "" && strings.Contains(whole, m.Thousands) {
		groups := strings.Split(whole, m.Thousands)
		for i, g := range groups {
			if len(g) > 3 || g == "" || i > 0 && len(g) < 3 {
				return value, m.noDecimal()
			}
		}
		whole = strings.Join(groups, "")
	}
	if !digits(whole) || point && !digits(fraction) {
		return value, m.noDecimal()
	}
	if point {
		whole += "." + fraction
	}
	return whole, nil
}

func (m Map) noDecimal() *rule.Finding {
	f := rule.Of("SHEET-DECIMAL", "1"+m.Thousands+"234"+m.decimal()+"56")
	return &f
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

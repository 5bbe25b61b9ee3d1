// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"errors"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	for _, test := range []struct{ path, value, want string }{
		{"goods[0].hs", "8708", "six digits"},
		{"goods[0].hs", "7701.00", "chapter 77"},
		{"goods[0].hs", "980100", "chapter 98"},
		{"goods[0].criterion", "E", "A, B, C or D"},
		{"goods[0].origin.country", "DE", "US, CA, MX"},
		{"certifier.country", "Mexico", "iso-3166"},
		{"certifier.email", "nobody", "e-mail"},
		{"signature.date", "04/05/2026", "2026-05-04"},
		{"certifier.name", "Sam\u202eple", "U+202E"},
		{"certifier.name", "Sam\u200bple", "U+200B"},
		{"certifier.name", "", "required"},
		{"certifier.name", "two\nlines", "line break"},
		{"exporter.kind", "UNKNOWN", "only a producer"},
		{"exporter.kind", "PARTY", "exporter.name"},
		{"exporter.name", "Other", "want it only where"},
		{"blanket.from", "2026-01-01", "both or none"},
		{"goods[1].hs", "870830", "1 lines"},
		{"goods[0].colour", "red", "no field"},
		{"goods.count", "2", "goods[1].description"},
	} {
		fields := certification()
		fields[test.path] = test.value
		err := sample("usmca/1", fields).Validate()
		if err == nil || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %q: %v, want an error with %q", test.path, test.value, err, test.want)
		}
	}
	if err := sample("usmca/1", certification()).Validate(); err != nil {
		t.Error(err)
	}
}

func TestBlanketPeriod(t *testing.T) {
	for _, test := range []struct {
		from, to string
		good     bool
	}{
		{"2026-01-01", "2026-12-31", true},
		{"2026-01-01", "2027-01-01", false},
		{"2024-02-29", "2025-02-28", true},
		{"2026-05-04", "2026-05-03", false},
		{"2026-05-04", "2026-05-04", false},
	} {
		fields := certification()
		fields["blanket.from"], fields["blanket.to"] = test.from, test.to
		if err := sample("usmca/1", fields).Validate(); (err == nil) != test.good {
			t.Errorf("%s to %s: %v", test.from, test.to, err)
		}
	}
}

func TestCriterionD(t *testing.T) {
	fields := certification()
	fields["goods[0].criterion"] = "D"
	for hs, good := range map[string]bool{"600500": true, "610910": false, "639090": false, "640110": true} {
		fields["goods[0].hs"] = hs
		if err := sample("usmca/1", fields).Validate(); (err == nil) != good {
			t.Errorf("%s: %v", hs, err)
		}
	}
}

// TestNormalise: what traders write, and the one spelling that is kept.
func TestNormalise(t *testing.T) {
	for _, test := range []struct {
		rule        *Rule
		value, want string // "" is refused
	}{
		{hs6, "2204.21", "220421"}, {hs6, "8516 71", "851671"}, {hs6, "0101-29", "010129"},
		{hs6, "970110", "970110"}, {hs6, "000000", ""}, {hs6, "77.01.00", ""}, {hs6, "2204.21.60 00", ""},
		{criterion, "b", "B"}, {criterion, "4.2(a)", "A"}, {criterion, "(c)", "C"}, {criterion, "4.3(a)", ""},
		{country, " mx ", "MX"}, {country, "USA", ""}, {country, "ZZ", ""}, {country, "ſe", ""},
		{party, "ca", "CA"}, {party, "GB", ""},
		{date, "2024-02-29", "2024-02-29"}, {date, "2026-02-29", ""}, {date, "2026-1-2", ""},
		{number, "0.0", "0"}, {number, "108.50", "108.5"}, {number, "007", ""}, {number, "-1", ""},
		{number, "1e3", ""}, {number, "1,000", ""}, {number, ".5", ""},
		{count, "12", "12"}, {count, "01", ""}, {count, "10000", ""},
		{line, "Cafe\u0301", "Caf\u00e9"}, {line, "a\u00adb", ""}, {line, "a\u3164b", ""},
		{line, "a\ufe0fb", ""}, {line, "a\ufffdb", ""}, {line, "a\ue000b", ""}, {line, "a\x00b", ""},
		{line, "a\xffb", ""}, {line, "a\r\nb", ""}, {line, "one\ntwo", ""},
		{multiline, "one\ntwo", "one\ntwo"}, {line, strings.Repeat("x", maxValue+1), ""},
	} {
		got, err := test.rule.normalise(test.value)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%s %.40q: %q, %v, want %q", test.rule.Name, test.value, got, err, test.want)
		}
	}
}

// TestAllErrors: whoever gets a declaration back learns everything that is wrong with it.
func TestAllErrors(t *testing.T) {
	fields := certification()
	delete(fields, "certifier.name")
	fields["goods[0].hs"], fields["certifier.country"], fields["colour"] = "77", "Mexico", "red"
	err := sample("usmca/1", fields).Validate()
	for _, part := range []string{"certifier.name: required", "goods[0].hs: want", "certifier.country: want", `"colour"`} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("nothing of %s in: %v", part, err)
		}
	}
	if !errors.Is(err, ErrInvalid) {
		t.Error("not ErrInvalid")
	}
}

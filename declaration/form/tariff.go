// SPDX-License-Identifier: Apache-2.0

package form

import (
	"regexp"
	"strings"

	"cocket.example/declaration/rule"
)

// Codes of goods. Traders write them as 8708.99, 2204.21.60 00, 9403 7000 00 and 199301.20.
var (
	// HS6 is the six digits of the Harmonized System.
	HS6 = &Form{Name: "hs6", Closed: true, Input: `[. -]*([0-9][. -]*){6}`,
		Rules: []string{"HS-DIGITS", "HS-CHAPTER"}, apply: hs6}
	// Chapter is the first two digits, which tell little enough to be public.
	Chapter = &Form{Name: "hs-chapter", Closed: true, Input: `[0-9]{2}`,
		Rules: []string{"HS-CHAPTER"}, apply: hsChapter}
	// Tariff is six digits of the Harmonized System, or eight or ten of a national tariff.
	Tariff = &Form{Name: "tariff", Closed: true, Input: `[. -]*([0-9][. -]*){6}(([0-9][. -]*){2}){0,2}`,
		Rules: []string{"TARIFF-DIGITS", "HS-CHAPTER"}, apply: tariff}
)

var (
	separators = strings.NewReplacer(".", "", " ", "", "-", "")
	hs6Form    = regexp.MustCompile(`^[0-9]{6}$`)
	tariffForm = regexp.MustCompile(`^[0-9]{6}([0-9]{2}){0,2}$`)
)

// hs6 takes chapters 01 to 97; 77 is reserved.
func hs6(v string) (string, *rule.Finding) {
	v = separators.Replace(v)
	if !hs6Form.MatchString(v) {
		return "", found("HS-DIGITS")
	}
	return chapter(v, "97")
}

// tariff also takes chapters 98 and 99, which nations keep for themselves.
func tariff(v string) (string, *rule.Finding) {
	v = separators.Replace(v)
	if !tariffForm.MatchString(v) {
		return "", found("TARIFF-DIGITS")
	}
	return chapter(v, "99")
}

var chapterForm = regexp.MustCompile(`^[0-9]{2}$`)

func hsChapter(v string) (string, *rule.Finding) {
	if !chapterForm.MatchString(v) {
		return "", found("HS-CHAPTER", shorten(v))
	}
	return chapter(v, "99")
}

// shorten is for messages.
func shorten(s string) string {
	if runes := []rune(s); len(runes) > 12 {
		return string(runes[:12]) + "…"
	}
	return s
}

func chapter(v, last string) (string, *rule.Finding) {
	if c := v[:2]; c == "00" || c == "77" || c > last {
		return "", found("HS-CHAPTER", c)
	}
	return v, nil
}

// SPDX-License-Identifier: Apache-2.0

package ident

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// provinces stand in a manufacturer identification code where the country is Canada; CA does not.
var provinces = strings.Fields("XA XB XC XM XN XO XP XQ XS XT XV XW XY")

// Province reports whether two letters are those of a Canadian province in a MID.
func Province(s string) bool { return slices.Contains(provinces, s) }

// midDropped are words that do not count in a name (19 CFR part 102, appendix).
var midDropped = strings.Fields("A AN AND OF THE")

// MIDName returns what a manufacturer identification code (MID) takes of a name: the first three letters of
// each of its first two words. Initials that stand together are one word, punctuation does not count.
func MIDName(name string) string {
	var words []string
	initials := false
	for _, word := range strings.Fields(letters(name)) {
		if slices.Contains(midDropped, word) {
			continue
		}
		if len(word) == 1 && initials {
			words[len(words)-1] += word
			continue
		}
		initials = len(word) == 1
		words = append(words, word)
	}
	code := ""
	for _, word := range words[:min(len(words), 2)] {
		code += word[:min(len(word), 3)]
	}
	return code
}

// letters keeps letters and digits without accents, in capitals, and spaces; a hyphen parts words.
func letters(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c) || c == '-':
			return ' '
		case c >= '0' && c <= '9' || c >= 'A' && c <= 'Z':
			return c
		case c >= 'a' && c <= 'z':
			return c - 'a' + 'A'
		}
		return -1
	}, norm.NFD.String(s))
}

// SPDX-License-Identifier: Apache-2.0

package strict

import (
	"strings"
	"unicode"
)

// Printable replaces with "?" every character of a stranger's text that does not print, so that it
// can neither move a terminal's cursor nor turn the direction of writing. Those in keep stay.
func Printable(s, keep string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || strings.ContainsRune(keep, r) {
			return r
		}
		return '?'
	}, s)
}

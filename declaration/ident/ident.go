// SPDX-License-Identifier: Apache-2.0

// Package ident judges the numbers that customs and trade know things and parties by: their form, the
// one spelling that is kept, and their check digits, which are asked for of numbers of good form alone.
// Nothing here knows of declarations.
package ident

import (
	"regexp"
	"strconv"
	"strings"
)

// EntryNumber returns the eleven characters of a US entry number (filer code, number, check digit),
// without the hyphens that people write, and whether it has that form.
func EntryNumber(s string) (string, bool) {
	if !entryForm.MatchString(s) {
		return s, false
	}
	return strings.ReplaceAll(s, "-", ""), true
}

var entryForm = regexp.MustCompile(`^[A-Z0-9]{3}-?[0-9]{7}-?[0-9]$`)

// EntryCheck returns the check digit over filer code and number, ten characters (CATAIR AE, table 1):
// the Luhn digit of what letters stand for, A to I 1 to 9, J to R 1 to 9, S to Z 2 to 9.
func EntryCheck(base string) byte {
	digits := []byte(base)
	for i, c := range digits {
		switch {
		case c >= 'A' && c <= 'I':
			digits[i] = c - 'A' + '1'
		case c >= 'J' && c <= 'R':
			digits[i] = c - 'J' + '1'
		case c >= 'S' && c <= 'Z':
			digits[i] = c - 'S' + '2'
		}
	}
	return luhn(string(digits))
}

// InBondCheck returns the check digit of an immediate transportation number: its first eight digits
// modulo seven.
func InBondCheck(base string) byte {
	n := 0
	for _, c := range base {
		n = (10*n + int(c-'0')) % 7
	}
	return byte('0' + n)
}

// luhn returns the digit that makes the digits before it a Luhn number.
func luhn(digits string) byte {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

// BusinessNumberHolds checks the Luhn digit of a Canadian business number, at the end of its first nine.
func BusinessNumberHolds(bn string) bool { return luhn(bn[:8]) == bn[8] }

// LEIHolds checks a legal entity identifier: as a number, letters being 10 to 35, it is 1 modulo 97
// (ISO 17442, ISO 7064).
func LEIHolds(lei string) bool { return mod97(lei) == 1 }

// LEICheck returns the two check digits of the first eighteen characters.
func LEICheck(base string) string {
	n := 98 - mod97(base+"00")
	return strconv.Itoa(n/10) + strconv.Itoa(n%10)
}

func mod97(s string) int {
	n := 0
	for _, c := range []byte(s) {
		if c >= 'A' {
			n = (100*n + int(c-'A') + 10) % 97
		} else {
			n = (10*n + int(c-'0')) % 97
		}
	}
	return n
}

// GLNCheck returns the last digit of a global location number: weights 3, 1, 3 … from the right.
func GLNCheck(base string) byte {
	sum := 0
	for i := range base {
		d := int(base[len(base)-1-i] - '0')
		if i%2 == 0 {
			d *= 3
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

const rfcAlphabet = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"

// RFCCheck returns the check character of a Mexican tax number without it: 11 characters of a company,
// 12 of a person. Some numbers in use do not have it.
func RFCCheck(base string) byte {
	alphabet, sum, i := []rune(rfcAlphabet), 0, 0
	runes := []rune(base)
	if len(runes) == 11 {
		runes = append([]rune(" "), runes...)
	}
	for _, c := range runes {
		for value, letter := range alphabet {
			if letter == c {
				sum += value * (13 - i)
			}
		}
		i++
	}
	return "0123456789A"[((11-sum)%11+11)%11]
}

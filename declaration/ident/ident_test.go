// SPDX-License-Identifier: Apache-2.0

package ident

import (
	"strings"
	"testing"
)

// TestEntryCheck has the worked examples: two W3C samples print another digit than is right.
func TestEntryCheck(t *testing.T) {
	for base, want := range map[string]byte{
		"ABC1234567": '6', "SP70000001": '4', "9999999999": '0', "7346188261": '2', "1234512345": '4', "SP33456375": '9',
	} {
		if got := EntryCheck(base); got != want {
			t.Errorf("%s: check digit %c, want %c", base, got, want)
		}
	}
}

// TestEntryCheckAsPrinted follows the words of the table: even positions twice, one more above nine, their
// units; odd positions as they are.
func TestEntryCheckAsPrinted(t *testing.T) {
	for n := range 100_000 {
		base := []byte("ABC0000000")
		for i, left := 9, n*7919%10_000_000; i > 2; i, left = i-1, left/10 {
			base[i] = byte('0' + left%10)
		}
		for i := range 3 {
			base[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[(n>>(5*i))%36]
		}
		if got, want := EntryCheck(string(base)), asPrinted(base); got != want {
			t.Fatalf("%s: %c, the table says %c", base, got, want)
		}
	}
}

func asPrinted(base []byte) byte {
	const letters, values = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789"
	sum := 0
	for i, c := range base {
		d := int(c - '0')
		for j := range letters {
			if letters[j] == c {
				d = int(values[j] - '0')
			}
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d++
			}
			d %= 10
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

func TestEntryNumber(t *testing.T) {
	for s, want := range map[string]string{
		"SP7-0000001-4": "SP700000014", "SP700000014": "SP700000014", "SP7-00000014": "SP700000014",
		"SP7-000001-4": "", "sp700000014": "", "SP7-0000001-X": "", "97061800": "",
	} {
		if got, ok := EntryNumber(s); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s %v", s, got, ok)
		}
	}
}

func TestInBondCheck(t *testing.T) {
	for base, want := range map[string]byte{"25770003": '0', "25770005": '2', "82345678": '2'} {
		if got := InBondCheck(base); got != want {
			t.Errorf("%s: %c, want %c", base, got, want)
		}
	}
}

func TestCheckDigits(t *testing.T) {
	if !BusinessNumberHolds("123026635") || BusinessNumberHolds("123456783") {
		t.Error("business number")
	}
	if LEICheck("213800KUD8LAJWSQ9D") != "15" || !LEIHolds("213800KUD8LAJWSQ9D15") || LEIHolds("213800KUD8LAJWSQ9D16") {
		t.Error("LEI")
	}
	if GLNCheck("061414100001") != '2' {
		t.Error("GLN")
	}
	for base, want := range map[string]byte{"MAB9307148T": '4', "GODE561231GR": '8', "VACE460910SX": '5'} {
		if got := RFCCheck(base); got != want {
			t.Errorf("RFC %s: %c, want %c", base, got, want)
		}
	}
	for rfc, want := range map[string][3]bool{
		"MAB9307148T4": {false, true, true}, "GODE561231GR8": {true, true, true}, "VACE460910SX6": {true, true, false},
		"MAB9313148T4": {false, false, false}, "ÑAB9307148T3": {false, true, false},
	} {
		if person, day, holds := RFC(rfc); [3]bool{person, day, holds} != want {
			t.Errorf("RFC %s: person %v, day %v, holds %v", rfc, person, day, holds)
		}
	}
}

// TestParty: what people write, and the spelling that is kept.
func TestParty(t *testing.T) {
	for _, test := range []struct{ scheme, number, want string }{
		{"EIN", "12-3456789", "12-345678900"}, {"EIN", "123456789AB", "12-3456789AB"}, {"EIN", "12-345678900", "12-345678900"},
		{"EIN", "12-34567890", ""}, {"EIN", "123-45-6789", ""}, {"EIN", "12 3456789", "12-345678900"}, {"CBP", "061234-12345", "061234-12345"}, {"CBP", "06123412345", "061234-12345"},
		{"CBP", "10025672", ""}, {"SSN", "123-45-6789", "123-45-6789"}, {"SSN", "123456789", ""},
		{"DUNS", "15-048-3782", "150483782"}, {"DUNS", "1504837821", ""}, {"RFC", "MAB-930714-8T4", "MAB9307148T4"},
		{"RFC", "ÑAB9307148T3", "ÑAB9307148T3"}, {"RFC", "MA9307148T4", ""}, {"BN", "12302 6635 RM 0001", "123026635RM0001"},
		{"BN", "123026635RX0001", ""}, {"LEI", "213800KUD8LAJWSQ9D15", "213800KUD8LAJWSQ9D15"}, {"LEI", "213800KUD8LAJWSQ9DXX", ""},
		{"GLN", "0614141000012", "0614141000012"}, {"GLN", "061414100001", ""}, {"MID", "MXMAXACE100HER", "MXMAXACE100HER"},
		{"MID", "2300912", ""}, {"MID", "MXMAXACE100HERMO", ""}, {"TIN", "1", ""},
	} {
		got, ok := Party(test.scheme, test.number)
		if ok != (test.want != "") || ok && got != test.want {
			t.Errorf("%s %s: %q %v, want %q", test.scheme, test.number, got, ok, test.want)
		}
	}
	for _, s := range Schemes() {
		if got, ok := Party(s, Example(s)); !ok || got != Example(s) {
			t.Errorf("the example of %s is none: %q", s, Example(s))
		}
	}
	if !IsSSN("123-45-6789") || IsSSN("12-3456789") || IsSSN("123456789") {
		t.Error("social security number")
	}
}

// TestMIDName has the examples of 19 CFR part 102, appendix.
func TestMIDName(t *testing.T) {
	for name, want := range map[string]string{
		"Amalgamated Plastics Corp.": "AMAPLA", "Bergstrom": "BER", "A.B.C. Company": "ABCCOM", "Dr. S.A. Smith": "DRSA",
		"Shavings B L Inc.": "SHABL", "Maxi Acero Mexicano": "MAXACE", "The Bank of Hernández": "BANHER", "": "", "Ñandú & Co": "NANCO",
	} {
		if got := MIDName(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	for _, letters := range strings.Fields("XA XB XC XM XN XO XP XQ XS XT XV XW XY") {
		if !Province(letters) {
			t.Errorf("%s is no province", letters)
		}
	}
	if Province("CA") || Province("XX") || Province("MX") {
		t.Error("provinces")
	}
}

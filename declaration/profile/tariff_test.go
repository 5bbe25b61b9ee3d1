// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"strings"
	"testing"
)

func TestParseTariff(t *testing.T) {
	table := "\ufeffhscode;description\n01;Animals\n0101;Horses\n\"0101.21\";\"Horses; pure-bred\"\n\n870830\tBrakes\r\n9701.21,x\n"
	tariff := mustTariff(t, "2022", table)
	for code, want := range map[string]bool{"010121": true, "0101219000": true, "870830": true, "970121": true, "010129": false, "0101": false} {
		if tariff.Has(code) != want {
			t.Errorf("%s: %v", code, !want)
		}
	}
	for name, bad := range map[string][2]string{
		"edition": {"22", "870830"}, "nothing": {"2022", "hscode\n"}, "no code": {"2022", "870830\nbrakes\n"},
		"seven digits": {"2022", "870830\n8708305\n"}, "large": {"2022", strings.Repeat("870830\n", maxTariff/7+1)},
	} {
		if _, err := ParseTariff(bad[0], []byte(bad[1])); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// FuzzTariff: what is accepted has codes, and each that it names.
func FuzzTariff(f *testing.F) {
	f.Add("2022", []byte("hscode,description\n0101.21,Horses\n870830\n"))
	f.Fuzz(func(t *testing.T, edition string, table []byte) {
		tariff, err := ParseTariff(edition, table)
		if err != nil {
			return
		}
		if len(tariff.codes) == 0 || tariff.Edition != edition {
			t.Fatal("a table of nothing")
		}
		for code := range tariff.codes {
			if !tariff.Has(code) || !tariff.Has(code+"9000") {
				t.Fatalf("%q is not found", code)
			}
		}
	})
}

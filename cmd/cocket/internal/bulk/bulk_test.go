// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"strings"
	"testing"
)

const index = "cocket-rows/v1\nrows 2 12\nentries 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nrefused 2\ncount error COUNTRY 2\ncount warning PHONE 1\n" +
	"opening 2 2\nopening 4 7\nopening 9 12\n"

func TestIndex(t *testing.T) {
	x, err := ParseIndex([]byte(index))
	if err != nil {
		t.Fatal(err)
	}
	for row, want := range map[int]int{1: -1, 2: 0, 3: -1, 4: 1, 7: 1, 8: -1, 9: 2, 12: 2, 13: -1} {
		if got := x.Line(row); got != want {
			t.Errorf("row %d is on line %d, want %d", row, got, want)
		}
	}
	if x.sealedRows() != 9 || x.Refused != 2 || x.Counts["error COUNTRY"] != 2 {
		t.Errorf("%+v", x)
	}
}

func TestIndexRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"header":         {"/v1", "/v2"},
		"no rows":        {"rows 2 12\n", ""},
		"names' row":     {"rows 2 12", "rows 1 12"},
		"backwards":      {"rows 2 12", "rows 2 1"},
		"behind":         {"rows 2 12", "rows 2 11"},
		"no entries":     {"entries 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", ""},
		"cut hash":       {"SuFU=", "SuF="},
		"loose hash":     {"SuFU=", "SuFV="},
		"too many gone":  {"refused 2", "refused 3"},
		"leading zero":   {"refused 2", "refused 02"},
		"level":          {"error COUNTRY", "fatal COUNTRY"},
		"no count":       {"COUNTRY 2", "COUNTRY 0"},
		"order of codes": {"count error COUNTRY 2\ncount warning PHONE 1\n", "count warning PHONE 1\ncount error COUNTRY 2\n"},
		"overlap":        {"opening 4 7", "opening 2 7"},
		"order":          {"opening 2 2\nopening 4 7\n", "opening 4 7\nopening 2 2\n"},
		"cut short":      {"opening 9 12\n", "opening 9 12"},
		"more":           {"opening 9 12\n", "opening 9 12\nx\n"},
		"huge":           {"rows 2 12", "rows 2 9223372036854775807"},
	} {
		bad := strings.Replace(index, change[0], change[1], 1)
		if _, err := ParseIndex([]byte(bad)); bad == index || err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzIndex: what is accepted prints back, and its lines are where Line finds them.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(index))
	f.Add([]byte("cocket-rows/v1\nrows 2 2\nentries 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nrefused 1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := ParseIndex(b)
		if err != nil {
			return
		}
		if x.String() != string(b) || x.sealedRows() > x.Last-x.First+1 {
			t.Fatalf("%q is read as %q", b, x.String())
		}
		for n, s := range x.Openings {
			if x.Line(s.First) != n || x.Line(s.Last) != n {
				t.Fatalf("rows %d to %d are not on line %d", s.First, s.Last, n)
			}
		}
	})
}

// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"testing"

	"cocket.example/declaration"
	"cocket.example/declaration/rule"
	"cocket.example/declaration/sheet"
)

var grouped = sheet.Map{Profile: "import/1", Date: "dd/mm/yyyy", Group: "N", Columns: map[string]string{
	"N": "declaration.number", "D": "declaration.date", "H": "goods[].hs", "O": "goods[].origin.country"}}

// refused prints the refused rows of a sheet of one declaration.
func refused(t testing.TB, rows string) string {
	t.Helper()
	c, err := Config{Map: grouped, Form: declaration.Declaration{Log: "customs.example/log", Submitter: "broker.example",
		Profile: "import/1", Event: "issue"}}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c.Describe = func(f rule.Finding) string { return f.Code }
	r, err := sheet.NewReader(strings.NewReader("N,D,H,O\n"+rows), grouped, "issue")
	if err != nil {
		t.Fatal(err)
	}
	d, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Fatalf("more than one declaration: %v", err)
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := c.refusedRows(w, c.declare(r, d), r); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	return b.String()
}

// TestFindings: of a cell in which two things are wrong one is told, and each finding stands in its row.
func TestFindings(t *testing.T) {
	got := refused(t, "a,31/04/2026,8708,US\na,31/04/2026,870830,ZZ\na,01/04/2026,8708,ZZ\n")
	for i, want := range []string{"2,SHEET-DATE TARIFF-DIGITS,", "3,SHEET-DATE COUNTRY,", "4,SHEET-DIFFERS TARIFF-DIGITS COUNTRY,"} {
		if line := strings.Split(got, "\n")[i]; !strings.HasPrefix(line, want) {
			t.Errorf("%s, want %s", line, want)
		}
	}
}

// BenchmarkFindings: ten times the faulty rows of one declaration take ten times as long.
func BenchmarkFindings(b *testing.B) {
	for _, n := range []int{999, 9999} {
		rows := strings.Repeat("a,31/04/2026,8708,ZZ\n", n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				refused(b, rows)
			}
		})
	}
}

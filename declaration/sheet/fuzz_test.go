// SPDX-License-Identifier: Apache-2.0

package sheet

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// FuzzMap: a mapping that is accepted fits a sheet with its columns, and no other column.
func FuzzMap(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(small + "group: N\ndecimal: ','\nthousands: ' '\ndate: d.m.yyyy\ndelimiter: \"\\t\"\nignore: ['']\n"))
	f.Add([]byte("profile: usmca/1\ncolumns: {a: certifier.name}\nconstants: {statement: USMCA-5-A}\nvalues: {a: {b: c}}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parse(text)
		if err != nil || m.Check("issue") != nil {
			return
		}
		var first []string
		for name := range m.Columns {
			if strings.TrimSpace(name) != name {
				return // is not found in a first row, whose names are trimmed
			}
			first = append(first, name)
		}
		if m.Group != "" && m.Columns[m.Group] == "" {
			return
		}
		table, err := m.table("issue")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.fit(table, first); err != nil {
			t.Fatal(err)
		}
		if _, err := m.fit(table, append(first, "no such column")); err == nil {
			t.Fatal("a column is dropped silently")
		}
	})
}

// FuzzReader: every row of a sheet is in one declaration, in order; every cell that is mapped and has a value is
// in its fields, or a finding says why not; memory is bounded by the bounds of rows.
func FuzzReader(f *testing.F) {
	for _, rows := range []string{"1,2026-05-04,870830\n1,2026-05-04,870899\n2,,\n", "\"a\nb\",c,d\r\n", "1,2\n,,,\n", "\ufeff1,2,3", "\xff,,\n", "a\"b,,\n"} {
		f.Add([]byte(rows), true)
		f.Add([]byte(rows), false)
	}
	f.Fuzz(func(t *testing.T, rows []byte, grouped bool) {
		m := Map{Profile: "import/1", Columns: map[string]string{
			"N": "declaration.number", "D": "declaration.date", "H": "goods[].hs"}}
		if grouped {
			m.Group = "N"
		}
		r, err := NewReader(io.MultiReader(strings.NewReader("N,D,H\n"), bytes.NewReader(rows)), m, "issue")
		if err != nil {
			t.Fatal(err)
		}
		good := make(map[string]bool) // numbers of declarations that are found good
		for next := 2; ; {
			d, err := r.Next()
			if err != nil {
				return
			}
			if d.First != next || len(d.Records) == 0 {
				t.Fatalf("rows from %d on, want %d", d.First, next)
			}
			next = d.Last() + 1
			fields, found := r.Fields(d)
			if number := fields["declaration.number"]; grouped && len(found) == 0 {
				if good[number] {
					t.Fatal("a declaration is found in two parts")
				}
				good[number] = true
			}
			cells := 0
			for i, record := range d.Records {
				for j, cell := range record {
					if strings.TrimSpace(cell) != "" && len(record) == 3 && (i == 0 || j == 2) {
						cells++
					}
				}
			}
			if len(fields) != cells+1 {
				t.Fatalf("%d fields of %d cells", len(fields), cells)
			}
			if d.Size() == 0 || len(found) == 0 && len(d.Records) > 1 && !grouped {
				t.Fatal("rows were joined")
			}
		}
	})
}

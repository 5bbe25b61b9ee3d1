// SPDX-License-Identifier: Apache-2.0

package page

import (
	"slices"
	"strings"

	"cocket.example/declaration"
)

// maxColumns is how many fields of goods lines stand side by side; more stand below each other.
const maxColumns = 9

// fields sorts what is shown: values of the header, goods lines, and what is shown to be absent.
func (d *Declaration) fields(list []declaration.Field) {
	var header, lines []declaration.Field
	absent := gone(list)
	columns := make(map[string]bool)
	for _, f := range list {
		_, name, ok := cutGoods(f.Path)
		switch {
		case !f.Present:
		case ok:
			lines, columns[name] = append(lines, f), true
		default:
			header = append(header, f)
		}
	}
	if len(columns) > maxColumns {
		header, lines = append(header, lines...), nil
	}
	for _, f := range header {
		d.Fields = append(d.Fields, Field{f.Path, f.Value})
	}
	d.Goods = table(lines)
	d.Absent = strings.Join(absent, ", ")
}

// gone lists the paths that are shown to have no value; one that no goods line has stands once, as goods[].hs.
func gone(list []declaration.Field) (paths []string) {
	lines, without := make(map[string]bool), make(map[string]int)
	for _, f := range list {
		number, name, ok := cutGoods(f.Path)
		if lines[number] = true; ok && !f.Present {
			without[name]++
		}
	}
	delete(lines, "") // of the header
	for _, f := range list {
		_, name, ok := cutGoods(f.Path)
		switch all := "goods[]." + name; {
		case f.Present || slices.Contains(paths, all):
		case ok && without[name] == len(lines):
			paths = append(paths, all)
		default:
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// table sets out fields of goods lines, in their order.
func table(lines []declaration.Field) (g Goods) {
	for _, f := range lines {
		number, name, _ := cutGoods(f.Path)
		column := slices.Index(g.Columns, name)
		if column < 0 {
			column = len(g.Columns)
			g.Columns = append(g.Columns, name)
		}
		if n := len(g.Rows); n == 0 || g.Rows[n-1].Number != number {
			g.Rows = append(g.Rows, GoodsLine{Number: number})
		}
		row := &g.Rows[len(g.Rows)-1]
		row.Values = append(row.Values, make([]string, max(0, column+1-len(row.Values)))...)
		row.Values[column] = f.Value
	}
	for i := range g.Rows {
		row := &g.Rows[i]
		row.Values = append(row.Values, make([]string, len(g.Columns)-len(row.Values))...)
	}
	return g
}

// cutGoods parts "goods[3].hs" into the number and the field.
func cutGoods(path string) (number, field string, ok bool) {
	rest, ok := strings.CutPrefix(path, "goods[")
	if !ok {
		return "", "", false
	}
	number, field, ok = strings.Cut(rest, "].")
	return number, field, ok
}

// SPDX-License-Identifier: Apache-2.0

package sheet

import (
	"maps"
	"strconv"
	"strings"

	"cocket.example/declaration/rule"
	"cocket.example/internal/strict"
)

// Finding is what is wrong with a row.
type Finding struct {
	rule.Finding
	Row int
}

// Fields returns the fields of a declaration by path, as declaration.Declaration takes them, and what is wrong
// with the rows. Cells without a value are absent. A value that cannot be converted stands as it is.
// It may be called from many goroutines.
func (r *Reader) Fields(rows Rows) (map[string]string, []Finding) {
	m := mapper{plan: r.plan, rows: rows, fields: maps.Clone(r.plan.header)}
	if m.plan.group >= 0 && m.plan.key(rows.Records[0]) == "" {
		m.report(0, rule.Of("SHEET-GROUP", m.plan.groupName).At("row"))
	}
	for i, row := range rows.beside {
		if row > 0 {
			m.report(i*(len(rows.Records)-1), rule.Of("SHEET-BESIDE", strconv.Itoa(row)).At("row"))
		}
	}
	for i, record := range rows.Records {
		if len(record) != m.plan.width {
			m.report(i, rule.Of("SHEET-COLUMNS", strconv.Itoa(m.plan.width)).At("row"))
			continue
		}
		m.row(i, record)
	}
	m.fields["goods.count"] = "0"
	if m.plan.lines {
		m.fields["goods.count"] = strconv.Itoa(len(rows.Records))
	}
	return m.fields, m.found
}

// mapper maps the rows of one declaration.
type mapper struct {
	plan   plan
	rows   Rows
	fields map[string]string
	found  []Finding
}

func (m *mapper) report(i int, f rule.Finding) {
	m.found = append(m.found, Finding{f, m.rows.First + i})
}

func (m *mapper) row(i int, record []string) {
	prefix := "goods[" + strconv.Itoa(i) + "]."
	for field, value := range m.plan.line {
		m.fields[prefix+field] = value
	}
	for _, c := range m.plan.columns {
		value, finding := c.value(record[c.at])
		path := c.path
		if c.line {
			path = prefix + path
		} else if i > 0 && value != m.fields[path] {
			m.report(i, rule.Of("SHEET-DIFFERS", strconv.Itoa(m.rows.First)).At(path))
		}
		if finding != nil {
			m.report(i, finding.At(path))
		}
		if value != "" && (c.line || i == 0) {
			m.fields[path] = value
		}
	}
}

// value is what a cell says.
func (c column) value(cell string) (string, *rule.Finding) {
	value := strings.TrimSpace(cell)
	if c.table != nil {
		ours, ok := c.table[value]
		if !ok && value != "" {
			f := rule.Of("SHEET-VALUE")
			return value, &f
		}
		return ours, nil
	}
	if value == "" || c.convert == nil {
		return value, nil
	}
	return c.convert(value)
}

// Column returns the name of the column that a field comes from; "" for a constant, or for none.
func (r *Reader) Column(path string) string {
	if rest, ok := strings.CutPrefix(path, "goods["); ok {
		if _, field, ok := strings.Cut(rest, "]."); ok {
			path = linePath + field
		}
	}
	return r.plan.names[path]
}

// Row returns the number of the row that a finding is about: the first, but for a field of a goods line.
func (r Rows) Row(path string) int {
	if rest, ok := strings.CutPrefix(path, "goods["); ok {
		index, _, _ := strings.Cut(rest, "]")
		if n, err := strict.Decimal(index); err == nil && n < uint64(len(r.Records)) {
			return r.First + int(n)
		}
	}
	return r.First
}

// SPDX-License-Identifier: Apache-2.0

package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"cocket.example/declaration/profile"
	"cocket.example/declaration/rule"
)

// parse reads a mapping as the program does.
func parse(text []byte) (m Map, err error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	return m, d.Decode(&m)
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDocumented: the mapping that the documentation shows is the one tested here.
func TestDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/bulk.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(doc, append([]byte("```yaml\n"), append(read(t, "pedimentos.yaml"), "```\n"...)...)) {
		t.Error("docs/bulk.md does not show testdata/pedimentos.yaml")
	}
}

// TestPedimentos reads a sheet with commas in its decimals, days first, several goods lines, and mistakes.
func TestPedimentos(t *testing.T) {
	m, err := parse(read(t, "pedimentos.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"as it is":             read(t, "pedimentos.csv"),
		"with a mark and CRLF": append([]byte("\ufeff"), bytes.ReplaceAll(read(t, "pedimentos.csv"), []byte("\n"), []byte("\r\n"))...),
	} {
		r, err := NewReader(bytes.NewReader(text), m, "issue")
		if err != nil {
			t.Fatal(err)
		}
		var spans, found []string
		var first map[string]string
		for {
			rows, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			fields, findings := r.Fields(rows)
			if first == nil {
				first = fields
			}
			spans = append(spans, fmt.Sprintf("%d-%d", rows.First, rows.Last()))
			for _, f := range findings {
				found = append(found, fmt.Sprintf("%d %s %s %s", f.Row, f.Code, f.Field, r.Column(f.Field)))
			}
		}
		if want := []string{"2-3", "4-4", "5-5", "6-6", "7-8", "9-9"}; !slices.Equal(spans, want) {
			t.Errorf("%s: declarations %q, want %q", name, spans, want)
		}
		want := []string{"5 SHEET-DATE declaration.date Fecha", "6 SHEET-VALUE departure.country País de procedencia",
			"6 SHEET-DECIMAL goods[0].item.price Valor", "8 SHEET-BESIDE row ", "8 SHEET-DIFFERS declaration.date Fecha",
			"9 SHEET-COLUMNS row "}
		if !slices.Equal(found, want) {
			t.Errorf("%s: found %q, want %q", name, found, want)
		}
		if want := pedimento(); !maps.Equal(first, want) {
			t.Errorf("%s: read %v, want %v", name, first, want)
		}
	}
}

// pedimento is the first declaration of the sheet.
func pedimento() map[string]string {
	return map[string]string{
		"goods.count": "2", "declaration.number": "26-470-0001", "declaration.date": "2026-05-04", "office": "470",
		"importer.id": "RFC MAB9307148T4", "departure.country": "US", "importation.country": "MX",
		"goods[0].hs": "8708.30", "goods[0].description": "Balatas para freno", "goods[0].origin.country": "US",
		"goods[0].net.mass": "1250.5", "goods[0].item.price": "18400.00", "goods[0].item.currency": "USD",
		"goods[1].hs": "8708.99", "goods[1].description": `Soporte de motor; "reforzado"`,
		"goods[1].origin.country": "CA", "goods[1].net.mass": "320", "goods[1].item.price": "5120.75",
		"goods[1].item.currency": "USD",
	}
}

const small = "profile: import/1\ncolumns: {N: declaration.number, D: declaration.date, H: 'goods[].hs'}\n"

// TestMapRefused: a mapping that says what cannot be names all of it.
func TestMapRefused(t *testing.T) {
	for text, want := range map[string]string{
		"columns: {N: declaration.number}\n": "want one of usmca/1",
		"profile: import/1\ncolumns: {N: office}\n": "declaration.date is required: map a column to it, or make it a " +
			"constant\ngoods[].hs is required",
		"profile: import/1\n":                                                  "columns: want the columns",
		"profile: import/1\ncolumns: {N: colour}\n":                            `column "N": "colour" is no field`,
		"profile: import/1\ncolumns: {N: 'goods[0].hs'}\n":                     "want goods[]. without a number",
		"profile: import/1\ncolumns: {N: 'goods[].colour'}\n":                  `"goods[].colour" is no field`,
		"profile: import/1\ncolumns: {N: hs}\n":                                `"hs" is no field`,
		"profile: import/1\ncolumns: {N: goods.count}\n":                       "is counted, not given",
		"profile: import/1\ncolumns: {N: office, M: office}\n":                 `columns "M" and "N" are both mapped`,
		small + "ignore: [N]\n":                                                `"N" is mapped and ignored`,
		small + "constants: {office: 30, declaration.date: 2026-05-04}\n":      `declaration.date is a constant, and column "D"`,
		small + "constants: {colour: red}\n":                                   `constant "colour" is no field`,
		small + "constants: {departure.country: ZZ}\n":                         "constant departure.country: want a country",
		small + "values: {X: {a: b}}\n":                                        `values: column "X" is not mapped`,
		small + "values: {N: {' a': b}}\n":                                     "want no white space",
		small + "delimiter: ab\n":                                              `delimiter "ab": want one character`,
		small + "delimiter: '\"'\n":                                            "want one character",
		small + "decimal: x\n":                                                 `decimal "x": want`,
		small + "thousands: '.'\n":                                             "other than the mark of decimals",
		small + "thousands: x\n":                                               `thousands "x"`,
		small + "date: dd/mm/yy\n":                                             `date "dd/mm/yy": want yyyy`,
		small + "date: dd/dd/yyyy\n":                                           "each once",
		small + "date: mm/yyyy\n":                                              "each once",
		small + "date: dd/mm/yyyy hh\n":                                        "want yyyy",
		small + "decimal: x\ndate: y\nconstants: {colour: red}\nignore: [H]\n": "date \"y\"", // and the others
	} {
		m, err := parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err := m.Check("issue"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	m, err := parse([]byte(small + "constants: {departure.country: México, 'goods[].net.mass': 1.50}\n"))
	if err != nil || m.Check("issue") == nil || m.Constants["goods[].net.mass"] != "1.50" {
		t.Errorf("a warning about a constant is not told: %v", err)
	}
	if err := m.Check("sneeze"); err == nil || !strings.Contains(err.Error(), "want one of issue") {
		t.Error(err)
	}
}

// TestFirstRow: what cannot be mapped is listed before anything is read.
func TestFirstRow(t *testing.T) {
	for first, want := range map[string]string{
		"N,D,H,Colour,Size":                 "column 4, \"Colour\", is neither mapped nor ignored\ncolumn 5, \"Size\", is neither",
		"N,D":                               `column "H" is mapped and not there`,
		"N,D,H,N":                           `column "N" stands there twice`,
		"N,D,H,":                            `column 4, "", is neither`,
		"":                                  "the sheet is empty",
		"N,D\xff,H":                         "is not UTF-8: save the sheet as UTF-8, or convert it, as with iconv",
		"\xff\xfeN\x00":                     "is not UTF-8",
		`N,"D`:                              "quotation mark",
		strings.Repeat("x", maxRow+2*ahead): "longer than 1048576 bytes",
	} {
		m, err := parse([]byte(small))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewReader(strings.NewReader(first), m, "issue"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", first, err, want)
		}
	}
	m, err := parse([]byte(small + "group: G\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewReader(strings.NewReader("N,D,H\n"), m, "issue"); err == nil || !strings.Contains(err.Error(), `column "G", which tells`) {
		t.Error(err)
	}
	m.Ignore = []string{"", "other"}
	if _, err := NewReader(strings.NewReader(" N ,D,H,G,,,cocket.row,cocket.codes,cocket.findings\n"), m, "issue"); err != nil {
		t.Errorf("columns that are ignored, or added to refused rows: %v", err)
	}
}

// TestSheetRefused: where the next row begins cannot be told, all of the sheet is refused, and memory is bounded.
func TestSheetRefused(t *testing.T) {
	long := strings.Repeat("a,2026-05-04,870830\n", 20_000)
	for name, c := range map[string]struct{ mapping, rows, want string }{
		"a bare mark":    {small, "1,2,870830\n1,5\" tube,870830\n", "row 3, line 3, character 4: a quotation mark"},
		"no last mark":   {small, "1,\"2,870830\n", "row 2, line 2, character 13"},
		"not UTF-8":      {small, "1,2,870830\n\n1,\xf1,870830\n", "row 3, line 4 is not UTF-8"},
		"a long row":     {small, "1,\"" + strings.Repeat("\n", maxRow+2*ahead), "row 2 is longer than 1048576 bytes"},
		"one group":      {small + "group: N\n", long, "from row 2 on there are more than 9999 rows"},
		"a heavy group":  {small + "group: N\n", strings.Repeat("a,"+strings.Repeat("x", 900_000)+",1\n", 6), "or 4194304 bytes"},
		"apart":          {small + "group: N\n", "a,1,2\nb,1,2\n,1,2\nb,1,2\na,1,3\n", `row 6 has the value in "N" of row 2, and others stand`},
		"bad after some": {small + "group: N\n", "a,b,c\na,\"b\"c,d\n", "row 3, line 3"},
	} {
		m, err := parse([]byte(c.mapping))
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(strings.NewReader("N,D,H\n"+c.rows), m, "issue")
		for err == nil {
			_, err = r.Next()
		}
		if err == io.EOF || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// sheetCases break each rule alone, and pass it at its edge.
var sheetCases = map[string]struct{ mapping, breaks, edge, field string }{
	"SHEET-COLUMNS": {small, "1,2\n", "1,2,3\n", "row"},
	"SHEET-GROUP":   {small + "group: N\n", " ,2,3\n", "1,2,3\n1,2,4\n", "row"},
	"SHEET-DIFFERS": {small + "group: N\n", "1,2,3\n1,,4\n", "1,2,3\n1, 2 ,4\n", "declaration.date"},
	"SHEET-VALUE":   {small + "values: {D: {a: b, '': c, n: ''}}\n", "1,A,3\n", "1, a ,3\n", "declaration.date"},
	"SHEET-DATE":    {small + "date: d.m.yyyy\n", "1,31.4.2026,3\n", "1,30.04.2026,3\n", "declaration.date"},
	"SHEET-DECIMAL": {strings.Replace(small, "H: 'goods[].hs'", "H: 'goods[].net.mass'", 1) + "decimal: ','\nthousands: '.'\nconstants: {'goods[].hs': 870830}\n",
		"1,2,1.23\n", "1,2,\"1.234,5\"\n", "goods[0].net.mass"},
}

func TestRules(t *testing.T) {
	for _, r := range rule.Sheet() {
		if r.Code == "SHEET-BESIDE" {
			continue // never alone: TestBeside
		}
		c, ok := sheetCases[r.Code]
		if !ok {
			t.Errorf("%s has no case", r.Code)
			continue
		}
		for rows, want := range map[string]string{c.breaks: r.Code + " " + c.field, c.edge: ""} {
			if got := strings.Join(findings(t, c.mapping, rows), ", "); got != want {
				t.Errorf("%s: %q gives %q, want %q", r.Code, rows, got, want)
			}
		}
	}
}

// TestBeside: where a row does not tell its declaration, those beside it are refused: each may lack it.
func TestBeside(t *testing.T) {
	const good = "a,1,2\n"
	for rows, want := range map[string]string{
		good + ";" + good + good:             "2 SHEET-BESIDE 3, 3 SHEET-GROUP N, 3 SHEET-COLUMNS 3, 4 SHEET-BESIDE 3",
		good + good + ",1,2\n" + good:        "3 SHEET-BESIDE 4, 4 SHEET-GROUP N, 5 SHEET-BESIDE 4",
		good + good + ",1,2\nb,1,2\nb,1,3\n": "3 SHEET-BESIDE 4, 4 SHEET-GROUP N, 5 SHEET-BESIDE 4",
		good + ",1,2\n,1,2\nb,1,2\nc,1,2\n":  "2 SHEET-BESIDE 3, 3 SHEET-GROUP N, 4 SHEET-GROUP N, 5 SHEET-BESIDE 4",
		good + good + ",1,2\n":               "3 SHEET-BESIDE 4, 4 SHEET-GROUP N",
		",1,2\n" + good:                      "2 SHEET-GROUP N, 3 SHEET-BESIDE 2",
		good + "x," + good + good:            "2 SHEET-BESIDE 3, 3 SHEET-COLUMNS 3, 4 SHEET-BESIDE 3",
		good + "a,1\nb,1,2\n":                "3 SHEET-COLUMNS 3",
		"a,1\n" + good + "b,1,2\n":           "2 SHEET-COLUMNS 3, 3 SHEET-DIFFERS 2, 3 SHEET-DIFFERS 2",
		good + good + "b,1,2\n":              "",
	} {
		rows = strings.ReplaceAll(rows, ";", ",")
		r, err := NewReader(strings.NewReader("N,D,H\n"+rows), Map{Profile: "import/1", Group: "N", Columns: map[string]string{
			"N": "declaration.number", "D": "declaration.date", "H": "goods[].hs"}}, "issue")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			d, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			_, found := r.Fields(d)
			for _, f := range found {
				got = append(got, fmt.Sprintf("%d %s %s", f.Row, f.Code, f.Args[0]))
			}
		}
		if got := strings.Join(got, ", "); got != want {
			t.Errorf("%q: found %s, want %s", rows, got, want)
		}
	}
}

func findings(t *testing.T, mapping, rows string) (list []string) {
	t.Helper()
	m, err := parse([]byte(mapping))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(strings.NewReader("N,D,H\n"+rows), m, "issue")
	if err != nil {
		t.Fatal(err)
	}
	for {
		rows, err := r.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		_, found := r.Fields(rows)
		for _, f := range found {
			if rule, _ := rule.Lookup(f.Code); len(f.Args) != len(rule.Args) || f.Level != rule.Level {
				t.Errorf("%s with %q, the book has %+v", f.Code, f.Args, rule)
			}
			list = append(list, f.Code+" "+f.Field)
		}
	}
}

// TestConvert tries spellings of decimals and dates.
func TestConvert(t *testing.T) {
	m := Map{Decimal: ",", Thousands: ".", Date: "dd/mm/yyyy"}
	for value, want := range map[string]string{
		"1.234.567,89": "1234567.89", "1234567,89": "1234567.89", "0,5": "0.5", "12": "12", "999": "999", "1.000": "1000",
		"1.23": "", "1234.567": "", ".123": "", "1..000": "", "1,2,3": "", ",5": "", "5,": "", "-1": "", "1.000,000.1": "", "": "", "1e3": "",
	} {
		if got, f := m.decimals(value); (f == nil) != (want != "") || f == nil && got != want {
			t.Errorf("%q is %q, %v", value, got, f)
		}
	}
	for value, want := range map[string]string{
		"04/05/2026": "2026-05-04", "29/02/2024": "2024-02-29", "29/02/2026": "", "4/5/2026": "", "2026-05-04": "",
		"04/05/0026": "", "04/05/26": "", "04/05/2026 ": "",
	} {
		if got, f := m.dates()(value); (f == nil) != (want != "") || f == nil && got != want {
			t.Errorf("%q is %q, %v", value, got, f)
		}
	}
	for form, value := range map[string]string{"yyyymmdd": "20260504", "m/d/yyyy": "5/4/2026", "yyyy.m.d": "2026.05.4", "mm-dd-yyyy": "05-04-2026"} {
		if got, f := (Map{Date: form}).dates()(value); f != nil || got != "2026-05-04" {
			t.Errorf("%q as %s is %q, %v", value, form, got, f)
		}
	}
}

// TestNoGoods: an event whose goods may be left out has none where no column is mapped to them.
func TestNoGoods(t *testing.T) {
	m := Map{Profile: "import/1", Columns: map[string]string{"N": "office"}}
	for event, table := range profile.Find("import/1").Events {
		fields := make(map[string]string)
		for _, s := range table.Header {
			if s.Required && s.Path != "goods.count" {
				fields[s.Path] = "X"
			}
		}
		m.Constants = nil
		if err := m.Check(event); (err == nil) != (len(fields) == 0 && table.Least == 0 && has(table, "office")) {
			t.Errorf("%s: %v", event, err)
		}
	}
	m = Map{Profile: "import/1", Columns: map[string]string{"N": "kind"}}
	p := plan{width: 1, group: -1, columns: []column{{path: "kind"}}, header: map[string]string{}, lines: m.hasLines()}
	fields, _ := (&Reader{plan: p}).Fields(Rows{First: 2, Records: [][]string{{"ENTRY"}}})
	if want := (map[string]string{"goods.count": "0", "kind": "ENTRY"}); !maps.Equal(fields, want) {
		t.Errorf("%v", fields)
	}
}

func has(t *profile.Table, path string) bool {
	_, _, err := t.Find(path)
	return err == nil
}

// TestRow: findings are told with the row that they are about.
func TestRow(t *testing.T) {
	rows := Rows{First: 10, Records: make([][]string, 3)}
	for path, want := range map[string]int{"office": 10, "goods[0].hs": 10, "goods[2].hs": 12, "goods[3].hs": 10, "goods[x].hs": 10, "goods.count": 10} {
		if got := rows.Row(path); got != want {
			t.Errorf("%s is of row %d, want %d", path, got, want)
		}
	}
}

// broken fails after its text.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = errBroken
	}
	return n, err
}

var errBroken = errors.New("the disk is gone")

// TestBroken: a sheet that cannot be read to its end is not taken for one that ends.
func TestBroken(t *testing.T) {
	m, err := parse([]byte(small + "group: N\n"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(broken{strings.NewReader("N,D,H\n1,2,3\n")}, m, "issue")
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, errBroken) {
		t.Error(err)
	}
}

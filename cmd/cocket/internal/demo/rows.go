// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"encoding/csv"
	"errors"
	"fmt"

	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"cocket.example/declaration"
)

// columns maps the columns of a CSV file to the fields of import/1. What stands in other columns is no
// part of a declaration, such as the outcome of an inspection.
var columns = map[string]string{
	"Declaration ID":              "declaration.number",
	"Date":                        "declaration.date",
	"Office ID":                   "office",
	"Process Type":                "process.type",
	"Import Type":                 "import.type",
	"Import Use":                  "import.use",
	"Payment Type":                "payment.type",
	"Mode of Transport":           "transport.mode",
	"Declarant ID":                "declarant.id",
	"Importer ID":                 "importer.id",
	"Seller ID":                   "seller.id",
	"Courier ID":                  "courier.id",
	"HS6 Code":                    "goods[0].hs",
	"Country of Departure":        "departure.country",
	"Country of Origin":           "goods[0].origin.country",
	"Tax Rate":                    "goods[0].tax.rate",
	"Tax Type":                    "goods[0].tax.type",
	"Country of Origin Indicator": "goods[0].origin.indicator",
	"Net Mass":                    "goods[0].net.mass",
	"Item Price":                  "goods[0].item.price",
}

// rows yields the fields of one declaration after another, io.EOF at the end.
type rows func() (map[string]string, error)

// openRows reads a CSV file, or makes declarations up where there is none.
func openRows(input string) (next rows, done func() error, err error) {
	if input == "" {
		return madeUp(rand.New(rand.NewPCG(1, 2))), func() error { return nil }, nil
	}
	f, err := os.Open(input)
	if err != nil {
		return nil, nil, err
	}
	r := csv.NewReader(f)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: the line with the names of the columns: %w", input, err), f.Close())
	}
	paths, mapped := make([]string, len(header)), 0
	for i, name := range header {
		if paths[i] = columns[name]; paths[i] != "" {
			mapped++
		}
	}
	if mapped == 0 {
		return nil, nil, errors.Join(fmt.Errorf("%s: no column is known; a known one is %q", input, "Declaration ID"), f.Close())
	}
	return csvRows(r, paths), f.Close, nil
}

func csvRows(r *csv.Reader, paths []string) rows {
	return func() (map[string]string, error) {
		record, err := r.Read()
		if err != nil {
			return nil, err
		}
		fields := map[string]string{"goods.count": "1"}
		for i, value := range record {
			if paths[i] != "" && value != "" {
				fields[paths[i]] = value
			}
		}
		return fields, nil
	}
}

// madeUp makes declarations of no importance, the same ones each time.
func madeUp(r *rand.Rand) rows {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	n := 0
	return func() (map[string]string, error) {
		n++
		return map[string]string{
			"goods.count":             "1",
			"declaration.number":      strconv.Itoa(10_000_000 + n),
			"declaration.date":        time.Date(2026, 1, 1+n%300, 0, 0, 0, 0, time.UTC).Format(time.DateOnly),
			"importer.id":             fmt.Sprintf("IMP%04d", r.IntN(500)),
			"departure.country":       pick("MX", "CA", "CR", "GT"),
			"goods[0].hs":             pick("870830", "620342", "080390", "853710", "940360"),
			"goods[0].origin.country": pick("MX", "CA", "CR", "GT"),
			"goods[0].net.mass":       strconv.Itoa(1 + r.IntN(20_000)),
			"goods[0].item.price":     strconv.Itoa(100 + r.IntN(900_000)),
		}, nil
	}
}

// newDeclaration makes an import declaration of a row.
func newDeclaration(fields map[string]string) declaration.Declaration {
	return declaration.Declaration{
		Log: origin, Event: "issue", Profile: "import/1", Submitter: submitter, Fields: fields,
	}
}

// SPDX-License-Identifier: Apache-2.0

// Package madeup makes sheets of declarations of no importance, for demonstrations and tests: any number of rows,
// the same ones each time, all of them good.
package madeup

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"

	"cocket.example/declaration/sheet"
)

// ImportMap is the mapping of sheets of import declarations, one goods line each. The columns are those of a
// public set of such declarations; what does not stand there, the outcome of inspections, is ignored.
var ImportMap = sheet.Map{
	Profile: "import/1",
	Columns: map[string]string{
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
		"HS6 Code":                    "goods[].hs",
		"Country of Departure":        "departure.country",
		"Country of Origin":           "goods[].origin.country",
		"Tax Rate":                    "goods[].tax.rate",
		"Tax Type":                    "goods[].tax.type",
		"Country of Origin Indicator": "goods[].origin.indicator",
		"Net Mass":                    "goods[].net.mass",
		"Item Price":                  "goods[].item.price",
	},
	Ignore: []string{"Fraud", "Critical Fraud"},
}

var importColumns = []string{"Declaration ID", "Date", "Office ID", "Process Type", "Import Type", "Import Use",
	"Payment Type", "Mode of Transport", "Declarant ID", "Importer ID", "Seller ID", "Courier ID", "HS6 Code",
	"Country of Departure", "Country of Origin", "Tax Rate", "Tax Type", "Country of Origin Indicator", "Net Mass",
	"Item Price"}

// Import returns a sheet of import declarations, one in each of n rows.
func Import(n int) io.Reader {
	return newMaker(importColumns, n, func(i int, r *rand.Rand) []string {
		return []string{
			strconv.Itoa(10_000_001 + i), day(i), pick(r, "10", "20", "30"), "B", "11", "21", "11", pick(r, "10", "40"),
			"", fmt.Sprintf("IMP%04d", r.IntN(500)), fmt.Sprintf("SEL%04d", r.IntN(900)), "",
			pick(r, "870830", "620342", "080390", "853710", "940360"), pick(r, "MX", "CA", "CR", "GT"),
			pick(r, "MX", "CA", "CR", "GT"), pick(r, "0", "8"), "A", "Y",
			strconv.Itoa(1 + r.IntN(20_000)), strconv.Itoa(100 + r.IntN(900_000)),
		}
	})
}

// CertificateMap is the mapping of sheets of certifications of origin. Rows with one number are one
// certification.
var CertificateMap = sheet.Map{
	Profile: "usmca/1",
	Group:   "Number",
	Columns: map[string]string{
		"Number": "invoice", "Exporter": "certifier.name", "Address": "certifier.address",
		"Signed": "signature.date", "Goods": "goods[].description", "HS": "goods[].hs",
		"Criterion": "goods[].criterion", "Producer": "goods[].producer.kind",
	},
	Constants: map[string]string{
		"certifier.role": "EXPORTER", "certifier.title": "Export manager", "certifier.country": "MX",
		"certifier.phone": "+52 229 000 0000", "certifier.email": "export@exporter.example",
		"exporter.kind": "CERTIFIER", "importer.kind": "UNKNOWN", "statement": "USMCA-5-A",
	},
	Values: map[string]map[string]string{"Producer": {"withheld": "ON-REQUEST", "several": "VARIOUS"}},
}

var certificateColumns = []string{"Number", "Exporter", "Address", "Signed", "Goods", "HS", "Criterion", "Producer"}

// Certificates returns a sheet of n rows of certifications of origin; every fifth has a second row.
func Certificates(n int) io.Reader {
	return newMaker(certificateColumns, n, func(i int, r *rand.Rand) []string {
		number := i - i/6 - (i%6)/5 // of six rows the last two are of one certification
		goods := pick(r, "Brake pads 870830", "Trousers 620342", "Panels 853710", "Furniture 940360")
		return []string{
			fmt.Sprintf("F-%07d", number), fmt.Sprintf("Sample Exporter %d", number%700),
			fmt.Sprintf("%d Harbour Road, Veracruz", 1+number%90), day(number),
			goods[:len(goods)-7], goods[len(goods)-6:], "B", pick(r, "withheld", "several"),
		}
	})
}

func pick(r *rand.Rand, values ...string) string { return values[r.IntN(len(values))] }

func day(i int) string {
	return time.Date(2026, 1, 1+i%300, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// maker is a sheet that is made while it is read.
type maker struct {
	row  func(i int, r *rand.Rand) []string
	rand *rand.Rand
	i, n int
	made bytes.Buffer
	csv  *csv.Writer
}

func newMaker(columns []string, n int, row func(int, *rand.Rand) []string) io.Reader {
	m := &maker{row: row, rand: rand.New(rand.NewPCG(1, 2)), n: n}
	m.csv = csv.NewWriter(&m.made)
	m.csv.Write(columns) // into memory
	return m
}

func (m *maker) Read(p []byte) (int, error) {
	for ; m.made.Len() < len(p) && m.i < m.n; m.i++ {
		m.csv.Write(m.row(m.i, m.rand))
		m.csv.Flush()
	}
	m.csv.Flush()
	return m.made.Read(p)
}

// SPDX-License-Identifier: Apache-2.0

package declaration

// import1 is a general import declaration.
var import1 = &Profile{Name: "import/1", Events: map[string]*Table{
	"issue": importIssue, "amend": importIssue, "withdraw": withdrawal(),
}}

const importShown = "importer,customs"

var importIssue = &Table{
	Header: []Spec{
		goodsCount(),
		{Path: "declaration.number", Rule: code, Required: true, Shown: importShown},
		{Path: "declaration.date", Rule: date, Required: true, Public: true, Shown: importShown},
		{Path: "office", Rule: code, Shown: importShown},
		{Path: "process.type", Rule: code, Shown: importShown},
		{Path: "import.type", Rule: code, Shown: importShown},
		{Path: "import.use", Rule: code, Shown: importShown},
		{Path: "payment.type", Rule: code, Shown: importShown},
		{Path: "transport.mode", Rule: code, Shown: importShown},
		{Path: "declarant.id", Rule: code, Shown: importShown},
		{Path: "importer.id", Rule: code, Shown: importShown},
		{Path: "seller.id", Rule: code, Shown: importShown},
		{Path: "courier.id", Rule: code, Shown: importShown},
		{Path: "departure.country", Rule: country, Public: true, Shown: importShown},
	},
	Line: []Spec{
		{Path: "hs", Rule: hs6, Required: true, Shown: importShown},
		{Path: "origin.country", Rule: country, Public: true, Shown: importShown},
		{Path: "origin.indicator", Rule: code, Shown: importShown},
		{Path: "tax.type", Rule: code, Shown: importShown},
		{Path: "tax.rate", Rule: number, Shown: importShown},
		{Path: "net.mass", Rule: number, Shown: importShown},
		{Path: "item.price", Rule: number, Shown: importShown},
	},
	Tags: []string{"declaration"},
}

// SPDX-License-Identifier: Apache-2.0

package profile

import "cocket.example/declaration/form"

// import1 is a general import declaration, with claims for preference under any agreement.
var import1 = &Profile{Name: "import/1", Title: "Import declaration, and claims for preference on it",
	Events: events(importIssue, claimed{
		party: form.Country, basis: form.OneOf("basis", "CERTIFICATION", byKnowledge), spi: form.Code})}

var importIssue = &Table{
	Header: []Spec{
		goodsCount(),
		{Path: "declaration.number", Form: form.EntryNumber, Required: true, Shown: buyer, Source: "CATAIR AE"},
		{Path: "declaration.date", Form: form.Date, Required: true, Public: true, Shown: buyer},
		{Path: "importation.country", Form: form.Country, Shown: buyer},
		{Path: "importation.date", Form: form.Date, Shown: buyer},
		{Path: "office", Form: form.Code, Shown: buyer},
		{Path: "process.type", Form: form.Code, Shown: buyer},
		{Path: "import.type", Form: form.Code, Shown: buyer},
		{Path: "import.use", Form: form.Code, Shown: buyer},
		{Path: "payment.type", Form: form.Code, Shown: buyer},
		{Path: "transport.mode", Form: form.Code, Shown: bearer},
		{Path: "bill.number", Form: form.Code, Shown: bearer},
		{Path: "inbond.number", Form: form.InBond, Shown: bearer, Source: "CBP 7512"},
		{Path: "declarant.id", Form: form.PartyID, Shown: buyer},
		{Path: "importer.id", Form: form.PartyID, Shown: buyer},
		{Path: "seller.id", Form: form.PartyID, Shown: buyer},
		{Path: "courier.id", Form: form.PartyID, Shown: bearer},
		{Path: "departure.country", Form: form.Country, Public: true, Shown: bearer},
	},
	Line: []Spec{
		{Path: "hs", Form: form.Tariff, Required: true, Shown: buyer, Source: "HS, HTSUS"},
		{Path: "edition", Form: edition, Shown: buyer, Source: "HS"},
		{Path: "chapter", Form: form.Chapter, Public: true, Shown: everyone, Source: "HS"},
		{Path: "description", Form: form.Text, Shown: bearer},
		{Path: "origin.country", Form: form.Country, Public: true, Shown: buyer},
		{Path: "origin.indicator", Form: form.Code, Shown: buyer},
		{Path: "producer.id", Form: form.PartyID, Shown: customs, Source: "19 CFR 102"},
		{Path: "preference", Form: form.Line, Shown: buyer},
		{Path: "tax.type", Form: form.Code, Shown: buyer},
		{Path: "tax.rate", Form: form.Decimal, Shown: buyer},
		{Path: "net.mass", Form: form.Decimal, Shown: bearer},
		{Path: "quantity", Form: form.Decimal, Shown: bearer},
		{Path: "item.price", Form: form.Decimal, Shown: buyer},
		{Path: "item.currency", Form: form.Currency, Shown: buyer},
	},
	Least:  1,
	Tags:   []string{"declaration"},
	checks: []check{entryNumber("declaration.number"), tariffOfUS, tariffs, chapters, mids},
}

// AnyAgreement reports whether what follows a declaration under this profile may be about one under another:
// its claims name their agreement themselves.
func AnyAgreement(name string) bool { return name == import1.Name }

// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"slices"

	"cocket.example/declaration/form"
)

// usmca1 is the certification of origin of the USMCA: the nine data elements of Annex 5-A and
// 19 CFR 182.12(a)(4). The producer is a field of the goods line: one line for each good and producer.
var usmca1 = &Profile{Name: "usmca/1", Title: "USMCA certification of origin, and what follows it",
	Events: events(usmcaIssue, claimed{
		party: usmcaParty, basis: form.OneOf("usmca-basis", "CERTIFICATION"),
		spi: form.OneOf("usmca-spi", "S", "S+"), post: "USMCA-POST-1Y",
		after: []string{"importation.date", "post.copies", "post.protests"}})}

var usmcaIssue = &Table{
	Header: slices.Concat(
		[]Spec{
			goodsCount(),
			{Path: "certifier.role", Form: role, Required: true, Shown: buyer, Source: "5-A.1"},
			{Path: "certifier.title", Form: form.Line, Required: true, Shown: buyer, Source: "5-A.2"},
		},
		address{who: "certifier", country: form.Country, shown: buyer, source: "5-A.2",
			always: true, email: true, phone: true}.specs(),
		[]Spec{{Path: "exporter.kind", Form: form.Kind("exporter-kind", "PARTY", "CERTIFIER", "UNKNOWN"),
			Required: true, Shown: buyer, Source: "5-A.3"}},
		address{who: "exporter", country: usmcaParty, shown: buyer, source: "5-A.3",
			email: true, phone: true}.specs(),
		[]Spec{{Path: "importer.kind", Required: true, Shown: buyer, Source: "5-A.5",
			Form: form.Kind("importer-kind", "PARTY", "CERTIFIER", "UNKNOWN", "VARIOUS")}},
		address{who: "importer", country: usmcaParty, shown: buyer, source: "5-A.5"}.specs(),
		[]Spec{
			{Path: "invoice", Form: form.Line, Shown: buyer, Source: "5-A.6"},
			{Path: "blanket.from", Form: form.Date, Shown: buyer, Source: "5-A.8"},
			{Path: "blanket.to", Form: form.Date, Shown: buyer, Source: "5-A.8"},
			{Path: "signature.date", Form: form.Date, Required: true, Shown: buyer, Source: "5-A.9"},
			{Path: "statement", Form: form.OneOf("usmca-statement", "USMCA-5-A"), Required: true,
				Shown: everyone, Source: "5-A.9"},
		},
	),
	Line: slices.Concat(
		[]Spec{
			{Path: "description", Form: form.Text, Required: true, Shown: bearer, Source: "5-A.6"},
			{Path: "hs", Form: form.HS6, Required: true, Shown: buyer, Source: "5-A.6"},
			{Path: "edition", Form: edition, Shown: buyer, Source: "HS"},
			{Path: "chapter", Form: form.Chapter, Public: true, Shown: everyone, Source: "HS"},
			{Path: "criterion", Form: form.Criterion, Required: true, Shown: buyer, Source: "5-A.7"},
			{Path: "origin.country", Form: usmcaParty, Public: true, Shown: everyone, Source: "customary"},
			{Path: "producer.kind", Required: true, Shown: customs, Source: "5-A.4",
				Form: form.Kind("producer-kind", "PARTY", "CERTIFIER", "EXPORTER", "VARIOUS", "ON-REQUEST")},
		},
		address{who: "producer", country: usmcaParty, shown: customs, source: "5-A.4",
			email: true, phone: true}.specs(),
	),
	Least: 1,
	Tags:  []string{"certificate"},
	checks: []check{usmcaExporter, usmcaImporter, usmcaProducer, usmcaInvoice, blanket("USMCA-8-BLANKET"),
		usmcaCriterion, tariffs, chapters, phrases, mids},
}

var usmcaParties = []string{"US", "CA", "MX"}

// isParty says whether the certifier is in a Party, as far as his country is known.
func (v *view) isParty() bool { return slices.Contains(usmcaParties, v.get("certifier.country")) }

// usmcaExporter is named unless he certifies, or a producer who certifies does not know him.
var usmcaExporter = check{codes: []string{"USMCA-3-EXPORTER-UNKNOWN", "USMCA-3-EXPORTER-SAME",
	"USMCA-3-EXPORTER-PRODUCER", "USMCA-3-EXPORTER-COUNTRY"}, header: func(v *view) {
	const path = "exporter.kind"
	kind, role := v.get(path), v.get("certifier.role")
	switch {
	case kind == "UNKNOWN" && role != "PRODUCER":
		v.report(path, "USMCA-3-EXPORTER-UNKNOWN")
	case kind != "CERTIFIER":
	case role == "IMPORTER":
		v.report(path, "USMCA-3-EXPORTER-SAME")
	case !v.isParty():
		v.report("certifier.country", "USMCA-3-EXPORTER-COUNTRY")
	case role == "PRODUCER":
		v.report(path, "USMCA-3-EXPORTER-PRODUCER")
	}
}}

var usmcaImporter = check{
	codes: []string{"USMCA-5-IMPORTER-SAME", "USMCA-5-IMPORTER-KNOWN", "USMCA-5-IMPORTER-COUNTRY"},
	header: func(v *view) {
		const path = "importer.kind"
		kind, role := v.get(path), v.get("certifier.role")
		switch {
		case kind == "CERTIFIER" && role != "IMPORTER":
			v.report(path, "USMCA-5-IMPORTER-SAME")
		case role == "IMPORTER" && (kind == "UNKNOWN" || kind == "VARIOUS"):
			v.report(path, "USMCA-5-IMPORTER-KNOWN")
		case kind == "CERTIFIER" && !v.isParty():
			v.report("certifier.country", "USMCA-5-IMPORTER-COUNTRY")
		}
	},
}

// usmcaProducer also compares where a good is said to originate with where it is produced.
var usmcaProducer = check{codes: []string{"USMCA-4-PRODUCER-SAME", "USMCA-4-PRODUCER-EXPORTER",
	"USMCA-4-PRODUCER-COUNTRY", "USMCA-ORIGIN-PRODUCER"}, line: func(v *view, prefix string) {
	path, origin := prefix+"producer.kind", v.get(prefix+"origin.country")
	place := v.get(prefix + "producer.country")
	switch kind := v.get(path); {
	case kind == "EXPORTER" && v.get("exporter.kind") == "UNKNOWN":
		v.report(path, "USMCA-4-PRODUCER-EXPORTER")
	case kind != "CERTIFIER":
	case v.get("certifier.role") == "IMPORTER":
		v.report(path, "USMCA-4-PRODUCER-SAME")
	case !v.isParty():
		v.report(path, "USMCA-4-PRODUCER-COUNTRY")
	default:
		place = v.get("certifier.country")
	}
	if origin != "" && place != "" && origin != place {
		v.report(prefix+"origin.country", "USMCA-ORIGIN-PRODUCER", place)
	}
}}

// usmcaInvoice: an invoice number is asked for where there is a single shipment.
var usmcaInvoice = check{codes: []string{"USMCA-6-INVOICE-PERIOD"}, header: func(v *view) {
	if v.get("invoice") != "" && v.get("blanket.from") != "" && v.get("blanket.to") != "" {
		v.report("invoice", "USMCA-6-INVOICE-PERIOD")
	}
}}

// usmcaCriterion D does not exist for chapters 61 to 63 (USMCA Article 4.2(d)).
var usmcaCriterion = check{codes: []string{"USMCA-7-D-APPAREL", "USMCA-7-A-MADE"},
	line: func(v *view, prefix string) {
		hs, path := v.get(prefix+"hs"), prefix+"criterion"
		criterion := v.get(path)
		switch {
		case hs == "":
		case criterion == "D" && hs >= "61" && hs < "64":
			v.report(path, "USMCA-7-D-APPAREL", chapterOf(hs))
		case criterion == "A" && hs >= "28" && hs < "97":
			v.report(path, "USMCA-7-A-MADE", chapterOf(hs))
		}
	}}

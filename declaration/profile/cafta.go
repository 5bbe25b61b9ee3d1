// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"slices"

	"cocket.example/declaration/form"
)

// cafta1 is the certification of CAFTA-DR (19 CFR 10.583 and 10.584). Other than in the USMCA a claim may
// rest on the importer's knowledge, the rule of origin is one of general note 29, e-mail is given if there
// is any, and no phrase withholds the producer.
var cafta1 = &Profile{Name: "cafta-dr/1", Title: "CAFTA-DR certification of origin, and what follows it",
	Events: events(caftaIssue, claimed{
		party: caftaParty, basis: form.OneOf("cafta-dr-basis", "CERTIFICATION", byKnowledge),
		spi: form.OneOf("cafta-dr-spi", "P", "P+"), post: "CAFTA-POST-1Y",
		after: []string{"importation.date"}})}

const caftaSource = "10.584(a)"

var caftaIssue = &Table{
	Header: slices.Concat(
		[]Spec{
			goodsCount(),
			{Path: "certifier.role", Form: role, Required: true, Shown: buyer, Source: caftaSource},
			{Path: "certifier.title", Form: form.Line, Required: true, Shown: buyer, Source: caftaSource},
		},
		address{who: "certifier", country: form.Country, shown: buyer, source: caftaSource,
			always: true, phone: true}.specs(),
		[]Spec{{Path: "exporter.kind", Form: form.Kind("cafta-dr-exporter-kind", "PARTY", "CERTIFIER", "PRODUCER"),
			Required: true, Shown: buyer, Source: caftaSource}},
		address{who: "exporter", country: form.Country, shown: buyer, source: caftaSource, phone: true}.specs(),
		[]Spec{{Path: "importer.kind", Form: form.Kind("cafta-dr-importer-kind", "PARTY", "CERTIFIER"),
			Required: true, Shown: buyer, Source: caftaSource}},
		address{who: "importer", country: form.Country, shown: buyer, source: caftaSource, phone: true}.specs(),
		[]Spec{
			{Path: "invoice", Form: form.Line, Shown: buyer, Source: "customary"},
			{Path: "blanket.from", Form: form.Date, Shown: buyer, Source: "10.584"},
			{Path: "blanket.to", Form: form.Date, Shown: buyer, Source: "10.584"},
			{Path: "signature.date", Form: form.Date, Required: true, Shown: buyer, Source: caftaSource},
			{Path: "statement", Form: form.OneOf("cafta-dr-statement", "CAFTA-DR-10.584"), Required: true,
				Shown: everyone, Source: caftaSource},
		},
	),
	Line: slices.Concat(
		[]Spec{
			{Path: "description", Form: form.Text, Required: true, Shown: bearer, Source: caftaSource},
			{Path: "hs", Form: form.Tariff, Required: true, Shown: buyer, Source: caftaSource},
			{Path: "edition", Form: edition, Shown: buyer, Source: "HS"},
			{Path: "chapter", Form: form.Chapter, Public: true, Shown: everyone, Source: "HS"},
			{Path: "rule", Form: form.OriginRule, Required: true, Shown: buyer, Source: "GN 29"},
			{Path: "origin.country", Form: caftaParty, Public: true, Shown: everyone, Source: "customary"},
			{Path: "producer.kind", Form: form.NoPhrase("cafta-dr-producer-kind", "PARTY", "CERTIFIER", "EXPORTER"),
				Required: true, Shown: customs, Source: caftaSource},
		},
		address{who: "producer", country: form.Country, shown: customs, source: caftaSource, phone: true}.specs(),
	),
	Least:  1,
	Tags:   []string{"certificate"},
	checks: []check{caftaParties, blanket("CAFTA-BLANKET"), caftaPeriod, tariffs, chapters, phrases, mids},
}

// caftaParties: who certifies is not somebody else's double.
var caftaParties = check{
	codes: []string{"CAFTA-EXPORTER-SAME", "CAFTA-IMPORTER-SAME", "CAFTA-PRODUCER-SAME",
		"CAFTA-PRODUCER-EXPORTER", "CAFTA-PRODUCER-COUNTRY"},
	header: func(v *view) {
		importer := v.get("certifier.role") == "IMPORTER"
		if importer && v.get("exporter.kind") == "CERTIFIER" {
			v.report("exporter.kind", "CAFTA-EXPORTER-SAME")
		}
		if !importer && v.get("importer.kind") == "CERTIFIER" {
			v.report("importer.kind", "CAFTA-IMPORTER-SAME")
		}
	},
	line: func(v *view, prefix string) {
		kind, exporter := v.get(prefix+"producer.kind"), v.get("exporter.kind")
		if v.get("certifier.role") == "IMPORTER" && kind == "CERTIFIER" {
			v.report(prefix+"producer.kind", "CAFTA-PRODUCER-SAME")
		}
		if kind == "EXPORTER" && exporter == "PRODUCER" {
			v.report(prefix+"producer.kind", "CAFTA-PRODUCER-EXPORTER")
		}
		place := v.get(prefix + "producer.country")
		if place != "" && !slices.Contains(caftaParty.Codes, place) {
			v.report(prefix+"producer.country", "CAFTA-PRODUCER-COUNTRY")
		}
	},
}

// caftaPeriod runs from the date of certification.
var caftaPeriod = check{codes: []string{"CAFTA-BLANKET-FROM"}, header: func(v *view) {
	if from := v.get("blanket.from"); from != "" && from != v.get("signature.date") {
		v.report("blanket.from", "CAFTA-BLANKET-FROM")
	}
}}

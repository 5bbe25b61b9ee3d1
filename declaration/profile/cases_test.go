// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"strconv"
	"strings"

	"cocket.example/declaration/form"
	"cocket.example/declaration/ident"
)

type fields = map[string]string

// ruleCase breaks one rule alone, in one field, and comes as near to it as it can without breaking it.
type ruleCase struct {
	table  string
	field  string
	breaks fields
	edge   fields
	edgeOf string  // the table of the edge, if another
	schema bool    // a schema can say it
	about  *Target // what it is about, for the rules on both
}

const (
	usmcaI, caftaI, importI = "usmca/1 issue", "cafta-dr/1 issue", "import/1 issue"
	usmcaC, caftaC          = "usmca/1 claim", "cafta-dr/1 claim"
)

// party is a party that is named, with changes to it as pairs of name and value.
func party(who string, changes ...string) fields {
	f := fields{who + ".kind": "PARTY", who + ".name": "Maxi Acero Mexicano", who + ".address": "Avenida Carlos 100, Hernández",
		who + ".country": "MX", who + ".phone": "+52 81 0000 0000", who + ".email": "origin@acero.example"}
	for i := 0; i < len(changes); i += 2 {
		f[who+"."+changes[i]] = changes[i+1]
	}
	return f
}

// with joins changes.
func with(changes ...fields) fields {
	all := make(fields)
	for _, c := range changes {
		for path, value := range c {
			all[path] = value
		}
	}
	return all
}

// importerCertifies is a certification by the importer, who names the exporter.
func importerCertifies(changes ...fields) fields {
	return with(append([]fields{{"certifier.role": "IMPORTER", "importer.kind": "CERTIFIER"}, party("exporter")}, changes...)...)
}

// producerCertifies is one by a producer who does not know the exporter.
func producerCertifies(changes ...fields) fields {
	return with(append([]fields{{"certifier.role": "PRODUCER", "exporter.kind": "UNKNOWN",
		"goods[0].producer.kind": "CERTIFIER"}}, changes...)...)
}

func blanketOf(from, to string) fields { return fields{"blanket.from": from, "blanket.to": to} }

// one is a case of a single field.
func one(table, field, breaks, edge string) ruleCase {
	return ruleCase{table: table, field: field, breaks: fields{field: breaks}, edge: fields{field: edge}}
}

// two is a case of several fields.
func two(table, field string, breaks, edge fields) ruleCase {
	return ruleCase{table: table, field: field, breaks: breaks, edge: edge}
}

// spoken is one that a schema can say.
func spoken(c ruleCase) ruleCase {
	c.schema = true
	return c
}

var badDay = "RFC MAB9313148T" + string(ident.RFCCheck("MAB9313148T"))

// cases has a case for every rule.
var cases = map[string]ruleCase{
	"VALUE-LENGTH":    spoken(one(usmcaI, "certifier.title", strings.Repeat("x", form.MaxValue+1), strings.Repeat("x", form.MaxValue))),
	"VALUE-UTF8":      one(usmcaI, "certifier.title", "Jefe\xff", "Jefe\u00f1"),
	"VALUE-EMPTY":     spoken(one(usmcaI, "certifier.title", " \n", " x\n")),
	"VALUE-CHARACTER": one(usmcaI, "certifier.title", "a\u200bb", "a\u00a0b"),
	"VALUE-LINES":     spoken(one(usmcaI, "certifier.title", "two\nlines", "one line\n")),
	"COUNT":           spoken(one("usmca/1 correct", "goods[0].claim.line", "10000", "9999")),
	"CODE":            spoken(one(importI, "office", strings.Repeat("A", 36), strings.Repeat("A", 35))),
	"ONE-OF":          spoken(one(usmcaI, "statement", "USMCA-5", "usmca-5-a")),
	"DATE":            one(usmcaI, "signature.date", "2026-02-29", "2024-02-29"),
	"DECIMAL":         spoken(one(importI, "goods[0].net.mass", "007", "0.070")),
	"CURRENCY":        spoken(one(importI, "goods[0].item.currency", "US$", "usd")),
	"LEAF":            spoken(one(usmcaC, "refers", leafHash[1:], leafHash)),
	"COUNTRY":         spoken(one(usmcaI, "certifier.country", "ZZ", "mx")),
	"COUNTRY-NAME":    one(usmcaI, "goods[0].origin.country", "Mexico", "MX"),
	"COUNTRY-PARTY":   spoken(one(usmcaI, "goods[0].origin.country", "DE", "US")),
	"HS-DIGITS":       spoken(one(usmcaI, "goods[0].hs", "8708305", "8708.30")),
	"HS-CHAPTER":      one(usmcaI, "goods[0].hs", "9801.00", "9701.10"),
	"TARIFF-DIGITS":   spoken(one(importI, "goods[0].hs", "2204.21.6", "2204.21.60 00")),
	"EMAIL":           spoken(one(usmcaI, "certifier.email", "nobody@localhost", "nobody@x.example")),
	"PHONE":           one(usmcaI, "certifier.phone", "12345", "123456 ext 1"),

	"FIELD": spoken(two(usmcaI, "colour",
		fields{"colour": "red"},
		fields{"invoice": "red"})),
	"REQUIRED": spoken(two(usmcaI, "certifier.title",
		fields{"certifier.title": ""},
		fields{"goods[0].origin.country": ""})),
	"REQUIRED-WHERE": spoken(two(usmcaI, "exporter.country",
		with(party("exporter"), fields{"exporter.country": ""}),
		party("exporter"))),
	"ONLY-WHERE": spoken(two(usmcaI, "exporter.name",
		fields{"exporter.name": "x"},
		party("exporter"))),
	"LINES-FEW": {table: usmcaC, field: "goods.count", breaks: fields{"goods.count": "0", "goods[0].hs": "", "goods[0].spi": ""},
		edge: fields{}, edgeOf: "usmca/1 withdraw", schema: true},
	"LINES-MANY": spoken(two("usmca/1 withdraw", "goods.count",
		fields{"goods.count": "1"},
		fields{})),
	"LINES-BEHIND": two(importI, "goods[1].hs",
		fields{"goods[1].hs": "870830"},
		fields{"goods.count": "2", "goods[1].hs": "870830"}),
	"PHRASE-IN-NAME": two(usmcaI, "exporter.name",
		party("exporter", "name", "Various"),
		party("exporter", "name", "Various Goods")),

	"HS-TABLE": two(usmcaI, "goods[0].hs",
		fields{"goods[0].hs": "870899", "goods[0].edition": "2022"},
		fields{"goods[0].edition": "2022"}),
	"HS-EDITION": two(usmcaI, "goods[0].hs",
		fields{"goods[0].hs": "870899"},
		fields{"goods[0].hs": "870899", "goods[0].edition": "2017"}),
	"HS-CHAPTER-OF": one(usmcaI, "goods[0].chapter", "88", "87"),
	"HTS-US": two(importI, "goods[0].hs",
		fields{"goods[0].hs": "98020050"},
		fields{"goods[0].hs": "98020050", "importation.country": "US", "declaration.number": "SP7-0000001-4"}),
	"HTS-DIGITS": one(usmcaC, "goods[0].hs", "8708.30", "8708.30.50"),
	"ENTRY-FORM": two(usmcaC, "entry.number",
		fields{"entry.number": "97061800"},
		fields{"entry.number": "97061800", "importation.country": "CA"}),
	"ENTRY-FILER":    one(usmcaC, "entry.number", "000-0000001-8", "001-0000001-7"),
	"ENTRY-CHECK":    one(usmcaC, "entry.number", "SP7-0000001-5", "SP7-0000001-4"),
	"INBOND-FORM":    one(importI, "inbond.number", "B00012345", "257700030"),
	"INBOND-CHECK":   one(importI, "inbond.number", "257700051", "257700052"),
	"ID-FORM":        one(usmcaI, "certifier.id", "EIN 12-345", "ein 12-345678900"),
	"ID-SSN":         one(usmcaI, "certifier.id", "123-45-6789", "123-456789"),
	"ID-EIN-SUFFIX":  one(usmcaI, "certifier.id", "EIN 12-3456789", "EIN 12-345678900"),
	"ID-RFC-CHECK":   one(usmcaI, "certifier.id", "RFC MAB9307148T5", "RFC MAB9307148T4"),
	"ID-RFC-DAY":     one(usmcaI, "certifier.id", badDay, "RFC MAB9307148T4"),
	"ID-RFC-PERSON":  one(usmcaI, "certifier.id", "RFC GODE561231GR8", "RFC MAB9307148T4"),
	"ID-BN-CHECK":    one(usmcaI, "certifier.id", "BN 123456783", "BN 123026635"),
	"ID-LEI-CHECK":   one(usmcaI, "certifier.id", "LEI 213800KUD8LAJWSQ9D16", "LEI 213800KUD8LAJWSQ9D15"),
	"ID-GLN-CHECK":   one(usmcaI, "certifier.id", "GLN 0614141000013", "GLN 0614141000012"),
	"ID-MID-COUNTRY": one(importI, "goods[0].producer.id", "MID CAMAXACE100HER", "MID XOMAXACE100HER"),
	"ID-MID-PLACE": two(importI, "importer.id",
		fields{"importer.id": "MID MXMAXACE100HER"},
		fields{"goods[0].producer.id": "MID MXMAXACE100HER"}),
	"ID-MID-NAME": two(usmcaI, "goods[0].producer.id",
		party("goods[0].producer", "id", "MID MXMAXICO100HER"),
		party("goods[0].producer", "id", "MID MXMAXACE100HER")),

	"USMCA-3-EXPORTER-UNKNOWN": two(usmcaI, "exporter.kind",
		fields{"exporter.kind": "UNKNOWN"},
		producerCertifies()),
	"USMCA-3-EXPORTER-SAME": two(usmcaI, "exporter.kind",
		fields{"certifier.role": "IMPORTER", "importer.kind": "CERTIFIER"},
		importerCertifies()),
	"USMCA-3-EXPORTER-PRODUCER": two(usmcaI, "exporter.kind",
		fields{"certifier.role": "PRODUCER"},
		fields{}),
	"USMCA-3-EXPORTER-COUNTRY": one(usmcaI, "certifier.country", "DE", "CA"),
	"USMCA-4-PRODUCER-SAME": two(usmcaI, "goods[0].producer.kind",
		importerCertifies(fields{"goods[0].producer.kind": "CERTIFIER"}),
		importerCertifies(fields{"goods[0].producer.kind": "EXPORTER"})),
	"USMCA-4-PRODUCER-EXPORTER": two(usmcaI, "goods[0].producer.kind",
		producerCertifies(fields{"goods[0].producer.kind": "EXPORTER"}),
		fields{"goods[0].producer.kind": "EXPORTER"}),
	"USMCA-4-PRODUCER-COUNTRY": two(usmcaI, "goods[0].producer.kind",
		producerCertifies(fields{"certifier.country": "DE"}),
		producerCertifies(fields{"certifier.country": "CA", "goods[0].origin.country": "CA"})),
	"USMCA-5-IMPORTER-SAME": two(usmcaI, "importer.kind",
		fields{"importer.kind": "CERTIFIER"},
		importerCertifies()),
	"USMCA-5-IMPORTER-KNOWN": two(usmcaI, "importer.kind",
		importerCertifies(fields{"importer.kind": "UNKNOWN"}),
		importerCertifies(party("importer"))),
	"USMCA-5-IMPORTER-COUNTRY": two(usmcaI, "certifier.country",
		importerCertifies(fields{"certifier.country": "DE"}),
		importerCertifies(fields{"certifier.country": "US"})),
	"USMCA-6-INVOICE-PERIOD": two(usmcaI, "invoice",
		with(fields{"invoice": "A-1"}, blanketOf("2026-01-01", "2026-01-02")),
		blanketOf("2026-01-01", "2026-01-02")),
	"USMCA-7-CRITERION": spoken(one(usmcaI, "goods[0].criterion", "E", "4.2(b)")),
	"USMCA-7-D-APPAREL": two(usmcaI, "goods[0].criterion",
		fields{"goods[0].criterion": "D", "goods[0].hs": "639090"},
		fields{"goods[0].criterion": "D", "goods[0].hs": "640110"}),
	"USMCA-7-A-MADE": two(usmcaI, "goods[0].criterion",
		fields{"goods[0].criterion": "A", "goods[0].hs": "280110"},
		fields{"goods[0].criterion": "A", "goods[0].hs": "271600"}),
	"USMCA-ORIGIN-PRODUCER": two(usmcaI, "goods[0].origin.country",
		party("goods[0].producer", "country", "US"),
		party("goods[0].producer")),
	"USMCA-8-BLANKET-BOTH": two(usmcaI, "blanket.to",
		fields{"blanket.from": "2026-01-01"},
		blanketOf("2026-01-01", "2026-01-02")),
	"USMCA-8-BLANKET-ORDER": two(usmcaI, "blanket.to",
		blanketOf("2026-05-04", "2026-05-04"),
		blanketOf("2026-05-04", "2026-05-05")),
	"USMCA-8-BLANKET-EQUAL-DAY": two(usmcaI, "blanket.to",
		blanketOf("2026-01-01", "2027-01-01"),
		blanketOf("2026-01-01", "2026-12-31")),
	"USMCA-8-BLANKET-12M": two(usmcaI, "blanket.to",
		blanketOf("2024-02-29", "2025-03-02"),
		blanketOf("2024-02-29", "2025-02-28")),

	"CAFTA-RULE":       spoken(one(caftaI, "goods[0].rule", "()", "61.5")),
	"CAFTA-ON-REQUEST": spoken(one(caftaI, "goods[0].producer.kind", "Available upon request by the importing authorities", "EXPORTER")),
	"CAFTA-EXPORTER-SAME": two(caftaI, "exporter.kind",
		fields{"certifier.role": "IMPORTER", "goods[0].producer.kind": "EXPORTER"},
		fields{"goods[0].producer.kind": "EXPORTER"}),
	"CAFTA-IMPORTER-SAME": two(caftaI, "importer.kind",
		fields{"importer.kind": "CERTIFIER", "importer.name": "", "importer.address": "", "importer.country": "", "importer.phone": ""},
		fields{"certifier.role": "PRODUCER"}),
	"CAFTA-PRODUCER-SAME": two(caftaI, "goods[0].producer.kind",
		with(fields{"certifier.role": "IMPORTER"}, party("exporter")),
		with(fields{"certifier.role": "PRODUCER"}, party("exporter"))),
	"CAFTA-PRODUCER-EXPORTER": two(caftaI, "goods[0].producer.kind",
		fields{"exporter.kind": "PRODUCER", "goods[0].producer.kind": "EXPORTER"},
		with(fields{"exporter.kind": "PRODUCER"}, party("goods[0].producer", "country", "GT"))),
	"CAFTA-PRODUCER-COUNTRY": two(caftaI, "goods[0].producer.country",
		party("goods[0].producer"),
		party("goods[0].producer", "country", "NI")),
	"CAFTA-BLANKET-BOTH": two(caftaI, "blanket.to",
		fields{"blanket.from": "2026-05-04"},
		blanketOf("2026-05-04", "2026-05-05")),
	"CAFTA-BLANKET-ORDER": two(caftaI, "blanket.to",
		blanketOf("2026-05-04", "2026-05-03"),
		blanketOf("2026-05-04", "2026-05-05")),
	"CAFTA-BLANKET-EQUAL-DAY": two(caftaI, "blanket.to",
		blanketOf("2026-05-04", "2027-05-04"),
		blanketOf("2026-05-04", "2027-05-03")),
	"CAFTA-BLANKET-12M": two(caftaI, "blanket.to",
		blanketOf("2026-05-04", "2027-05-05"),
		blanketOf("2026-05-04", "2027-05-03")),
	"CAFTA-BLANKET-FROM": two(caftaI, "blanket.from",
		blanketOf("2026-05-05", "2026-05-06"),
		blanketOf("2026-05-04", "2026-05-06")),

	"CLAIM-REFERS": two(usmcaC, "refers",
		fields{"refers": ""},
		fields{}),
	"CLAIM-KNOWLEDGE": two(caftaC, "refers",
		fields{"basis": "IMPORTER-KNOWLEDGE", "knowledge": "We own the mill."},
		fields{"basis": "IMPORTER-KNOWLEDGE", "knowledge": "We own the mill.", "refers": ""}),
	"CLAIM-SPI": two(usmcaC, "goods[0].spi",
		fields{"goods[0].spi": ""},
		fields{"goods[0].spi": "", "importation.country": "CA"}),
	"USMCA-POST-1Y": two(usmcaC, "date",
		afterwards("2027-06-02"),
		afterwards("2027-06-01")),
	"CAFTA-POST-1Y": two(caftaC, "date",
		afterwards("2027-06-02"),
		afterwards("2027-06-01")),

	"QUERY-REPLY-ORDER": one("usmca/1 query", "reply.by", "2026-06-01", "2026-07-01"),
	"QUERY-REPLY-DAYS":  one("usmca/1 query", "reply.by", "2026-06-30", "2026-07-01"),
	"DETERMINE-REASONS": two("usmca/1 determine", "reasons",
		fields{"result": "NEGATIVE"},
		fields{"result": "NEGATIVE", "reasons": "No answer came."}),
	"ABOUT-LINE": on(claimOf("2"), one("usmca/1 correct", "goods[0].claim.line", "2", "1")),
	"ABOUT-ASKED": on(queryAbout("3", "1"), two("usmca/1 response", "goods[0].target.line",
		fields{"goods.count": "1", "goods[0].target.line": "2"},
		fields{"goods.count": "1", "goods[0].target.line": "1"})),
	"ABOUT-ENTRY":   on(claimOf("3"), one("usmca/1 correct", "entry.number", "SP7-0000002-2", "SP7-0000001-4")),
	"ABOUT-NUMBER":  on(queryAbout(), one("usmca/1 response", "number", "446-8", "446-7")),
	"ABOUT-DATE":    on(claimOf("3"), one("usmca/1 correct", "date", "2026-05-31", "2026-06-01")),
	"RESPONSE-LATE": on(queryAbout(), one("usmca/1 response", "date", "2026-07-02", "2026-07-01")),
	"CLAIM-BEFORE":  onLine(certificateWith(nil), one(usmcaC, "date", "2026-05-03", "2026-05-04")),
	"CLAIM-4Y": onLine(certificateWith(nil), two(usmcaC, "date",
		fields{"date": "2030-05-05"},
		fields{"date": "2030-05-04"})),
	"CLAIM-PERIOD": onLine(certificateWith(blanketOf("2026-05-10", "2026-06-30")), two(usmcaC, "importation.date",
		fields{"date": "2026-07-01", "importation.date": "2026-07-01"},
		fields{"date": "2026-07-01", "importation.date": "2026-06-30"})),
	"CLAIM-HS": onLine(certificateWith(nil), two(usmcaC, "goods[0].hs",
		fields{"goods[0].hs": "8708315060"},
		fields{"goods[0].hs": "8708309999"})),
	"CLAIM-ORIGIN": onLine(certificateWith(nil), two(usmcaC, "goods[0].origin.country",
		fields{"goods[0].origin.country": "CA"},
		fields{"goods[0].origin.country": "MX"})),
	"CLAIM-LINE": on(certificateWith(nil), two(usmcaC, "goods[0].certificate.line",
		fields{},
		fields{"goods[0].certificate.line": "0"})),
	"CLAIM-HIDDEN": onLine(certificateWithout("blanket.to"), two(usmcaC, "importation.date",
		fields{"importation.date": "2026-06-01"},
		fields{"kind": "POST-IMPORTATION", "importation.country": "CA"})),

	"DETERMINE-LINES": two("usmca/1 determine", "result",
		lineResults("PARTIAL", "NEGATIVE", "NEGATIVE"),
		lineResults("PARTIAL", "POSITIVE", "NEGATIVE")),
}

func afterwards(date string) fields {
	return fields{"kind": "POST-IMPORTATION", "date": date, "importation.date": "2026-06-01", "post.copies": "None were given.",
		"post.protests": "None was filed."}
}

func lineResults(result, first, second string) fields {
	return fields{"result": result, "reasons": "By line.", "goods.count": "2", "goods[0].target.line": "0",
		"goods[0].result": first, "goods[1].target.line": "1", "goods[1].result": second}
}

// on makes a case one of a rule on two documents: the declaration and what it is about.
func on(about Target, c ruleCase) ruleCase {
	c.about = &about
	return c
}

// onLine is on, with the line of the certification that the goods are of.
func onLine(about Target, c ruleCase) ruleCase {
	line := fields{"goods[0].certificate.line": "0"}
	c.breaks, c.edge = with(line, c.breaks), with(line, c.edge)
	return on(about, c)
}

func certificateWith(changes fields) Target {
	return Target{Event: "issue", Values: changed(usmcaI, changes)}
}

// certificateWithout is one of which a field is not shown.
func certificateWithout(hidden string) Target {
	target := certificateWith(fields{hidden: ""})
	target.Hidden = func(path string) bool { return path == hidden }
	return target
}

// claimOf is a claim of some lines, of which only their number is shown.
func claimOf(lines string) Target {
	return Target{Event: "claim", Values: changed(usmcaC, fields{"goods.count": lines})}
}

// queryAbout is a query about some lines of its own target.
func queryAbout(lines ...string) Target {
	q := changed("usmca/1 query", fields{"number": "446-7", "goods.count": strconv.Itoa(len(lines))})
	for i, n := range lines {
		q[linePrefix(i)+"target.line"] = n
	}
	return Target{Event: "query", Values: q}
}

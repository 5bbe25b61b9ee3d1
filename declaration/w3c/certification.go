// SPDX-License-Identifier: Apache-2.0

package w3c

import (
	"maps"
	"strconv"
	"strings"

	"cocket.example/declaration/form"
)

// maxLines is the largest number of goods lines; of more, none is read.
const maxLines = 9999

// origin is who is who in a certification of origin. What is not there is looked for all the same.
type origin struct {
	certifier, exporter *node
	producers           *node // one, or a list
	importers           *node
	role                string // code, or empty
}

// certifies reports whether the exporter, producer or importer is the certifier. Who certifies as importer is
// nobody else, and who certifies as another is not the importer.
func (o origin) certifies(n *node) bool {
	return (o.role == "IMPORTER") == (n == o.importers) && sameParty(o.certifier, n)
}

// certification reads a USMCACertificationOfOrigin with its USMCAClaims, or a CertificationOfOrigin. Its
// issuer certifies, but for a USMCACertifier that says otherwise.
func certification(r *reader, file, s *node) {
	goods := s.member("goods")
	if other := s.member("items"); other.there() {
		goods = other
	}
	r.certify(file, s, goods)
}

// product reads one good that stands by itself.
func product(r *reader, file, s *node) { r.certify(file, s, s) }

func (r *reader) certify(file, s, goods *node) {
	o := origin{certifier: s.get("certifier", "certifierDetails"), exporter: s.get("exporterDetails"),
		producers: s.get("producerDetails"), importers: s.get("importerDetails")}
	if c := s.get("certifierDetails"); c.there() {
		o.certifier = c
	}
	if !o.certifier.there() {
		o.certifier = file.get("issuer")
	}
	o.role = r.role(s, o)
	r.certifier(o)
	r.exporter(o)
	r.importer(s, o)
	r.put("invoice", leaf(s.get("invoiceNumber")))
	r.dates(file, s)
	r.put("statement", leaf(s.get("statement")))
	lines := r.goods(goods, func(line string, good *node) { r.good(line, good, s, file) })
	r.producers(lines, s, o)
}

// role is what the certifier says he is, else whom he is the same as.
func (r *reader) role(s *node, o origin) string {
	const field = "certifier.role"
	if r.put(field, leaf(s.get("certifier", "role")), leaf(s.get("role")), leaf(o.certifier.get("role"))) {
		return form.Phrase(r.draft.Fields[field])
	}
	for _, p := range []struct {
		code string
		node *node
	}{{"EXPORTER", o.exporter}, {"PRODUCER", o.producers}, {"IMPORTER", o.importers}} {
		if sameParty(o.certifier, p.node) {
			r.conclude(field, p.code, p.node)
			return p.code
		}
	}
	return ""
}

// certifier is an organization and who signs for it.
func (r *reader) certifier(o origin) {
	same := []*node{o.certifier}
	names := []value{leaf(o.certifier.get("name"))}
	for _, n := range []*node{o.exporter, o.producers, o.importers} {
		if o.certifies(n) {
			same = append(same, n)
			names = append(names, leaf(n.get("name")))
		}
	}
	employee := o.certifier.get("employee")
	person := joined(employee, " ", leaf(employee.get("firstName")), leaf(employee.get("lastName")))
	if person.text == "" {
		person = leaf(employee.get("name"))
	}
	for _, v := range names[1:] {
		if v.text == names[0].text {
			v.use()
		}
	}
	r.put("certifier.name", joined(names[0].at, ", ", names[0], person))
	r.put("certifier.title", leaf(employee.get("jobTitle")))
	r.party("certifier", same, employee)
}

// exporter is given where he is not the certifier; a producer who certifies need not know him.
func (r *reader) exporter(o origin) {
	const field = "exporter.kind"
	code, at := phrase(o.exporter)
	switch {
	case code != "":
		at.state = used
		r.set(field, code, at)
	case o.certifies(o.exporter):
		r.set(field, "CERTIFIER", o.exporter)
	case o.exporter.there():
		r.set(field, "PARTY", o.exporter)
		if sameParty(o.exporter, o.producers) {
			r.named("exporter", o.exporter, o.producers)
			return
		}
		r.named("exporter", o.exporter)
	case o.role == "EXPORTER":
		r.set(field, "CERTIFIER", o.exporter)
	case o.role == "PRODUCER":
		r.conclude(field, "UNKNOWN", o.exporter)
	default:
		r.look(field, o.exporter)
	}
}

// importer may be unknown, or one of several.
func (r *reader) importer(s *node, o origin) {
	const field = "importer.kind"
	various, unknown := s.get("variousImporters"), s.get("importerUnknown")
	code, at := phrase(o.importers)
	isVarious, isUnknown := various.truth(), unknown.truth()
	switch {
	case isVarious:
		r.set(field, "VARIOUS", various)
	case isUnknown:
		r.set(field, "UNKNOWN", unknown)
	case code != "":
		at.state = used
		r.set(field, code, at)
	case o.certifies(o.importers), o.role == "IMPORTER" && !o.importers.there():
		r.set(field, "CERTIFIER", o.importers)
	case len(o.importers.list()) > 1:
		r.set(field, "VARIOUS", o.importers)
	case o.importers.there():
		r.set(field, "PARTY", o.importers)
		r.named("importer", o.importers)
	default:
		r.look(field, o.importers)
	}
}

// producers are the same for every line, since the vocabulary does not say which good is whose. All lines share
// the text of the first.
func (r *reader) producers(lines int, s *node, o origin) {
	if lines == 0 {
		return
	}
	r.producer(lineOf(0), s, o)
	for path, from := range maps.Clone(r.draft.From) {
		what, ok := strings.CutPrefix(path, lineOf(0)+"producer.")
		value, given := r.draft.Fields[path]
		for i := 1; ok && i < lines; i++ {
			other := lineOf(i) + "producer." + what
			r.draft.From[other] = from
			if given {
				r.draft.Fields[other] = value
			}
		}
	}
}

// producer tells who produced a line.
func (r *reader) producer(line string, s *node, o origin) {
	field, confidential := line+"producer.kind", s.get("producerConfidential")
	code, at := phrase(o.producers)
	withheld := confidential.truth()
	switch {
	case withheld:
		r.set(field, "ON-REQUEST", confidential)
	case code != "":
		at.state = used
		r.set(field, code, at)
	case o.certifies(o.producers):
		r.set(field, "CERTIFIER", o.producers)
	case sameParty(o.exporter, o.producers):
		r.set(field, "EXPORTER", o.producers)
	case len(o.producers.list()) > 1:
		r.set(field, "VARIOUS", o.producers)
	case o.producers.there():
		r.set(field, "PARTY", o.producers)
		r.named(line+"producer", o.producers)
	case o.role == "PRODUCER":
		r.set(field, "CERTIFIER", o.producers)
	default:
		r.look(field, o.producers)
	}
}

// dates are the period for many shipments and the day of signature. The vocabulary first had members for the
// period, then took validFrom and validUntil for it. The signature, if there is one, tells its day; else
// validFrom may, where it is not the beginning of a period.
func (r *reader) dates(file, s *node) {
	signed := []value{date(file.get("proof", "created")), date(file.get("issuanceDate"))}
	from, to := s.get("blanketPeriodFrom"), s.get("blanketPeriodTo")
	if !from.there() && !to.there() {
		from, to = file.get("blanketPeriodFrom"), file.get("blanketPeriodTo")
	}
	valid := file.get("validFrom")
	if !from.there() && !to.there() {
		from, to = valid, file.get("validUntil")
	}
	period := from != valid || to.there()
	if period {
		r.put("blanket.from", date(from))
		r.put("blanket.to", date(to))
	}
	if !r.put("signature.date", signed...) && valid.there() && (!period || from != valid) {
		r.put("signature.date", date(valid))
		r.note("signature.date", "W3C-INFERRED", valid.path())
	}
}

// goods reads every line, and returns how many it read.
func (r *reader) goods(goods *node, read func(line string, good *node)) int {
	list := goods.list()
	r.set("goods.count", strconv.Itoa(len(list)), goods)
	if len(list) > maxLines {
		return 0
	}
	for i, good := range list {
		read(lineOf(i), good)
	}
	return len(list)
}

func lineOf(i int) string { return "goods[" + strconv.Itoa(i) + "]." }

// good is a USMCAProduct or a TradeLineItem.
func (r *reader) good(line string, good, s, file *node) {
	r.put(line+"description", leaf(good.get("description")), leaf(good.get("product", "description")),
		leaf(good.get("name")))
	r.code(line+"hs", leaf(good.get("commodityCode")), good, good.get("commodity"),
		good.get("product", "commodity"))
	r.put(line+"criterion", leaf(good.get("originCriterion")))
	r.put(line+"origin.country", leaf(good.get("countryOfOrigin")), leaf(s.get("manufacturingCountry")),
		leaf(file.get("manufacturingCountry")))
}

// code is a code of goods, or the commodityCode of a Commodity, whose commodityCodeType is HS or HTS. Of an
// HTS code the USMCA asks for six digits.
func (r *reader) code(field string, written value, commodities ...*node) {
	if !r.put(field, append([]value{written}, leaves(commodities, "commodityCode")...)...) {
		r.look(field, commodities[0].get("commodityCode"))
		return
	}
	for _, c := range commodities {
		kind := c.get("commodityCodeType")
		name, _ := kind.text()
		if c.get("commodityCode").state != used || name != "HS" && name != "HTS" {
			continue
		}
		kind.state = used
		if name == "HTS" && r.draft.Profile == usmca {
			r.cut(field)
		}
	}
}

// cut leaves the six digits of the Harmonized System of a longer code of good form.
func (r *reader) cut(field string) {
	digits, finding := form.Tariff.Normalise(r.draft.Fields[field])
	if finding == nil && len(digits) > 6 {
		r.draft.Fields[field] = digits[:6]
		r.note(field, "W3C-HS6")
	}
}

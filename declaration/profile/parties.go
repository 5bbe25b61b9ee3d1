// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"strings"

	"cocket.example/declaration/form"
	"cocket.example/declaration/ident"
)

// To whom fields are usually shown.
const (
	everyone = "all"
	buyer    = "importer,customs"         // not those that compete with who declares
	bearer   = "importer,customs,carrier" // what the papers that travel with the goods say
	customs  = "customs"                  // where it would tell a buyer how to go round his seller
)

var (
	usmcaParty = form.Party("usmca-party", "US", "CA", "MX")
	caftaParty = form.Party("cafta-dr-party", "US", "CR", "DO", "SV", "GT", "HN", "NI")
	role       = form.Kind("certifier-role", "IMPORTER", "EXPORTER", "PRODUCER")
	edition    = form.OneOf("hs-edition", "2012", "2017", "2022", "2028")
)

// address is name, address, country, telephone, e-mail and number of a party.
type address struct {
	who     string
	country *form.Form
	shown   string
	source  string
	always  bool // else only where the field kind of the party is PARTY
	email   bool // is required like the name
	phone   bool
}

func (a address) specs() []Spec {
	field := func(name string, f *form.Form, needed bool) Spec {
		s := Spec{Path: a.who + "." + name, Form: f, Shown: a.shown, Source: a.source}
		if a.always {
			s.Required = needed
		} else {
			s.Where = &Where{Path: a.who + ".kind", Is: []string{"PARTY"}, Needed: needed}
		}
		return s
	}
	id := field("id", form.PartyID, false)
	id.Source = "customary"
	return []Spec{
		field("name", form.Line, true),
		field("address", form.Text, true),
		field("country", a.country, true),
		field("phone", form.Phone, a.phone),
		field("email", form.Email, a.email),
		id,
	}
}

func goodsCount() Spec {
	return Spec{Path: "goods.count", Form: form.Count, Required: true, Shown: everyone}
}

// phrases refuses set phrases where names stand: they belong into the field kind.
var phrases = check{codes: []string{"PHRASE-IN-NAME"}, header: func(v *view) {
	v.phrase("exporter")
	v.phrase("importer")
}, line: func(v *view, prefix string) { v.phrase(prefix + "producer") }}

func (v *view) phrase(who string) {
	code := form.Phrase(v.values[who+".name"])
	if code == "VARIOUS" || code == "UNKNOWN" || code == "ON-REQUEST" {
		v.report(who+".name", "PHRASE-IN-NAME", who+".kind", code)
	}
}

// mids keeps manufacturer identification codes with the producer, and compares them with his name.
var mids = check{codes: []string{"ID-MID-PLACE", "ID-MID-NAME"}, header: func(v *view) {
	for _, who := range []string{"certifier", "exporter", "importer", "declarant", "seller", "courier"} {
		if scheme, _ := form.Scheme(v.values[who+".id"]); scheme == "MID" {
			v.report(who+".id", "ID-MID-PLACE")
		}
	}
}, line: func(v *view, prefix string) {
	scheme, mid := form.Scheme(v.get(prefix + "producer.id"))
	name := ident.MIDName(v.get(prefix + "producer.name"))
	if scheme == "MID" && !strings.HasPrefix(mid[min(len(mid), 2):], name) {
		v.report(prefix+"producer.id", "ID-MID-NAME", name)
	}
}}

// SPDX-License-Identifier: Apache-2.0

package w3c

import (
	"strings"
	"unicode"

	"cocket.example/declaration/form"
)

// party fills the fields of a party, but for its name, from organizations, which are all this party. People
// are asked first how to reach it.
func (r *reader) party(who string, organizations []*node, people ...*node) {
	var addresses, countries, ids []value
	for _, o := range organizations {
		a := addressOf(o)
		addresses = append(addresses, lines(a))
		countries = append(countries, leaf(a.get("addressCountry")))
		ids = append(ids, taxID(o))
	}
	reached := append(people, organizations...)
	r.put(who+".address", addresses...)
	r.put(who+".country", countries...)
	r.put(who+".phone", leaves(reached, "phoneNumber")...)
	r.put(who+".email", leaves(reached, "email")...)
	r.put(who+".id", ids...)
}

// named fills the name and the other fields of a party.
func (r *reader) named(who string, organizations ...*node) {
	r.put(who+".name", leaves(organizations, "name")...)
	r.party(who, organizations)
}

// addressOf is the PostalAddress of an organization, which stands at its place, or of a person.
func addressOf(n *node) *node {
	if a := n.get("address"); a.there() {
		return a
	}
	return n.get("location", "address")
}

// lines is an address without its country, which is a field of its own.
func lines(a *node) value {
	if v := leaf(a); len(v.nodes) > 0 {
		return v
	}
	return joined(a, ", ", leaf(a.get("streetAddress")), leaf(a.get("postOfficeBoxNumber")),
		leaf(a.get("addressLocality")), joined(a, " ", leaf(a.get("addressRegion")), leaf(a.get("postalCode"))))
}

// sameParty reports whether two organizations are one: by their id, else by their name, and never with tax
// numbers or countries that differ.
func sameParty(a, b *node) bool {
	for _, names := range [][]string{{"taxId"}, {"location", "address", "addressCountry"}} {
		if mine, other := a.get(names...), b.get(names...); mine.there() && other.there() && !mine.same(other) {
			return false
		}
	}
	mine, _ := a.get("name").text()
	other, _ := b.get("name").text()
	return a.get("id").same(b.get("id")) || bare(mine) != "" && bare(mine) == bare(other)
}

// bare keeps letters and digits of a name.
func bare(name string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, name)
}

// phrase returns the code of a set phrase that stands in the place of a party, or of its name.
func phrase(n *node) (code string, at *node) {
	for _, at := range []*node{n, n.get("name")} {
		text, _ := at.text()
		switch code := form.Phrase(text); code {
		case "VARIOUS", "UNKNOWN", "ON-REQUEST":
			return code, at
		}
	}
	return "", n
}

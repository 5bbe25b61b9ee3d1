// SPDX-License-Identifier: Apache-2.0

package w3c

import (
	"regexp"
	"strings"

	"cocket.example/declaration/form"
	"cocket.example/declaration/ident"
	"cocket.example/declaration/rule"
)

// value is what a field may be filled with: text of one or more values of the file. Without any it only says
// where the text was looked for.
type value struct {
	at    *node
	nodes []*node
	text  string
}

func leaf(n *node) value {
	text, ok := n.text()
	if !ok {
		return value{at: n}
	}
	return value{n, []*node{n}, text}
}

// leaves are the members of one name of several objects.
func leaves(nodes []*node, names ...string) (list []value) {
	for _, n := range nodes {
		list = append(list, leaf(n.get(names...)))
	}
	return list
}

// joined is the text of several values with something between.
func joined(at *node, between string, parts ...value) value {
	v := value{at: at}
	var texts []string
	for _, p := range parts {
		v.nodes = append(v.nodes, p.nodes...)
		if strings.TrimSpace(p.text) != "" {
			texts = append(texts, strings.TrimSpace(p.text))
		}
	}
	v.text = strings.Join(texts, between)
	return v
}

// behind puts a word in front of a value.
func behind(word string, v value) value {
	v.text = word + " " + v.text
	return v
}

// timeForm is RFC 3339, and what the samples of the vocabulary have, without seconds.
var timeForm = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt][0-9]{2}:[0-9]{2}` +
	`(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?$`)

// date is the day of a time, in the zone that it is written in.
func date(n *node) value {
	v := leaf(n)
	if m := timeForm.FindStringSubmatch(v.text); m != nil {
		v.text = m[1]
	}
	return v
}

// taxSchemes are the kinds of tax numbers by country.
var taxSchemes = map[string]string{"US": "EIN", "CA": "BN", "MX": "RFC"}

// taxID is the number of an organization: one of its country's scheme where it has that form, else as it is.
func taxID(organization *node) value {
	v := leaf(organization.get("taxId"))
	place, _ := addressOf(organization).get("addressCountry").text()
	country, _ := form.Country.Normalise(place)
	if scheme := taxSchemes[country]; scheme != "" {
		_, finding := form.PartyID.Normalise(scheme + " " + v.text)
		if finding == nil || finding.Level == rule.Warning {
			return behind(scheme, v)
		}
	}
	return v
}

// importerID is a CBPImporterOfRecord, whose identifierType is IRS, SSN or CBP.
func importerID(n *node) value {
	kind, number := leaf(n.get("identifierType")), leaf(n.get("number"))
	scheme := strings.ToUpper(strings.TrimSpace(kind.text))
	if scheme == "IRS" {
		scheme = "EIN"
	}
	if len(number.nodes) == 0 || !ident.IsScheme(scheme) {
		return number
	}
	number.nodes = append(number.nodes, kind.nodes...)
	return behind(scheme, number)
}

// reader fills a draft.
type reader struct{ draft Draft }

func (r *reader) note(path, code string, args ...string) {
	r.draft.Notes = append(r.draft.Notes, rule.Of(code, args...).At(path))
}

// put fills a field with the first value that is there, and reports whether one is. Others that say the same
// are used too. A field is looked for where its first value may be.
func (r *reader) put(field string, values ...value) bool {
	r.draft.From[field] = values[0].at.path()
	for _, v := range values {
		if len(v.nodes) == 0 {
			continue
		}
		r.draft.Fields[field], r.draft.From[field] = v.text, v.at.path()
		for _, other := range values {
			if other.text == v.text {
				other.use()
			}
		}
		return true
	}
	return false
}

func (v value) use() {
	for _, n := range v.nodes {
		n.state = used
	}
}

// set fills a field with a code that follows from a value of the file.
func (r *reader) set(field, code string, from *node) {
	r.draft.Fields[field] = code
	r.look(field, from)
}

// conclude is set with a note, since somebody should look whether it is true.
func (r *reader) conclude(field, code string, from *node) {
	r.set(field, code, from)
	r.note(field, "W3C-INFERRED", from.path())
}

// look says where a field that is missing was looked for.
func (r *reader) look(field string, at *node) {
	if r.draft.From[field] = at.path(); at.parent == nil {
		delete(r.draft.From, field) // the file itself
	}
}

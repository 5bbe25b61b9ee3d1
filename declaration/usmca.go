// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"errors"
	"slices"
	"strconv"
	"time"
)

// usmca1 is the certification of origin of the USMCA: the nine data elements of Annex 5-A and
// 19 CFR 182.12(a)(4). The producer is a field of the goods line: one line for each good and producer.
var usmca1 = &Profile{Name: "usmca/1", Events: map[string]*Table{
	"issue": usmcaIssue, "amend": usmcaIssue, "withdraw": withdrawal(),
}}

var usmcaIssue = &Table{
	Header: slices.Concat(
		[]Spec{
			goodsCount(),
			{Path: "certifier.role", Rule: oneOf("certifier-role", "IMPORTER", "EXPORTER", "PRODUCER"),
				Required: true, Shown: "importer,customs"}, // element 1
			{Path: "certifier.title", Rule: line, Required: true, Shown: "importer,customs"},
		},
		address("certifier", country, "importer,customs", true), // element 2
		[]Spec{{Path: "exporter.kind", Rule: oneOf("exporter-kind", "PARTY", "CERTIFIER", "UNKNOWN"),
			Required: true, Shown: "importer,customs"}},
		address("exporter", party, "importer,customs", false), // element 3
		[]Spec{{Path: "importer.kind", Rule: oneOf("importer-kind", "PARTY", "CERTIFIER", "UNKNOWN", "VARIOUS"),
			Required: true, Shown: "importer,customs"}},
		address("importer", party, "importer,customs", false), // element 5
		[]Spec{
			{Path: "invoice", Rule: line, Shown: "importer,customs"},
			{Path: "blanket.from", Rule: date, Shown: "importer,customs"}, // element 8
			{Path: "blanket.to", Rule: date, Shown: "importer,customs"},
			{Path: "signature.date", Rule: date, Required: true, Shown: "importer,customs"}, // element 9
			{Path: "statement", Rule: oneOf("statement", "USMCA-5-A"), Required: true, Shown: "all"},
		},
	),
	Line: slices.Concat(
		[]Spec{
			{Path: "description", Rule: multiline, Required: true, Shown: "importer,customs"}, // element 6
			{Path: "hs", Rule: hs6, Required: true, Shown: "importer,customs"},
			{Path: "hs.edition", Rule: oneOf("hs-edition", "2012", "2017", "2022", "2028"), Shown: "importer,customs"},
			{Path: "criterion", Rule: criterion, Required: true, Shown: "importer,customs"}, // element 7
			{Path: "origin.country", Rule: party, Public: true, Shown: "all"},
			{Path: "producer.kind", Rule: oneOf("producer-kind", "PARTY", "CERTIFIER", "EXPORTER", "VARIOUS", "ON-REQUEST"),
				Required: true, Shown: "customs"},
		},
		address("producer", party, "customs", false), // element 4
	),
	Tags:  []string{"certificate"},
	rules: []func(values) error{usmcaParties, usmcaBlanket, usmcaCriterionD},
}

// address is a party's name, address, country, telephone and e-mail.
func address(who string, where *Rule, shown string, required bool) []Spec {
	return []Spec{
		{Path: who + ".name", Rule: line, Required: required, Shown: shown},
		{Path: who + ".address", Rule: multiline, Required: required, Shown: shown},
		{Path: who + ".country", Rule: where, Required: required, Shown: shown},
		{Path: who + ".phone", Rule: line, Required: required, Shown: shown},
		{Path: who + ".email", Rule: email, Required: required, Shown: shown},
	}
}

// usmcaParties: a party that is named has name, address and country; one that is not has none of
// them. Only a producer who certifies may not know the exporter (19 CFR 182.12(a)(4)).
func usmcaParties(v values) error {
	if v["exporter.kind"] == "UNKNOWN" && v["certifier.role"] != "PRODUCER" {
		return invalid("exporter.kind: only a producer who certifies may leave the exporter UNKNOWN")
	}
	errs := []error{named(v, "exporter"), named(v, "importer")}
	for i := range v.lines() {
		errs = append(errs, named(v, "goods["+strconv.Itoa(i)+"].producer"))
	}
	return errors.Join(errs...)
}

func named(v values, who string) error {
	var errs []error
	isNamed := v[who+".kind"] == "PARTY"
	for _, f := range address(who, party, "", false) {
		switch given := v[f.Path] != ""; {
		case given && !isNamed:
			errs = append(errs, invalid("%s: want it only where %s.kind is PARTY", f.Path, who))
		case !given && isNamed && f.Rule != email && f.Path != who+".phone":
			errs = append(errs, invalid("%s: required where %s.kind is PARTY", f.Path, who))
		}
	}
	return errors.Join(errs...)
}

// usmcaBlanket: identical goods for up to twelve months (19 CFR 182.12(a)(4)(viii)).
func usmcaBlanket(v values) error {
	if v["blanket.from"] == "" && v["blanket.to"] == "" {
		return nil
	}
	from, err1 := time.Parse(time.DateOnly, v["blanket.from"])
	to, err2 := time.Parse(time.DateOnly, v["blanket.to"])
	switch {
	case err1 != nil || err2 != nil:
		return invalid("blanket.from and blanket.to: give both or none")
	case !from.Before(to):
		return invalid("blanket.to: want a date after blanket.from")
	case !to.Before(from.AddDate(1, 0, 0)):
		return invalid("blanket.to: want a date before %s, twelve months after blanket.from",
			from.AddDate(1, 0, 0).Format(time.DateOnly))
	}
	return nil
}

// usmcaCriterionD does not exist for chapters 61 to 63 (USMCA Article 4.2(d)).
func usmcaCriterionD(v values) error {
	var errs []error
	for i := range v.lines() {
		if hs := v.line(i, "hs"); v.line(i, "criterion") == "D" && hs >= "61" && hs < "64" {
			errs = append(errs, invalid("goods[%d].criterion: want A, B or C: D is not for goods of "+
				"chapters 61 to 63, as %s", i, hs))
		}
	}
	return errors.Join(errs...)
}

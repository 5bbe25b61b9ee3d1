// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"maps"
	"strings"
	"testing"

	"cocket.example/declaration/rule"
)

// good are declarations that nothing is wrong with, by profile and event.
var good = map[string]map[string]string{
	"usmca/1 issue": {
		"goods.count": "1", "certifier.role": "EXPORTER", "certifier.title": "Export manager",
		"certifier.name": "Sample Exporter", "certifier.address": "1 Harbour Road, Veracruz", "certifier.country": "MX",
		"certifier.phone": "+52 229 000 0000", "certifier.email": "export@exporter.example", "exporter.kind": "CERTIFIER",
		"importer.kind": "UNKNOWN", "signature.date": "2026-05-04", "statement": "USMCA-5-A",
		"goods[0].description": "Brake pads", "goods[0].hs": "870830", "goods[0].criterion": "B",
		"goods[0].origin.country": "MX", "goods[0].producer.kind": "ON-REQUEST",
	},
	"cafta-dr/1 issue": {
		"goods.count": "1", "certifier.role": "EXPORTER", "certifier.title": "Official",
		"certifier.name": "Sample Exporter", "certifier.address": "2 Calle, San Salvador", "certifier.country": "SV",
		"certifier.phone": "+503 2200 0000", "exporter.kind": "CERTIFIER", "importer.kind": "PARTY",
		"importer.name": "Sample Importer", "importer.address": "3 Quay, Miami", "importer.country": "US",
		"importer.phone": "+1 305 000 0000",
		"signature.date": "2026-05-04", "statement": "CAFTA-DR-10.584", "goods[0].description": "Shirts",
		"goods[0].hs": "61091000", "goods[0].rule": "GN 29(n) 61.5", "goods[0].producer.kind": "CERTIFIER",
	},
	"import/1 issue": {
		"goods.count": "1", "declaration.number": "97061800", "declaration.date": "2026-01-02",
		"goods[0].hs": "870830", "goods[0].origin.country": "BE",
	},
	"usmca/1 claim": {
		"goods.count": "1", "refers": leafHash, "kind": "ENTRY", "basis": "CERTIFICATION", "entry.number": "SP700000014",
		"date": "2026-06-01", "importation.country": "US", "goods[0].hs": "8708305060", "goods[0].spi": "S",
	},
	"cafta-dr/1 claim": {
		"goods.count": "1", "refers": leafHash, "kind": "ENTRY", "basis": "CERTIFICATION", "entry.number": "SP700000014",
		"date": "2026-06-01", "importation.country": "US", "goods[0].hs": "61091000", "goods[0].spi": "P",
	},
	"import/1 claim": {
		"goods.count": "1", "refers": leafHash, "kind": "ENTRY", "basis": "CERTIFICATION", "entry.number": "97061800",
		"date": "2026-06-01", "importation.country": "KR", "agreement": "FEU1", "goods[0].hs": "440890",
	},
	"usmca/1 withdraw": {"goods.count": "0", "date": "2026-06-01"},
	"usmca/1 correct": {"goods.count": "1", "refers": leafHash, "entry.number": "SP700000014", "date": "2026-06-01",
		"explanation": "The goods of line 2 were of another producer.", "goods[0].claim.line": "2", "duties": "120.5"},
	"usmca/1 query": {"goods.count": "0", "refers": leafHash, "kind": "CF-446", "date": "2026-06-01", "reply.by": "2026-07-01",
		"addressee.role": "PRODUCER", "question": "Of what origin is the friction material?"},
	"usmca/1 response": {"goods.count": "0", "refers": leafHash, "respondent.role": "PRODUCER", "date": "2026-06-20",
		"answer": "Of our own make."},
	"usmca/1 determine": {"goods.count": "0", "refers": leafHash, "result": "POSITIVE", "date": "2026-08-01"},
}

const leafHash = "mP2iKq0v3n5Ww1cJ6F1c2Yq0b8mH6vQ7dY3k2sL4hZE="

// tableOf returns the table of "usmca/1 issue".
func tableOf(t testing.TB, name string) *Table {
	t.Helper()
	profile, event, _ := strings.Cut(name, " ")
	p := Find(profile)
	if p == nil || p.Events[event] == nil {
		t.Fatalf("no table %q", name)
	}
	return p.Events[event]
}

// changed is a good declaration with some fields changed; an empty value drops one.
func changed(name string, changes ...map[string]string) map[string]string {
	fields := maps.Clone(good[name])
	for _, change := range changes {
		for path, value := range change {
			if fields[path] = value; value == "" {
				delete(fields, path)
			}
		}
	}
	return fields
}

// TestGood: nothing is wrong with what is the ground of the other tests, and it is normalised.
func TestGood(t *testing.T) {
	for name, fields := range good {
		table := tableOf(t, name)
		values, findings := table.Check(fields, nil)
		if len(findings) > 0 || !maps.Equal(values, fields) {
			t.Errorf("%s:\n%s", name, findings)
		}
		if f := append(table.Complete(values), table.Judge(values, nil)...); len(f) > 0 {
			t.Errorf("%s, normalised:\n%s", name, f)
		}
	}
}

func mustTariff(t testing.TB, edition, table string) Tariff {
	t.Helper()
	tariff, err := ParseTariff(edition, []byte(table))
	if err != nil {
		t.Fatal(err)
	}
	return tariff
}

func codes(findings rule.Findings) (list []string) {
	for _, f := range findings {
		list = append(list, f.Code+" "+f.Field)
	}
	return list
}

// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"maps"
	"slices"
	"testing"
)

// TestUnknown: where nothing is known of the target, or nothing of the declaration, nothing is said but that
// goods should name their line.
func TestUnknown(t *testing.T) {
	for name, fields := range good {
		table := tableOf(t, name)
		for target := range good {
			if found := codes(table.Compare(nil, Target{Event: "issue", Values: good[target]})); len(found) > 0 {
				t.Errorf("nothing about %s: %q", target, found)
			}
		}
		want := []string(nil)
		if fields["basis"] != "" {
			want = []string{"CLAIM-LINE goods[0].certificate.line"}
		}
		for _, event := range Events {
			if found := codes(table.Compare(fields, Target{Event: event})); !slices.Equal(found, want) {
				t.Errorf("%s about an unknown %s: %q", name, event, found)
			}
		}
	}
}

// TestPeriod: which day must lie in the period of the certification.
func TestPeriod(t *testing.T) {
	table := tableOf(t, usmcaC)
	target := certificateWith(blanketOf("2026-05-10", "2026-06-30"))
	for _, test := range []struct{ kind, date, imported, want string }{
		{"ENTRY", "2026-06-30", "", ""},
		{"ENTRY", "2026-07-01", "", "CLAIM-PERIOD date"},
		{"ENTRY", "2026-07-01", "2026-06-30", ""},
		{"ENTRY", "2026-05-10", "2026-05-09", "CLAIM-PERIOD importation.date"},
		{"POST-IMPORTATION", "2027-01-01", "2026-06-30", ""},
		{"POST-IMPORTATION", "2027-01-01", "2026-07-01", "CLAIM-PERIOD importation.date"},
		{"POST-IMPORTATION", "2027-01-01", "", ""},
	} {
		claim := Values{"goods.count": "0", "kind": test.kind, "date": test.date}
		if test.imported != "" {
			claim["importation.date"] = test.imported
		}
		if got := codes(table.Compare(claim, target)); !slices.Equal(got, slices.DeleteFunc([]string{test.want}, isEmpty)) {
			t.Errorf("%+v: %q", test, got)
		}
	}
	single := certificateWith(nil) // covers one shipment, whenever
	if got := codes(table.Compare(Values{"goods.count": "0", "date": "2026-07-01"}, single)); len(got) > 0 {
		t.Errorf("without a period: %q", got)
	}
}

func isEmpty(s string) bool { return s == "" }

// TestEditions: codes of different editions of the Harmonized System are not compared.
func TestEditions(t *testing.T) {
	table := tableOf(t, usmcaC)
	for _, test := range []struct {
		own, its string
		differ   bool
	}{{"", "", true}, {"2022", "", true}, {"", "2017", true}, {"2022", "2022", true}, {"2022", "2017", false}} {
		claim := Values{"goods.count": "1", "goods[0].hs": "8708305060", "goods[0].certificate.line": "0"}
		target := Values{"goods.count": "1", "goods[0].hs": "870899"}
		if maps.Copy(claim, edited(test.own)); test.its != "" {
			maps.Copy(target, edited(test.its))
		}
		if found := table.Compare(claim, Target{Event: "issue", Values: target}); (len(found) > 0) != test.differ {
			t.Errorf("%+v: %s", test, found)
		}
	}
}

func edited(edition string) Values {
	if edition == "" {
		return nil
	}
	return Values{"goods[0].edition": edition}
}

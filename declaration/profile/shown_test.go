// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"slices"
	"strings"
	"testing"

	"cocket.example/declaration/form"
)

// TestShown: who buys, or carries, never learns from a fixed set who produces, or where; customs learns all.
func TestShown(t *testing.T) {
	for _, p := range All {
		for event, table := range p.Events {
			shown := make(map[string][]string)
			for _, a := range Audiences {
				shown[a] = table.Shown(a, 2)
				if !slices.Contains(shown[a], "goods.count") {
					t.Errorf("%s %s: %s does not see how many lines there are", p.Name, event, a)
				}
			}
			for _, path := range slices.Concat(shown["importer"], shown["carrier"]) {
				if strings.Contains(path, "producer") {
					t.Errorf("%s %s: shows %s to others than customs", p.Name, event, path)
				}
			}
			if want := min(2, len(table.Line)); len(table.Line) > 0 && len(shown["customs"]) != table.Size(want) {
				t.Errorf("%s %s: customs sees %d of %d fields", p.Name, event, len(shown["customs"]), table.Size(want))
			}
			for _, path := range shown["carrier"] {
				if !slices.Contains(shown["importer"], path) {
					t.Errorf("%s %s: the carrier sees %s, the importer does not", p.Name, event, path)
				}
			}
		}
	}
	want := []string{"goods.count", "statement", "goods[0].description", "goods[0].chapter", "goods[0].origin.country"}
	if got := tableOf(t, usmcaI).Shown("carrier", 1); !slices.Equal(got, want) {
		t.Errorf("a carrier sees %q", got)
	}
}

// TestNumbersStayPrivate: no field that may hold the number of a party, a MID above all, can be public, and
// the rule that keeps a MID with the producer looks at every other field that could hold one.
func TestNumbersStayPrivate(t *testing.T) {
	for _, p := range All {
		for event, table := range p.Events {
			for _, s := range slices.Concat(table.Header, table.Line) {
				if s.Public && (s.Form == form.PartyID || s.Form.Normal("MXMAXACE100HER") || s.Form.Normal("MID MXMAXACE100HER")) {
					t.Errorf("%s %s: %s may be public and hold a MID", p.Name, event, s.Path)
				}
			}
			for _, s := range table.Header {
				if s.Form != form.PartyID {
					continue
				}
				v := view{values: Values{s.Path: "MID MXMAXACE100HER"}}
				mids.header(&v)
				if len(v.found) != 1 {
					t.Errorf("%s %s: a MID in %s is not found", p.Name, event, s.Path)
				}
			}
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"testing"

	"cocket.example/declaration"
	"cocket.example/declaration/profile"
)

// FuzzDraft: whatever is set and unset, what comes out has paths of the profile in their one spelling, lines
// without gaps, and refers to its target.
func FuzzDraft(f *testing.F) {
	for _, path := range []string{"date", "goods[0].hs", "goods[2].hs", "goods[00].hs", "goods[0]hs", "goods[65535].hs", "goods.count",
		"refers", "goods[-1].hs", "goods[18446744073709551616].hs", "goods[0].goods[0].hs", "", "Date", "date ", "goods[0].certificate.line"} {
		f.Add("claim", path, "1", "kind", 0, "")
		f.Add("amend", path, "1", "invoice", 1, "")
		f.Add("query", path, "1", path, 65535, `{"goods": [{"target": {"line": 1}}]}`)
		f.Add("withdraw", path, "1", "reason", -1, `{"date": "2026-05-04", "goods": [{}]}`)
		f.Add("amend", path, "1", "invoice", -2, "")
	}
	about := certification(f).Target()
	f.Fuzz(func(t *testing.T, event, path, value, unset string, line int, whole string) {
		s := Step{Event: event, About: about, Set: fields{path: value}, Unset: []string{unset}}
		switch {
		case line >= 0:
			s.Lines = []int{line}
		case line%2 == 0:
			s.Lines = []int{}
		}
		if whole != "" {
			s.Fields, _ = declaration.ParseFields([]byte(whole))
		}
		d, err := s.Draft()
		if err != nil {
			return
		}
		table := profile.Find("usmca/1").Events[event]
		lines := profile.Values(d.Fields).Lines()
		for path := range d.Fields {
			i, _, err := table.Find(path)
			if _, given := s.Fields[path]; given {
				continue // is judged when it is sealed
			}
			if err != nil || i >= table.Size(lines) {
				t.Fatalf("%q of %d lines: %v", path, lines, err)
			}
			if spelt, _ := table.At(i); spelt != path {
				t.Fatalf("%q is spelt %q", path, spelt)
			}
		}
		if _, there := d.Fields[unset]; there || d.Fields[path] != value {
			t.Fatalf("%q is not set, or %q is", path, unset)
		}
		if inClear := d.Refers != nil; inClear == (d.Fields["refers"] != "") {
			t.Fatal("it does not refer to its target once")
		}
		d.Check() // does not panic
	})
}

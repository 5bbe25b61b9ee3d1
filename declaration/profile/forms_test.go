// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"cocket.example/declaration/form"
	"cocket.example/declaration/rule"
)

// formsOf are the forms of every field of every profile, and where each was found first.
func formsOf() (forms []*form.Form, places []string) {
	for _, p := range All {
		for _, event := range Events {
			for _, s := range slices.Concat(p.Events[event].Header, p.Events[event].Line) {
				if !slices.Contains(forms, s.Form) {
					forms, places = append(forms, s.Form), append(places, p.Name+" "+event+" "+s.Path)
				}
			}
		}
	}
	return forms, places
}

// FuzzForms: in every field of every profile, what is normalised stays as it is, and is not warned of again.
func FuzzForms(f *testing.F) {
	for _, code := range slices.Sorted(maps.Keys(cases)) {
		for _, value := range slices.Sorted(maps.Values(with(cases[code].breaks, cases[code].edge))) {
			f.Add(value)
		}
	}
	forms, places := formsOf()
	f.Fuzz(func(t *testing.T, value string) {
		for i, of := range forms {
			for _, v := range []string{value, strings.ToLower(value), " " + value + "\n"} {
				normal, finding := of.Normalise(v)
				if (normal == "") != (finding != nil && finding.Level == rule.Error) {
					t.Fatalf("%s: %q gives %q, %v", places[i], v, normal, finding)
				}
				if normal == "" {
					continue
				}
				if again, second := of.Normalise(normal); again != normal || second != nil || !of.Normal(normal) {
					t.Fatalf("%s: %q becomes %q, then %q, %v", places[i], v, normal, again, second)
				}
				of.Judge(normal)
			}
		}
	})
}

// SPDX-License-Identifier: Apache-2.0

package main

import "cocket.example/declaration"

// relations say in words what each event does to what it is about.
var relations = map[string]string{
	"amend":     "replaces",
	"withdraw":  "withdraws",
	"claim":     "claims preference on",
	"correct":   "corrects",
	"query":     "asks about",
	"response":  "answers",
	"determine": "decides on",
}

const (
	aboutHidden  = "something that is not shown"
	aboutNothing = "nothing that is in a log"
)

// showAbout says what an entry is about, by its leaf hash: a reference in clear, or one committed that is
// among the fields shown, else otherwise.
func showAbout(f *facts, entry []byte, fields []declaration.Field, otherwise string) error {
	e, err := declaration.Parse(entry)
	if err != nil || relations[e.Event] == "" {
		return err
	}
	if e.Refers != nil {
		otherwise = base64Hash(*e.Refers)
	}
	for _, field := range fields {
		switch {
		case field.Path != "refers":
		case field.Present:
			otherwise = field.Value
		default:
			otherwise = aboutNothing
		}
	}
	f.add("about", relations[e.Event]+" "+otherwise)
	return nil
}

func showBareEntry(f *facts, b []byte) error {
	if err := showEntry(f, b); err != nil {
		return err
	}
	return showAbout(f, b, nil, aboutHidden)
}

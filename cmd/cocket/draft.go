// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cocket.example/declaration"
	"cocket.example/declaration/rule"
	"cocket.example/declaration/w3c"
)

// readDraft reads the file of a declaration: our own JSON, of which nothing but the fields is known, or a
// credential.
func readDraft(path string) (w3c.Draft, error) {
	b, err := readFile(path)
	if err != nil {
		return w3c.Draft{}, err
	}
	var draft w3c.Draft
	if w3c.Recognise(b) {
		draft, err = w3c.Read(b)
	} else {
		draft.Fields, err = declaration.ParseFields(b)
	}
	if err != nil {
		return draft, fmt.Errorf("%s: %w", path, err)
	}
	return draft, nil
}

// add puts fields into a draft, each given as FIELD=VALUE, that its file does not have.
func add(draft w3c.Draft, fields []string) error {
	for _, s := range fields {
		field, value, ok := strings.Cut(s, "=")
		if !ok || field == "" {
			return fmt.Errorf("--add %.80q: want a field and its value as statement=USMCA-5-A", field)
		}
		if _, given := draft.Fields[field]; given {
			return fmt.Errorf("--add %.80s: the file has it already: change it there", field)
		}
		draft.Fields[field] = value
		delete(draft.From, field)
	}
	return nil
}

// profileOf is the profile that was asked for, or else that of a credential. Both must agree, and the event
// be one that a credential can make.
func (s sealing) profileOf(path string) (string, error) {
	draft := s.draft
	asked, event, kind := s.declaration.Profile, s.declaration.Event, draft.Type
	switch {
	case kind != "" && event != draft.Event && event != "amend":
		return "", fmt.Errorf("%s: a %s makes an issue or an amend, not the event %s", path, kind, event)
	case asked != "" && draft.Profile != "" && asked != draft.Profile:
		return "", fmt.Errorf("%s: a %s is of profile %s, not %s: leave --profile out",
			path, kind, draft.Profile, asked)
	case asked == "" && draft.Profile == "" && kind != "":
		return "", fmt.Errorf("%s: a %s does not tell the agreement: give --profile, such as usmca/1", path, kind)
	case asked == "" && draft.Profile == "":
		return "", errors.New(`--profile is missing: give one, such as usmca/1; "cocket profile" lists them`)
	}
	return cmp.Or(asked, draft.Profile), nil
}

// placed are what the reader of a file noted, and what is wrong with its declaration, with the place in the
// file that each field was read from or looked for.
func placed(draft w3c.Draft, findings rule.Findings) rule.Findings {
	list := slices.Clone(findings)
	for i, f := range list {
		if at := draft.From[f.Field]; at != "" {
			list[i] = f.At(f.Field + " (" + at + ")")
		}
	}
	return slices.Concat(draft.Notes, list)
}

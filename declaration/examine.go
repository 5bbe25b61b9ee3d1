// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"errors"

	"cocket.example/declaration/profile"
)

// Report is what a disclosure shows, each fact with its own error. The receipt is not judged here.
type Report struct {
	Entry        Entry
	EntryErr     error       // the entry does not parse; nothing else is known
	Fields       []FieldFact // path and value against the profile
	CoverErr     error       // the fields and the proof do not lead to the entry's root
	PublicErr    error       // a field disagrees with the entry's public line
	Certifier    string      // vkey of who certified; empty if not shown
	CertifierErr error       // the signature shown is not the one committed to, or does not hold
}

// FieldFact is a shown field, and whether the profile accepts it at its number.
type FieldFact struct {
	Field Field
	Err   error
}

// Err returns the first error of the entry or of a field, else those of the disclosure as a whole.
func (r Report) Err() error {
	if r.EntryErr != nil {
		return r.EntryErr
	}
	for _, f := range r.Fields {
		if f.Err != nil {
			return f.Err
		}
	}
	return errors.Join(r.PublicErr, r.CoverErr, r.CertifierErr)
}

// Check returns the shown fields, or the first error.
func (x Disclosure) Check() ([]Field, error) {
	r := x.Examine()
	if err := r.Err(); err != nil {
		return nil, err
	}
	fields := make([]Field, len(r.Fields))
	for i, f := range r.Fields {
		fields[i] = f.Field
	}
	return fields, nil
}

// Examine checks the disclosure against its entry, fact by fact.
func (x Disclosure) Examine() Report {
	var r Report
	if r.Entry, r.EntryErr = Parse(x.Entry); r.EntryErr != nil {
		return r
	}
	table, err := lookup(r.Entry.Profile, r.Entry.Event)
	if err != nil {
		r.EntryErr = err
		return r
	}
	last := end(table, x.Fields, r.Entry.Width)
	for _, s := range x.Fields {
		r.Fields = append(r.Fields, FieldFact{s.Field, accepts(table, s.Field, last)})
	}
	r.PublicErr = r.Entry.agrees(x.Fields)
	r.CoverErr = x.reaches(r.Entry)
	if c := x.Certifier; c != nil {
		r.Certifier, r.CertifierErr = c.VKey, c.check(r.Entry)
	}
	return r
}

// end returns the number behind the last field: goods.count tells it where it is shown, else it is
// the width of the tree.
func end(t *profile.Table, fields []ShownField, width int) int {
	if len(fields) == 0 || fields[0].Number != 0 || accepts(t, fields[0].Field, width) != nil {
		return width
	}
	return min(width, t.Size(profile.Values{"goods.count": fields[0].Value}.Lines()))
}

// accepts checks that a field has the path of its number, and a value that the profile accepts.
func accepts(t *profile.Table, f Field, end int) error {
	if f.Number < 0 || f.Number >= end {
		return invalid("field %.80q: number %d, want one below %d, where the fields end", f.Path, f.Number, end)
	}
	path, spec := t.At(f.Number)
	if spec == nil || path != f.Path {
		return invalid("field %.80q: number %d is %q in this profile", f.Path, f.Number, path)
	}
	if !f.Present && spec.Required {
		return invalid("field %s: absent, the profile requires it", f.Path)
	}
	if !f.Present {
		return nil
	}
	if !spec.Form.Normal(f.Value) {
		return invalid("field %s: the value is not a normalised %s", f.Path, spec.Form.Name)
	}
	return nil
}

// agrees checks shown fields against the entry's public lines.
func (e Entry) agrees(fields []ShownField) error {
	for _, p := range e.Public {
		for _, f := range fields {
			if f.Number == p.Number && f.Value != p.Value {
				return invalid("field %s: its value is not the one in the entry's public line", p.Path)
			}
		}
	}
	return nil
}

// reaches hashes the fields and climbs to the root.
func (x Disclosure) reaches(e Entry) error {
	shown := make(map[int]bool)
	for _, p := range e.Public {
		shown[p.Number] = true
	}
	context := e.contextHash()
	numbers, hashes := make([]int, len(x.Fields)), make([]Hash, len(x.Fields))
	for i, f := range x.Fields {
		if f.Number < 0 || f.Number >= e.Width || i > 0 && f.Number <= numbers[i-1] {
			return invalid("fields: numbers must ascend, below the width %d", e.Width)
		}
		l := leaf{kind: absent, path: f.Path}
		switch {
		case shown[f.Number]:
			l.kind = public
		case f.Present:
			l.kind, l.value = present, f.Value
		}
		numbers[i], hashes[i] = f.Number, l.hash(context, f.Salt)
	}
	if len(numbers) == 0 {
		return invalid("fields: none is shown")
	}
	root, err := climb(e.Width, numbers, hashes, x.Proof)
	if err == nil && root != e.Root {
		err = invalid("fields: values, salts and hashes do not lead to the root in the entry: one of them was changed")
	}
	return err
}

func (c *ShownCertifier) check(e Entry) error {
	if commitCertifier(c.Salt, c.VKey, c.Signature) != e.Certifier || c.VKey == "" {
		return invalid("certifier: key, signature and salt are not what the entry commits to")
	}
	return e.verifyCertifier(c.Salt, c.VKey, c.Signature)
}

// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"fmt"
	"io"
	"log/slog"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/declaration/profile"
	"cocket.example/declaration/rule"
	"cocket.example/internal/strict"
)

const (
	openingFormat = "cocket-opening/v1"
	maxOpening    = 64 << 20 // bytes
)

// Opening is the secret and all values of one declaration, together with its entry. Whoever has it
// can show any field; it is kept like a key.
//
// The content stands behind a function: fmt calls no method of an unexported field of somebody's
// struct and prints what stands there, but it cannot print what a function would return.
type Opening struct{ content func() content }

// content is what an opening holds. It is never changed: who signs makes another.
type content struct {
	entry     Entry
	table     *profile.Table
	secret    Hash
	values    profile.Values
	certifier *openCertifier
	tags      []openTag
	findings  rule.Findings

	salts salts
	tree  tree
}

func (c content) opening() Opening { return Opening{func() content { return c }} }

// open returns the content; that of the zero Opening has no table and no field.
func (o Opening) open() content {
	if o.content == nil {
		return content{table: new(profile.Table)}
	}
	return o.content()
}

type openCertifier struct {
	VKey      string `json:"vkey"`
	Signature string `json:"signature"`
}

type openTag struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// openingFile is the JSON form, members in this order.
type openingFile struct {
	Format    string         `json:"format"`
	Entry     string         `json:"entry"`
	Secret    string         `json:"secret"`
	Fields    []openField    `json:"fields"`
	Certifier *openCertifier `json:"certifier,omitempty"`
	Tags      []openTag      `json:"tags,omitempty"`
}

type openField struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// LogValue keeps the opening out of logs: only its leaf hash is shown.
func (o Opening) LogValue() slog.Value { return slog.StringValue(o.String()) }

// String names the opening by its leaf hash.
func (o Opening) String() string {
	leaf := LeafHash(o.Entry())
	return "opening of " + encode(leaf[:])
}

// Format prints no secret and no value, whatever the verb.
func (o Opening) Format(f fmt.State, _ rune) { io.WriteString(f, o.String()) }

// Entry returns the entry's bytes.
func (o Opening) Entry() []byte { return o.open().entry.Bytes() }

// Fields returns every field that is present, in order.
func (o Opening) Fields() []Field {
	var fields []Field
	c := o.open()
	for i := range c.table.Size(c.values.Lines()) {
		path, _ := c.table.At(i)
		if v := c.values[path]; v != "" {
			fields = append(fields, Field{Number: i, Path: path, Value: v, Present: true})
		}
	}
	return fields
}

// Findings returns what is wrong with what it declares. After Seal these are warnings. After ParseOpening
// there may be errors: rules become stricter, and what was sealed before can still be shown.
func (o Opening) Findings() rule.Findings { return slices.Clone(o.open().findings) }

// Shown returns the paths of the fields that are usually shown to an audience, such as "importer".
func (o Opening) Shown(audience string) []string {
	c := o.open()
	return c.table.Shown(audience, c.values.Lines())
}

// MarshalJSON prints the file, which is secret.
func (o Opening) MarshalJSON() ([]byte, error) {
	c := o.open()
	f := openingFile{
		Format: openingFormat, Entry: string(c.entry.Bytes()), Secret: encode(c.secret[:]),
		Certifier: c.certifier, Tags: c.tags,
	}
	for _, field := range o.Fields() {
		f.Fields = append(f.Fields, openField{field.Path, field.Value})
	}
	return marshal(f)
}

// ParseOpening parses an opening and checks that it opens its entry.
func ParseOpening(b []byte) (Opening, error) {
	var f openingFile
	if err := unmarshal(b, maxOpening, &f); err != nil {
		return Opening{}, invalid("opening: %v", err)
	}
	if f.Format != openingFormat {
		return Opening{}, invalid("opening: format %.40q, want %q", f.Format, openingFormat)
	}
	entry, err := Parse([]byte(f.Entry))
	if err != nil {
		return Opening{}, err
	}
	c := content{entry: entry, certifier: f.Certifier, tags: f.Tags, values: make(profile.Values)}
	if c.table, err = lookup(entry.Profile, entry.Event); err != nil {
		return Opening{}, err
	}
	if c.secret, err = strict.Hash(f.Secret); err != nil {
		return Opening{}, invalid("opening: secret: %v", err)
	}
	if err := c.checkTags(); err != nil {
		return Opening{}, err
	}
	if err := c.take(f.Fields); err != nil {
		return Opening{}, err
	}
	c.findings = c.table.Judge(c.values, nil)
	return c.reopen()
}

// reopen commits anew, which must give what the entry says.
func (c content) reopen() (Opening, error) {
	opened, err := c.commit()
	if err != nil {
		return Opening{}, err
	}
	if entry := opened.open().entry; entry.Root != c.entry.Root {
		return Opening{}, invalid("opening: its secret and fields do not give the root in the entry's fields line")
	} else if entry.Certifier != c.entry.Certifier {
		return Opening{}, invalid("opening: its certifier does not give the commitment in the entry's certifier line")
	}
	return opened, nil
}

// checkTags wants tags of the profile, each once, in its order.
func (c content) checkTags() error {
	last := -1
	for _, t := range c.tags {
		i := slices.Index(c.table.Tags, t.Name)
		if _, err := strict.Hash(t.Key); err != nil || i <= last {
			return invalid("opening: tag %.40q: want a tag of the profile, once and in its order, "+
				"and a key of 32 bytes", t.Name)
		}
		last = i
	}
	return nil
}

// take takes the fields, which are normalised and in the order of their numbers.
func (c content) take(fields []openField) error {
	last := -1
	for _, f := range fields {
		i, spec, err := c.table.Find(f.Path)
		if err != nil {
			return invalid("opening: %v", err)
		}
		if i <= last {
			return invalid("opening: %s is not in the order of the profile's table", f.Path)
		}
		if !spec.Form.Normal(f.Value) {
			return invalid("opening: %s is not a normalised %s", f.Path, spec.Form.Name)
		}
		c.values[f.Path], last = f.Value, i
	}
	if broken := c.table.Complete(c.values); len(broken) > 0 {
		return fmt.Errorf("opening: %w", RefusedError{broken})
	}
	if size := c.table.Size(c.values.Lines()); size > c.entry.Width {
		return invalid("opening: %d fields in a tree of width %d", size, c.entry.Width)
	}
	for _, p := range c.entry.Public {
		if c.values[p.Path] != p.Value {
			return invalid("opening: %s disagrees with the entry's public line", p.Path)
		}
	}
	return nil
}

// Sign adds the submitter's own signature to the entry (the signed line). It comes last: whatever
// changes the entry afterwards drops it.
func (o Opening) Sign(s note.Signer) (Opening, error) {
	c := o.open()
	var err error
	if c.entry.Signed, err = c.entry.sign(s); err != nil {
		return Opening{}, err
	}
	return c.opening(), nil
}

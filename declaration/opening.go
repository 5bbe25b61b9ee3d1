// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"cocket.example/internal/strict"
)

const (
	openingFormat = "cocket-opening/v1"
	maxOpening    = 64 << 20 // bytes
)

// Opening is the secret and all values of one declaration, together with its entry. Whoever has it
// can show any field; it is kept like a key.
type Opening struct {
	entry     Entry
	table     *Table
	secret    Hash
	values    values
	certifier *openCertifier
	tags      []openTag

	salts salts
	tree  tree
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

// commit computes salts, tree and the two commitments of the entry.
func (o Opening) commit() (Opening, error) {
	leaves := o.leaves()
	var err error
	if o.salts, err = newSalts(o.secret, leaves); err != nil {
		return Opening{}, err
	}
	context := o.entry.contextHash()
	hashes := make([]Hash, len(leaves))
	for i, l := range leaves {
		salt, err := o.salts.field(i)
		if err != nil {
			return Opening{}, err
		}
		hashes[i] = l.hash(context, salt)
	}
	o.tree = newTree(hashes)
	o.entry.Root = o.tree.root()
	if o.entry.Certifier, err = o.certifierCommitment(); err != nil {
		return Opening{}, err
	}
	if _, err := Parse(o.Entry()); err != nil {
		return Opening{}, err
	}
	return o, nil
}

// Entry returns the entry's bytes.
func (o Opening) Entry() []byte { return o.entry.Bytes() }

// Fields returns every field that is present, in order.
func (o Opening) Fields() []Field {
	var fields []Field
	for i := range o.table.size(o.values.lines()) {
		path, _ := o.table.at(i)
		if v := o.values[path]; v != "" {
			fields = append(fields, Field{Number: i, Path: path, Value: v, Present: true})
		}
	}
	return fields
}

// MarshalJSON prints the file, which is secret.
func (o Opening) MarshalJSON() ([]byte, error) {
	f := openingFile{
		Format: openingFormat, Entry: string(o.Entry()), Secret: encode(o.secret[:]),
		Certifier: o.certifier, Tags: o.tags,
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
	o := Opening{entry: entry, certifier: f.Certifier, tags: f.Tags, values: make(values)}
	if o.table, err = lookup(entry.Profile, entry.Event); err != nil {
		return Opening{}, err
	}
	if o.secret, err = strict.Hash(f.Secret); err != nil {
		return Opening{}, invalid("opening: secret: %v", err)
	}
	if err := o.checkTags(); err != nil {
		return Opening{}, err
	}
	if err := o.take(f.Fields); err != nil {
		return Opening{}, err
	}
	opened, err := o.commit()
	if err != nil {
		return Opening{}, err
	}
	if opened.entry.Root != entry.Root {
		return Opening{}, invalid("opening: its secret and fields do not give the root in the entry's fields line")
	}
	if opened.entry.Certifier != entry.Certifier {
		return Opening{}, invalid("opening: its certifier does not give the commitment in the entry's certifier line")
	}
	return opened, nil
}

func (o *Opening) checkTags() error {
	for _, t := range o.tags {
		if _, err := strict.Hash(t.Key); err != nil || !slices.Contains(o.table.Tags, t.Name) {
			return invalid("opening: tag %.40q: want a tag of the profile and a key of 32 bytes", t.Name)
		}
	}
	return nil
}

// take takes the fields, which are normalised and in the order of their numbers.
func (o *Opening) take(fields []openField) error {
	last := -1
	for _, f := range fields {
		i, spec, err := o.table.find(f.Path)
		if err != nil {
			return invalid("opening: %v", err)
		}
		if i <= last {
			return invalid("opening: %s is not in the order of the profile's table", f.Path)
		}
		if v, err := spec.Rule.normalise(f.Value); err != nil || v != f.Value {
			return invalid("opening: %s is not a normalised %s", f.Path, spec.Rule.Name)
		}
		o.values[f.Path], last = f.Value, i
	}
	given := func(path string) bool { return o.values[path] != "" }
	if err := checkLines(o.table, o.values, given); err != nil {
		return err
	}
	if size := o.table.size(o.values.lines()); size > o.entry.Width {
		return invalid("opening: %d fields in a tree of width %d", size, o.entry.Width)
	}
	for _, p := range o.entry.Public {
		if o.values[p.Path] != p.Value {
			return invalid("opening: %s disagrees with the entry's public line", p.Path)
		}
	}
	return nil
}

// Sign adds the submitter's own signature to the entry (the signed line). It comes last: whatever
// changes the entry afterwards drops it.
func (o Opening) Sign(s note.Signer) (Opening, error) {
	signed, err := o.entry.sign(s)
	o.entry.Signed = signed
	return o, err
}

// marshal prints JSON in the one form that unmarshal reads, but for white space.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// unmarshal parses JSON strictly: it prints back and compares, white space aside. Unknown, repeated,
// misspelt and misplaced members, and data behind the value, are errors.
func unmarshal(b []byte, limit int, into any) error {
	if len(b) > limit {
		return fmt.Errorf("%d bytes, want at most %d", len(b), limit)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, b); err != nil {
		return err
	}
	printed, err := marshal(into)
	if err != nil {
		return err
	}
	if !bytes.Equal(printed, compact.Bytes()) {
		return fmt.Errorf("not in canonical form: a member is repeated, misspelt, out of order or escaped without need")
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
)

// Declaration is the customs form in clear, with what its entry will show of it.
type Declaration struct {
	Log, Event, Profile, Submitter string

	Refers *Hash             // leaf hash of what is amended or withdrawn
	Fields map[string]string // path → value as given; Seal normalises
	Public []string          // paths to be shown in clear
	Width  int               // of the commitment tree; 0: the least that holds the fields
	Tags   map[string]Tag    // by name; one that is not given is random
}

// Tag is a blinded index key: HMAC-SHA256 of a value under a key that its holder shares with those
// who may look it up.
type Tag struct {
	Key   [32]byte
	Value string
}

// LogValue keeps the declaration out of logs.
func (d Declaration) LogValue() slog.Value { return slog.StringValue("declaration of " + d.Profile) }

// Format prints no value of the declaration.
func (d Declaration) Format(f fmt.State, _ rune) { io.WriteString(f, "declaration of "+d.Profile) }

// Validate reports every broken rule, each error naming the path and what would be right.
func (d Declaration) Validate() error {
	table, err := lookup(d.Profile, d.Event)
	if err != nil {
		return err
	}
	_, err = d.normalise(table)
	return err
}

// normalise applies the profile's rules to all fields.
func (d Declaration) normalise(table *Table) (values, error) {
	var errs []error
	v := make(values, len(d.Fields))
	for _, path := range slices.Sorted(maps.Keys(d.Fields)) {
		_, spec, err := table.find(path)
		if err != nil {
			errs = append(errs, invalid("%v", err))
			continue
		}
		value, err := spec.Rule.normalise(d.Fields[path])
		if err != nil {
			errs = append(errs, invalid("%s: %v", path, err))
			continue
		}
		v[path] = value
	}
	given := func(path string) bool { return d.Fields[path] != "" }
	if err := checkLines(table, v, given); err != nil {
		errs = append(errs, err)
	}
	if len(errs) == 0 { // rules over several fields speak of fields that are right by themselves
		for _, rule := range table.rules {
			if err := rule(v); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return v, errors.Join(errs...)
}

// checkLines compares goods.count with the lines that are there, and asks for what is required.
func checkLines(table *Table, v values, given func(string) bool) error {
	var errs []error
	if !given("goods.count") {
		return invalid("goods.count: required")
	}
	n := v.lines()
	if table.size(n) > maxWidth || n > 0 && len(table.Line) == 0 {
		return invalid("goods.count: %d lines are too many", n)
	}
	for path := range v {
		if i, _, err := table.find(path); err == nil && i >= table.size(n) {
			errs = append(errs, invalid("%s: goods.count says that there are %d lines", path, n))
		}
	}
	for i := range table.size(n) {
		if path, spec := table.at(i); spec.Required && !given(path) {
			errs = append(errs, invalid("%s: required", path))
		}
	}
	return errors.Join(errs...)
}

// Seal validates and normalises the declaration, draws the secret of 32 bytes, and commits to every
// field.
func (d Declaration) Seal(rand io.Reader) (Opening, error) {
	table, err := lookup(d.Profile, d.Event)
	if err != nil {
		return Opening{}, err
	}
	v, err := d.normalise(table)
	if err != nil {
		return Opening{}, err
	}
	o := Opening{
		table: table, values: v,
		entry: Entry{Log: d.Log, Event: d.Event, Profile: d.Profile, Submitter: d.Submitter, Refers: d.Refers},
	}
	if o.entry.Width, err = d.width(table.size(v.lines())); err != nil {
		return Opening{}, err
	}
	if err := o.show(d.Public); err != nil {
		return Opening{}, err
	}
	if err := o.tag(rand, d.Tags); err != nil {
		return Opening{}, err
	}
	if _, err := io.ReadFull(rand, o.secret[:]); err != nil {
		return Opening{}, fmt.Errorf("random secret: %w", err)
	}
	return o.commit()
}

// width returns the width of the tree for a number of fields.
func (d Declaration) width(fields int) (int, error) {
	least := minWidth
	for least < fields {
		least *= 2
	}
	switch {
	case d.Width == 0:
		return least, nil
	case !validWidth(d.Width) || d.Width < least:
		return 0, invalid("width %d, want a power of two from %d to %d", d.Width, least, maxWidth)
	}
	return d.Width, nil
}

// show puts fields into public lines.
func (o *Opening) show(paths []string) error {
	for _, path := range paths {
		if o.values[path] == "" {
			return invalid("%s: absent, so it cannot be shown in clear", path)
		}
		i, _, err := o.table.find(path)
		if err != nil {
			return invalid("%v", err)
		}
		o.entry.Public = append(o.entry.Public, Field{Number: i, Path: path, Value: o.values[path], Present: true})
	}
	slices.SortFunc(o.entry.Public, comparePublic)
	return nil
}

// tag fills the tag lines, in the table's order.
func (o *Opening) tag(rand io.Reader, given map[string]Tag) error {
	for name := range given {
		if !slices.Contains(o.table.Tags, name) {
			return invalid("tag %q is not of this profile, which has %q", name, o.table.Tags)
		}
	}
	for _, name := range o.table.Tags {
		var sum Hash
		if t, ok := given[name]; ok {
			sum = TagOf(t.Key, o.entry.Log, name, t.Value)
			o.tags = append(o.tags, openTag{Name: name, Key: encode(t.Key[:])})
		} else if _, err := io.ReadFull(rand, sum[:]); err != nil {
			return fmt.Errorf("random tag: %w", err)
		}
		o.entry.Tags = append(o.entry.Tags, sum)
	}
	return nil
}

// TagOf computes a tag, which whoever holds the key can look up.
func TagOf(key [32]byte, origin, name, value string) Hash {
	mac := hmac.New(sha256.New, key[:])
	fmt.Fprintf(mac, "%s tag\n%s\n%s\n%s", entryHeader, origin, name, value)
	return Hash(mac.Sum(nil))
}

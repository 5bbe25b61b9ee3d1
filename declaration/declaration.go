// SPDX-License-Identifier: Apache-2.0

package declaration

import (
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
	if v["goods.count"] == "" {
		return nil // it is given and wrong, so that nothing can be said of the lines
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

// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"fmt"
	"io"
	"slices"
)

// Seal validates and normalises the declaration, draws the secret of 32 bytes, and commits to every
// field. A declaration that breaks rules is refused with a RefusedError; warnings are the opening's
// Findings.
func (d Declaration) Seal(rand io.Reader) (Opening, error) {
	table, err := lookup(d.Profile, d.Event)
	if err != nil {
		return Opening{}, err
	}
	v, findings := d.judge(table)
	if err := refusal(findings); err != nil {
		return Opening{}, err
	}
	c := content{
		table: table, values: v, findings: findings,
		entry: Entry{Log: d.Log, Event: d.Event, Profile: d.Profile, Submitter: d.Submitter, Refers: d.Refers},
	}
	if c.entry.Width, err = d.width(table.Size(v.Lines())); err != nil {
		return Opening{}, err
	}
	if err := c.show(d.Public); err != nil {
		return Opening{}, err
	}
	if err := c.tag(rand, d.Tags); err != nil {
		return Opening{}, err
	}
	if _, err := io.ReadFull(rand, c.secret[:]); err != nil {
		return Opening{}, fmt.Errorf("random secret: %w", err)
	}
	return c.commit()
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
func (c *content) show(paths []string) error {
	for _, path := range paths {
		if c.values[path] == "" {
			return invalid("%s: absent, so it cannot be shown in clear", path)
		}
		i, _, err := c.table.Find(path)
		if err != nil {
			return invalid("%v", err)
		}
		c.entry.Public = append(c.entry.Public, Field{Number: i, Path: path, Value: c.values[path], Present: true})
	}
	slices.SortFunc(c.entry.Public, comparePublic)
	return nil
}

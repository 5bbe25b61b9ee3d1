// SPDX-License-Identifier: Apache-2.0

// Package bulk seals the rows of a CSV file into a folder of batches, and finds single openings in them.
// The files are described in docs/bulk.md.
//
// Two things hold whenever a process is killed, the disk is full, the sheet is changed or a file is lost. No row is
// in two entries that can both be filed. No opening is removed, or left behind, whose entry may have been filed. A
// batch gets there in this order; what is written has no name of a batch before all of it is durable, and each
// name is durable before the next is given:
//
//	write, fsync all ▸ the rows are those of the survey?
//	  ▸ rows-A-B.refused            nothing of the batch can be filed: broken off up to here, its files are
//	  ▸ rows-A-B.index              removed, and its rows are sealed with other secrets
//	  ▸ rows-A-B.entries.part
//	─────────────────────────────── the openings can be copied, and their entries filed, by whoever finds them
//	  ▸ rows-A-B.openings.jsonl     from here on neither openings nor entries ever change: broken off here, the
//	                                pending entries get their name
//	  ▸ rows-A-B.entries            "submit", "verify" and "take" touch the batch from here on
//
// The index holds the hash of the entries, by which those of another seal are told from them. A file that should
// be there and is not stops everything, but for entries that openings in clear hold: nothing is made again with
// another secret.
package bulk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"

	"filippo.io/age"

	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/declaration"
	"cocket.example/declaration/rule"
	"cocket.example/declaration/sheet"
)

// Config says what to seal and where to.
type Config struct {
	Source     string // CSV file
	Map        sheet.Map
	Dir        string
	Form       declaration.Declaration // all but the fields
	Batch      int                     // declarations of one batch; 0 means 10,000
	Recipients []age.Recipient         // that openings are encrypted to; none: in clear
	Options    []string                // lines for the manifest: what else openings depend on
	Refuse     []rule.Level            // findings that refuse a declaration; none means errors

	Sign     func(declaration.Opening) (declaration.Opening, error) // nil: nobody signs
	Describe func(rule.Finding) string                              // what would be right; nil: in English
	Progress io.Writer
}

const (
	defaultBatch = 10_000
	maxBatch     = 1 << 20
)

func (c Config) withDefaults() (Config, error) {
	if c.Batch == 0 {
		c.Batch = defaultBatch
	}
	if c.Batch < 1 || c.Batch > maxBatch {
		return c, fmt.Errorf("--batch-size %d: want from 1 to %d declarations", c.Batch, maxBatch)
	}
	if c.Refuse == nil {
		c.Refuse = []rule.Level{rule.Error}
	}
	if c.Sign == nil {
		c.Sign = func(o declaration.Opening) (declaration.Opening, error) { return o, nil }
	}
	if c.Describe == nil {
		c.Describe = func(f rule.Finding) string { return f.Message(rule.English) }
	}
	return c, nil
}

// Seal seals every row that no batch in the folder has, and returns what became of all. Broken off, it goes on
// where it was when it is called again:
//
//	read the sheet once: rows, hash ▸ lock the folder ▸ compare with its manifest, or write it
//	▸ finish or remove what was broken off ▸ pass over what the batches have ▸ for each batch: seal, write, name
//	▸ join the refused rows ▸ write the summary
func Seal(ctx context.Context, c Config) (Summary, error) {
	c, err := c.withDefaults()
	if err != nil {
		return Summary{}, err
	}
	if err := c.shown(); err != nil {
		return Summary{}, err
	}
	source, err := c.survey(ctx)
	if err != nil {
		return Summary{}, err
	}
	dir, err := open(c.Dir, c.manifest(source))
	if err != nil {
		return Summary{}, err
	}
	defer dir.close()
	if err := dir.covers(source.rows); err != nil {
		return Summary{}, err
	}
	if err := c.seal(ctx, dir, source); err != nil {
		return Summary{}, err
	}
	return c.finish(dir, source)
}

// shown refuses fields that the profile does not allow to be shown in clear.
func (c Config) shown() error {
	for _, path := range c.Form.Public {
		spec, err := c.Map.Find(c.Form.Event, path)
		if err != nil {
			return fmt.Errorf("--public: %w", err)
		}
		if !spec.Public {
			return fmt.Errorf("--public: the profile does not allow %s to be shown in clear", path)
		}
	}
	return nil
}

// seal seals the batches that are missing.
func (c Config) seal(ctx context.Context, d *dir, source source) error {
	in, err := c.openSource()
	if err != nil {
		return err
	}
	defer in.close()
	p := progress.New(c.Progress, "sealed", source.rows)
	defer p.Done()
	s := sealer{Config: c, in: in, hash: newRowHash(), ends: source.ends}
	next, err := in.next()
	for err == nil && next.Last() <= d.sealed {
		s.hash.add(next)
		next, err = in.next()
	}
	p.Skip(d.sealed - firstRow + 1)
	for s.next = next; err == nil; {
		if err = s.batch(ctx, d, source.rows, p); err == nil {
			err = s.err
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted behind row %d: the same command goes on from there: %w", d.sealed, ctx.Err())
	}
	if err != io.EOF {
		return err
	}
	if in.sum() != source.sum {
		return c.changed()
	}
	return nil
}

func (c Config) changed() error {
	return fmt.Errorf("%s was changed while it was read: bring back what it was, and the same command goes on", c.Source)
}

// sealer seals one batch after another.
type sealer struct {
	Config
	in   *input
	hash rowHash         // of all rows up to the batch's end
	ends map[int]rowsSum // what it must be
	next sheet.Rows      // that were read and are not sealed
	err  error           // why there are no more
}

// chunk returns the next rows, of few declarations, to be sealed at once.
func (s *sealer) chunk(most int) (chunk []sheet.Rows) {
	const declarations, bytes = 512, 4 << 20
	for size := 0; s.err == nil && len(chunk) < min(most, declarations) && size < bytes; s.next, s.err = s.in.next() {
		s.hash.add(s.next)
		chunk = append(chunk, s.next)
		size += s.next.Size()
	}
	return chunk
}

// unchanged refuses a batch, up to its last row, of which the survey read something else: the folder is bound
// to that.
func (s *sealer) unchanged(last int) error {
	if want, ok := s.ends[last]; !ok || s.hash.sum() != want {
		return s.changed()
	}
	return nil
}

// sealed is what became of the rows of one declaration.
type sealed struct {
	rows    sheet.Rows
	opening []byte // as JSON; nil if it is refused
	entry   []byte
	found   []sheet.Finding
	err     error // of sealing itself
}

// declare seals the rows of one declaration, or finds why not.
func (c Config) declare(r *sheet.Reader, rows sheet.Rows) (s sealed) {
	s.rows = rows
	d := c.Form
	d.Fields, s.found = r.Fields(rows)
	if slices.ContainsFunc(s.found, func(f sheet.Finding) bool { return f.Code == "SHEET-COLUMNS" }) {
		return s // what stands in which column cannot be told
	}
	if s.found = append(s.found, c.missing(d, rows.First)...); len(s.found) > 0 {
		findings, err := d.Check()
		s.err = err
		s.merge(findings)
		return s
	}
	o, err := d.Seal(rand.Reader)
	var refused declaration.RefusedError
	switch {
	case errors.As(err, &refused):
		s.merge(refused.Findings)
	case err != nil:
		s.err = err
	default:
		s.merge(o.Findings())
		s.finish(c, o)
	}
	return s
}

// missing finds fields that are to be shown in clear and absent.
func (c Config) missing(d declaration.Declaration, row int) (found []sheet.Finding) {
	for _, path := range d.Public {
		if d.Fields[path] == "" {
			found = append(found, sheet.Finding{Finding: rule.Of("REQUIRED").At(path), Row: row})
		}
	}
	return found
}

// finish signs and prints, unless a finding refuses it.
func (s *sealed) finish(c Config, o declaration.Opening) {
	for _, f := range s.found {
		if slices.Contains(c.Refuse, f.Level) {
			return
		}
	}
	if o, s.err = c.Sign(o); s.err == nil {
		s.entry = o.Entry()
		s.opening, s.err = o.MarshalJSON()
	}
}

// merge adds findings about fields that nothing was found about yet: what is wrong with a cell is told once.
func (s *sealed) merge(findings rule.Findings) {
	type cell struct {
		field string
		row   int
	}
	before := make(map[cell]bool, len(s.found))
	for _, f := range s.found {
		before[cell{f.Field, f.Row}] = true
	}
	for _, f := range findings {
		if row := s.rows.Row(f.Field); !before[cell{f.Field, row}] {
			s.found = append(s.found, sheet.Finding{Finding: f, Row: row})
		}
	}
}

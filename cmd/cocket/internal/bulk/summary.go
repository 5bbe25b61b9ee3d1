// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/declaration/sheet"
)

// Summary is what became of the rows of a sheet.
type Summary struct {
	Rows        int
	SealedRows  int
	RefusedRows int
	Openings    int
	Refused     int // declarations
	Counts      Counts
}

func (s *Summary) add(x Index) {
	sealed := x.sealedRows()
	s.SealedRows += sealed
	s.RefusedRows += x.Last - x.First + 1 - sealed
	s.Openings += len(x.Openings)
	s.Refused += x.Refused
	s.Counts.add(x.Counts)
}

// String prints the summary, a name and a number a line.
func (s Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rows %d\nsealed-rows %d\nrefused-rows %d\nopenings %d\nrefused %d\n",
		s.Rows, s.SealedRows, s.RefusedRows, s.Openings, s.Refused)
	s.Counts.print(&b)
	return b.String()
}

// finish joins the refused rows and writes the summary of the batches, which now have all rows.
func (c Config) finish(d *dir, source source) (Summary, error) {
	sum := Summary{Rows: source.rows, Counts: make(Counts)}
	for _, name := range d.batches {
		x, err := readIndex(d.file(name + openings.Index))
		if err != nil {
			return sum, err
		}
		sum.add(x)
	}
	if n := sum.SealedRows + sum.RefusedRows; n != source.rows {
		return sum, fmt.Errorf("%s: the batches have %d rows and the sheet %d: %s", d.path, n, source.rows, restore)
	}
	if err := c.join(d, source.names); err != nil {
		return sum, err
	}
	return sum, d.write(summaryName, sum.String())
}

// join makes one sheet of the refused rows of all batches, and removes theirs once it is durable.
func (c Config) join(d *dir, names []string) error {
	var parts []string
	for _, name := range d.batches {
		if _, err := os.Lstat(d.file(name + refusedSuffix)); err == nil {
			parts = append(parts, d.file(name+refusedSuffix))
		} else if !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if len(parts) == 0 {
		return nil
	}
	if _, err := os.Lstat(d.file(refusedName)); err != nil {
		if err := c.copyAll(d, names, parts); err != nil {
			return err
		}
	}
	for _, path := range parts {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) copyAll(d *dir, names, parts []string) error {
	all, err := d.create(refusedName, secretMode, nil)
	if err != nil {
		return err
	}
	defer all.discard()
	w := csv.NewWriter(all)
	w.Comma = c.Map.Comma()
	w.Write(append(sheet.Added[:len(sheet.Added):len(sheet.Added)], without(names, added(names))...))
	w.Flush()
	err = w.Error()
	for _, path := range parts {
		if err == nil {
			err = appendFile(all, path)
		}
	}
	if err != nil {
		return err
	}
	if err := all.settle(); err != nil {
		return err
	}
	return all.name(refusedName)
}

func appendFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return errors.Join(err, f.Close())
}

// refusedRows prints the rows of a declaration that is refused: what is wrong with each, then the row as it came.
func (c Config) refusedRows(w *csv.Writer, s sealed, r *sheet.Reader) error {
	drop := added(r.Names())
	found := make(map[int][]sheet.Finding) // by row
	for _, f := range s.found {
		found[f.Row] = append(found[f.Row], f)
	}
	for i, record := range s.rows.Records {
		var codes, texts []string
		for _, f := range found[s.rows.First+i] {
			codes = append(codes, f.Code)
			where := f.Field
			if name := r.Column(f.Field); name != "" {
				where = fmt.Sprintf("%s (%s)", name, f.Field)
			}
			texts = append(texts, where+": "+c.Describe(f.Finding))
		}
		row := []string{fmt.Sprint(s.rows.First + i), strings.Join(codes, " "), strings.Join(texts, "; ")}
		if err := w.Write(append(row, without(record, drop)...)); err != nil {
			return err
		}
	}
	return nil
}

// added tells which columns a sheet of refused rows added to those of the first.
func added(names []string) map[int]bool {
	at := make(map[int]bool)
	for i, name := range names {
		for _, a := range sheet.Added {
			if strings.TrimSpace(name) == a {
				at[i] = true
			}
		}
	}
	return at
}

func without(record []string, drop map[int]bool) (kept []string) {
	for i, value := range record {
		if !drop[i] {
			kept = append(kept, value)
		}
	}
	return kept
}

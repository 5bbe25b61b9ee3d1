// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync"

	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/declaration"
)

// sealed is what became of the rows: an opening each, or the reason why not.
type sealed struct {
	entries [][]byte
	rows    int
	reasons map[string]int
	first   []string // the first rows that were refused, with their reasons
}

// line is one line of openings.jsonl: the openings are kept before anything is submitted, so that a
// demonstration that was broken off goes on with the same entries.
type line struct {
	Row     int             `json:"row"`
	Opening json.RawMessage `json:"opening,omitempty"`
	Refused string          `json:"refused,omitempty"`
	entry   []byte
}

const sealAhead = 512 // rows that are sealed together

// seal seals every row, or reads what was sealed before.
func seal(ctx context.Context, c Config, s *Site) (sealed, error) {
	result := sealed{reasons: make(map[string]int)}
	name := s.path("openings.jsonl")
	in, err := openRows(c.Input, c.Entries)
	if err != nil {
		return result, err
	}
	defer in.close()
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return result, err
	}
	defer f.Close()
	p := progress.New(c.Err, "sealed", c.Entries)
	defer p.Done()
	if err := result.resume(f, in, c.Entries, p); err != nil {
		return result, fmt.Errorf("%s: %w; remove %s to begin anew", name, err, s.Dir)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for result.rows < c.Entries && ctx.Err() == nil {
		lines, err := sealSome(in, result.rows, min(sealAhead, c.Entries-result.rows))
		if err != nil {
			return result, err
		}
		if len(lines) == 0 {
			break
		}
		for _, l := range lines {
			b, err := json.Marshal(l)
			if err != nil {
				return result, err
			}
			w.Write(append(b, '\n')) // Flush reports the error
			result.add(l)
		}
		p.Add(len(lines))
	}
	return result, errors.Join(w.Flush(), f.Sync(), ctx.Err())
}

// resume takes the lines of an earlier run and leaves the file behind the last whole one.
func (r *sealed) resume(f *os.File, in *rows, limit int, p *progress.Progress) error {
	held, end := bufio.NewReaderSize(f, 1<<20), int64(0)
	for r.rows < limit {
		b, err := held.ReadBytes('\n')
		if err != nil {
			break // the end, or a line that was cut short
		}
		var l line
		if err := json.Unmarshal(b, &l); err != nil || l.Row != r.rows+1 {
			return fmt.Errorf("line %d is not of this demonstration", r.rows+1)
		}
		if l.Refused == "" {
			o, err := declaration.ParseOpening(l.Opening)
			if err != nil {
				return err
			}
			l.entry = o.Entry()
		}
		if _, err := in.next(); err != nil {
			return fmt.Errorf("the input has fewer rows than before: %w", err)
		}
		end += int64(len(b))
		r.add(l)
		p.Add(1)
	}
	if r.rows < limit {
		if err := f.Truncate(end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	_, err := f.Seek(end, io.SeekStart)
	return err
}

// sealSome seals the next n rows over all cores.
func sealSome(in *rows, before, n int) ([]line, error) {
	var lines []line
	var fields []row
	for len(fields) < n {
		row, err := in.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", before+len(fields)+1, err)
		}
		fields = append(fields, row)
	}
	lines = make([]line, len(fields))
	var wg sync.WaitGroup
	for core := range runtime.NumCPU() {
		wg.Go(func() {
			for i := core; i < len(fields); i += runtime.NumCPU() {
				lines[i] = sealOne(before+i+1, fields[i])
			}
		})
	}
	wg.Wait()
	return lines, nil
}

func sealOne(row int, r row) line {
	if r.wrong != "" {
		return line{Row: row, Refused: r.wrong}
	}
	o, err := newDeclaration(r.fields).Seal(rand.Reader)
	if err != nil {
		return line{Row: row, Refused: string(bytes.ReplaceAll([]byte(err.Error()), []byte("\n"), []byte("; ")))}
	}
	b, err := o.MarshalJSON()
	if err != nil {
		return line{Row: row, Refused: err.Error()}
	}
	return line{Row: row, Opening: b, entry: o.Entry()}
}

func (r *sealed) add(l line) {
	r.rows++
	if l.Refused == "" {
		r.entries = append(r.entries, l.entry)
		return
	}
	r.reasons[l.Refused]++
	if len(r.first) < 5 {
		r.first = append(r.first, fmt.Sprintf("row %d: %s", l.Row, l.Refused))
	}
}

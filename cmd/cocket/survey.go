// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/cmd/cocket/internal/whole"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
)

// survey is what a first pass over all sources finds, before anything is sent: that every entry is a good
// one, that all are for one log, and how many there are. Of each it holds 8 bytes, by which it finds those that
// stand twice.
type survey struct {
	origin   string // of the log that all are for
	given    int
	prefixes []uint64 // of the leaf hashes that differ, sorted

	repeated map[uint64]bool // prefixes of leaf hashes that are given more than once, probably
	entries  []source        // what to read the entries from: the sources, or else the spool
	spool    *os.File        // nil if the sources are entries
}

// newSurvey reads all sources. Entries that stand in openings, or alone, are written to a spool near the file,
// which has no name and goes with the process.
func newSurvey(ctx context.Context, sources []source, near string, w io.Writer) (s *survey, err error) {
	s = &survey{entries: sources}
	var spooled *bufio.Writer
	if slices.ContainsFunc(sources, func(s source) bool { return s.form != openings.Entries }) {
		if s.spool, err = newSpool(near); err != nil {
			return nil, err
		}
		spooled = bufio.NewWriterSize(s.spool, 256<<10)
	}
	first := ""
	err = newReading(sources, nil, "kB read", w).each(ctx, func(r record) error {
		if r.err != nil {
			return fmt.Errorf("%v: %w", r, r.err)
		}
		switch {
		case s.origin == "":
			s.origin, first = r.log, r.String()
		case r.log != s.origin:
			return fmt.Errorf("%s is for %s, and %v for %s: submit them apart", first, s.origin, r, r.log)
		}
		s.given++
		s.prefixes = append(s.prefixes, prefixOf(r.leaf))
		return spoolEntry(spooled, r.data)
	})
	if err == nil && spooled != nil {
		err = spooled.Flush()
	}
	if err == nil && s.given == 0 {
		err = fmt.Errorf("%s holds no entry", sources[0].path)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.findRepeated()
	return s, nil
}

// newSpool makes a file that has no name.
func newSpool(near string) (*os.File, error) {
	f, err := os.CreateTemp(filepath.Dir(near), filepath.Base(near)+".*"+whole.Suffix)
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

func spoolEntry(w *bufio.Writer, entry []byte) error {
	if w == nil {
		return nil
	}
	b, err := tile.AppendEntry(w.AvailableBuffer(), entry)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}

func (s *survey) close() error {
	if s.spool == nil {
		return nil
	}
	return s.spool.Close()
}

func (s *survey) findRepeated() {
	slices.Sort(s.prefixes)
	s.repeated = make(map[uint64]bool)
	for i, p := range s.prefixes {
		if i > 0 && p == s.prefixes[i-1] {
			s.repeated[p] = true
		}
	}
	s.prefixes = slices.Compact(s.prefixes)
}

// missing counts the entries of which no batch receipt is there.
func (s *survey) missing(held *filedIndex) (n int) {
	for _, p := range s.prefixes {
		if len(held.marked(p)) == 0 {
			n++
		}
	}
	return n
}

// each hands on every entry that differs from those before, in their order.
func (s *survey) each(ctx context.Context, take func(record) error) error {
	seen := make(map[receipt.Hash]bool)
	r := reading{sources: s.entries, progress: progress.New(io.Discard, "", 0)}
	if s.spool != nil {
		r.sources = []source{{path: "the openings given,", form: openings.Entries, spool: s.spool}}
	}
	return r.each(ctx, func(r record) error {
		switch {
		case r.err != nil:
			return fmt.Errorf("%v: %w", r, r.err)
		case r.log != s.origin:
			return fmt.Errorf("%v has changed while it was read", r)
		case s.repeated[prefixOf(r.leaf)] && seen[r.leaf]:
			return nil
		case s.repeated[prefixOf(r.leaf)]:
			seen[r.leaf] = true
		}
		return take(r)
	})
}

// SPDX-License-Identifier: Apache-2.0

package bulk

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"hash"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/cmd/cocket/internal/progress"
	"cocket.example/declaration/sheet"
	"cocket.example/internal/tile"
)

// batch is what is being written of the next rows.
type batch struct {
	c        Config
	d        *dir
	reader   *sheet.Reader
	index    Index
	openings *part
	entries  *part
	refused  *part
	csv      *csv.Writer // into refused
	bundle   []byte      // room for one entry
	sum      hash.Hash   // of the entries
}

// batch seals the declarations of one batch and installs its files.
func (s *sealer) batch(ctx context.Context, d *dir, rows int, p *progress.Progress) error {
	b := &batch{c: s.Config, d: d, reader: s.in.reader, sum: sha256.New(),
		index: Index{First: s.next.First, Counts: make(Counts)}}
	defer b.discard()
	for n := 0; n < s.Batch; {
		chunk := s.chunk(s.Batch - n)
		if len(chunk) == 0 {
			break
		}
		done := s.sealAll(ctx, chunk)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, x := range done {
			if err := b.add(x); err != nil {
				return fmt.Errorf("row %d: %w", x.rows.First, err)
			}
			p.Add(len(x.rows.Records))
		}
		n += len(chunk)
	}
	if err := s.unchanged(b.index.Last); err != nil {
		return err
	}
	digits := len(fmt.Sprint(rows + firstRow - 1))
	return b.install(fmt.Sprintf("rows-%0*d-%0*d", digits, b.index.First, digits, b.index.Last))
}

// sealAll seals declarations over all cores.
func (s *sealer) sealAll(ctx context.Context, chunk []sheet.Rows) []sealed {
	done := make([]sealed, len(chunk))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(chunk)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				done[i] = s.declare(s.in.reader, chunk[i])
			}
		})
	}
	wg.Wait()
	return done
}

// add writes a declaration to where it belongs.
func (b *batch) add(s sealed) error {
	if s.err != nil {
		return s.err
	}
	b.index.Last = s.rows.Last()
	for _, f := range s.found {
		b.index.Counts[string(f.Level)+" "+f.Code]++
	}
	if s.opening == nil {
		return b.refuse(s)
	}
	b.index.Openings = append(b.index.Openings, Span{s.rows.First, s.rows.Last()})
	if err := b.begin(&b.openings, openings.Clear); err != nil {
		return err
	}
	if err := b.begin(&b.entries, openings.Entries); err != nil {
		return err
	}
	var err error
	if b.bundle, err = tile.AppendEntry(b.bundle[:0], s.entry); err != nil {
		return err
	}
	b.sum.Write(b.bundle) // a hash takes all
	if _, err := b.entries.Write(b.bundle); err != nil {
		return err
	}
	_, err = b.openings.Write(append(s.opening, '\n'))
	return err
}

func (b *batch) refuse(s sealed) error {
	b.index.Refused++
	if err := b.begin(&b.refused, refusedSuffix); err != nil {
		return err
	}
	if b.csv == nil {
		b.csv = csv.NewWriter(b.refused)
		b.csv.Comma = b.c.Map.Comma()
	}
	if err := b.c.refusedRows(b.csv, s, b.reader); err != nil {
		return err
	}
	b.csv.Flush()
	return b.csv.Error()
}

// begin creates a file unless it was begun.
func (b *batch) begin(p **part, suffix string) (err error) {
	if *p != nil {
		return nil
	}
	mode, to := secretMode, b.c.Recipients
	switch suffix {
	case openings.Entries:
		mode, to = openMode, nil
	case refusedSuffix:
		to = nil
	}
	*p, err = b.d.create("rows"+suffix, mode, to)
	return err
}

// install makes the files durable, and gives them their names in the order that the package's comment draws. The
// index alone finishes a batch of which all was refused.
func (b *batch) install(name string) error {
	type file struct {
		part *part
		name string
	}
	b.index.Entries = [sha256.Size]byte(b.sum.Sum(nil))
	index, err := b.d.begin(name+openings.Index, b.index.String())
	if err != nil {
		return err
	}
	defer index.discard()
	opened := openings.Clear
	if len(b.c.Recipients) > 0 {
		opened = openings.Encrypted
	}
	files := []file{
		{b.refused, name + refusedSuffix}, {index, name + openings.Index},
		{b.entries, name + pendingSuffix}, {b.openings, name + opened},
	}
	files = slices.DeleteFunc(files, func(f file) bool { return f.part == nil })
	for _, f := range files {
		if err := f.part.settle(); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := f.part.name(f.name); err != nil {
			return err
		}
	}
	if b.entries != nil {
		if err := b.d.publish(name); err != nil {
			return err
		}
	}
	return b.d.took(name, b.index)
}

func (b *batch) discard() {
	for _, p := range []*part{b.openings, b.entries, b.refused} {
		p.discard()
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	"filippo.io/age"

	"cocket.example/cmd/cocket/internal/openings"
	"cocket.example/declaration"
)

// record is what stands at one place of a source.
type record struct {
	source source
	number int    // of the line or entry in its file, from 1
	text   []byte // an opening or an entry; nil if the file is still to be read

	sealedEntry       // set by open
	err         error // why it is no entry, or why nothing can be read from here on
}

// String names the place.
func (r record) String() string {
	switch r.source.form {
	case "":
		return r.source.path
	case openings.Entries:
		return fmt.Sprintf("%s entry %d", r.source.path, r.number)
	}
	return fmt.Sprintf("%s line %d", r.source.path, r.number)
}

// chunk is a piece of a source: work for one core.
type chunk struct {
	records []record
	bytes   int // of the file
}

const (
	chunkRecords = 256
	chunkBytes   = 1 << 20 // of text; more only of a single record
)

// chunks reads a source piece by piece. identities decrypt it, if it is encrypted.
func (s source) chunks(identities []age.Identity) iter.Seq2[chunk, error] {
	return func(yield func(chunk, error) bool) {
		if s.form == "" {
			yield(chunk{[]record{{source: s, number: 1}}, int(s.size)}, nil)
			return
		}
		f, err := s.open()
		if err != nil {
			yield(chunk{}, err)
			return
		}
		defer f.Close()
		if err := s.read(f, identities, yield); err != nil {
			yield(chunk{}, err)
		}
	}
}

func (s source) open() (io.ReadCloser, error) {
	if s.spool != nil {
		_, err := s.spool.Seek(0, io.SeekStart)
		return io.NopCloser(s.spool), err
	}
	return os.Open(s.path)
}

// read yields the chunks of a file with many.
func (s source) read(f io.Reader, identities []age.Identity, yield func(chunk, error) bool) error {
	r, err := openings.NewReader(f, s.form, identities)
	if err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	for number := 1; ; {
		var c chunk
		text, err := make([]byte, 0, 64<<10), error(nil)
		for len(c.records) < chunkRecords && len(text) < chunkBytes && err == nil {
			before := len(text)
			if text, err = r.Next(text); err == nil {
				c.records = append(c.records, record{source: s, number: number, text: text[before:len(text):len(text)]})
				number++
			}
		}
		c.bytes = r.Taken()
		if !yield(c, nil) || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && errors.As(err, new(*fs.PathError)) {
			return err // it could not be tried
		}
		if err != nil {
			yield(chunk{records: []record{{source: s, number: number, err: refutedError{err}}}}, nil)
			return nil
		}
	}
}

// open opens all records of a chunk: openings must open their entries.
func (c chunk) open() {
	var p declaration.Parser
	for i := range c.records {
		if c.records[i].err == nil {
			c.records[i].open(&p)
		}
	}
}

func (r *record) open(p *declaration.Parser) {
	switch r.source.form {
	case "":
		if r.text, r.err = readFile(r.source.path); r.err == nil {
			r.sealedEntry, r.err = openEntry(r.text)
		}
		return
	case openings.Entries:
		r.data = r.text
	default:
		var o declaration.Opening
		if o, r.err = declaration.ParseOpening(r.text); r.err == nil {
			r.data, r.opening = o.Entry(), true
		}
	}
	r.text = nil
	var e declaration.Entry
	if r.err == nil {
		e, r.err = p.Parse(r.data)
	}
	if r.err != nil {
		r.err = refutedError{r.err}
		return
	}
	r.log, r.leaf = e.Log, declaration.LeafHash(r.data)
}

// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"bytes"
	"fmt"
	"regexp"

	"cocket.example/internal/strict"
)

// versionForm is the first line of an entry, whatever its version.
var versionForm = regexp.MustCompile(`^cocket-entry/v[1-9][0-9]{0,3}$`)

// signedSize is the size of a signed line's value: a key id of 4 bytes and an Ed25519 signature.
const signedSize = 68

// Parse parses an entry: every rule of the format that can be seen without the opening. An entry has
// one spelling: what is accepted prints back to the bytes that were read.
func Parse(entry []byte) (Entry, error) {
	var p Parser
	return p.Parse(entry)
}

// Parser parses one entry after another, and allocates nothing for those that resemble the one
// before. The zero value is ready. It is not for more than one goroutine.
//
//	cocket-entry/v1
//	log <origin>
//	event <event>
//	profile <profile>
//	submitter <name>
//	fields <width> <base64 of 32 bytes>
//	certifier <base64 of 32 bytes>
//	refers <base64 of 32 bytes>                 only of amend and withdraw
//	tag <base64 of 32 bytes>                    any number of times
//	public <path> <value>                       any number of times
//	signed <base64 of 68 bytes>                 or not at all
//
// Each line is read in its place, each word in its one spelling, and nothing may follow. So the
// entry need not be printed to be known as canonical: only a width above the largest and a public
// line without a value would print as something else, and both are refused by the rules.
type Parser struct {
	entry Entry // the one parsed last, whose strings and room are used again

	signed []byte // room for a signature
	rest   []byte // what is left to read
	err    error  // the first; nothing is read after it
}

// Parse is the function Parse. Tags, Public and Signed of what it returns hold until the next call.
func (p *Parser) Parse(entry []byte) (Entry, error) {
	if len(entry) > maxEntry {
		return Entry{}, invalid("entry of %d bytes, want at most %d", len(entry), maxEntry)
	}
	p.rest, p.err = entry, nil
	header := p.line()
	if p.err == nil && string(header) != entryHeader && versionForm.Match(header) {
		return Entry{}, fmt.Errorf("%.40q: %w", header, ErrUnknown)
	}
	if string(header) != entryHeader {
		return Entry{}, invalid("the first line of an entry is %q", entryHeader)
	}
	p.required()
	p.optional()
	if p.err == nil && len(p.rest) > 0 {
		p.err = invalid("entry: a line out of its place: %.20q", p.rest)
	}
	if p.err != nil {
		return Entry{}, p.err
	}
	return p.entry, p.entry.check()
}

// required reads the lines that every entry has.
func (p *Parser) required() {
	e := &p.entry
	keep(&e.Log, p.next("log "))
	keep(&e.Event, p.next("event "))
	keep(&e.Profile, p.next("profile "))
	keep(&e.Submitter, p.next("submitter "))
	width, root, _ := bytes.Cut(p.next("fields "), space)
	e.Width = p.width(width)
	e.Root = p.hash("fields", root)
	e.Certifier = p.hash("certifier", p.next("certifier "))
}

// optional reads the lines that some entries have.
func (p *Parser) optional() {
	e := &p.entry
	e.Refers, e.Tags, e.Public, e.Signed = nil, e.Tags[:0], e.Public[:0], nil
	if p.has("refers ") {
		h := p.hash("refers", p.next("refers "))
		e.Refers = &h
	}
	for p.has("tag ") {
		e.Tags = append(e.Tags, p.hash("tag", p.next("tag ")))
	}
	for p.has("public ") {
		p.public(p.next("public "))
	}
	if p.has("signed ") {
		e.Signed = p.signature(p.next("signed "))
	}
}

var space = []byte(" ")

// keep sets a string to what is read, and leaves one that is equal.
func keep(s *string, read []byte) {
	if *s != string(read) {
		*s = string(read)
	}
}

// line returns the next line.
func (p *Parser) line() (line []byte) {
	if p.err == nil {
		if line, p.rest, p.err = strict.Cut(p.rest); p.err != nil {
			p.err = invalid("entry: %w", p.err)
		}
	}
	return line
}

// next returns the value of the next line, which must begin with this keyword and its space.
func (p *Parser) next(keyword string) []byte {
	line := p.line()
	if p.err != nil {
		return nil
	}
	if len(line) < len(keyword) || string(line[:len(keyword)]) != keyword {
		p.err = invalid("entry: want a line %q here", keyword[:len(keyword)-1])
		return nil
	}
	return line[len(keyword):]
}

// has reports whether the next line begins with this keyword and its space.
func (p *Parser) has(keyword string) bool {
	return p.err == nil && len(p.rest) >= len(keyword) && string(p.rest[:len(keyword)]) == keyword
}

func (p *Parser) hash(keyword string, value []byte) (h Hash) {
	if p.err == nil {
		var err error
		if h, err = strict.HashBytes(value); err != nil {
			p.err = invalid("entry line %s: %v", keyword, err)
		}
	}
	return h
}

// width reads a decimal, of which one above the largest width is cut down to one that is refused.
func (p *Parser) width(value []byte) int {
	n, err := strict.Decimal(string(value))
	if p.err == nil && err != nil {
		p.err = invalid("entry line fields: %v", err)
	}
	return int(min(n, maxWidth+1))
}

// public reads a public line into the place of the one that stood there in the entry before.
func (p *Parser) public(line []byte) {
	list := p.entry.Public
	if len(list) == cap(list) {
		list = append(list, Field{})
	} else {
		list = list[:len(list)+1]
	}
	f := &list[len(list)-1]
	path, value, _ := bytes.Cut(line, space)
	keep(&f.Path, path)
	keep(&f.Value, value)
	f.Number, f.Present = 0, true
	p.entry.Public = list
}

func (p *Parser) signature(value []byte) []byte {
	if p.err != nil {
		return nil
	}
	b, err := strict.AppendBase64(p.signed[:0], value)
	if err != nil || len(b) != signedSize {
		p.err = invalid("entry line signed: want base64 of a key id and an Ed25519 signature")
		return nil
	}
	p.signed = b
	return b
}

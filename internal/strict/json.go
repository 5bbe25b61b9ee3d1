// SPDX-License-Identifier: Apache-2.0

package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Limits bound a JSON text, each with the largest number that is read.
type Limits struct {
	Bytes  int // of the text
	Depth  int // of objects and lists in one another, below the object at the top
	Values int // objects and lists among them
	Name   int // bytes of the name of a member
	Text   int // bytes of a text or number
}

// Taker takes one value of a JSON text.
type Taker interface {
	// Take is given the value, or the "{" or "[" of one whose members follow.
	Take(value json.Token) error
	// Member returns who takes the next member: by its name in an object, where the index is -1, or by its
	// index in a list, where the name is empty.
	Member(name string, index int) (Taker, error)
	// String tells errors where the value stands.
	String() string
}

// ParseObject reads a JSON object (RFC 8259) and gives its values to root and its members, in their order. Text that
// is not UTF-8, a member that stands there twice, anything behind the end, and whatever exceeds a limit are errors,
// which name the line. Numbers are json.Number, as written.
func ParseObject(b []byte, limits Limits, root Taker) error {
	if len(b) > limits.Bytes {
		return fmt.Errorf("%d bytes, want at most %d", len(b), limits.Bytes)
	}
	if !utf8.Valid(b) {
		return errors.New("not UTF-8")
	}
	w := walker{Limits: limits, dec: json.NewDecoder(bytes.NewReader(b))}
	w.dec.UseNumber()
	err := w.walk(root, 0)
	if err == nil {
		if _, err = w.dec.Token(); err == io.EOF {
			return nil
		}
		err = errors.New("there is something behind the end")
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	line := 1 + bytes.Count(b[:min(int(w.dec.InputOffset()), len(b))], []byte("\n"))
	return fmt.Errorf("line %d: %w", line, err)
}

// walker walks through one text.
type walker struct {
	Limits
	dec    *json.Decoder
	values int
}

// walk reads one value, with what it holds.
func (w *walker) walk(v Taker, depth int) error {
	t, err := w.dec.Token()
	if err != nil {
		return err
	}
	object := t == json.Delim('{')
	holds := object || t == json.Delim('[')
	w.values++
	switch {
	case depth == 0 && !object:
		return errors.New("want an object {…}")
	case holds && depth > w.Depth:
		return fmt.Errorf("%s: nested deeper than %d", v, w.Depth)
	case w.values > w.Values:
		return fmt.Errorf("%s: want at most %d values, texts and numbers in all", v, w.Values)
	case length(t) > w.Text:
		return fmt.Errorf("%s: a text of %d bytes, want at most %d", v, length(t), w.Text)
	}
	if err := v.Take(t); err != nil || !holds {
		return err
	}
	var seen map[string]bool // names of members
	if object {
		seen = make(map[string]bool)
	}
	for n := 0; w.dec.More(); n++ {
		m, err := w.member(v, n, seen)
		if err == nil {
			err = w.walk(m, depth+1)
		}
		if err != nil {
			return err
		}
	}
	_, err = w.dec.Token() // "}" or "]"
	return err
}

// member finds who takes member number n; seen is nil in a list.
func (w *walker) member(v Taker, n int, seen map[string]bool) (Taker, error) {
	if seen == nil {
		return v.Member("", n)
	}
	t, err := w.dec.Token()
	if err != nil {
		return nil, err
	}
	name := t.(string)
	if len(name) > w.Name {
		return nil, fmt.Errorf("%.40q…: a name of %d bytes, want at most %d", name, len(name), w.Name)
	}
	m, err := v.Member(name, -1)
	if err == nil && seen[name] {
		err = fmt.Errorf("%s stands there twice", m)
	}
	seen[name] = true
	return m, err
}

func length(t json.Token) int {
	switch v := t.(type) {
	case string:
		return len(v)
	case json.Number:
		return len(v)
	}
	return 0
}

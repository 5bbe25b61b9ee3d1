// SPDX-License-Identifier: Apache-2.0

package w3c

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxBytes = 4 << 20 // of a file
	maxDepth = 16      // of objects and lists in one another
	maxName  = 256     // bytes of the name of a member
	maxShown = 200     // characters of a path in a finding
)

// state says what became of a text, number or truth value of the file.
type state int

const (
	left  state = iota // nothing was made of it
	used               // it is in a field, or decided one
	plain              // it is a type or context that the reader knows, which says nothing more
)

// node is a value of the file. One that is not there has a place all the same, where it was looked for.
type node struct {
	parent  *node
	name    string           // in an object; in a list, that of the list
	index   int              // in a list; -1 in an object
	kind    json.Token       // json.Delim, string, json.Number, bool; nil for null, and for what is not there
	members []*node          // of an object or list
	named   map[string]*node // those of an object
	state   state            // of any other value, and of an empty object or list
}

// parse reads a JSON object strictly: repeated members, depth, size, and anything behind it are errors.
func parse(b []byte) (*node, error) {
	if len(b) > maxBytes {
		return nil, fmt.Errorf("%d bytes, want at most %d", len(b), maxBytes)
	}
	if !utf8.Valid(b) {
		return nil, errors.New("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	root := &node{}
	err := root.read(dec, 0)
	if err == nil && root.kind != json.Delim('{') {
		err = errors.New("want an object {…}")
	}
	if err == nil {
		if _, err = dec.Token(); err == io.EOF {
			return root, nil
		}
		err = errors.New("there is something behind the credential")
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	line := 1 + bytes.Count(b[:min(int(dec.InputOffset()), len(b))], []byte("\n"))
	return nil, fmt.Errorf("line %d: %w", line, err)
}

// read reads one value, with what it holds.
func (n *node) read(dec *json.Decoder, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%s: nested deeper than %d", n.path(), maxDepth)
	}
	t, err := dec.Token()
	if err != nil {
		return err
	}
	n.kind = t
	if t != json.Delim('{') && t != json.Delim('[') {
		return nil
	}
	n.named = make(map[string]*node)
	for dec.More() {
		m := &node{parent: n, name: n.name, index: len(n.members)}
		if t == json.Delim('{') {
			if m.name, err = memberName(dec); err != nil {
				return err
			}
			m.index = -1
			if n.named[m.name] != nil {
				return fmt.Errorf("%s stands there twice", m.path())
			}
			n.named[m.name] = m
		}
		if err := m.read(dec, depth+1); err != nil {
			return err
		}
		n.members = append(n.members, m)
	}
	_, err = dec.Token()
	return err
}

func memberName(dec *json.Decoder) (string, error) {
	t, err := dec.Token()
	if err != nil {
		return "", err
	}
	name := t.(string)
	if len(name) > maxName {
		return "", fmt.Errorf("%.40q…: a name of %d bytes, want at most %d", name, len(name), maxName)
	}
	return name, nil
}

// path tells where a value stands, as credentialSubject.goods[0].description, and as a["b.c"] where a name
// would be mistaken for a path, or would not print. It does not fill the screen.
func (n *node) path() string {
	path := n.place()
	if len(path) > maxShown {
		return fmt.Sprintf("%.*s…", maxShown, path)
	}
	return path
}

func (n *node) place() string {
	if n.parent == nil {
		return ""
	}
	above := n.parent.place()
	quoted := strconv.Quote(n.name)
	switch {
	case n.index >= 0:
		return above + "[" + strconv.Itoa(n.index) + "]"
	case n.name == "" || strings.ContainsAny(n.name, ".[]") || quoted != `"`+n.name+`"`:
		return above + "[" + quoted + "]"
	case above == "":
		return n.name
	}
	return above + "." + n.name
}

// there reports whether the file has the value; null says that it has not.
func (n *node) there() bool { return n.kind != nil }

// get returns a member of a member. A list of one stands for what it holds.
func (n *node) get(names ...string) *node {
	for _, name := range names {
		n = n.only().member(name)
	}
	return n.only()
}

func (n *node) member(name string) *node {
	if m := n.named[name]; m != nil {
		return m
	}
	return &node{parent: n, name: name, index: -1}
}

func (n *node) only() *node {
	if n.kind == json.Delim('[') && len(n.members) == 1 {
		return n.members[0]
	}
	return n
}

// list returns the values of a list; what is no list is one of itself.
func (n *node) list() []*node {
	switch {
	case !n.there():
		return nil
	case n.kind == json.Delim('['):
		return n.members
	}
	return []*node{n}
}

// text returns a text, or a number as written.
func (n *node) text() (string, bool) {
	switch v := n.kind.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// truth reports whether a value is true; true and false are read then, whatever follows from them.
func (n *node) truth() bool {
	v, ok := n.kind.(bool)
	if ok {
		n.state = used
	}
	return v
}

// same reports whether two values are there and are the same text.
func (n *node) same(other *node) bool {
	a, ok := n.text()
	b, too := other.text()
	return ok && too && a != "" && a == b
}

// walk visits every value that holds no other.
func (n *node) walk(visit func(*node)) {
	if len(n.members) == 0 {
		visit(n)
	}
	for _, m := range n.members {
		m.walk(visit)
	}
}

// has reports whether any value in n has a state.
func (n *node) has(s state) (found bool) {
	n.walk(func(leaf *node) { found = found || leaf.state == s })
	return found
}

// typed reports whether a value is a type or context, or a list of these.
func (n *node) typed() bool { return n.name == "type" || n.name == "@context" }

// unread returns all that was left, as a whole any object or list of which nothing was used.
func (n *node) unread() (rest []*node) {
	switch {
	case !n.has(left):
		return nil
	case len(n.members) == 0, n.parent != nil && !n.has(used) && !n.typed():
		return []*node{n}
	}
	for _, m := range n.members {
		rest = append(rest, m.unread()...)
	}
	return rest
}

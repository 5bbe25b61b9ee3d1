// SPDX-License-Identifier: Apache-2.0

package w3c

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"cocket.example/internal/strict"
)

const maxShown = 200 // characters of a path in a finding

// limits have room for 9,999 goods lines of twenty values; no field takes more than 4,096 bytes.
var limits = strict.Limits{Bytes: 4 << 20, Depth: 16, Values: 200_000, Name: 256, Text: 64 << 10}

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

// parse reads a JSON object strictly and within limits.
func parse(b []byte) (*node, error) {
	root := &node{}
	return root, strict.ParseObject(b, limits, root)
}

func (n *node) String() string { return n.path() }

// Take is given the value.
func (n *node) Take(value json.Token) error {
	if n.kind = value; value == json.Delim('{') {
		n.named = make(map[string]*node)
	}
	return nil
}

// Member adds a member.
func (n *node) Member(name string, index int) (strict.Taker, error) {
	m := &node{parent: n, name: name, index: index}
	if index < 0 {
		n.named[name] = m
	} else {
		m.name = n.name
	}
	n.members = append(n.members, m)
	return m, nil
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

// SPDX-License-Identifier: Apache-2.0

// Package profile holds the tables of agreements and forms: which fields each event has, and in what order,
// which values they take, who may see them, and the rules over several fields. What a table's text says is
// pinned by the version; rules can become stricter, since they are applied before sealing and to what its
// holder looks at, and never decide whether a disclosure verifies.
package profile

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cocket.example/declaration/form"
	"cocket.example/internal/strict"
)

// MaxFields is the largest number of fields of a declaration.
const MaxFields = 65536

// Profile is one agreement or form, versioned: a table for each event that it allows. Tables never
// change; a new version gets a new number.
type Profile struct {
	Name   string // as "usmca/1"
	Title  string
	Events map[string]*Table
}

// Table orders the fields of one event. Field 0 is always goods.count.
type Table struct {
	Header []Spec
	Line   []Spec   // repeat for each goods line
	Least  int      // number of goods lines
	Tags   []string // names of the blinded index keys

	checks []check // the rules over several fields
}

// Spec is one field: its path (within "goods[n]." for line fields), its form, and who sees it.
type Spec struct {
	Path     string
	Form     *form.Form
	Required bool
	Public   bool   // may be shown in clear in the entry
	Shown    string // to whom it is usually shown: names with commas; "all" is everyone
	Source   string // the data element or article
	Where    *Where // nil: always
}

// Where says that a field stands only where another of its line or header has one of these values.
type Where struct {
	Path   string // within the line, for line fields
	Is     []string
	Needed bool // and then it must stand
}

// All are the profiles that this program knows.
var All = []*Profile{usmca1, cafta1, import1}

// Events are those of the format; a profile has tables for some of them.
var Events = []string{"issue", "amend", "withdraw", "claim", "correct", "query", "response", "determine"}

// Find returns a profile by name and version, or nil.
func Find(name string) *Profile {
	for _, p := range All {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Find returns the number and the specification of a path.
func (t *Table) Find(path string) (int, *Spec, error) {
	first, specs, name := 0, t.Header, path
	if rest, ok := strings.CutPrefix(path, "goods["); ok {
		index, field, _ := strings.Cut(rest, "].")
		n, err := strict.Decimal(index)
		if err != nil || n >= MaxFields {
			return 0, nil, fmt.Errorf("%.80q: want a goods line as goods[0]", path)
		}
		first, specs, name = t.Size(int(n)), t.Line, field
	}
	for i := range specs {
		if specs[i].Path == name {
			return first + i, &specs[i], nil
		}
	}
	return 0, nil, fmt.Errorf("%.80q is no field of this profile", path)
}

// At returns the path and the specification of a number, whatever the number of lines.
func (t *Table) At(i int) (string, *Spec) {
	if i < len(t.Header) {
		return t.Header[i].Path, &t.Header[i]
	}
	if len(t.Line) == 0 {
		return "", nil
	}
	line, j := (i-len(t.Header))/len(t.Line), (i-len(t.Header))%len(t.Line)
	return linePrefix(line) + t.Line[j].Path, &t.Line[j]
}

// Size is the number of fields of a declaration with n lines.
func (t *Table) Size(n int) int { return len(t.Header) + n*len(t.Line) }

func linePrefix(line int) string { return "goods[" + strconv.Itoa(line) + "]." }

// Values are the normalised values of a declaration by path.
type Values map[string]string

// Lines returns the number of goods lines.
func (v Values) Lines() int {
	n, _ := strict.Decimal(v["goods.count"])
	return int(n)
}

// Text prints the profile canonically: for each event, in the order of the alphabet, its tags and
// fields in order, then the code lists that the forms name.
//
//	profile usmca/1
//	event issue
//	tag certificate
//	header goods.count count required private all
//	line origin.country usmca-party optional public all
//	codes usmca-party US CA MX
func (p *Profile) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "profile %s\n", p.Name)
	codes := make(map[string][]string)
	for _, event := range slices.Sorted(maps.Keys(p.Events)) {
		fmt.Fprintf(&b, "event %s\n", event)
		p.Events[event].print(&b, codes)
	}
	for _, name := range slices.Sorted(maps.Keys(codes)) {
		fmt.Fprintf(&b, "codes %s %s\n", name, strings.Join(codes[name], " "))
	}
	return b.String()
}

// Hash is the SHA-256 of the profile's text.
func (p *Profile) Hash() [32]byte { return sha256.Sum256([]byte(p.Text())) }

func (t *Table) print(b *strings.Builder, codes map[string][]string) {
	for _, tag := range t.Tags {
		fmt.Fprintf(b, "tag %s\n", tag)
	}
	row := func(kind string, s Spec) {
		need, who := "optional", "private"
		if s.Required {
			need = "required"
		}
		if s.Public {
			who = "public"
		}
		fmt.Fprintf(b, "%s %s %s %s %s %s\n", kind, s.Path, s.Form.Name, need, who, s.Shown)
		if s.Form.Codes != nil {
			codes[s.Form.Name] = s.Form.Codes
		}
	}
	for _, s := range t.Header {
		row("header", s)
	}
	for _, s := range t.Line {
		row("line", s)
	}
}

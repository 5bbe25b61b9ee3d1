// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cocket.example/internal/strict"
)

// Profile is one agreement or form, versioned: a table for each event that it allows. Tables never
// change; a new version gets a new number.
type Profile struct {
	Name   string // as "usmca/1"
	Events map[string]*Table
}

// Table orders the fields of one event. Field 0 is always goods.count.
type Table struct {
	Header []Spec
	Line   []Spec   // repeat for each goods line
	Tags   []string // names of the blinded index keys
	rules  []func(values) error
}

// Spec is one field: its path (within "goods[n]." for line fields), its rule, and who sees it.
type Spec struct {
	Path     string
	Rule     *Rule
	Required bool
	Public   bool   // may be shown in clear in the entry
	Shown    string // to whom it is usually shown
}

// profiles are those that this program knows.
var profiles = []*Profile{usmca1, import1}

// Profiles returns the names of the known profiles.
func Profiles() []string {
	names := make([]string, len(profiles))
	for i, p := range profiles {
		names[i] = p.Name
	}
	return names
}

var (
	eventForm   = regexp.MustCompile(`^[a-z]{1,32}$`)
	profileForm = regexp.MustCompile(`^[a-z0-9-]{1,32}/[1-9][0-9]{0,3}$`)
)

// lookup finds the table of an event, or says what it does not know.
func lookup(profile, event string) (*Table, error) {
	if !eventForm.MatchString(event) || !profileForm.MatchString(profile) {
		return nil, invalid("event %.40q of profile %.40q: want names as issue and usmca/1", event, profile)
	}
	for _, p := range profiles {
		if p.Name != profile {
			continue
		}
		if t := p.Events[event]; t != nil {
			return t, nil
		}
		return nil, fmt.Errorf("event %.40q of profile %s: %w", event, profile, ErrUnknown)
	}
	return nil, fmt.Errorf("profile %.40q: %w", profile, ErrUnknown)
}

var linePath = regexp.MustCompile(`^goods\[(0|[1-9][0-9]{0,4})\]\.(.+)$`)

// find returns the number and the specification of a path.
func (t *Table) find(path string) (int, *Spec, error) {
	if m := linePath.FindStringSubmatch(path); m != nil {
		n, err := strict.Decimal(m[1])
		if err != nil {
			return 0, nil, err
		}
		for j := range t.Line {
			if t.Line[j].Path == m[2] {
				return len(t.Header) + int(n)*len(t.Line) + j, &t.Line[j], nil
			}
		}
	}
	for i := range t.Header {
		if t.Header[i].Path == path {
			return i, &t.Header[i], nil
		}
	}
	return 0, nil, fmt.Errorf("%.80q is no field of this profile", path)
}

// at returns the path and the specification of a number, whatever the number of lines.
func (t *Table) at(i int) (string, *Spec) {
	if i < len(t.Header) {
		return t.Header[i].Path, &t.Header[i]
	}
	if len(t.Line) == 0 {
		return "", nil
	}
	line, j := (i-len(t.Header))/len(t.Line), (i-len(t.Header))%len(t.Line)
	return "goods[" + strconv.Itoa(line) + "]." + t.Line[j].Path, &t.Line[j]
}

// size is the number of fields of a declaration with n lines.
func (t *Table) size(n int) int { return len(t.Header) + n*len(t.Line) }

// Text prints the table canonically: one line for each tag and field.
func (t *Table) Text() string {
	var b strings.Builder
	for _, tag := range t.Tags {
		fmt.Fprintf(&b, "tag %s\n", tag)
	}
	row := func(kind string, s Spec) {
		fmt.Fprintf(&b, "%s %s %s", kind, s.Path, s.Rule.Name)
		if s.Required {
			b.WriteString(" required")
		}
		if s.Public {
			b.WriteString(" public")
		}
		b.WriteString("\n")
	}
	for _, s := range t.Header {
		row("header", s)
	}
	for _, s := range t.Line {
		row("line", s)
	}
	return b.String()
}

// Hash is the SHA-256 of the profile's canonical text: for each event, in the order of the alphabet,
// a line "event <name>" and its table.
func (p *Profile) Hash() Hash {
	var b strings.Builder
	b.WriteString("profile " + p.Name + "\n")
	events := make([]string, 0, len(p.Events))
	for e := range p.Events {
		events = append(events, e)
	}
	slices.Sort(events)
	for _, e := range events {
		b.WriteString("event " + e + "\n" + p.Events[e].Text())
	}
	return sha256.Sum256([]byte(b.String()))
}

// values are the normalised values of a declaration by path.
type values map[string]string

// lines returns the number of goods lines.
func (v values) lines() int {
	n, _ := strconv.Atoi(v["goods.count"])
	return n
}

func (v values) line(i int, field string) string { return v["goods["+strconv.Itoa(i)+"]."+field] }

func goodsCount() Spec {
	return Spec{Path: "goods.count", Rule: count, Required: true, Shown: "all"}
}

var count = pattern("count", `0|[1-9][0-9]{0,3}`, "a number of goods lines, at most 9999")

// withdrawal is the table of a withdraw event in every profile of version 1.
func withdrawal() *Table {
	return &Table{Header: []Spec{
		goodsCount(),
		{Path: "reason", Rule: multiline, Shown: "importer, customs"},
		{Path: "date", Rule: date, Required: true, Shown: "importer, customs"},
	}}
}

// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"crypto/sha256"
	"fmt"
	"maps"
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
	Shown    string // to whom it is usually shown: names with commas
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

// events are those of the format; a profile has tables for some of them.
var events = []string{
	"issue", "amend", "withdraw", "claim", "correct", "query", "response", "determine",
}

var profileForm = regexp.MustCompile(`^[a-z0-9-]{1,32}/[1-9][0-9]{0,3}$`)

// lookup finds the table of an event, or says what it does not know.
func lookup(profile, event string) (*Table, error) {
	if !slices.Contains(events, event) {
		return nil, invalid("event %.40q: want one of %s", event, strings.Join(events, ", "))
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
	if !profileForm.MatchString(profile) {
		return nil, invalid("profile %.40q: want a name and version as usmca/1", profile)
	}
	return nil, fmt.Errorf("profile %.40q: %w", profile, ErrUnknown)
}

// find returns the number and the specification of a path.
func (t *Table) find(path string) (int, *Spec, error) {
	first, specs, name := 0, t.Header, path
	if rest, ok := strings.CutPrefix(path, "goods["); ok {
		index, field, _ := strings.Cut(rest, "].")
		n, err := strict.Decimal(index)
		if err != nil || n >= maxWidth {
			return 0, nil, fmt.Errorf("%.80q: want a goods line as goods[0]", path)
		}
		first, specs, name = t.size(int(n)), t.Line, field
	}
	for i := range specs {
		if specs[i].Path == name {
			return first + i, &specs[i], nil
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

// Text prints the profile canonically: for each event, in the order of the alphabet, its tags and
// fields in order, then the code lists that the rules name.
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
func (p *Profile) Hash() Hash { return sha256.Sum256([]byte(p.Text())) }

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
		fmt.Fprintf(b, "%s %s %s %s %s %s\n", kind, s.Path, s.Rule.Name, need, who, s.Shown)
		if s.Rule.Codes != nil {
			codes[s.Rule.Name] = s.Rule.Codes
		}
	}
	for _, s := range t.Header {
		row("header", s)
	}
	for _, s := range t.Line {
		row("line", s)
	}
}

// values are the normalised values of a declaration by path.
type values map[string]string

// lines returns the number of goods lines.
func (v values) lines() int {
	n, _ := strict.Decimal(v["goods.count"])
	return int(n)
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
		{Path: "reason", Rule: multiline, Shown: "importer,customs"},
		{Path: "date", Rule: date, Required: true, Shown: "importer,customs"},
	}}
}

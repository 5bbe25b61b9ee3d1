// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"cocket.example/declaration"
	"cocket.example/internal/strict"
)

// Status says how a fact stands.
type Status string

// The ways in which a fact can stand.
const (
	Holds   Status = "ok"
	Fails   Status = "FAILS"
	Absent  Status = "-" // not there, which may be
	Skipped Status = "?" // cannot be tried, because an earlier fact fails
)

// Fact is one thing that was checked, with what was found.
type Fact struct {
	Name   string
	Status Status
	Says   string // for people; of a field its value
	Err    error  // why it fails
}

// Report is everything that was checked of a declaration, each fact by itself and in order.
type Report struct {
	Kind        string    // opening or disclosure
	Leaf        [32]byte  // leaf hash of the entry
	Log         string    // the log's origin, as the entry says it
	Index, Size uint64    // of the entry, of the tree; proven if the fact "inclusion" holds
	NoLaterThan time.Time // on file no later than; zero: not proven
	Fields      []declaration.Field
	Facts       []Fact
	unproven    []string
}

// What no proof of this kind can say (entry format, section 9).
const (
	unprovenInForce = "That the declaration is still in force: an amendment or a withdrawal may " +
		"stand further on in the log."
	unprovenOnly = "That it is the only one: a claim made elsewhere should quote the leaf hash."
	unprovenTime = "The time, if witnesses that lie or whose clocks are wrong make up a quorum."
	unprovenTrue = "That what was declared is true."

	unprovenCertifier = "Who holds the certifier's key: its name is no more than a claim."
	unprovenSubmitter = "Who submitted the entry: that rests on the log's word."
)

func (r *Report) ok(name, says string)      { r.add(name, says, nil) }
func (r *Report) fail(name string, e error) { r.add(name, "", e) }

func (r *Report) absent(name, says string) {
	r.Facts = append(r.Facts, Fact{Name: name, Status: Absent, Says: says})
}

func (r *Report) skip(names ...string) {
	for _, name := range names {
		r.Facts = append(r.Facts, Fact{Name: name, Status: Skipped, Says: "cannot be checked"})
	}
}

func (r *Report) add(name, says string, err error) {
	f := Fact{Name: name, Status: Holds, Says: says, Err: err}
	if err != nil {
		f.Status = Fails
	}
	r.Facts = append(r.Facts, f)
}

// Err is the first fact that fails, by its name, or nil if none does.
func (r Report) Err() error {
	for _, f := range r.Facts {
		if f.Err != nil {
			return fmt.Errorf("%s: %w", f.Name, f.Err)
		}
	}
	return nil
}

// NotProven lists, for people, what this report does not say.
func (r Report) NotProven() []string {
	list := []string{unprovenTrue, unprovenInForce, unprovenOnly}
	if !r.NoLaterThan.IsZero() {
		list = append(list, unprovenTime)
	}
	return append(list, r.unproven...)
}

// String prints the report for people, in 80 columns.
func (r Report) String() string {
	var b strings.Builder
	width := 0
	for _, f := range r.Facts {
		width = max(width, min(utf8.RuneCountInString(f.Name), 30))
	}
	for _, f := range r.Facts {
		head := fmt.Sprintf("  %-5s  %-*s  ", f.Status, width, printable(f.Name))
		says := f.Says
		if f.Err != nil {
			says = f.Err.Error()
		}
		b.WriteString(hang(head, says))
	}
	if err := r.Err(); err != nil {
		b.WriteString("\nDoes not verify.\n")
		return b.String()
	}
	b.WriteString("\nVerified.\n")
	b.WriteString(hang("  leaf hash  ", base64.StdEncoding.EncodeToString(r.Leaf[:])))
	b.WriteString("\nNot proven by this:\n")
	for _, line := range r.NotProven() {
		b.WriteString(hang("  - ", line))
	}
	return b.String()
}

// MarshalJSON prints the report for programs.
func (r Report) MarshalJSON() ([]byte, error) {
	type fact struct {
		Fact   string `json:"fact"`
		Status string `json:"status"`
		Says   string `json:"says,omitempty"`
		Error  string `json:"error,omitempty"`
	}
	words := map[Status]string{Holds: "holds", Fails: "fails", Absent: "absent", Skipped: "not checked"}
	facts := make([]fact, len(r.Facts))
	for i, f := range r.Facts {
		facts[i] = fact{Fact: f.Name, Status: words[f.Status], Says: f.Says}
		if f.Err != nil {
			facts[i].Error = f.Err.Error()
		}
	}
	verified := r.Err() == nil
	out := struct {
		Verified    bool     `json:"verified"`
		Kind        string   `json:"kind"`
		Leaf        string   `json:"leaf"`
		Log         string   `json:"log,omitempty"`
		Index       *uint64  `json:"index,omitempty"`
		Size        *uint64  `json:"size,omitempty"`
		NoLaterThan string   `json:"no_later_than,omitempty"`
		Facts       []fact   `json:"facts"`
		NotProven   []string `json:"not_proven"`
	}{verified, r.Kind, base64.StdEncoding.EncodeToString(r.Leaf[:]), r.Log, nil, nil, "", facts, r.NotProven()}
	if verified { // a number that is not proven is not shown to programs
		out.Index, out.Size = &r.Index, &r.Size
	}
	if verified && !r.NoLaterThan.IsZero() {
		out.NoLaterThan = r.NoLaterThan.UTC().Format(time.RFC3339)
	}
	return json.Marshal(out)
}

// stamp prints a time of a cosignature, which counts whole seconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// columns is the width of a terminal.
const columns = 80

// hang prints text behind a head, its further lines indented below its first.
func hang(head, text string) string {
	indent := utf8.RuneCountInString(head)
	if indent > columns/2 {
		head, indent = strings.TrimRight(head, " ")+"\n"+strings.Repeat(" ", 9), 9
	}
	var lines []string
	for _, paragraph := range strings.Split(text, "\n") {
		lines = append(lines, wrap(printable(paragraph), columns-indent)...)
	}
	return head + strings.Join(lines, "\n"+strings.Repeat(" ", indent)) + "\n"
}

// wrap breaks text at spaces; a word longer than a line stands whole on its own, so that it can
// be copied.
func wrap(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Split(text, " ") {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

// printable is what is shown of a stranger's text.
func printable(s string) string { return strict.Printable(s, "") }

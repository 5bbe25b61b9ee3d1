// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"cocket.example/internal/columns"
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

// statusWords are for programs.
var statusWords = map[Status]string{Holds: "holds", Fails: "fails", Absent: "absent", Skipped: "not checked"}

// Fact is one thing that was checked, with what was found.
type Fact struct {
	Name   string
	Status Status
	Says   string // for people; of a field its value
	Err    error  // why it fails

	field, gone bool // a field that is shown; one that is shown to be absent
}

// Found is what was found, or why the fact fails.
func (f Fact) Found() string {
	if f.Err != nil {
		return f.Err.Error()
	}
	return f.Says
}

// MarshalJSON prints the fact for programs.
func (f Fact) MarshalJSON() ([]byte, error) {
	out := struct {
		Fact   string `json:"fact"`
		Status string `json:"status"`
		Says   string `json:"says,omitempty"`
		Error  string `json:"error,omitempty"`
	}{f.Name, statusWords[f.Status], f.Says, ""}
	if f.Err != nil {
		out.Error = f.Err.Error()
	}
	return json.Marshal(out)
}

// Facts are what was checked, each by itself and in order.
type Facts []Fact

// Add adds a fact that fails with an error, and else holds.
func (l *Facts) Add(name, says string, err error) {
	f := Fact{Name: name, Status: Holds, Says: says, Err: err}
	if err != nil {
		f.Status = Fails
	}
	*l = append(*l, f)
}

// Absent adds what is not there, or not proven, which may be.
func (l *Facts) Absent(name, says string) {
	*l = append(*l, Fact{Name: name, Status: Absent, Says: says})
}

// Skip adds facts that cannot be tried.
func (l *Facts) Skip(names ...string) {
	for _, name := range names {
		*l = append(*l, Fact{Name: name, Status: Skipped, Says: "cannot be checked"})
	}
}

// Find returns the first fact of this name, or the zero Fact, which has no status.
func (l Facts) Find(name string) Fact {
	for _, f := range l {
		if f.Name == name {
			return f
		}
	}
	return Fact{}
}

// Failed returns the first fact that fails, if any does.
func (l Facts) Failed() (f Fact, ok bool) {
	for _, f := range l {
		if f.Err != nil {
			return f, true
		}
	}
	return Fact{}, false
}

// Err is the first fact that fails, by its name, or nil if none does.
func (l Facts) Err() error {
	if f, failed := l.Failed(); failed {
		return fmt.Errorf("%s: %w", f.Name, f.Err)
	}
	return nil
}

// String prints a line for each fact, in 80 columns. Fields that are shown to be absent share one, so that
// what is there can be found.
func (l Facts) String() string {
	l = l.gather()
	var b strings.Builder
	width := 0
	for _, f := range l {
		width = max(width, min(columns.Cells(printable(f.Name)), 30))
	}
	for _, f := range l {
		b.WriteString(Hang(fmt.Sprintf("  %-5s  %s  ", f.Status, columns.Pad(printable(f.Name), width)), f.Found()))
	}
	return b.String()
}

// gather puts the fields that are shown to be absent into one fact behind all fields.
func (l Facts) gather() (list Facts) {
	var names []string
	behind := 0
	for _, f := range l {
		if f.gone && f.Status == Holds {
			names = append(names, f.Name)
		} else {
			list = append(list, f)
		}
		if f.field {
			behind = len(list)
		}
	}
	if names == nil {
		return list
	}
	return slices.Insert(list, behind, Fact{Name: "shown to be absent", Status: Holds, Says: strings.Join(names, ", ")})
}

// Stamp prints a time of a cosignature, which counts whole seconds.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// Hang prints a stranger's text behind a head, in 80 columns, its further lines indented below its first.
func Hang(head, text string) string {
	return columns.Hang(printable(head), strict.Printable(text, "\n"))
}

// printable is what is shown of a stranger's text.
func printable(s string) string { return strict.Printable(s, "") }

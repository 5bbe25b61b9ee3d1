// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"cocket.example/client/status"
	"cocket.example/internal/columns"
)

// print prints the answers, one below the other.
func (s standing) print(w io.Writer, found []standingOf) error {
	if s.json {
		return printJSON(w, answersJSON(found))
	}
	var b strings.Builder
	for _, x := range found {
		x.print(&b)
		b.WriteString("\n")
	}
	x := found[0]
	f := &facts{}
	f.add("log", x.Log)
	f.add("tree of", fmt.Sprintf("%d entries", x.Size))
	f.add("root", base64Hash(x.Root))
	f.add("as of", sworn(x.Time))
	f.add("read", howRead(x))
	if note := old(x.Time, time.Now()); note != "" {
		f.add("note", note)
	}
	fmt.Fprintf(&b, "Looked up in, verified under the policy:\n\n%s\nNot proven by this:\n", f)
	for _, line := range notProven(found) {
		b.WriteString(columns.Hang("- ", line))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// print prints one answer.
func (x standingOf) print(b *strings.Builder) {
	if x.Err != nil {
		b.WriteString(columns.Hang("", fmt.Sprintf("%s has no answer: %s.", printable(x.name), printable(x.Err.Error()))))
		return
	}
	b.WriteString(columns.Hang("", printable(x.name)+" "+x.verdict()) + "\n")
	f := &facts{}
	f.add("entry", fmt.Sprintf("%d, %s, %s", x.Index, x.Entry.Event, x.Entry.Profile))
	f.add("submitter", x.Entry.Submitter)
	f.add("leaf hash", base64Hash(x.Leaf))
	f.add("on file", sworn(x.OnFile))
	for _, line := range x.dates() {
		f.add("note", line)
	}
	b.WriteString(f.String())
	if x.Winner != nil {
		b.WriteString("\nFirst on the same entry:\n\n" + x.event(*x.Winner))
	}
	if x.Doubt != nil {
		b.WriteString("\nWhat may have come first on the same entry:\n\n" + x.event(*x.Doubt))
	}
	if len(x.Events) > 0 {
		b.WriteString("\nWhat refers to it, or to what took its place:\n")
		for _, e := range x.Events {
			b.WriteString("\n" + x.event(e))
		}
	}
	if len(x.Withheld) > 0 {
		text := "The log withheld entry " + indexes(x.Withheld) + ": it was asked what refers, and did not tell."
		b.WriteString("\n" + columns.Hang("", text))
	}
}

// verdict says in words how it stands, and what follows.
func (x standingOf) verdict() string {
	s := x.State()
	switch s.Kind {
	case status.Superseded:
		last := s.Chain[len(s.Chain)-1]
		words := fmt.Sprintf("is superseded by entry %d", s.Chain[0].Index)
		switch {
		case s.Unknown != nil:
			return words + through(s.Chain[1:]) + "; whether that is in force is not known. " + newer(*s.Unknown)
		case last.Entry.Event == "withdraw":
			return fmt.Sprintf("%s; that was withdrawn by entry %d: nothing of it is in force.",
				words+through(s.Chain[1:len(s.Chain)-1]), last.Index)
		case len(s.Chain) > 1:
			return words + through(s.Chain[1:]) + ", which is in force."
		}
		return words + ", which is in force."
	case status.Withdrawn:
		return fmt.Sprintf("is withdrawn by entry %d.", s.Chain[0].Index)
	case status.Void:
		return "is void: " + x.Void + "."
	case status.Unknown:
		return "may be in force or not: that is not known. " + newer(*s.Unknown)
	}
	if x.expiry.over {
		return fmt.Sprintf("is expired: its period ended on %s. %s", x.expiry.to, x.known())
	}
	switch event := x.Entry.Event; event {
	case "claim":
		return "is on file. Nothing in clear amends or withdraws a claim. Whether what it rests on is in force says " +
			"\"cocket verify FILE --about CERTIFICATION\"."
	case "correct", "query", "response", "determine":
		return "is on file. Nothing in clear amends or withdraws an entry of event " + event + "."
	}
	return "is in force. " + x.known()
}

// through names the amendments between the first and the last of a chain.
func through(chain []status.Event) string {
	switch len(chain) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(", that by entry %d", chain[0].Index)
	}
	return fmt.Sprintf(", that by %d more, the last of them entry %d", len(chain), chain[len(chain)-1].Index)
}

// known says how far it is known that nothing refers to it.
func (x standingOf) known() string {
	if rests := x.Rests(); rests != "" {
		return "No entry of the tree amends or withdraws it: all were read; " + rests + "."
	}
	if x.Complete {
		return "No entry of the tree amends or withdraws it: all were read."
	}
	return "Nothing is known to amend or withdraw it: so the log says."
}

// newer says why it is not known how an entry stands.
func newer(e status.Event) string {
	return fmt.Sprintf("Entry %d is of a version, profile or event that this program does not know: a newer program "+
		"is needed.", e.Index)
}

// fresh is how old a tree may be without a note.
const fresh = 24 * time.Hour

// old notes that a tree is not of today.
func old(t, now time.Time) string {
	age := now.Sub(t)
	if t.IsZero() || age <= fresh {
		return ""
	}
	return fmt.Sprintf("this tree was cosigned %d hours ago: what was filed since is not in it", age/time.Hour)
}

// dates says what the dates mean that are shown.
func (x standingOf) dates() (lines []string) {
	switch {
	case x.expiry.over:
		lines = append(lines, "its period ended on "+x.expiry.to)
	case x.expiry.to != "":
		lines = append(lines, "its period runs to "+x.expiry.to)
	}
	if x.expiry.lapsed {
		lines = append(lines, fmt.Sprintf("signed more than %d years ago: a certification is accepted until %s",
			validity, x.expiry.lapses))
	}
	return lines
}

// event prints an entry that refers to another.
func (x standingOf) event(e status.Event) string {
	f := &facts{}
	what := e.Entry.Event
	if what == "" {
		what = "unknown to this program"
	}
	f.add("entry", fmt.Sprintf("%d, %s", e.Index, what))
	switch {
	case e.Unknown():
		f.add("effect", "not known: "+e.Void)
	case e.Void != "":
		f.add("effect", "void: "+e.Void)
	default:
		f.add("effect", map[string]string{"amend": "takes the place of", "withdraw": "withdraws"}[what]+
			" "+x.target(e))
	}
	f.add("leaf hash", base64Hash(e.Leaf))
	f.add("on file", sworn(e.Time))
	return f.String()
}

// target names what an entry refers to.
func (x standingOf) target(e status.Event) string {
	for _, other := range x.named() {
		if other.Leaf == e.Target {
			return fmt.Sprintf("entry %d", other.Index)
		}
	}
	return base64Hash(e.Target)
}

// sworn is a time that cosignatures prove.
func sworn(t time.Time) string {
	if t.IsZero() {
		return "no time is proven: the policy asks for no witness that states one"
	}
	return "no later than " + t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func howRead(x standingOf) string {
	if rests := x.Rests(); rests != "" {
		return "every entry, hashed to this root; " + rests
	}
	if x.Complete {
		return "every entry, hashed to this root"
	}
	return "what the log named, each entry proven to be under this root"
}

// notProven says what no answer of this kind can say.
func notProven(found []standingOf) (lines []string) {
	if !found[0].Complete {
		lines = append(lines, "That the log named all: it can withhold what refers to an entry. Read everything with "+
			"--scan, or a copy with --mirror.")
	}
	lines = append(lines,
		"What happened after this tree: entries filed later are not in it.",
		"What is committed and not in clear: claims, corrections, queries and determinations do not show "+
			"what they are about, and are not seen.",
		"Who submitted what, and so who amended or withdrew it: that is the log's word (\"verify --submitter\" checks "+
			"the signature of an entry that has one).",
		"That what was declared is true.")
	if rests := found[0].Rests(); rests != "" {
		lines = append(lines, "That nothing was left out among what an earlier scan read: trust that file as your own "+
			"notes, or scan without --state.")
	}
	for _, x := range found {
		if x.expiry.unknown {
			return append(lines, "Whether its period is over, where that is not shown.")
		}
	}
	return lines
}

// refersJSON is an entry that refers to another, for programs.
type refersJSON struct {
	Index       uint64 `json:"index"`
	Event       string `json:"event,omitempty"`
	Leaf        string `json:"leaf"`
	Refers      string `json:"refers"`
	Effective   bool   `json:"effective"`
	Void        string `json:"void,omitempty"`
	NoLaterThan string `json:"no_later_than,omitempty"`
	Receipt     string `json:"receipt"`
}

// answerJSON is an answer for programs.
type answerJSON struct {
	Name        string       `json:"name"`
	Status      string       `json:"status"` // in force, superseded, withdrawn, void, expired, not known, not on file
	Error       string       `json:"error,omitempty"`
	Void        string       `json:"void,omitempty"`
	Leaf        string       `json:"leaf"`
	Event       string       `json:"event"`
	Profile     string       `json:"profile"`
	Submitter   string       `json:"submitter"`
	Index       uint64       `json:"index"`
	NoLaterThan string       `json:"no_later_than,omitempty"`
	Receipt     string       `json:"receipt"`
	PeriodTo    string       `json:"period_to,omitempty"`
	Lapses      string       `json:"lapses,omitempty"` // the last day on which it is accepted, by its signature
	Lapsed      bool         `json:"lapsed"`
	Chain       []uint64     `json:"chain"` // effective, each about the one before
	First       *refersJSON  `json:"first,omitempty"`
	Unknown     *uint64      `json:"unknown,omitempty"` // index of what makes it unknown
	Refers      []refersJSON `json:"refers"`
	Withheld    []uint64     `json:"withheld"`
	Log         string       `json:"log"`
	Size        uint64       `json:"size"`
	Root        string       `json:"root"`
	Time        string       `json:"as_of,omitempty"`
	Complete    bool         `json:"complete"`
	Noted       uint64       `json:"noted"` // entries, from 0 on, that an earlier scan read, as the file of --state notes
	NotedIn     string       `json:"noted_in,omitempty"`
}

func answersJSON(found []standingOf) (list []answerJSON) {
	for _, x := range found {
		a := answerJSON{
			Name: x.name, Status: string(x.kind()), Void: x.Void, Leaf: base64Hash(x.Leaf), Event: x.Entry.Event,
			Profile: x.Entry.Profile, Submitter: x.Entry.Submitter, Index: x.Index, NoLaterThan: rfc3339(x.OnFile),
			Receipt: string(x.Receipt), PeriodTo: x.expiry.to, Chain: []uint64{}, Refers: []refersJSON{},
			Withheld: append([]uint64{}, x.Withheld...), Log: x.Log, Size: x.Size, Root: base64Hash(x.Root),
			Time: rfc3339(x.Time), Complete: x.Complete, Noted: x.Noted, NotedIn: x.NotedIn,
			Lapses: x.expiry.lapses, Lapsed: x.expiry.lapsed,
		}
		if x.Err != nil {
			a.Error = x.Err.Error()
			list = append(list, a)
			continue
		}
		if u := x.State().Unknown; u != nil {
			a.Unknown = &u.Index
		}
		for _, e := range x.State().Chain {
			a.Chain = append(a.Chain, e.Index)
		}
		for _, e := range x.Events {
			a.Refers = append(a.Refers, eventJSON(e))
		}
		if x.Winner != nil {
			first := eventJSON(*x.Winner)
			a.First = &first
		}
		list = append(list, a)
	}
	return list
}

func eventJSON(e status.Event) refersJSON {
	return refersJSON{
		Index: e.Index, Event: e.Entry.Event, Leaf: base64Hash(e.Leaf), Refers: base64Hash(e.Target),
		Effective: e.Void == "", Void: e.Void, NoLaterThan: rfc3339(e.Time), Receipt: string(e.Receipt),
	}
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

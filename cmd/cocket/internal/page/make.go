// SPDX-License-Identifier: Apache-2.0

package page

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cocket.example/client"
	"cocket.example/client/basis"
	"cocket.example/receipt"
)

// titles are plain words for the facts that have short names. Goods lines and witnesses have their own.
var titles = map[string]string{
	"opening":      "The file is an opening",
	"disclosure":   "The file is a disclosure",
	"entry":        "The entry is well-formed",
	"receipt":      "The receipt is well-formed",
	"same log":     "The receipt is of the log that the entry is for",
	"checkpoint":   "The receipt's checkpoint is well-formed",
	"log":          "The log signed",
	"key period":   "The log's key was good then",
	"quorum":       "Enough witnesses cosigned",
	"inclusion":    "The entry is in the log",
	"on file":      "On file",
	"fields":       "The fields are those of the profile",
	"commitments":  "Nothing shown was changed since",
	"public lines": "What stands in clear agrees",
	"certifier":    "The certifier's signature",
	"submitter":    "The submitter's signature",
	"before":       "On file before the moment asked for",

	"about":           "A claim may rest on such a certification",
	"refers":          "The claim quotes this certification",
	"one history":     "Both receipts are of one history of the log",
	"filed first":     "The certification was filed first",
	"claim's date":    "The day of the claim",
	"before that day": "The certification was on file before that day",
	"signature":       "Dated before the claim, by its own word",
	"period":          "The period covers the importation",
	"goods":           "All goods lines are compared",
	"not withdrawn":   "Not withdrawn or amended when it was filed",

	"in force that day": "Nor by the end of that day",
}

// Asked is what was asked besides.
type Asked struct {
	Before string // the moment before which the declaration was to be on file; "" if none
}

// Of makes the page of one declaration.
func Of(r client.Report, asked Asked) Page {
	p := Page{
		Title: "Proof of filing", Proven: r.Err() == nil, NotProven: r.NotProven(),
		Asked: "Is this declaration on file, and is what is shown of it what was filed?",
		Shown: []Declaration{describe("declaration", r)},
	}
	yes := "Yes"
	if r.Unwitnessed() {
		yes = "Yes, by the word of the log alone"
	}
	p.Answer = fmt.Sprintf("%s: it is on file in the log %s as entry %d%s, and every value shown is what was filed.",
		yes, r.Log, r.Index, since(r))
	if asked.Before != "" {
		p.Asked = "Was this declaration on file before " + asked.Before + ", and is what is shown of it what was filed?"
		p.Answer = fmt.Sprintf("Yes: it was on file before %s in the log %s as entry %d%s, and every value shown is "+
			"what was filed.", asked.Before, r.Log, r.Index, since(r))
	}
	switch f, failed := r.Facts.Failed(); {
	case failed && f.Name == "before" && !r.NoLaterThan.IsZero():
		p.Answer = fmt.Sprintf("No: it is proven to have been on file only no later than %s, which is not before %s.",
			client.Stamp(r.NoLaterThan), asked.Before)
	case failed && f.Name == "before":
		p.Answer = "No: it is on file, but no time is proven."
	case failed:
		p.Answer = fmt.Sprintf("No: the declaration does not verify (%s).", f.Name)
	}
	for _, f := range own(r) {
		p.Facts = append(p.Facts, fact(f))
	}
	for _, row := range signers(r) {
		p.Facts = append(p.Facts, Fact{row.What, row.Cells[0].Stands, row.Cells[0].Evidence})
	}
	return p
}

// OfBasis makes the page of a claim and its certification.
func OfBasis(r basis.Report, asked Asked) Page {
	p := Page{
		Title: "On file before the claim", Proven: r.Err() == nil, Answer: r.Answer(), NotProven: r.NotProven(),
		Asked: "Was this certification of origin on file before the claim for preference that rests on it?",
		Shown: []Declaration{describe("certification", r.Certification), describe("claim", r.Claim)},
		Each:  append(each(own(r.Certification), own(r.Claim)), signers(r.Certification, r.Claim)...),
	}
	if asked.Before != "" {
		p.Asked += " And before " + asked.Before + "?"
	}
	for _, f := range r.Facts {
		p.Facts = append(p.Facts, fact(f))
	}
	return p
}

func since(r client.Report) string {
	if r.NoLaterThan.IsZero() {
		return ""
	}
	return ", no later than " + client.Stamp(r.NoLaterThan)
}

// own are the facts of a report without those that stand elsewhere: values that are accepted, and who signed.
func own(r client.Report) (list client.Facts) {
	fields := make(map[string]bool)
	for _, f := range r.Fields {
		fields[f.Path] = true
	}
	for _, f := range r.Facts {
		accepted := f.Err == nil && (fields[f.Name] || f.Name == "log")
		if !accepted && !strings.HasPrefix(f.Name, "witness ") {
			list = append(list, f)
		}
	}
	return list
}

func fact(f client.Fact) Fact { return Fact{title(f.Name), stands[f.Status], evidence(f)} }

// evidence does not repeat how the fact stands.
func evidence(f client.Fact) string { return strings.TrimPrefix(f.Found(), stands[f.Status]+": ") }

func title(name string) string {
	if t := titles[name]; t != "" {
		return t
	}
	if number, ok := strings.CutPrefix(name, "goods["); ok && strings.HasSuffix(number, "]") {
		return "Goods line " + strings.TrimSuffix(number, "]") + " of the claim agrees"
	}
	return name
}

// plain are facts of which there is nothing more to say where they hold: they share a row.
var plain = []string{"receipt", "same log", "quorum", "commitments", "public lines"}

// each puts the facts of two declarations side by side, those of the first in their order.
func each(one, other client.Facts) (rows []Row) {
	seen, shared := make(map[string]bool), []string(nil)
	ones, others := byName(one), byName(other)
	for _, f := range slices.Concat(one, other) {
		a, b := ones[f.Name], others[f.Name]
		switch {
		case seen[f.Name]:
		case slices.Contains(plain, f.Name) && a.Status == client.Holds && b.Status == client.Holds:
			shared = append(shared, title(f.Name))
		default:
			rows = append(rows, Row{What: title(f.Name), Cells: []Cell{cell(a), cell(b)}})
		}
		seen[f.Name] = true
	}
	if len(shared) > 0 {
		rows = append(rows, Row{What: "Of both", Cells: []Cell{{stands[client.Holds], strings.Join(shared, ". ") + "."}}})
	}
	return rows
}

// byName are the first facts of each name.
func byName(list client.Facts) map[string]client.Fact {
	m := make(map[string]client.Fact, len(list))
	for _, f := range list {
		if _, known := m[f.Name]; !known {
			m[f.Name] = f
		}
	}
	return m
}

func cell(f client.Fact) Cell { return Cell{stands[f.Status], evidence(f)} }

// signers lists the keys of the log and of every witness, with what each signed.
func signers(reports ...client.Report) (rows []Row) {
	at := make(map[string]int)
	put := func(report int, who string, key receipt.VerifierKey, c Cell) {
		what := fmt.Sprintf("%s: %s+%08x", who, key.Name, key.ID)
		if _, known := at[what]; !known {
			at[what] = len(rows)
			rows = append(rows, Row{What: what, Cells: make([]Cell, len(reports))})
		}
		rows[at[what]].Cells[report] = c
	}
	for i, r := range reports {
		for _, key := range r.Checkpoint.Signers {
			put(i, "Log", key, Cell{"signed", fmt.Sprintf("the tree of %d entries", r.Checkpoint.Checkpoint.Size)})
		}
		for _, w := range r.Checkpoint.Witnesses {
			put(i, "Witness "+w.Witness.Name, w.Witness.Key, cosigned(w))
		}
	}
	return rows
}

func cosigned(w receipt.WitnessFact) Cell {
	switch {
	case errors.Is(w.Err, receipt.ErrNoCosignature):
		return Cell{"did not cosign", ""}
	case w.Err != nil:
		return Cell{stands[client.Fails], w.Err.Error()}
	case w.Time.IsZero():
		return Cell{"cosigned", "without a time"}
	}
	return Cell{"cosigned", client.Stamp(w.Time)}
}

func describe(name string, r client.Report) Declaration {
	d := Declaration{Name: name, Leaf: base64.StdEncoding.EncodeToString(r.Leaf[:])}
	if r.Entry.Event == "" {
		d.Nothing = "Nothing of it can be believed."
		return d
	}
	d.Entry = fmt.Sprintf("%s of %s, submitted by %s to %s", r.Entry.Event, r.Entry.Profile, r.Entry.Submitter, r.Log)
	if r.Err() == nil {
		d.Entry += fmt.Sprintf(", entry %d of %d", r.Index, r.Size)
	} else {
		d.Entry += ": this and what follows is what the file says, and not proven"
	}
	d.fields(r.Fields)
	return d
}

// SPDX-License-Identifier: Apache-2.0

package basis

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"cocket.example/client"
	"cocket.example/declaration"
	"cocket.example/declaration/profile"
	"cocket.example/declaration/rule"
	"cocket.example/receipt"
)

// Pair is a declaration that follows another and is no claim, such as a response and its query, and that other,
// as they were verified. A claim and its certification are a Case.
type Pair struct {
	Later, Earlier client.Report
	Policy         receipt.Policy // of whom the later one's log and witnesses are believed
}

// PairReport is everything that was checked of a pair.
type PairReport struct {
	Later, Earlier client.Report
	Facts          client.Facts  // of the two together; those of each are in its own report
	Fork           *receipt.Fork // the receipts show, with the log's signatures, that it has forked

	later, earlier string   // what they are: "the response"
	few            []string // the witnesses that one history rests on, if they are no quorum
}

// rules is the fact that the rules on both documents hold (docs/life-cycle.md).
const rules = "rules"

// Follows reports whether an event is about another, and its pair no Case.
func Follows(event string) bool { return nouns[event] != "" && event != "issue" && event != "claim" }

var nouns = map[string]string{"issue": "declaration", "amend": "amendment", "withdraw": "withdrawal", "claim": "claim",
	"correct": "correction", "query": "query", "response": "response", "determine": "determination"}

// Judge adds every fact. Where a declaration does not verify by itself, nothing is said of the two together.
func (p Pair) Judge() PairReport {
	later, earlier := p.Later.Entry, p.Earlier.Entry
	r := Report{Claim: p.Later, Certification: p.Earlier,
		claim: shownBy("the "+nouns[later.Event], p.Later), cert: shownBy("the "+nouns[earlier.Event], p.Earlier)}
	if r.cert.name == r.claim.name { // an amendment of an amendment
		r.cert.name = "the earlier " + nouns[earlier.Event]
	}
	switch err := later.CheckAbout(earlier); {
	case p.Later.Err() != nil || p.Earlier.Err() != nil:
		r.Facts.Skip(about, refers, oneHistory, filedFirst, rules)
	case err != nil:
		r.Facts.Add(about, "", err)
		r.Facts.Skip(refers, oneHistory, filedFirst, rules)
	default:
		r.Facts.Add(about, fmt.Sprintf("%s may be about %s: events %s and %s",
			r.claim.name, r.cert.name, later.Event, earlier.Event), nil)
		r.refers()
		r.order(p.Policy)
		r.rules()
	}
	return PairReport{p.Later, p.Earlier, r.Facts, r.Fork, r.claim.name, r.cert.name, r.few}
}

// rules applies those on both documents to what both show.
func (r *Report) rules() {
	target := profile.Target{Event: r.Certification.Entry.Event, Values: r.cert.values(),
		Hidden: func(path string) bool { _, seen := r.cert.get(path); return !seen }}
	found := r.claim.table.Compare(r.claim.values(), target)
	switch failed := found.Of(rule.Error); {
	case len(failed) > 0:
		r.Facts.Add(rules, "", errors.New(inLine(failed)))
	case len(found) > 0:
		r.Facts.Absent(rules, "warned of: "+inLine(found))
	default:
		r.Facts.Add(rules, "nothing that both show is against the rules on both", nil)
	}
}

func inLine(found rule.Findings) string {
	var list []string
	for _, f := range found {
		list = append(list, f.String())
	}
	return strings.Join(list, "; ")
}

// values are those that are shown and there.
func (s shown) values() profile.Values {
	values := make(profile.Values)
	for path, f := range s.fields {
		if f.Present {
			values[path] = f.Value
		}
	}
	return values
}

// Err is why it is not proven that the one is about the other, or nil if it is: both verify, the later one quotes
// the earlier, and nothing fails. The order of two logs, and what is hidden, may stay open.
func (r PairReport) Err() error {
	if err := r.Earlier.Err(); err != nil {
		return fmt.Errorf("%s does not verify: %w", r.earlier, err)
	}
	if err := r.Later.Err(); err != nil {
		return fmt.Errorf("%s does not verify: %w", r.later, err)
	}
	if err := r.Facts.Err(); err != nil {
		return err
	}
	if f := r.Facts.Find(refers); f.Status != client.Holds {
		return errors.New(f.Name + ": " + f.Says)
	}
	return nil
}

// Answer is the answer in one sentence. It is Yes where Err is nil.
func (r PairReport) Answer() string {
	if err := r.Err(); err != nil {
		return fmt.Sprintf("No: it is not proven that %s is about this %s: %v.", r.later, bare(r.earlier), err)
	}
	yes := fmt.Sprintf("Yes: %s is about this %s", r.later, bare(r.earlier))
	if r.Later.Unwitnessed() || r.Earlier.Unwitnessed() {
		yes = strings.Replace(yes, "Yes:", "Yes, by the word of the log alone:", 1)
	}
	if r.Facts.Find(filedFirst).Status == client.Holds {
		return yes + ", and was filed after it."
	}
	return yes + "; which was filed first is not proven."
}

func bare(name string) string { return strings.TrimPrefix(name, "the ") }

// NotProven lists, for people, what this report does not say.
func (r PairReport) NotProven() []string {
	list := []string{client.UnprovenTrue,
		"That " + r.later + " is the only one, or the last: others are seen by those to whom they are shown.",
		"What either does not show: it was not compared."}
	if declaration.InClear(r.Later.Entry.Event) {
		list[1] = "That " + r.later + " took effect: of several the first in the log counts; \"cocket status\" tells."
	}
	if len(r.few) > 0 {
		list = append(list, "That both receipts are of one history of the log, should it and "+strings.Join(r.few, ", ")+
			" lie together.")
	}
	if !r.Later.NoLaterThan.IsZero() || !r.Earlier.NoLaterThan.IsZero() {
		list = append(list, client.UnprovenTime)
	}
	return append(list, ofEach(r.Earlier, r.Later, r.earlier, r.later)...)
}

// String prints the report for people, in 80 columns.
func (r PairReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%s\n%s\nThe two together\n%s\n", title(r.earlier), r.Earlier.Facts,
		title(r.later), r.Later.Facts, r.Facts)
	b.WriteString(client.Hang("", r.Answer()))
	b.WriteString(client.Hang("  leaf hash of "+r.earlier+"  ", base64Hash(r.Earlier.Leaf)))
	b.WriteString(client.Hang("  leaf hash of "+r.later+"  ", base64Hash(r.Later.Leaf)))
	b.WriteString("\nNot proven by this:\n")
	for _, line := range r.NotProven() {
		b.WriteString(client.Hang("  - ", line))
	}
	return b.String()
}

func title(name string) string { return "T" + name[1:] }

// MarshalJSON prints the report for programs (docs/proof.md).
func (r PairReport) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Verified  bool          `json:"verified"`
		Kind      string        `json:"kind"`
		Answer    string        `json:"answer"`
		Earlier   client.Report `json:"earlier"`
		Later     client.Report `json:"later"`
		Facts     client.Facts  `json:"facts"`
		NotProven []string      `json:"not_proven"`
	}{r.Err() == nil, "pair", r.Answer(), r.Earlier, r.Later, r.Facts, r.NotProven()})
}

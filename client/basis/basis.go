// SPDX-License-Identifier: Apache-2.0

// Package basis judges whether a certification of origin was on file before the claim that rests on it, and
// whether it bears the claim (19 CFR 182.12(a)(3), 10.584(a)(2)). docs/proof.md explains every fact.
//
// What it judges are the reports of a client.Verifier. It does no I/O: the tree that it may compare with was
// read by package status.
package basis

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"cocket.example/client"
	"cocket.example/declaration"
	"cocket.example/declaration/profile"
	"cocket.example/receipt"
)

// Case is a claim and the certification that it is said to rest on, as they were verified.
type Case struct {
	Claim, Certification client.Report
	Policy               receipt.Policy // of whom the claim's log and witnesses are believed
	Standing             *Standing      // what the certification's log holds about it; nil: it was not read
	Trouble              error          // the log, when it was read, contradicted itself or a receipt; nil: it did not
	Before               time.Time      // that the certification is to have been on file before; zero: no moment
}

// Report is everything that was checked of a case.
type Report struct {
	Claim, Certification client.Report
	Facts                client.Facts  // of the two together; those of each are in its own report
	Fork                 *receipt.Fork // the receipts show, with the log's signatures, that it has forked

	claim, cert shown
	standing    *Standing
	trouble     error
	day         string   // that the claim states
	few         []string // the witnesses that one history rests on, if they are no quorum
	hidden      []string // the facts that could fail if everything were shown
}

// The names of the facts, in order. Those of goods lines are their paths, as goods[0].
const (
	about      = "about"
	refers     = "refers"
	oneHistory = "one history"
	filedFirst = "filed first"
	claimDate  = "claim's date"
	beforeDate = "before that day"
	signature  = "signature"
	period     = "period"
	goods      = "goods"
	unchanged  = "not withdrawn"
	thatDay    = "in force that day"
)

var unjudged = []string{about, refers, oneHistory, filedFirst, claimDate, beforeDate, signature, period, goods,
	unchanged, thatDay}

// Judge adds every fact. Where a declaration does not verify by itself, nothing is said of the two together.
func (c Case) Judge() Report {
	r := Report{Claim: c.Claim, Certification: c.Certification, standing: c.Standing, trouble: c.Trouble,
		claim: shown{name: "the claim"}, cert: shown{name: "the certification"}}
	if c.Claim.Err() != nil || c.Certification.Err() != nil {
		r.Facts.Skip(unjudged...)
		return r
	}
	if !c.Before.IsZero() {
		c.Certification.AddBefore(&r.Facts, c.Before)
	}
	r.claim, r.cert = shownBy("the claim", c.Claim), shownBy("the certification", c.Certification)
	r.day, _ = r.claim.get("date")
	if !r.about() {
		r.Facts.Skip(unjudged[1:]...)
		return r
	}
	r.refers()
	r.order(c.Policy)
	r.dates()
	r.signed()
	r.period()
	r.lines()
	r.unchanged()
	return r
}

// about: the events and profiles fit, and the claim rests on a certification of its agreement.
func (r *Report) about() bool {
	claim, cert := r.Claim.Entry, r.Certification.Entry
	err := claim.CheckAbout(cert)
	switch {
	case claim.Event != "claim":
		err = fmt.Errorf("the first declaration is of event %s, want a claim, and then its certification", claim.Event)
	case err == nil && profile.AnyAgreement(cert.Profile):
		err = fmt.Errorf("the second declaration is an import declaration (%s), want a certification of origin",
			cert.Profile)
	}
	if err != nil {
		r.Facts.Add(about, "", err)
		return false
	}
	unseen, err := r.agree(cert.Profile)
	if err == nil && unseen != "" {
		r.hide(about, "not proven: the claim does not show "+unseen)
		return true
	}
	r.Facts.Add(about, fmt.Sprintf("a claim under %s, and a certification under %s (%s)",
		claim.Profile, cert.Profile, cert.Event), err)
	return err == nil
}

// agree compares with the profile of the certification what the claim says to rest on, and of which agreement
// it is where its own profile does not say so.
func (r *Report) agree(certified string) (unseen string, err error) {
	basis, seen := r.claim.get("basis")
	switch {
	case !seen:
		unseen = "its basis"
	case basis == "":
		return "", errors.New("the claim says of no certification that it rests on it: it has no basis")
	case basis != "CERTIFICATION":
		return "", fmt.Errorf("by its own word the claim rests on %s, and not on a certification", basis)
	}
	if !profile.AnyAgreement(r.Claim.Entry.Profile) {
		return unseen, nil
	}
	want, _, _ := strings.Cut(certified, "/")
	switch agreement, seen := r.claim.get("agreement"); {
	case !seen:
		unseen = "its agreement"
	case !strings.EqualFold(agreement, want):
		return "", fmt.Errorf("the claim is under the agreement %q, the certification under %s",
			agreement, strings.ToUpper(want))
	}
	return unseen, nil
}

// refers: the later one quotes this earlier one and no other, in clear or in a field that is committed, so that it
// cannot have been chosen afterwards.
func (r *Report) refers() {
	later, earlier := r.claim.name, strings.TrimPrefix(r.cert.name, "the ")
	quoted, seen := r.quoted()
	switch leaf := r.Certification.Leaf; {
	case !seen:
		r.hide(refers, "not proven: "+later+" does not show its field refers")
	case quoted == "":
		r.Facts.Add(refers, "", fmt.Errorf("%s quotes no %s", later, earlier))
	case quoted != base64Hash(leaf):
		r.Facts.Add(refers, "", fmt.Errorf("%s quotes another entry, of leaf hash %s", later, quoted))
	default:
		r.Facts.Add(refers, later+" quotes its leaf hash, and was on file"+r.since(), nil)
	}
}

// quoted is the leaf hash that the later one says to be about.
func (r *Report) quoted() (leaf string, seen bool) {
	if e := r.Claim.Entry; e.Refers != nil {
		return base64Hash(*e.Refers), true
	}
	return r.claim.get("refers")
}

// since is when the claim was on file.
func (r *Report) since() string {
	if r.Claim.NoLaterThan.IsZero() {
		return ", at no time that is proven"
	}
	return " no later than " + client.Stamp(r.Claim.NoLaterThan)
}

// hide adds a fact of which something is not shown that it would be compared with. It never helps: a fact that
// could fail if it were shown keeps the answer from being Yes.
func (r *Report) hide(fact, says string) {
	r.hidden = append(r.hidden, fact)
	r.Facts.Absent(fact, says)
}

// lack adds a fact that is not compared for want of a value, which is hidden or does not exist.
func (r *Report) lack(fact string, s shown, path string) {
	add := r.hide
	if _, seen := s.get(path); seen {
		add = r.Facts.Absent
	}
	add(fact, "not compared: "+s.lacks(path))
}

// shown are the values that a declaration shows, those that stand in clear in its entry among them.
type shown struct {
	name   string
	fields map[string]declaration.Field
	whole  bool           // an opening shows everything: what is not there is absent
	table  *profile.Table // of the fields that there can be; nil: not known
}

func shownBy(name string, r client.Report) shown {
	s := shown{name, make(map[string]declaration.Field), r.Kind == "opening", nil}
	if p := profile.Find(r.Entry.Profile); p != nil {
		s.table = p.Events[r.Entry.Event]
	}
	for _, f := range r.Fields {
		s.fields[f.Path] = f
	}
	for _, f := range r.Entry.Public {
		s.fields[f.Path] = f
	}
	return s
}

// get returns a value, which is empty if it is seen that there is none: it is shown to be absent, or its profile
// has no such field.
func (s shown) get(path string) (value string, seen bool) {
	f, seen := s.fields[path]
	return f.Value, seen || s.whole || !s.may(path)
}

func (s shown) may(path string) bool {
	if s.table == nil {
		return true
	}
	_, _, err := s.table.Find(path)
	return err == nil
}

// lacks says that there is no value, or that it is not shown.
func (s shown) lacks(path string) string {
	if _, seen := s.get(path); seen {
		return s.name + " has no " + path
	}
	return s.name + " does not show " + path
}

// dates compares the certification with the day that the claim states.
func (r *Report) dates() {
	if r.day == "" {
		says := "not proven: " + r.claim.lacks("date")
		r.hide(claimDate, says)
		r.Facts.Absent(beforeDate, says)
		return
	}
	r.Facts.Add(claimDate, r.day+", by its own word; it was on file itself"+r.since(), nil)
	begins, ends, err := bounds(r.day)
	switch filed := r.Certification.NoLaterThan; {
	case err != nil:
		r.Facts.Add(beforeDate, "", err)
	case filed.IsZero():
		r.Facts.Absent(beforeDate, "not proven: the receipt of the certification proves no time")
	case filed.Before(begins):
		r.Facts.Add(beforeDate, fmt.Sprintf("on file no later than %s, before %s began in any zone",
			client.Stamp(filed), r.day), nil)
	case filed.Before(ends):
		r.Facts.Absent(beforeDate, fmt.Sprintf("not proven: on file no later than %s, which is %s in some zone",
			client.Stamp(filed), r.day))
	default:
		r.Facts.Add(beforeDate, "", fmt.Errorf("not proven: on file no later than %s, which is after %s in every zone; "+
			"a receipt that was fetched earlier may prove it", client.Stamp(filed), r.day))
	}
}

// bounds are the moments at which a day begins first and ends last: at UTC+14 and UTC−12.
func bounds(day string) (begins, ends time.Time, err error) {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		err = fmt.Errorf("%.40q is no day as 2026-05-04", day)
	}
	return t.Add(-14 * time.Hour), t.AddDate(0, 0, 1).Add(12 * time.Hour), err
}

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
	"time"

	"cocket.example/client"
	"cocket.example/declaration"
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
)

var unjudged = []string{about, refers, oneHistory, filedFirst, claimDate, beforeDate, signature, period, goods,
	unchanged}

// Judge adds every fact. Where a declaration does not verify by itself, nothing is said of the two together.
func (c Case) Judge() Report {
	r := Report{Claim: c.Claim, Certification: c.Certification, standing: c.Standing, trouble: c.Trouble}
	if c.Claim.Err() != nil || c.Certification.Err() != nil {
		r.Facts.Skip(unjudged...)
		return r
	}
	if !c.Before.IsZero() {
		c.Certification.AddBefore(&r.Facts, c.Before)
	}
	r.claim, r.cert = shownBy(c.Claim), shownBy(c.Certification)
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

// about: the events and profiles fit.
func (r *Report) about() bool {
	claim, cert := r.Claim.Entry, r.Certification.Entry
	err := claim.CheckAbout(cert)
	if claim.Event != "claim" {
		err = fmt.Errorf("the first declaration is of event %s, want a claim, and then its certification", claim.Event)
	}
	r.Facts.Add(about, fmt.Sprintf("a claim under %s, and a certification under %s (%s)",
		claim.Profile, cert.Profile, cert.Event), err)
	return err == nil
}

// refers: the claim quotes this certification and no other. The field is committed, so that it cannot have been
// chosen afterwards.
func (r *Report) refers() {
	quoted, seen := r.claim.get("refers")
	switch leaf := r.Certification.Leaf; {
	case !seen:
		r.Facts.Absent(refers, "not proven: the claim does not show its field refers")
	case quoted == "":
		r.Facts.Add(refers, "", errors.New("the claim quotes no certification"))
	case quoted != base64Hash(leaf):
		r.Facts.Add(refers, "", fmt.Errorf("the claim quotes another entry, of leaf hash %s", quoted))
	default:
		r.Facts.Add(refers, "the claim quotes its leaf hash, and was on file"+r.since(), nil)
	}
}

// since is when the claim was on file.
func (r *Report) since() string {
	if r.Claim.NoLaterThan.IsZero() {
		return ", at no time that is proven"
	}
	return " no later than " + client.Stamp(r.Claim.NoLaterThan)
}

// shown are the values that a declaration shows, those that stand in clear in its entry among them.
type shown struct {
	fields map[string]declaration.Field
	whole  bool // an opening shows everything: what is not there is absent
}

func shownBy(r client.Report) shown {
	s := shown{make(map[string]declaration.Field), r.Kind == "opening"}
	for _, f := range r.Fields {
		s.fields[f.Path] = f
	}
	for _, f := range r.Entry.Public {
		s.fields[f.Path] = f
	}
	return s
}

// get returns a value, which is empty if it is seen that there is none.
func (s shown) get(path string) (value string, seen bool) {
	f, seen := s.fields[path]
	return f.Value, seen || s.whole
}

// dates compares the certification with the day that the claim states.
func (r *Report) dates() {
	if r.day == "" {
		r.Facts.Absent(claimDate, "not shown")
		r.Facts.Absent(beforeDate, "not proven: the claim does not show its date")
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
	return t.Add(-14 * time.Hour), t.AddDate(0, 0, 1).Add(12 * time.Hour), err
}

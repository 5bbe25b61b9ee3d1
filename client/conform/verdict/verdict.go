// SPDX-License-Identifier: Apache-2.0

// Package verdict holds what conformance suites come to: cases, what became of each, and the problems
// that were found. The suites for logs and for witnesses share it.
package verdict

import (
	"fmt"
	"slices"
)

// Case is one thing that is asked of a server.
type Case struct {
	ID    string   `json:"id"`    // L01 … or W01 …
	Title string   `json:"title"` // what holds where the case passes
	Items []string `json:"items"` // of the specifications that it is about
}

// Verdict is what became of a case.
type Verdict string

// The verdicts.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	NotApplicable Verdict = "not applicable"
)

// Force says how strongly something is asked of a server.
type Force string

// The forces. Practice stands in no specification: logs and their readers have been hurt without it.
const (
	Must     Force = "must"
	Should   Force = "should"
	Practice Force = "practice"
)

const (
	maxProblems = 50 // of one case
	maxRequests = 50 // that are named for one problem
)

// Problem is one thing that is wrong, at however many places it was seen.
type Problem struct {
	Force    Force    `json:"force"`
	Item     string   `json:"item"`     // of the specification, as TT-11; docs/conform.md lists them
	Requests []string `json:"requests"` // that showed it, as "GET /tile/0/000"; the first 50
	Count    int      `json:"count"`    // how many there were
	Text     string   `json:"text"`     // what was seen, and what is right
}

// Result is what became of one case.
type Result struct {
	Case
	Verdict  Verdict   `json:"verdict"`
	Checked  string    `json:"checked,omitempty"` // what was looked at; "" if nothing could be
	Problems []Problem `json:"problems"`
	Untried  []string  `json:"untried"` // parts that could not be judged, and why
}

// Results are those of a run, in the order of their cases' ids.
type Results []Result

// Count returns how many cases have this verdict.
func (r Results) Count(v Verdict) (n int) {
	for _, result := range r {
		if result.Verdict == v {
			n++
		}
	}
	return n
}

// Problems returns how many problems of this force there are.
func (r Results) Problems(f Force) (n int) {
	for _, result := range r {
		for _, p := range result.Problems {
			if p.Force == f {
				n++
			}
		}
	}
	return n
}

// Fail records a problem. The text is the same for every request that shows it, so that they are
// told together; it repeats nothing of a server but quoted and cut short.
func (r *Result) Fail(force Force, item string, request fmt.Stringer, format string, args ...any) {
	p := Problem{Force: force, Item: item, Text: fmt.Sprintf(format, args...)}
	i := slices.IndexFunc(r.Problems, func(q Problem) bool {
		return q.Force == p.Force && q.Item == p.Item && q.Text == p.Text
	})
	if i < 0 {
		if len(r.Problems) == maxProblems {
			return // the verdict is clear
		}
		r.Problems, i = append(r.Problems, p), len(r.Problems)
	}
	known := &r.Problems[i]
	if known.Count++; len(known.Requests) < maxRequests {
		known.Requests = append(known.Requests, request.String())
	}
}

// Skip records a part that cannot be judged, once.
func (r *Result) Skip(format string, args ...any) {
	if why := fmt.Sprintf(format, args...); !slices.Contains(r.Untried, why) {
		r.Untried = append(r.Untried, why)
	}
}

// Check says what was looked at.
func (r *Result) Check(format string, args ...any) { r.Checked = fmt.Sprintf(format, args...) }

// Settle gives the verdict that follows from what was found, and puts the gravest problems first.
func (r *Result) Settle() {
	order := []Force{Must, Should, Practice}
	slices.SortStableFunc(r.Problems, func(p, q Problem) int {
		return slices.Index(order, p.Force) - slices.Index(order, q.Force)
	})
	switch {
	case len(r.Problems) > 0:
		r.Verdict = Fail
	case r.Checked == "":
		r.Verdict = NotApplicable
	default:
		r.Verdict = Pass
	}
}

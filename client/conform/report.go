// SPDX-License-Identifier: Apache-2.0

package conform

import (
	"fmt"
	"slices"
	"time"
)

// Verdict is what became of a case.
type Verdict string

// The verdicts.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"
	NotApplicable Verdict = "not applicable"
)

// Force says how strongly something is asked of a log.
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

// Report is what became of a log.
type Report struct {
	URL      string        `json:"url"`
	Origin   string        `json:"origin"`
	From     int64         `json:"from"`     // size of the first checkpoint that was seen
	To       int64         `json:"to"`       // size of the largest one
	Added    int64         `json:"added"`    // entries that were added for the test
	Requests int           `json:"requests"` // that were sent, beside those that added
	Elapsed  time.Duration `json:"elapsed_ns"`
	Results  []Result      `json:"results"` // in the order of their cases' ids
}

// Count returns how many cases have this verdict.
func (r Report) Count(v Verdict) (n int) {
	for _, result := range r.Results {
		if result.Verdict == v {
			n++
		}
	}
	return n
}

// Problems returns how many problems of this force there are.
func (r Report) Problems(f Force) (n int) {
	for _, result := range r.Results {
		for _, p := range result.Problems {
			if p.Force == f {
				n++
			}
		}
	}
	return n
}

// fail records a problem. The text is the same for every request that shows it, so that they are
// told together; it repeats nothing of a log but quoted and cut short.
func (r *Result) fail(force Force, item string, request fmt.Stringer, format string, args ...any) {
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

// skip records a part that cannot be judged, once.
func (r *Result) skip(format string, args ...any) {
	if why := fmt.Sprintf(format, args...); !slices.Contains(r.Untried, why) {
		r.Untried = append(r.Untried, why)
	}
}

// check says what was looked at.
func (r *Result) check(format string, args ...any) { r.Checked = fmt.Sprintf(format, args...) }

// settle gives the verdict that follows from what was found, and puts the gravest problems first.
func (r *Result) settle() {
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

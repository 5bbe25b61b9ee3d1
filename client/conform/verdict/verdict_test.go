// SPDX-License-Identifier: Apache-2.0

package verdict

import "testing"

type request string

func (r request) String() string { return string(r) }

// The same problem is told once, the gravest first, and no list grows without end.
func TestResult(t *testing.T) {
	var r Result
	for i := range 200 {
		r.Fail(Practice, "TT-5", request("GET /x"), "same")
		r.Fail(Must, "TT-5", request("GET /x"), "differs %d", i)
	}
	r.Settle()
	last := r.Problems[len(r.Problems)-1]
	if r.Verdict != Fail || len(r.Problems) != maxProblems || last.Count != 200 || len(last.Requests) != maxRequests ||
		last.Force != Practice {
		t.Errorf("%s, %d problems, the last %+v", r.Verdict, len(r.Problems), last)
	}
	var nothing Result
	if nothing.Settle(); nothing.Verdict != NotApplicable {
		t.Error(nothing.Verdict)
	}
}

// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"cocket.example/receipt"
)

// result is what came of the entries.
type result struct {
	submitted, verified int
	append, receipt     []time.Duration // for each batch, from sending it
	witnesses           map[string]bool // who cosigned a checkpoint that was used
	failed              []error
}

// saw remembers who cosigned a checkpoint.
func (r *result) saw(trusted receipt.Trusted) {
	if r.witnesses == nil {
		r.witnesses = make(map[string]bool)
	}
	for _, w := range trusted.Report().Witnesses {
		if w.Err == nil {
			r.witnesses[w.Witness.Name] = true
		}
	}
}

// print writes the reasons of refusals, then one "name value" a line.
func (r *result) print(w io.Writer, s *Site, in sealed) {
	rejected := in.rows - len(in.entries)
	if rejected > 0 {
		fmt.Fprintf(w, "%d rows break a rule:\n", rejected)
		reasons := slices.SortedFunc(maps.Keys(in.reasons), func(a, b string) int {
			return cmp.Or(in.reasons[b]-in.reasons[a], cmp.Compare(a, b))
		})
		for _, reason := range reasons[:min(10, len(reasons))] {
			fmt.Fprintf(w, "  %6d  %s\n", in.reasons[reason], reason)
		}
		if n := len(reasons) - 10; n > 0 {
			fmt.Fprintf(w, "          and %d other reasons; each row with its own stands in openings.jsonl\n", n)
		}
		for _, row := range in.first {
			fmt.Fprintf(w, "  first:  %s\n", row)
		}
	}
	for _, line := range []struct {
		name  string
		value any
	}{
		{"rows", in.rows},
		{"rejected", rejected},
		{"submitted", r.submitted},
		{"verified", r.verified},
		{"witnesses", len(r.witnesses)},
		{"append_p50_ms", quantile(r.append, 0.50)},
		{"receipt_p99_ms", quantile(r.receipt, 0.99)},
		{"log_dir", s.path("log")},
		{"policy", s.path("policy")},
		{"log_vkey", s.path("log.vkey")},
	} {
		fmt.Fprintf(w, "%s %v\n", line.name, line.value)
	}
}

// judge accounts for every row.
func (r *result) judge(in sealed) error {
	errs := r.failed[:min(10, len(r.failed))]
	if r.submitted != len(in.entries) || r.verified != r.submitted {
		errs = append(errs, fmt.Errorf("%d rows were sealed, %d submitted, %d verified",
			len(in.entries), r.submitted, r.verified))
	}
	return errors.Join(errs...)
}

// quantile is in milliseconds, by the nearest rank.
func quantile(d []time.Duration, q float64) string {
	if len(d) == 0 {
		return "0"
	}
	sorted := slices.Sorted(slices.Values(d))
	at := sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
	return fmt.Sprintf("%.1f", float64(at.Microseconds())/1000)
}

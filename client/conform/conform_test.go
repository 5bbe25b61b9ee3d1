// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"slices"
	"testing"
	"time"

	"cocket.example/client/conform"
	"cocket.example/receipt"
)

// config is for a log in memory: it publishes at once what it signs, so that there is no grace.
func config(m *memlog, url string) conform.Config {
	return conform.Config{
		URL: url, Keys: []receipt.VerifierKey{m.key}, Add: url,
		Interval: time.Millisecond, Polls: 20, Grace: -1,
	}
}

// failed are the ids of the cases that failed.
func failed(r conform.Report) (ids []string) {
	for _, result := range r.Results {
		if result.Verdict == conform.Fail {
			ids = append(ids, result.ID)
		}
	}
	return ids
}

func tell(t *testing.T, r conform.Report) {
	t.Helper()
	for _, result := range r.Results {
		t.Logf("%s %s: %s; untried %q", result.ID, result.Verdict, result.Checked, result.Untried)
		for _, p := range result.Problems {
			t.Logf("    %s %s %s ×%d: %s", p.Force, p.Item, p.Requests[0], p.Count, p.Text)
		}
	}
}

// A log that does everything right passes every case, from the empty log on.
func TestGoodLog(t *testing.T) {
	m := newMemlog()
	r, err := conform.Run(t.Context(), config(m, m.start(t, m)))
	tell(t, r)
	if err != nil || r.Count(conform.Pass) != len(conform.Cases()) {
		t.Errorf("%d of %d cases pass, failed %v, error %v", r.Count(conform.Pass), len(conform.Cases()), failed(r), err)
	}
	if r.From != 0 || r.To < 512 || r.Added < 512 || r.Origin != origin {
		t.Errorf("report says from %d to %d, added %d, origin %q", r.From, r.To, r.Added, r.Origin)
	}
}

// Without --add nothing is written, and what cannot be seen so is said not to apply.
func TestReadOnly(t *testing.T) {
	m := newMemlog()
	for i := range 300 {
		m.entries = append(m.entries, []byte{byte(i)})
	}
	m.publish()
	c := config(m, m.start(t, m))
	c.Add = ""
	r, err := conform.Run(t.Context(), c)
	tell(t, r)
	var idle []string
	for _, result := range r.Results {
		if result.Verdict == conform.NotApplicable {
			idle = append(idle, result.ID)
		}
	}
	if err != nil || len(failed(r)) > 0 || !slices.Equal(idle, []string{"L03", "L05", "L08"}) || len(m.entries) != 300 {
		t.Errorf("failed %v, not applicable %v, %d entries, error %v", failed(r), idle, len(m.entries), err)
	}
}

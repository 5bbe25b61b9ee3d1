// SPDX-License-Identifier: Apache-2.0

package conform_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cocket.example/client/conform"
	"cocket.example/client/conform/verdict"
	"cocket.example/receipt"
)

// config is for a log in memory: it publishes at once what it signs, so that there is no grace.
func config(m *memlog, url string) conform.Config {
	return conform.Config{
		URL: url, Keys: []receipt.VerifierKey{m.key}, Add: url,
		Interval: time.Millisecond, Polls: 10, Grace: -1,
	}
}

// failed are the ids of the cases that failed.
func failed(r conform.Report) (ids []string) {
	for _, result := range r.Results {
		if result.Verdict == verdict.Fail {
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
	if err != nil || r.Count(verdict.Pass) != len(conform.Cases()) {
		t.Errorf("%d of %d cases pass, failed %v, error %v", r.Count(verdict.Pass), len(conform.Cases()),
			failed(r), err)
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
	c := config(m, m.start(t, m)).Quick()
	c.Add = ""
	r, err := conform.Run(t.Context(), c)
	tell(t, r)
	var idle []string
	for _, result := range r.Results {
		if result.Verdict == verdict.NotApplicable {
			idle = append(idle, result.ID)
		}
	}
	if err != nil || len(failed(r)) > 0 || !slices.Equal(idle, []string{"L03", "L05", "L08"}) || len(m.entries) != 300 {
		t.Errorf("failed %v, not applicable %v, %d entries, error %v", failed(r), idle, len(m.entries), err)
	}
}

// Where others add meanwhile, the polls show sizes whose partial tiles must stay.
func TestWatched(t *testing.T) {
	m := newMemlog()
	for i := range 300 {
		m.entries = append(m.entries, []byte{byte(i)})
	}
	m.publish()
	m.entries = append(m.entries, []byte("one more"))
	c := config(m, m.start(t, m))
	c.Add, c.Only = "", []string{"L02", "L05"}
	r, err := conform.Run(t.Context(), c)
	if err != nil || r.Count(verdict.Pass) != 2 || r.From != 300 || r.To != 301 {
		t.Errorf("from %d to %d, error %v", r.From, r.To, err)
		tell(t, r)
	}
}

// A case that needs entries makes some, if it may.
func TestOneCase(t *testing.T) {
	for _, id := range []string{"L05", "L06", "L08", "L09", "L10", "L13", "L17"} {
		m := newMemlog()
		c := config(m, m.start(t, m)).Quick()
		c.Only = []string{id}
		if r, err := conform.Run(t.Context(), c); err != nil || r.Count(verdict.Pass) != 1 {
			t.Errorf("%s: error %v", id, err)
			tell(t, r)
		}
		c.Add = ""
		m = newMemlog()
		c.URL, c.Keys[0] = m.start(t, m), m.key
		if r, err := conform.Run(t.Context(), c); err != nil || r.Count(verdict.NotApplicable) != 1 {
			t.Errorf("%s of an empty log: error %v", id, err)
			tell(t, r)
		}
	}
}

// cosigned serves the log with what add puts below its checkpoints.
func cosigned(m *memlog, add func(cp receipt.Checkpoint) []receipt.Signature) http.Handler {
	h := edit("/checkpoint", func(b []byte) []byte {
		cp, _, err := receipt.ParseCheckpoint(b)
		if err != nil {
			panic(err)
		}
		for _, line := range add(cp) {
			b = append(b, line.String()...)
		}
		return b
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h(m, w, r) })
}

// One bad line below a checkpoint is enough to make it worthless for whoever knows the key.
func TestCosignatures(t *testing.T) {
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/w1")
	if err != nil {
		t.Fatal(err)
	}
	w1 := must(receipt.NewCosigner(skey))
	good := func(cp receipt.Checkpoint) receipt.Signature { return must(w1.Cosign(cp, time.Now())) }
	broken := func(cp receipt.Checkpoint) receipt.Signature {
		cp.Size++
		return good(cp)
	}
	unknown := receipt.Signature{Name: "witness.example/other", ID: 7, Sig: make([]byte, 72)}
	type lines = []receipt.Signature
	for name, c := range map[string]struct {
		add  func(cp receipt.Checkpoint) lines
		text string // of the problem; "" for none
	}{
		"good":    {func(cp receipt.Checkpoint) lines { return lines{good(cp)} }, ""},
		"unknown": {func(cp receipt.Checkpoint) lines { return lines{unknown, good(cp)} }, ""},
		"broken":  {func(cp receipt.Checkpoint) lines { return lines{broken(cp)} }, "witness w1: "},
		"doubled": {func(cp receipt.Checkpoint) lines { return lines{unknown, unknown, good(cp)} }, "two lines of key"},
		"missing": {func(receipt.Checkpoint) lines { return nil }, "without the policy's quorum"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemlog()
			policy := must(receipt.ParsePolicy(fmt.Appendf(nil, "log %s\nwitness w1 %s\nquorum w1\n", m.key, vkey)))
			config := conform.Config{URL: m.start(t, cosigned(m, c.add)), Policy: &policy, Only: []string{"L01", "L15"}}
			r, err := conform.Run(t.Context(), config)
			if err != nil || r.Results[0].Verdict != verdict.Pass {
				t.Fatalf("error %v, L01 %s", err, r.Results[0].Verdict)
			}
			problems := r.Results[1].Problems
			seen := slices.ContainsFunc(problems, func(p verdict.Problem) bool {
				return strings.Contains(p.Text, c.text)
			})
			if seen != (c.text != "") {
				t.Errorf("problems %+v, want %q", problems, c.text)
			}
		})
	}
}

// Every key that is named must have signed.
func TestTwoKeys(t *testing.T) {
	m, other := newMemlog(), newMemlog()
	c := config(m, m.start(t, m))
	c.Keys, c.Only = append(c.Keys, other.key), []string{"L01", "L17"}
	r, err := conform.Run(t.Context(), c)
	if err != nil || !slices.Equal(failed(r), []string{"L01"}) {
		t.Errorf("failed %v, error %v", failed(r), err)
	}
}

// A log that holds something already grows over the next end of a tile, and never by more than it may.
func TestGrowth(t *testing.T) {
	for limit, to := range map[int64]int{0: 1025, 10: 1000} {
		m := newMemlog()
		for i := range 1000 {
			m.entries = append(m.entries, fmt.Appendf(nil, "earlier entry %d", i))
		}
		m.publish()
		c := config(m, m.start(t, m))
		c.MaxEntries, c.Only = limit, []string{"L04", "L05"}
		r, err := conform.Run(t.Context(), c)
		if err != nil || len(failed(r)) > 0 || r.To != int64(to) {
			t.Errorf("at most %d: to %d, want %d, failed %v, error %v", limit, r.To, to, failed(r), err)
			tell(t, r)
		}
		c.Only = []string{"L08", "L09"}
		if r, err = conform.Run(t.Context(), c); err != nil || limit > 0 && r.Added > limit {
			t.Errorf("at most %d: added %d, error %v", limit, r.Added, err)
		}
	}
}

// What was judged before an interruption is reported.
func TestInterrupted(t *testing.T) {
	m := newMemlog()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := config(m, m.start(t, m))
	c.Progress = func(done, _ int) {
		if done == 2 {
			cancel()
		}
	}
	r, err := conform.Run(ctx, c)
	if !errors.Is(err, context.Canceled) || len(r.Results) != 2 {
		t.Errorf("%d results, error %v", len(r.Results), err)
	}
}

// A log that does not let entries be added, or is not there, is not judged.
func TestUntried(t *testing.T) {
	m := newMemlog()
	closed := m.start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/add" {
			http.Error(w, "no valid token", http.StatusUnauthorized)
			return
		}
		m.ServeHTTP(w, r)
	}))
	c := config(m, closed)
	if _, err := conform.Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("error %v", err)
	}
	c.Only = []string{"L99"}
	if _, err := conform.Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), `no case "L99"`) {
		t.Errorf("error %v", err)
	}
	c.URL, c.Only = "ftp://log.example", nil
	if _, err := conform.Run(t.Context(), c); err == nil {
		t.Error("a URL that is none was taken")
	}
	c.URL, c.Keys = closed, nil
	if _, err := conform.Run(t.Context(), c); err == nil {
		t.Error("no key was taken")
	}
}

// A log that publishes nothing of what it takes is waited for, but not for ever.
func TestStuckLog(t *testing.T) {
	m := newMemlog()
	empty := m.checkpoint
	stuck := edit("/checkpoint", func([]byte) []byte { return empty })
	c := config(m, m.start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { stuck(m, w, r) })))
	c.Timeout, c.Only = time.Second, []string{"L04"}
	r, err := conform.Run(t.Context(), c)
	if err != nil || len(r.Results[0].Problems) == 0 || !strings.Contains(r.Results[0].Problems[0].Text, "does not cover what was added") {
		t.Errorf("%+v, error %v", r.Results, err)
	}
}

// SPDX-License-Identifier: Apache-2.0

// Package witness judges a witness from outside: whether it answers as c2sp.org/tlog-witness and
// tlog-cosignature ask of it, and what logs and monitors rely on beyond that. It plays the logs, and
// knows nothing of how the witness is built, so it is for any.
//
// Trees, proofs and the signatures of logs are those of golang.org/x/mod and the standard library, and
// cosignatures are verified here, so that this project's own witness is not judged by the code that made
// it. docs/conform.md explains every case.
package witness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"cocket.example/client/conform/internal/wire"
	"cocket.example/client/conform/verdict"
	"cocket.example/receipt"
)

// Config of a run. URL, Keys and Logs are needed; the zero value of every other field means its default.
type Config struct {
	URL     string                // submission prefix, as https://witness.example/w1
	Monitor string                // monitoring prefix; default the submission prefix
	Keys    []receipt.VerifierKey // of the witness (types 0x04 and 0x06); each must cosign
	Logs    Logs                  // that are played

	Only, Skip []string // ids of cases; without Only all

	// Restart kills the witness as kill -9 does, and starts it again; for W17. Nil: not tried.
	Restart func(ctx context.Context) error

	Timeout time.Duration // for one answer; default 30 s
	Skew    time.Duration // between the clocks here and there; default 5 min
	Slow    time.Duration // within which a slow body is to be given up; default 40 s, negative: not tried

	Transport http.RoundTripper     // default: one of its own
	Progress  func(done, total int) // is told how many cases are judged; may be nil

	sizes int64 // up to this one, all steps are tried in W11; default 40
	tick  time.Duration
}

func (c Config) withDefaults() Config {
	c.Monitor = cmp.Or(c.Monitor, c.URL)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.Skew = cmp.Or(c.Skew, 5*time.Minute)
	c.Slow = cmp.Or(c.Slow, 40*time.Second)
	c.sizes = cmp.Or(c.sizes, maxSize)
	c.tick = cmp.Or(c.tick, 1100*time.Millisecond)
	if c.Transport == nil {
		c.Transport = wire.Transport(racers)
	}
	if c.Progress == nil {
		c.Progress = func(int, int) {}
	}
	return c
}

// Report is what became of a witness.
type Report struct {
	URL      string        `json:"url"`
	Monitor  string        `json:"monitor"`
	Keys     []string      `json:"keys"` // names and ids of the keys that must cosign
	Logs     string        `json:"logs"` // that were played: their common name
	Run      int           `json:"run"`
	Requests int64         `json:"requests"`
	Elapsed  time.Duration `json:"elapsed_ns"`

	verdict.Results `json:"results"`
}

// Run judges a witness. The error says why it could not be tried at all, or to the end: it was not
// reached, knows not the logs or knows them from an earlier run, or the context ended. The report then
// holds what was judged until then.
func Run(ctx context.Context, c Config) (report Report, err error) {
	began := time.Now()
	chosen, err := choose(c.Only, c.Skip)
	if err != nil {
		return report, err
	}
	s, err := newSubject(c.withDefaults())
	if err != nil {
		return report, err
	}
	results := verdict.Results{}
	if err = s.begin(ctx); err == nil {
		results, err = s.judge(ctx, chosen)
	}
	report = s.report(results)
	report.Elapsed = time.Since(began)
	return report, err
}

func (s *subject) judge(ctx context.Context, chosen []trial) (results verdict.Results, err error) {
	results = verdict.Results{}
	for i, t := range chosen {
		s.config.Progress(i, len(chosen))
		r := verdict.Result{Case: t.Case, Problems: []verdict.Problem{}, Untried: []string{}}
		t.run(ctx, s, &r)
		if err = cmp.Or(ctx.Err(), s.err); err != nil {
			return results, fmt.Errorf("%d of %d cases were judged: %w", i, len(chosen), err)
		}
		r.Settle()
		results = append(results, r)
	}
	s.config.Progress(len(chosen), len(chosen))
	return results, nil
}

// choose finds the cases by their ids.
func choose(only, skip []string) (chosen []trial, err error) {
	for _, id := range slices.Concat(only, skip) {
		if !slices.ContainsFunc(trials, func(t trial) bool { return t.ID == id }) {
			return nil, fmt.Errorf("there is no case %.20q, docs/conform.md lists them", id)
		}
	}
	for _, t := range trials {
		if (len(only) == 0 || slices.Contains(only, t.ID)) && !slices.Contains(skip, t.ID) {
			chosen = append(chosen, t)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("no case is left")
	}
	return chosen, nil
}

func (s *subject) report(results verdict.Results) Report {
	r := Report{URL: s.config.URL, Monitor: s.config.Monitor, Keys: []string{}, Logs: s.config.Logs.Name(),
		Run: s.config.Logs.Run, Requests: s.web.requests.Load(), Results: results}
	for _, k := range s.config.Keys {
		r.Keys = append(r.Keys, fmt.Sprintf("%s+%08x", k.Name, k.ID))
	}
	return r
}

// SPDX-License-Identifier: Apache-2.0

// Package conform judges a log from outside: whether it serves what c2sp.org/tlog-tiles,
// tlog-checkpoint and signed-note ask of it, and what caches, monitors and witnesses rely on
// beyond that. It knows nothing of how the log is built, so it is for any log of tiles.
//
// The tree's arithmetic and the signatures of type 0x01 are those of golang.org/x/mod, so that this
// project's own log is not judged by the code that made it. docs/conform.md explains every case.
package conform

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

// Config of a run. The zero value of every optional field means its default.
type Config struct {
	URL    string                // prefix of the log, as https://log.example/2027
	Keys   []receipt.VerifierKey // every one of them must have signed; may be empty where Policy is given
	Policy *receipt.Policy       // for the cosignatures; without Keys, any one of its logs must have signed

	Only, Skip []string // ids of cases; without Only all

	Add        string // prefix whose POST /add takes entries; "" only reads
	Token      string // bearer token for it; may be empty
	MaxEntries int64  // that may be added; default 1,000, and 75,000 with Large
	Large      bool   // grow as far as 70,000 entries

	Polls    int           // of the checkpoint; default 100
	Interval time.Duration // between them; default 100 ms
	Timeout  time.Duration // for one answer, and for a checkpoint that covers what was added; default 30 s
	// Grace is how long before its checkpoint a tile may be served: from the signature to the
	// publication. Default 500 ms, and 10 s where others cosign. Negative: not at all.
	Grace time.Duration

	Transport http.RoundTripper     // default: one of its own, over HTTP/1.1 or HTTP/2
	Progress  func(done, total int) // is told how many cases are judged; may be nil

	small int64 // up to this size all proofs are computed; default 300
}

func (c Config) withDefaults() Config {
	c.Polls = cmp.Or(c.Polls, 100)
	c.Interval = cmp.Or(c.Interval, 100*time.Millisecond)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.small = cmp.Or(c.small, 300)
	if c.MaxEntries == 0 {
		c.MaxEntries = 1000
		if c.Large {
			c.MaxEntries = 75_000
		}
	}
	if c.Transport == nil {
		c.Transport = wire.Transport(parallel)
	}
	if c.Progress == nil {
		c.Progress = func(int, int) {}
	}
	return c
}

// Run judges a log. The error says why it could not be tried at all, or to the end: the log was not
// reached, does not let entries be added, or the context ended. The report then holds what was
// judged until then.
func Run(ctx context.Context, c Config) (report Report, err error) {
	began := time.Now()
	s, err := newSubject(c.withDefaults())
	if err != nil {
		return report, err
	}
	chosen, err := choose(c.Only, c.Skip)
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

// judge runs the cases in the order of the table, and sorts their results by id.
func (s *subject) judge(ctx context.Context, chosen []*trial) (results verdict.Results, err error) {
	results = verdict.Results{}
	for i, t := range chosen {
		s.config.Progress(i, len(chosen))
		r := verdict.Result{Case: t.Case, Problems: []verdict.Problem{}, Untried: []string{}}
		if t.needs >= entries && s.adder != nil && s.latest != nil && s.latest.tree.N == 0 {
			s.climb(ctx, &r)
		}
		if why := s.lacks(t.needs); why != "" {
			r.Skip("%s", why)
		} else {
			t.run(ctx, s, &r)
		}
		if err = cmp.Or(ctx.Err(), s.err); err != nil {
			err = fmt.Errorf("%d of %d cases were judged: %w", i, len(chosen), err)
			break // what this case found may come from that
		}
		r.Settle()
		results = append(results, r)
	}
	if err == nil {
		s.config.Progress(len(chosen), len(chosen))
	}
	slices.SortFunc(results, func(a, b verdict.Result) int { return cmp.Compare(a.ID, b.ID) })
	return results, err
}

// choose finds the cases by their ids.
func choose(only, skip []string) (chosen []*trial, err error) {
	for _, id := range slices.Concat(only, skip) {
		if !slices.ContainsFunc(trials, func(t *trial) bool { return t.ID == id }) {
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

// Report is what became of a log.
type Report struct {
	URL      string        `json:"url"`
	Origin   string        `json:"origin"`
	From     int64         `json:"from"`     // size of the first checkpoint that was seen
	To       int64         `json:"to"`       // size of the largest one
	Added    int64         `json:"added"`    // entries that were added for the test
	Requests int           `json:"requests"` // that were sent, beside those that added
	Elapsed  time.Duration `json:"elapsed_ns"`

	verdict.Results `json:"results"`
}

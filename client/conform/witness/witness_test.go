// SPDX-License-Identifier: Apache-2.0

package witness_test

import (
	"crypto/rand"
	"net/http"
	"slices"
	"testing"
	"time"

	"cocket.example/client/conform/verdict"
	"cocket.example/client/conform/witness"
	"cocket.example/receipt"
)

// newLogs are logs that nobody has seen.
func newLogs() witness.Logs {
	skey, _, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, "conform.example/log")
	return witness.Logs{Key: must(receipt.NewSigner(must(skey, err))), Run: 1}
}

// known makes a twin that knows new logs, and what to run against it.
func known() (*twin, witness.Config) {
	logs := newLogs()
	w := newTwin(must(logs.VerifierKeys()))
	return w, witness.Config{Keys: w.keys, Logs: logs, Slow: 5 * time.Second,
		Restart: nil}
}

func failed(r witness.Report) (ids []string) {
	for _, result := range r.Results {
		if result.Verdict == verdict.Fail {
			ids = append(ids, result.ID)
		}
	}
	return ids
}

func tell(t *testing.T, r witness.Report) {
	t.Helper()
	for _, result := range r.Results {
		t.Logf("%s %s: %s; untried %q", result.ID, result.Verdict, result.Checked, result.Untried)
		for _, p := range result.Problems {
			t.Logf("    %s %s %s ×%d: %s", p.Force, p.Item, p.Requests[0], p.Count, p.Text)
		}
	}
}

// A witness that does everything right passes every case but the one that needs a process to kill.
func TestGoodWitness(t *testing.T) {
	w, c := known()
	c.URL = serve(t, w)
	r, err := witness.Run(t.Context(), c)
	tell(t, r)
	if err != nil || len(failed(r)) > 0 || r.Count(verdict.Pass) != len(witness.Cases())-1 {
		t.Errorf("%d of %d cases pass, failed %v, error %v", r.Count(verdict.Pass), len(witness.Cases()), failed(r), err)
	}
	if r.Requests < 3000 || r.Logs != "conform.example/log" || len(r.Keys) != 2 {
		t.Errorf("%d requests, logs %q, keys %q", r.Requests, r.Logs, r.Keys)
	}
}

var _ = slices.Equal[[]string]
var _ http.Handler

// SPDX-License-Identifier: Apache-2.0

package witness_test

import (
	"context"
	"crypto/rand"
	"errors"
	"regexp"
	"slices"
	"strings"
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
		Restart: func(context.Context) error { return nil }}
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

// A witness that does everything right passes every case.
func TestGoodWitness(t *testing.T) {
	t.Parallel()
	w, c := known()
	c.URL = serve(t, w)
	r, err := witness.Run(t.Context(), c.Small())
	tell(t, r)
	if err != nil || len(failed(r)) > 0 || r.Count(verdict.Pass) != len(witness.Cases()) {
		t.Errorf("%d of %d cases pass, failed %v, error %v", r.Count(verdict.Pass), len(witness.Cases()), failed(r), err)
	}
	if r.Requests < 600 || r.Logs != "conform.example/log" || len(r.Keys) != 2 {
		t.Errorf("%d requests, logs %q, keys %q", r.Requests, r.Logs, r.Keys)
	}
}

// Without a command that restarts it, or keys of ML-DSA-44 or Ed25519, what cannot be seen is said not to apply.
func TestNotApplicable(t *testing.T) {
	for only, keys := range map[string][2]int{"W17": {0, 2}, "W20": {0, 1}, "W23": {0, 1}, "W24": {1, 2}} {
		w, c := known()
		c.URL, c.Only, c.Restart, c.Keys = serve(t, w), []string{only}, nil, c.Keys[keys[0]:keys[1]]
		r, err := witness.Run(t.Context(), c)
		if err != nil || r.Count(verdict.NotApplicable) != 1 || len(r.Results[0].Untried) != 1 {
			t.Errorf("%s: %+v, error %v", only, r.Results, err)
		}
	}
}

// A witness that is not there, knows not the logs or knows them already is not judged.
func TestUntried(t *testing.T) {
	w, c := known()
	c.URL, c.Only = serve(t, w), []string{"W03"}
	for _, want := range []string{"", "--run"} {
		_, err := witness.Run(t.Context(), c)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for want, change := range map[string]func(*witness.Config){
		"--print-config":           func(c *witness.Config) { c.Logs.Run = 2 },
		"not reached":              func(c *witness.Config) { c.URL = "http://127.0.0.1:1" },
		"URL of the witness":       func(c *witness.Config) { c.URL = "ftp://witness.example" },
		"URL for monitors":         func(c *witness.Config) { c.Monitor = "witness.example" },
		`no case "W99"`:            func(c *witness.Config) { c.Only = []string{"W99"} },
		"no case is left":          func(c *witness.Config) { c.Skip = []string{"W03"} },
		"no key of the witness":    func(c *witness.Config) { c.Keys = nil },
		"no key of a log":          func(c *witness.Config) { c.Logs.Key = nil },
		"want 1 to":                func(c *witness.Config) { c.Logs.Run = 0 },
		"has type 0x01, want 0x04": func(c *witness.Config) { c.Keys = w.logs[c.Logs.Key.Name()+"/1/w01"] },
	} {
		c := c
		change(&c)
		if _, err := witness.Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// What was judged before an interruption is reported.
func TestInterrupted(t *testing.T) {
	w, c := known()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.URL = serve(t, w)
	c.Progress = func(done, _ int) {
		if done == 2 {
			cancel()
		}
	}
	r, err := witness.Run(ctx, c)
	if !errors.Is(err, context.Canceled) || len(r.Results) != 2 {
		t.Errorf("%d results, error %v", len(r.Results), err)
	}
}

// Logs of another run, or of another key, are others.
func TestLogs(t *testing.T) {
	logs := newLogs()
	seen := make(map[string]bool)
	for run := range 3 {
		logs.Run = run + 1
		vkeys := must(logs.VerifierKeys())
		if !slices.Equal(vkeys, must(logs.VerifierKeys())) {
			t.Error("a second call makes others")
		}
		for _, vkey := range vkeys {
			if seen[vkey] {
				t.Errorf("%s is there twice", vkey)
			}
			seen[vkey] = true
		}
	}
	for format, keys := range map[string]int{"cocket": 53, "list": 52, "litewitness": 53, "omniwitness": 52} {
		text, err := logs.Config(format)
		if n := len(regexp.MustCompile(`\+[0-9a-f]{8}\+`).FindAllString(text, -1)); err != nil || n != keys {
			t.Errorf("%s: %d keys, want %d, error %v", format, n, keys, err)
		}
	}
	if _, err := logs.Config("yaml"); err == nil {
		t.Error("a format that there is not")
	}
}

// TestConfigList: the list is one that a witness takes.
func TestConfigList(t *testing.T) {
	text, err := newLogs().Config("list")
	if err != nil {
		t.Fatal(err)
	}
	if listed, err := receipt.ParseLogList([]byte(text)); err != nil || len(listed) != 52 {
		t.Errorf("%d logs, %v", len(listed), err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

// cosigned is a checkpoint of the rig's log with the log's signature and the witness's cosignatures, which
// may be what it has forgotten.
func (r *rig) cosigned(c receipt.Checkpoint, at time.Time) string {
	r.t.Helper()
	note := string(r.log.sign(r.t, c))
	for _, key := range r.witness.config.Keys {
		s, err := key.Cosign(c, at)
		if err != nil {
			r.t.Fatal(err)
		}
		note += s.String()
	}
	return note
}

// show lets the log show a note at the next start, and returns what is missing then.
func (u *running) show(note string) reason {
	u.t.Helper()
	u.published.Store(&note)
	u.start()
	return u.settle()
}

// TestRelate is the table of relate: what the log shows with our cosignature, beside size 5 at time 100
// that is held.
func TestRelate(t *testing.T) {
	fork := branch{"fork", 2}
	for _, c := range []struct {
		what   string
		branch branch
		size   int
		time   int64
		reason reason
		held   int
	}{
		{"the same", trunk, 5, 100, ready, 5},
		{"the same, earlier", trunk, 5, 90, ready, 5},
		{"the same, later", trunk, 5, 110, ready, 5},
		{"smaller, earlier", trunk, 3, 90, ready, 5},
		{"smaller, at the same time", trunk, 3, 100, ready, 5},
		{"smaller, later", trunk, 3, 110, contradictory, 5},
		{"larger, later", trunk, 8, 110, ready, 8},
		{"larger, at the same time", trunk, 8, 100, ready, 8},
		{"larger, earlier", trunk, 8, 90, contradictory, 5},
		{"another root", fork, 5, 100, contradictory, 5},
		{"another root, earlier", fork, 5, 90, contradictory, 5},
	} {
		t.Run(c.what, func(t *testing.T) {
			u := newRunning(t, true)
			epoch := start.Add(-100 * time.Second)
			u.want(200, u.log.grow(t, trunk, 0, 5))
			found := epoch.Add(time.Duration(c.time) * time.Second)
			why := u.show(u.cosigned(u.log.head(c.branch, c.size), found))
			if held := u.held(); why != c.reason || held != c.held {
				t.Fatalf("missing %q, held %d, want %q, %d", why, held, c.reason, c.held)
			}
			evidence, err := u.witness.config.State.Evidence()
			if err != nil || (len(evidence) > 0) != (c.reason == contradictory) {
				t.Errorf("evidence %+v: %v", evidence, err)
			}
			if c.reason == contradictory {
				u.staysHalted(evidence)
				return
			}
			at := u.time(u.log.head(trunk, c.held), u.want(200, u.log.grow(t, trunk, c.held, c.held)))
			if at.Before(found) || at.Before(start) {
				t.Errorf("refreshed at %v, after %v and %v", at, start, found)
			}
		})
	}
}

// staysHalted shows that nothing ends a contradiction.
func (u *running) staysHalted(evidence []Evidence) {
	u.t.Helper()
	for _, note := range []string{evidence[0].Held, evidence[0].Offered} {
		if _, err := recognize(u.keys, Log{Keys: []receipt.VerifierKey{u.log.key}}, []byte(note)); err != nil {
			u.t.Errorf("evidence that proves nothing: %v", err)
		}
	}
	if _, err := evidence[0].Fork(); err == nil || !strings.Contains(err.Error(), "convict the witness") {
		u.t.Errorf("a proof against the log: %v", err)
	}
	if !strings.Contains(u.logged.String(), "ALARM") {
		u.t.Error("no alarm in the log")
	}
	u.published.Store(nil)
	u.start()
	if why := u.settle(); why != contradictory {
		u.t.Errorf("after a restart: %q", why)
	}
	if err := u.witness.config.State.Accept(u.log.origin, 5); err == nil {
		u.t.Error("the operator's word ended it")
	}
	u.want(503, u.log.grow(u.t, trunk, 5, 6))
}

// TestForgotten adopts what was cosigned before everything was lost.
func TestForgotten(t *testing.T) {
	u := newRunning(t, true)
	extra := line(t, newTestLog(t, "other.example/w"), u.log.head(trunk, 9))
	note := u.cosigned(u.log.head(trunk, 9), start)
	if why := u.show(note + extra); why != ready || u.held() != 9 {
		t.Fatalf("missing %q, held %d", why, u.held())
	}
	if shown := u.get(monitorPath(u.log.origin)).Body.String(); shown != note {
		t.Errorf("shown:\n%s, want\n%s", shown, note)
	}
	u.want(409, u.log.grow(t, trunk, 0, 9))
	u.want(200, u.log.grow(t, trunk, 9, 12))
}

// TestUnheard shows what a log may answer without being heard, and what counts as nothing to say.
func TestUnheard(t *testing.T) {
	u := newRunning(t, true)
	u.stop()
	forger, stranger := newTestLogFrom(t, u.log.origin, "forger"), newTestLog(t, "log.example/stranger")
	head := u.log.head(trunk, 9)
	broken := u.log.sign(t, head)
	good := string(broken)
	subtree := u.cosigned(head, start)
	for name, c := range map[string]struct {
		note  string
		heard bool
	}{
		"no checkpoint":           {"<html>", false},
		"not signed by the log":   {string(forger.sign(t, head)), false},
		"of another log":          {string(stranger.sign(t, stranger.head(trunk, 9))), false},
		"too long":                {good + strings.Repeat(line(t, stranger, head), 2000), false},
		"without our cosignature": {good, true},
		"a broken one":            {good + strings.SplitAfter(u.cosigned(u.log.head(trunk, 8), start), "\n")[5], true},
		"with ours":               {subtree, true},
	} {
		u.published.Store(&c.note)
		held := u.held()
		_, err := u.witness.hear(t.Context(), u.witness.config.Logger, Log{
			Keys: []receipt.VerifierKey{u.log.key}, URL: u.logURL,
		})
		if (err == nil) != c.heard {
			t.Errorf("%s: %v", name, err)
		}
		if adopted := u.held() != held; adopted && c.note != subtree {
			t.Errorf("%s: adopted", name)
		}
	}
}

// TestRetry waits for a log that cannot be reached, and for its URL to be corrected.
func TestRetry(t *testing.T) {
	var up atomic.Bool
	log := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if up.Load() {
			http.NotFound(w, r)
			return
		}
		http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound) // is not followed
	}))
	t.Cleanup(log.Close)
	r := newRig(t)
	r.close()
	r.configure = func(c *Config) { c.Logs[0].URL = log.URL }
	r.open(OpenState)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.witness.Run(ctx) }()
	text := r.want(503, r.log.grow(t, trunk, 0, 5))
	if !strings.Contains(text, "has not heard from the log") {
		t.Errorf("answer %q", text)
	}
	for !strings.Contains(r.logged.String(), "status 302") {
		time.Sleep(time.Millisecond)
	}
	if n := r.witness.waiting()[logUnheard]; n != 1 {
		t.Errorf("%d logs wait, want 1", n)
	}
	up.Store(true)
	for r.witness.waiting()[logUnheard] > 0 {
		time.Sleep(time.Millisecond)
	}
	r.want(200, r.log.grow(t, trunk, 0, 5))
	second := newTestLog(t, "log.example/second")
	r.setLogs(Log{Keys: []receipt.VerifierKey{r.log.key}},
		Log{Keys: []receipt.VerifierKey{second.key}, URL: log.URL})
	for len(r.witness.waiting()) > 0 {
		time.Sleep(time.Millisecond)
	}
	r.want(200, second.grow(t, trunk, 0, 5))
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestManyLogs hears many logs, and their peer, at one start.
func TestManyLogs(t *testing.T) {
	server := httptest.NewServer(newPeer(t))
	t.Cleanup(server.Close)
	u := newRunning(t, false, server.URL)
	var logs []Log
	for i := range soak.Rounds(200, 1000) {
		l := newTestLog(t, fmt.Sprint("log.example/", i))
		logs = append(logs, Log{Keys: []receipt.VerifierKey{l.key}})
	}
	u.setLogs(logs...)
	for len(u.witness.waiting()) > 0 {
		time.Sleep(10 * time.Millisecond)
	}
}

// TestBackoff keeps the waits within bounds.
func TestBackoff(t *testing.T) {
	c, now := newCatchUp(), time.Unix(0, 0)
	c.begin(map[string]Log{"a": {URL: "http://a.example"}}, 0, func() {})
	for i := range 20 {
		if due, _ := c.due(now); len(due) != 1 {
			t.Fatalf("attempt %d: nothing is due", i)
		}
		c.done("a", logUnheard, now)
		due, next := c.due(now)
		if wait := next.Sub(now); len(due) > 0 || wait < firstWait/2 || wait > 3*maxWait/2 {
			t.Fatalf("attempt %d: again after %v", i, wait)
		}
		now = now.Add(3 * maxWait / 2)
	}
	if why := c.unheard("a"); why != logUnheard {
		t.Errorf("missing %q", why)
	}
	c.done("a", ready, now)
	if why := c.unheard("a"); why != ready {
		t.Errorf("missing %q", why)
	}
}

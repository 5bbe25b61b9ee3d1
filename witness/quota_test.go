// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"strings"
	"testing"
	"time"

	"cocket.example/receipt"
)

// TestQuota shows that a stranger who sends the public checkpoint again and again spends refreshes
// only, what the burst is, when there is more, and that nothing that is refused costs anything.
func TestQuota(t *testing.T) {
	r := newRig(t)
	r.setLogs(Log{Keys: []receipt.VerifierKey{r.log.key}, QPD: 24})
	r.want(200, r.log.grow(t, trunk, 0, 1))
	replay := r.log.grow(t, trunk, 1, 1)
	for i := range minBurst {
		r.clock.set(start.Add(time.Duration(i+1) * time.Second))
		lines := r.want(200, replay)
		for range 3 { // within the second the answer is the same, and costs nothing
			if again := r.want(200, replay); again != lines {
				t.Errorf("another cosignature of the same second: %q", again)
			}
		}
	}
	r.clock.set(start.Add(time.Minute))
	if answer := r.post(replay); answer.Code != 429 || answer.Header().Get("Retry-After") != "3541" {
		t.Fatalf("replay: %d %q, want 429 with Retry-After 3541", answer.Code, answer.Header())
	}
	for range 2 * minBurst {
		r.want(409, r.log.grow(t, trunk, 0, 9))
	}
	for i := range minBurst - 1 {
		r.want(200, r.log.grow(t, trunk, i+1, i+2))
	}
	next := r.log.grow(t, trunk, minBurst, minBurst+1)
	if text := r.want(429, next); !strings.Contains(text, "24 larger checkpoints of log.example/a a day") {
		t.Errorf("answer %q", text)
	}
	if r.held() != minBurst {
		t.Errorf("held %d after a refusal", r.held())
	}
	r.clock.set(start.Add(59 * time.Minute))
	r.want(429, next)
	r.clock.set(start.Add(time.Hour))
	r.want(200, next)
	r.want(429, r.log.grow(t, trunk, minBurst+1, minBurst+2))
	text := r.metrics()
	for _, want := range []string{
		`cocket_witness_qpd_refused_total{kind="growth",origin="log.example/a"} 3`,
		`cocket_witness_qpd_refused_total{kind="refresh",origin="log.example/a"} 1`,
		`cocket_witness_limited_total{reason="qpd"} 4`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no metric %s in\n%s", want, text)
		}
	}
}

// TestQuotaOfLogs shows that a quota outlives a change of the logs, and ends with its log.
func TestQuotaOfLogs(t *testing.T) {
	r := newRig(t)
	with := func(qpd uint32) Log { return Log{Keys: []receipt.VerifierKey{r.log.key}, QPD: qpd} }
	r.setLogs(with(1))
	r.want(200, r.log.grow(t, trunk, 0, 1))
	r.setLogs(with(1), Log{Keys: []receipt.VerifierKey{newTestLog(t, "log.example/b").key}})
	r.want(429, r.log.grow(t, trunk, 1, 2))
	r.setLogs()
	if text := r.metrics(); strings.Contains(text, "log.example/a") || !strings.Contains(text, "cocket_witness_logs 0") {
		t.Errorf("metrics of a log that is left out:\n%s", text)
	}
	r.setLogs(with(0))
	for i := range 20 {
		r.want(200, r.log.grow(t, trunk, i+1, i+2))
	}
	if text := r.metrics(); !strings.Contains(text, `cocket_witness_size{origin="log.example/a"} 21`) {
		t.Errorf("metrics of a log that came back:\n%s", text)
	}
}

// TestDaily is the table of quotas.
func TestDaily(t *testing.T) {
	for qpd, burst := range map[uint32]float64{1: 1, 5: 5, 24: 10, 240: 10, 480: 20, 86400: 3600} {
		if r := daily(qpd); r.burst != burst || r.second*day != float64(qpd) {
			t.Errorf("qpd %d: burst %v, a day %v", qpd, r.burst, r.second*day)
		}
	}
}

// TestBucket shows that a clock that goes back fills nothing, and does not stop the filling.
func TestBucket(t *testing.T) {
	var b bucket
	r := rate{second: 1, burst: 2}
	b.fill(r, start)
	b.level -= 2
	if level := b.fill(r, start.Add(-time.Hour)); level != 0 {
		t.Errorf("level %v after the clock went back", level)
	}
	if level := b.fill(r, start.Add(-time.Hour+time.Second)); level != 1 || b.wait(r) != 0 {
		t.Errorf("level %v a second later", level)
	}
}

// TestForeignName shows a log whose origin is not the name of its key.
func TestForeignName(t *testing.T) {
	r := newRig(t)
	other := newTestLog(t, "log.example/a")
	other.origin = "log.example/renamed"
	r.setLogs(Log{Keys: []receipt.VerifierKey{other.key}, Name: other.origin})
	cp := receipt.Checkpoint{Origin: other.origin, Size: 5, Root: trunk.root(0, 5)}
	body := cp.Body()
	sig, err := other.signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	line := receipt.Signature{Name: other.key.Name, ID: other.key.ID, Sig: sig}
	signed := append(append(body, '\n'), line.String()...)
	lines := r.want(200, receipt.AddCheckpoint{Checkpoint: signed}.Bytes())
	r.time(cp, lines)
	r.want(404, r.log.grow(t, trunk, 0, 5))
}

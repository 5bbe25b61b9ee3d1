// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cocket.example/receipt"
)

// newPeerServer is a peer that can be reached.
func newPeerServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(newPeer(t))
	t.Cleanup(server.Close)
	return server.URL
}

// goesOn wants that nothing is missing, and one line of each key in the record held.
func (u *running) goesOn(size int) {
	u.t.Helper()
	if why := u.settle(); why != ready || u.held() != size {
		u.t.Fatalf("missing %q, held %d, want %d: %s", why, u.held(), size, u.logged)
	}
	held, err := u.witness.config.State.latest(u.log.origin)
	if err != nil {
		u.t.Fatal(err)
	}
	_, signatures, err := receipt.ParseCheckpoint(held.note)
	if n := len(u.witness.keys); err != nil || len(signatures) != 1+n {
		u.t.Errorf("%d lines (%v), want the log's and %d", len(signatures), err, n)
	}
	u.size = size
	u.grow(1)
}

// TestFoundWithoutLine loses everything while the log shows a cosignature without the line under which
// the peer keeps.
func TestFoundWithoutLine(t *testing.T) {
	u := newRunning(t, true, newPeerServer(t))
	b := u.copy(everything(u)...)
	u.grow(5)
	var shown strings.Builder
	for line := range strings.Lines(*u.published.Load()) {
		if !strings.HasPrefix(line, "— witness.example/w1 ") {
			shown.WriteString(line)
		}
	}
	note := shown.String()
	u.published.Store(&note)
	u.restore(b)
	u.goesOn(5)
}

// TestFoundTwice finds two cosignatures of one key.
func TestFoundTwice(t *testing.T) {
	u := newRunning(t, true, newPeerServer(t))
	u.grow(2)
	c := u.log.head(trunk, 4)
	again, err := u.witness.config.Keys[0].Cosign(c, start.Add(time.Hour+time.Second))
	if err != nil {
		t.Fatal(err)
	}
	u.clock.set(start.Add(2 * time.Hour))
	if why := u.show(u.cosigned(c, start.Add(time.Hour)) + again.String()); why != ready {
		t.Fatalf("missing %q", why)
	}
	if held, _ := u.witness.config.State.latest(u.log.origin); held.time != start.Add(time.Hour+time.Second).Unix() {
		t.Errorf("held at %d", held.time)
	}
	u.goesOn(4)
}

// TestNewFirstKey puts another key before the one under which peers kept, first while the log cannot be
// heard: it might show what is later than what is held, and then nothing may be signed.
func TestNewFirstKey(t *testing.T) {
	_, before := newCosigner(t, "witness.example/w1")
	added, after := newCosigner(t, "witness.example/w0")
	keeper := newRig(t)
	keeper.close()
	keeper.configure = func(c *Config) {
		own, _ := newCosigner(t, "peer.example/p")
		c.Keys, c.Keeps = []Signer{own}, []receipt.VerifierKey{before, after}
	}
	keeper.open(OpenState)
	server := httptest.NewServer(keeper.witness.Handler())
	t.Cleanup(server.Close)

	u := newRunning(t, true, server.URL)
	u.grow(2)
	logURL := u.logURL
	for _, c := range []struct {
		url    string
		reason reason
		lines  int
	}{{"http://127.0.0.1:1", logUnheard, 3}, {logURL, ready, 4}} {
		u.stop()
		u.rig.close()
		u.configure = func(config *Config) {
			config.Logs[0].URL, config.Peers = c.url, u.peers
			config.Keys = append([]Signer{added}, config.Keys...)
		}
		u.open(OpenState)
		u.stop = func() {}
		u.clock.set(u.clock.now().Add(time.Second))
		log, _ := u.witness.log(u.log.origin)
		why, err := u.witness.hear(t.Context(), u.witness.config.Logger, log)
		if why != c.reason || (err == nil) != (why == ready) {
			t.Fatalf("missing %q: %v", why, err)
		}
		held, err := u.witness.config.State.latest(u.log.origin)
		if n := strings.Count(string(held.note), "\n— "); err != nil || n != c.lines {
			t.Errorf("%q: %d lines (%v), want %d:\n%s", why, n, err, c.lines, held.note)
		}
	}
	if answer := keeper.get(keptPath(after, u.log.origin)); answer.Code != 200 {
		t.Errorf("with the peer: %d %s", answer.Code, answer.Body)
	}
}

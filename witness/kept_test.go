// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cocket.example/receipt"
)

// keeper is a witness that keeps for that of another rig.
func newKeeper(t *testing.T) (keeper, other *rig) {
	keeper, other = newRig(t), newRig(t)
	keeper.close()
	keeper.configure = func(c *Config) {
		own, _ := newCosigner(t, "peer.example/p")
		c.Keys, c.Keeps = append(c.Keys[:0], own), other.keys
	}
	keeper.open(OpenState)
	return keeper, other
}

func keptPath(key receipt.VerifierKey, origin string) string {
	return "/kept/" + keeperOf(key) + monitorPath(origin)
}

func (r *rig) put(path, note string) *httptest.ResponseRecorder {
	return r.do(httptest.NewRequest(http.MethodPut, path, strings.NewReader(note)))
}

// TestKept brings checkpoints of another witness, and shows what is then kept of them, also after a
// restart.
func TestKept(t *testing.T) {
	keeper, other := newKeeper(t)
	path := keptPath(other.keys[0], other.log.origin)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	head := other.log.head
	note := func(b branch, size, seconds int) string { return other.cosigned(head(b, size), at(seconds)) }
	if answer := keeper.get(path); answer.Code != 404 || answer.Body.String() != keptNothing+"\n" {
		t.Errorf("before: %d %q", answer.Code, answer.Body)
	}
	latest := ""
	for _, c := range []struct {
		what   string
		note   string
		status int
		kept   bool
	}{
		{"nothing", "", 400, false},
		{"no checkpoint", "text", 400, false},
		{"not cosigned", string(other.log.sign(t, head(trunk, 5))), 403, false},
		{"without a time", untimed(other, head(trunk, 5)), 403, false},
		{"a broken cosignature", strings.Replace(note(trunk, 5, 0), "\n5\n", "\n6\n", 1), 403, false},
		{"of another log", strings.Replace(note(trunk, 5, 0), "log.example/a", "log.example/b", 1), 400, false},
		{"the first", note(trunk, 5, 0), 204, true},
		{"the same", note(trunk, 5, 0), 204, false},
		{"smaller and earlier", note(trunk, 4, -1), 204, false},
		{"larger", note(trunk, 9, 1), 204, true},
		{"a refresh", note(trunk, 9, 2), 204, true},
		{"smaller and later", note(trunk, 5, 3), 409, false},
		{"larger and earlier", note(trunk, 12, 1), 409, false},
		{"another root", note(branch{"fork", 5}, 9, 2), 409, false},
		{"with 16 kB more", note(trunk, 12, 9) + strings.Repeat("— a/b aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 400), 413, false},
	} {
		answer := keeper.put(path, c.note)
		if answer.Code != c.status {
			t.Errorf("%s: status %d %q, want %d", c.what, answer.Code, answer.Body, c.status)
		}
		if c.kept {
			latest = c.note
		}
		if latest != "" && keeper.get(path).Body.String() != latest {
			t.Errorf("%s: kept:\n%s", c.what, keeper.get(path).Body)
		}
	}
	evidence, err := keeper.witness.config.State.Evidence()
	if err != nil || len(evidence) != 3 || evidence[0].Kind != "contradiction" {
		t.Errorf("evidence %+v: %v", evidence, err)
	}
	keeper.close()
	keeper.open(OpenState)
	if keeper.get(path).Body.String() != latest {
		t.Error("lost by a restart")
	}
	if n := keeper.witness.config.State.keptFor(keeperOf(other.keys[0])); n != 1 {
		t.Errorf("kept of %d logs, want 1", n)
	}
	for _, path := range []string{
		keptPath(keeper.keys[0], other.log.origin)[:20] + "/checkpoint",
		"/kept/" + strings.Repeat("0", 64) + monitorPath(other.log.origin),
		"/kept/" + strings.ToUpper(keeperOf(other.keys[0])) + monitorPath(other.log.origin),
	} {
		if answer := keeper.get(path); answer.Code != 404 || strings.Contains(answer.Body.String(), keptNothing) {
			t.Errorf("%s: %d %q", path, answer.Code, answer.Body)
		}
	}
	if answer := keeper.get(monitorPath(other.log.origin)); answer.Code != 404 {
		t.Errorf("shown as its own: %d", answer.Code)
	}
}

// untimed is a checkpoint with signatures of the whole tree as a subtree, which state no time.
func untimed(r *rig, c receipt.Checkpoint) string {
	note := string(r.log.sign(r.t, c))
	for _, key := range r.keys {
		note += receipt.Signature{Name: key.Name, ID: key.ID, Sig: make([]byte, 8+64)}.String()
	}
	return note
}

// TestPeersFirst shows that nothing leaves that too few peers have, and that it does once they have it.
func TestPeersFirst(t *testing.T) {
	var down atomic.Bool
	keeper := newPeer(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() && r.Method == http.MethodPut {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		keeper.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	u := newRunning(t, false, server.URL)
	u.grow(3)
	shown := u.get(monitorPath(u.log.origin)).Body.String()
	down.Store(true)
	text := u.want(503, u.log.grow(t, trunk, 3, 4))
	if strings.Contains(text, "— ") || !strings.Contains(text, "too few of the peers") {
		t.Errorf("answer %q", text)
	}
	if again := u.get(monitorPath(u.log.origin)).Body.String(); again != shown {
		t.Errorf("shown without a peer:\n%s", again)
	}
	u.start()
	if answer := u.get(monitorPath(u.log.origin)); answer.Code != 503 {
		t.Errorf("shown after a restart: %d %q", answer.Code, answer.Body)
	}
	down.Store(false)
	u.settle()
	if held := u.held(); held != 4 {
		t.Errorf("held %d, want 4", held)
	}
	u.want(200, u.log.grow(t, trunk, 4, 4))
	u.size = 4
	u.grow(1)
}

// TestTwins runs two witnesses of one key. What one of them signs contradicts the other's, and the peer
// lets both know.
func TestTwins(t *testing.T) {
	server := httptest.NewServer(newPeer(t))
	t.Cleanup(server.Close)
	u := newRunning(t, false, server.URL)
	twin := newRunning(t, false, server.URL)
	twin.log = u.log
	twin.start()
	twin.settle()
	u.grow(9)
	twin.clock.set(start.Add(time.Minute))
	twin.want(503, u.log.grow(t, trunk, 0, 3))
	for twin.witness.waiting()[contradictory] == 0 {
		time.Sleep(time.Millisecond)
	}
	twin.want(503, u.log.grow(t, trunk, 3, 4))
	u.grow(1)
}

// TestLyingPeer lets one of three peers claim contradictions: it can hold nothing up.
func TestLyingPeer(t *testing.T) {
	liar := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusConflict) })
	var urls []string
	for _, peer := range []http.Handler{liar, newPeer(t), newPeer(t)} {
		server := httptest.NewServer(peer)
		t.Cleanup(server.Close)
		urls = append(urls, server.URL)
	}
	newRunning(t, false, urls...).grow(20)
}

// TestPeersRefused shows configurations that are refused.
func TestPeersRefused(t *testing.T) {
	r := newRig(t)
	config := r.witness.config
	config.Registerer = nil
	for want, change := range map[string]func(*Config){
		"want an address with http":  func(c *Config) { c.Peers = []string{"peer.example"} },
		"final slash":                func(c *Config) { c.Peers = []string{"http://peer.example/"} },
		"without user":               func(c *Config) { c.Peers = []string{"http://me@peer.example"} },
		"given twice":                func(c *Config) { c.Peers = []string{"http://a.example", "http://a.example"} },
		"quorum of 3 peers":          func(c *Config) { c.Peers, c.PeerWrite = []string{"http://a.example", "http://b.example"}, 3 },
		"this one's own":             func(c *Config) { c.Keeps = r.keys },
		"has type 0x01: a witness c": func(c *Config) { c.Keeps = []receipt.VerifierKey{r.log.key} },
	} {
		c := config
		change(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// FuzzFound: whatever a log or a peer shows, only our own cosignatures of that log are adopted; and what
// is kept for another witness is of it.
func FuzzFound(f *testing.F) {
	r := newRig(f)
	f.Add([]byte(r.cosigned(r.log.head(trunk, 5), start)))
	f.Add([]byte(untimed(r, r.log.head(trunk, 5))))
	f.Fuzz(func(t *testing.T, note []byte) {
		log := Log{Keys: []receipt.VerifierKey{r.log.key}}
		if found, err := recognize(r.keys, log, note); err == nil {
			again, err := recognize(r.keys, log, found.note)
			if err != nil || !again.same(found) || found.checkpoint.Origin != r.log.origin || found.time <= 0 {
				t.Fatalf("recognized as %+v, then %+v: %v", found, again, err)
			}
		}
		if found, err := recognizeKept(r.keys[0], note); err == nil {
			stored, err := decode(keptKey("", hexSum(found.checkpoint.Origin)), found.encode())
			if err != nil || !stored.same(found) {
				t.Fatalf("stored as %+v: %v", stored, err)
			}
		}
	})
}

// TestKeptWithMoreLines brings a checkpoint without the line of the second key first, which the whole one
// then replaces, and not the other way round.
func TestKeptWithMoreLines(t *testing.T) {
	keeper, other := newKeeper(t)
	path := keptPath(other.keys[0], other.log.origin)
	whole := other.cosigned(other.log.head(trunk, 5), start)
	part := whole[:strings.Index(whole, "— witness.example/w2 ")]
	for _, c := range []struct{ put, kept string }{{part, part}, {whole, whole}, {part, whole}} {
		if answer := keeper.put(path, c.put); answer.Code != 204 {
			t.Fatalf("status %d %s", answer.Code, answer.Body)
		}
		if kept := keeper.get(path).Body.String(); kept != c.kept {
			t.Errorf("kept:\n%s\nwant\n%s", kept, c.kept)
		}
	}
}

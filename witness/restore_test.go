// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

// backup is what an operator has copied while the witness held the tree of a size.
type backup struct {
	size  int
	files map[string][]byte // by path
}

// running is a witness with its Run, of a log that publishes and with peers, if it has them.
type running struct {
	*rig
	published atomic.Pointer[string] // what the log shows; nil: nothing
	logURL    string
	peers     []string
	watcher   Watcher // nil: none
	stop      func()
	size      int
	seen      map[string]int // what became of restores
}

func newRunning(t *testing.T, logURL bool, peers ...string) *running {
	u := &running{rig: &rig{t: t}, peers: peers, seen: make(map[string]int), stop: func() {}}
	if logURL {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if note := u.published.Load(); note != nil && r.URL.Path == "/checkpoint" {
				fmt.Fprint(w, *note)
				return
			}
			http.NotFound(w, r)
		}))
		t.Cleanup(server.Close)
		u.logURL = server.URL
	}
	u.renew()
	t.Cleanup(func() { u.stop() })
	return u
}

// renew begins with another witness, which has cosigned nothing, and another log.
func (u *running) renew() {
	u.stop()
	n := len(u.seen)
	u.rig, u.size = newRig(u.t), 0
	u.log = newTestLog(u.t, fmt.Sprintf("log.example/%d/%d", n, rand.Uint64()))
	u.published.Store(nil)
	u.rig.close()
	u.begin()
	u.settle()
}

// start restarts the witness on what lies on disk.
func (u *running) start() {
	u.t.Helper()
	u.stop()
	u.rig.close()
	u.begin()
}

func (u *running) begin() {
	u.t.Helper()
	u.configure = func(c *Config) { c.Logs[0].URL, c.Peers, c.Watcher = u.logURL, u.peers, u.watcher }
	u.open(OpenState)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = u.witness.Run(ctx)
	}()
	u.stop = func() {
		cancel()
		<-done
	}
}

// settle waits until everybody was heard, and returns what is still missing.
func (u *running) settle() reason {
	u.t.Helper()
	for range 2000 {
		held, _ := u.witness.config.State.latest(u.log.origin)
		why := u.witness.reason(held)
		if why != logUnheard && why != peersUnheard {
			return why
		}
		time.Sleep(5 * time.Millisecond)
	}
	u.t.Fatalf("nobody was heard: %s", u.logged)
	return ""
}

// grow brings the witness some entries further, and lets the log publish that.
func (u *running) grow(n int) {
	u.t.Helper()
	for range n {
		u.clock.set(u.clock.now().Add(time.Second))
		u.want(200, u.log.grow(u.t, trunk, u.size, u.size+1))
		u.size++
	}
	if u.logURL != "" {
		note := u.get(monitorPath(u.log.origin)).Body.String()
		u.published.Store(&note)
	}
}

// copy makes a backup of some of the files.
func (u *running) copy(paths ...string) backup {
	u.t.Helper()
	b := backup{u.size, make(map[string][]byte)}
	s := u.witness.config.State
	s.writing.Lock()
	defer s.writing.Unlock()
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			u.t.Fatal(err)
		}
		b.files[path] = content
	}
	return b
}

// What is brought back.
func database(u *running) []string   { return []string{u.path} }
func everything(u *running) []string { return []string{u.path, journalOf(u.path)} }

// restore kills the witness, brings the backup back and starts it again.
func (u *running) restore(b backup) {
	u.t.Helper()
	u.stop()
	copied := u.copy(everything(u)...) // as they lie there: not what a stop would add
	u.rig.close()
	for _, files := range []map[string][]byte{copied.files, b.files} {
		for path, content := range files {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				u.t.Fatal(err)
			}
		}
	}
	u.begin()
}

// forks offers other histories from sizes since the backup. It returns how many were cosigned: each
// contradicts what was cosigned before.
func (u *running) forks(b backup) (cosigned int) {
	sizes := []int{b.size, b.size + 1, (b.size + u.size) / 2, u.size - 1}
	for _, size := range sizes {
		if size >= u.size {
			continue
		}
		other := branch{fmt.Sprintf("fork at %d", size), size}
		for _, to := range []int{size + 1, u.size, u.size + 1} {
			if u.post(u.log.grow(u.t, other, size, to)).Code == http.StatusOK {
				cosigned++
			}
		}
	}
	return cosigned
}

// restores lets a witness live through restores of older copies at random moments, each followed by
// attempts to have a fork cosigned, some at once and some when everybody was heard.
func restores(u *running, rounds int, files func(*running) []string) {
	random := rand.New(rand.NewPCG(5, rand.Uint64()))
	for round := range rounds {
		backups := []backup{u.copy(files(u)...)}
		for range 1 + random.IntN(4) {
			u.grow(1 + random.IntN(20))
			backups = append(backups, u.copy(files(u)...))
		}
		b := backups[random.IntN(len(backups))]
		u.restore(b)
		n := u.forks(b)
		why := u.settle()
		n += u.forks(b)
		if n > 0 {
			u.t.Fatalf("round %d: %d forks cosigned after a restore from size %d at %d (%s)", round, n, b.size, u.size, why)
		}
		u.seen[string(why)]++
		if why == doubtful || u.size > 150 {
			u.renew()
		}
	}
	if rounds > 1 {
		u.t.Logf("%d restores, by what was then missing: %v", rounds, u.seen)
	}
}

// TestRestoreUnseen brings everything back where nobody else knows what was cosigned. That cannot be
// seen, and shows that the tests below see a fork.
func TestRestoreUnseen(t *testing.T) {
	u := newRunning(t, false)
	b := u.copy(everything(u)...)
	u.grow(3)
	u.restore(b)
	if u.forks(b) == 0 {
		t.Error("no fork was cosigned")
	}
}

// TestRestoreDatabase brings the database back alone. The journal has what is newer, or shows that it
// has not.
func TestRestoreDatabase(t *testing.T) {
	u := newRunning(t, false)
	restores(u, soak.Rounds(8, 1000), database)
	if u.seen[string(ready)] == 0 {
		t.Errorf("by what was missing: %v, want some that went on", u.seen)
	}
}

// TestRestoreWithLog brings everything back. The log's checkpoint has what is newer.
func TestRestoreWithLog(t *testing.T) {
	u := newRunning(t, true)
	restores(u, soak.Rounds(5, 1000), everything)
	if u.seen[string(ready)] == 0 {
		t.Errorf("by what was missing: %v", u.seen)
	}
	u.grow(3)
}

// TestRestoreWithPeers brings everything back, while the log shows nothing. Two of three peers answer at
// any time.
func TestRestoreWithPeers(t *testing.T) {
	var urls []string
	down := new(atomic.Int32)
	for i := range 3 {
		peer := newPeer(t)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if int(down.Load()) == i {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			peer.ServeHTTP(w, r)
		}))
		t.Cleanup(server.Close)
		urls = append(urls, server.URL)
	}
	u := newRunning(t, false, urls...)
	for round := range soak.Rounds(4, 1000) {
		down.Store(int32(round % 3))
		restores(u, 1, everything)
	}
	u.grow(3)
	t.Logf("by what was then missing: %v", u.seen)
}

// newPeer is another witness, which keeps for that of a rig.
func newPeer(t testing.TB) http.Handler {
	t.Helper()
	r := newRig(t)
	_, key := newCosigner(t, "witness.example/w1")
	r.close()
	r.configure = func(c *Config) {
		c.Keys, c.Keeps = nil, []receipt.VerifierKey{key}
		own, _ := newCosigner(t, "peer.example/p")
		c.Keys = append(c.Keys, own)
	}
	r.open(OpenState)
	return r.witness.Handler()
}

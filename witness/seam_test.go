// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cocket.example/receipt"
)

// listener is a watcher that remembers the largest size that it was told of.
type listener struct {
	mu   sync.Mutex
	size uint64
}

func (l *listener) Gate(string) error { return nil }

func (l *listener) Cosigned(c receipt.Checkpoint, _ []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.size = max(l.size, c.Size)
}

func (l *listener) told() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// TestWatcherAfterQuorum: the watcher may publish what it is told of, so it is told of nothing that the
// peers do not have, and of that once they have it.
func TestWatcherAfterQuorum(t *testing.T) {
	peer, down := newPeer(t), new(atomic.Bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		peer.ServeHTTP(w, r)
	}))
	defer server.Close()
	u := newRunning(t, false, server.URL)
	u.grow(1)
	l := new(listener)
	u.witness.config.Watcher = l
	down.Store(true)
	u.want(503, u.log.grow(t, trunk, 1, 4))
	if n := l.told(); n != 0 {
		t.Errorf("told of size %d, which no peer has", n)
	}
	down.Store(false)
	u.want(200, u.log.grow(t, trunk, 4, 4))
	if n := l.told(); n != 4 {
		t.Errorf("told of size %d, want 4", n)
	}
}

// TestWatcherHearsOfAdopted: what a witness finds that it once cosigned is watched like the rest.
func TestWatcherHearsOfAdopted(t *testing.T) {
	u := newRunning(t, true)
	note := u.cosigned(u.log.head(trunk, 6), start)
	u.published.Store(&note)
	u.stop()
	u.rig.close()
	l := new(listener)
	u.watcher = l
	u.begin()
	if why := u.settle(); why != ready || u.held() != 6 {
		t.Fatalf("missing %q, held %d", why, u.held())
	}
	for range 1000 {
		if l.told() == 6 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("told of size %d, want 6", l.told())
}

// TestWrongURL: a place without a checkpoint is not where a log publishes that was cosigned before.
func TestWrongURL(t *testing.T) {
	u := newRunning(t, true)
	u.grow(3)
	u.logURL += "/typo"
	u.start()
	for range 1000 {
		if strings.Contains(u.logged.String(), "is its url right?") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	u.want(503, u.log.grow(t, trunk, 3, 4))
}

// TestSettled: once the database has absorbed it, a journal alone that is brought back shows.
func TestSettled(t *testing.T) {
	u := newRunning(t, false)
	u.grow(2)
	older := u.copy(journalOf(u.path))
	u.grow(5)
	if err := u.witness.config.State.settle(); err != nil {
		t.Fatal(err)
	}
	u.stop()
	now := u.copy(everything(u)...)
	u.rig.close()
	for _, files := range []map[string][]byte{now.files, older.files} {
		for path, content := range files {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if state, err := OpenState(u.path); err == nil {
		t.Error("an older journal was opened")
		state.Close()
	}
	for path, content := range now.files { // for the check that ends the test
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u.begin()
}

// TestLatestWithProof: the latest checkpoint itself is no evidence, whatever comes with it (row 9).
func TestLatestWithProof(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	body := strings.Replace(string(r.log.grow(t, trunk, 5, 5)), "\n", "\n"+strings.Repeat("A", 43)+"=\n", 1)
	r.want(422, []byte(body))
	if all, err := r.witness.config.State.Evidence(); err != nil || len(all) > 0 {
		t.Errorf("evidence %+v, %v", all, err)
	}
}

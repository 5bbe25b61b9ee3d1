// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"cocket.example/receipt"
)

// stalled is a body of which nothing comes until ended is closed.
type stalled struct {
	read  *sync.Once
	begun *sync.WaitGroup
	ended chan struct{}
}

func (s stalled) Read([]byte) (int, error) {
	s.read.Do(s.begun.Done)
	<-s.ended
	return 0, io.ErrUnexpectedEOF
}

// stall sends n requests of another address whose bodies do not come before the end of the test.
func (r *rig) stall(n int, method, path string) {
	var begun, answered sync.WaitGroup
	ended, handler := make(chan struct{}), r.witness.Handler()
	begun.Add(n)
	for range n {
		request := httptest.NewRequest(method, path, stalled{new(sync.Once), &begun, ended})
		request.RemoteAddr = "127.0.0.2:5"
		answered.Go(func() { handler.ServeHTTP(httptest.NewRecorder(), request) })
	}
	begun.Wait()
	r.t.Cleanup(func() {
		close(ended)
		answered.Wait()
	})
}

// TestSlowBodies lets as many bodies stall as there are places: who has sent his gets an answer.
func TestSlowBodies(t *testing.T) {
	t.Run("kept", func(t *testing.T) {
		keeper, other := newKeeper(t)
		path := keptPath(other.keys[0], other.log.origin)
		keeper.stall(maxKeptAsked, http.MethodPut, path)
		if a := keeper.put(path, other.cosigned(other.log.head(trunk, 3), start)); a.Code != 204 {
			t.Errorf("%d %s", a.Code, a.Body)
		}
	})
	t.Run("subtree", func(t *testing.T) {
		r := newRig(t)
		r.witness.subtrees.keys = r.witness.keys // for the route
		r.stall(maxSubtrees, http.MethodPost, "/sign-subtree")
		request := httptest.NewRequest(http.MethodPost, "/sign-subtree", strings.NewReader("x"))
		if a := r.do(request); a.Code != 400 {
			t.Errorf("%d %s", a.Code, a.Body)
		}
	})
}

// TestNothingKeptIsNoFault asks for more logs of which nothing is kept than an address may make faults.
func TestNothingKeptIsNoFault(t *testing.T) {
	keeper, other := newKeeper(t)
	for i := range 1100 {
		path := keptPath(other.keys[0], fmt.Sprintf("log.example/%d", i))
		if a := keeper.get(path); a.Code != 404 {
			t.Fatalf("request %d: %d %s", i, a.Code, a.Body)
		}
	}
	stranger := "/kept/" + strings.Repeat("0", 64) + monitorPath(other.log.origin)
	for range 1100 {
		if keeper.get(stranger).Code == 429 {
			return
		}
	}
	t.Error("asking for strangers is no fault either")
}

// TestStalledPeer lets one of three peers hold all requests that it may: the other two are enough.
func TestStalledPeer(t *testing.T) {
	const stalled = "http://127.0.0.1:1"
	_, own := newCosigner(t, "witness.example/w1")
	p, err := newPeers([]string{stalled, newPeerServer(t), newPeerServer(t)}, 2, own)
	if err != nil {
		t.Fatal(err)
	}
	for range maxToPeer {
		p.slots[stalled] <- struct{}{}
	}
	r := newRig(t)
	note := r.cosigned(r.log.head(trunk, 3), start)
	found, err := recognize(r.keys, Log{Keys: []receipt.VerifierKey{r.log.key}}, []byte(note))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.replicate(t.Context(), found); err != nil {
		t.Error(err)
	}
	p.running.Wait()
}

// TestSmallJournal brings more at once than a record of the shortest journal has room for.
func TestSmallJournal(t *testing.T) {
	r := newRig(t)
	s := r.witness.config.State
	const n = 300
	done := make(chan error, n)
	s.writing.Lock()
	for i := range n {
		origin := fmt.Sprintf("log.example/%s%d", strings.Repeat("x", 600), i)
		next := blank(origin)
		next.generation = 5
		go func() { done <- s.swap(origin, blank(origin), next) }()
	}
	for waiting := 0; waiting < n; {
		s.mu.Lock()
		waiting = len(s.pending)
		s.mu.Unlock()
	}
	s.writing.Unlock()
	for range n {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Fault(); err != nil {
		t.Error(err)
	}
}

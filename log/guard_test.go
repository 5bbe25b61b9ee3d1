// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"

	"cocket.example/receipt"
	"cocket.example/witness"
)

// guard is a witness that can go away, or be played by somebody else.
type guard struct {
	url   string
	state *witness.State
	away  atomic.Bool
	play  atomic.Pointer[http.HandlerFunc] // nil: the witness itself
}

// addWitness starts the i-th witness, and returns its key and address.
func (s *site) addWitness(logKey string, i int) (vkey, url string) {
	s.t.Helper()
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, fmt.Sprintf("witness.example/w%d", i))
	must(s.t, err)
	key, err := receipt.NewCosigner(skey)
	must(s.t, err)
	parsed, err := receipt.ParseVerifierKey(logKey)
	must(s.t, err)
	path := filepath.Join(s.t.TempDir(), "witness.db")
	must(s.t, witness.StateFiles{Database: path, JournalSize: 1 << 18}.Create()) // short: it is written whole
	g := &guard{}
	g.state, err = witness.OpenState(path)
	must(s.t, err)
	w, err := witness.New(witness.Config{
		State: g.state, Keys: []witness.Signer{key}, Logs: []witness.Log{{Keys: []receipt.VerifierKey{parsed}}},
	})
	must(s.t, err)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		play := g.play.Load()
		switch {
		case g.away.Load():
			panic(http.ErrAbortHandler)
		case play != nil:
			(*play)(rw, r)
		default:
			w.Handler().ServeHTTP(rw, r)
		}
	}))
	g.url = server.URL
	s.t.Cleanup(func() { server.Close(); must(s.t, g.state.Close()) })
	s.witnesses = append(s.witnesses, g)
	return vkey, server.URL
}

// away lets one witness go, and all others come.
func (s *site) away(i int) {
	for n, w := range s.witnesses {
		w.away.Store(n == i)
	}
}

// held returns what the witnesses hold of the log, which must be without evidence against it.
func (s *site) held() (heads []head) {
	s.t.Helper()
	s.away(-1)
	for _, w := range s.witnesses {
		evidence, err := w.state.Evidence()
		must(s.t, err)
		if len(evidence) > 0 {
			s.t.Errorf("a witness holds evidence of %d conflicts", len(evidence))
		}
		resp, err := http.Get(fmt.Sprintf("%s/%x/checkpoint", w.url, sha256.Sum256([]byte(origin))))
		must(s.t, err)
		b, err := io.ReadAll(resp.Body)
		must(s.t, errors.Join(err, resp.Body.Close()))
		if resp.StatusCode == http.StatusNotFound {
			continue
		}
		cp, _, err := receipt.ParseCheckpoint(b)
		must(s.t, err)
		heads = append(heads, head{cp.Size, cp.Root})
	}
	return heads
}

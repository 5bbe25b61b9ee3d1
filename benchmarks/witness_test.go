// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"cocket.example/receipt"
	"cocket.example/witness"
)

// Whatever the load asks for, in the order in which the connections ask, is cosigned: growth is never
// refused, and every measured request is one.
func TestWitnessLoad(t *testing.T) {
	const rounds = 2
	for _, load := range []witnessLoad{
		{name: "alone", logs: 1, connections: 1, steps: 5},
		{name: "refresh", logs: 1, connections: 3, steps: 1, refreshes: 4},
		{name: "many", logs: 7, connections: 3, steps: 2},
	} {
		requests, vkeys, err := newLogs(load, rounds)
		if err != nil {
			t.Fatal(err)
		}
		handler := newWitnessHandler(t, vkeys)
		for round := range rounds + 1 {
			n := 0
			for _, connection := range turnOf(requests, load, round) {
				for _, request := range connection {
					_, body, _ := bytes.Cut(request, []byte("\r\n\r\n"))
					answer := httptest.NewRecorder()
					handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/add-checkpoint", bytes.NewReader(body)))
					if answer.Code != http.StatusOK {
						t.Fatalf("%s, round %d: status %d %s", load.name, round, answer.Code, answer.Body)
					}
					n++
				}
			}
			want := load.steps * load.logs
			if load.refreshes > 0 {
				want = load.refreshes * load.connections
			}
			if round > 0 && n != want {
				t.Errorf("%s, round %d: %d requests, want %d", load.name, round, n, want)
			}
		}
	}
}

func newWitnessHandler(t *testing.T, vkeys []string) http.Handler {
	t.Helper()
	path := filepath.Join(t.TempDir(), "witness.db")
	if err := witness.CreateState(path); err != nil {
		t.Fatal(err)
	}
	state, err := witness.OpenState(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	})
	skey, _, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/w")
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := receipt.NewCosigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	c := witness.Config{State: state, Keys: []witness.Signer{cosigner}}
	for _, vkey := range vkeys {
		key, err := receipt.ParseVerifierKey(vkey)
		if err != nil {
			t.Fatal(err)
		}
		c.Logs = append(c.Logs, witness.Log{Keys: []receipt.VerifierKey{key}})
	}
	w, err := witness.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w.Handler()
}

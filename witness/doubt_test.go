// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"cocket.example/receipt"
)

// TestDoubt is a database that is too old for its journal, and what ends the doubt.
func TestDoubt(t *testing.T) {
	u := newRunning(t, true)
	second := newTestLog(t, "log.example/second")
	u.grow(2)
	b := u.copy(u.path)
	u.grow(40)
	u.restore(b)
	if why := u.settle(); why != doubtful {
		t.Fatalf("missing: %q", why)
	}
	body := u.want(503, u.log.grow(t, trunk, u.size, u.size+1))
	if !strings.Contains(body, "may have forgotten") {
		t.Errorf("answer %q", body)
	}
	if err := u.witness.Waiting(); err == nil || !strings.Contains(err.Error(), "1 of 1 logs (doubt)") {
		t.Errorf("health: %v", err)
	}
	state := func() *State { return u.witness.config.State }
	for _, size := range []uint64{0, uint64(u.size) - 1, uint64(u.size) + 1} {
		if err := state().Accept(u.log.origin, size); err == nil {
			t.Errorf("accepted at size %d", size)
		}
	}
	if err := state().Accept(u.log.origin, uint64(u.size)); err != nil {
		t.Fatal(err)
	}
	if err := state().Accept(u.log.origin, uint64(u.size)); err == nil {
		t.Error("accepted twice")
	}
	u.start() // which finds it again
	u.settle()
	u.grow(1)
	u.setLogs(Log{Keys: []receipt.VerifierKey{second.key}})
	u.want(503, second.grow(t, trunk, 0, 1)) // it may have been forgotten altogether
	if err := state().Accept(second.origin, 0); err != nil {
		t.Fatal(err)
	}
	u.want(200, second.grow(t, trunk, 0, 1))
}

// TestLostJournal shows what a witness says that has no journal of its own, and what it does with a new one.
func TestLostJournal(t *testing.T) {
	u := newRunning(t, false)
	u.grow(3)
	journal := journalOf(u.path)
	old := u.copy(journal)
	u.grow(40)
	u.stop()
	u.stop = func() {}
	u.close()
	wantJournalError := func(want string) {
		t.Helper()
		if state, err := OpenState(u.path); err == nil || !strings.Contains(err.Error(), want) {
			_ = state.Close()
			t.Errorf("error %v, want %q", err, want)
		}
	}
	current, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	put := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(journal, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(old.files[journal])
	wantJournalError("the journal is older than the database")
	put(nil)
	wantJournalError("damaged: the journal has 0 bytes")
	stranger := newRig(t)
	copyFile(t, journalOf(stranger.path), journal)
	wantJournalError("belongs to another database")
	if err := files(u.path).Renew(); err == nil || !strings.Contains(err.Error(), "move it away first") {
		t.Errorf("renewed beside a journal: %v", err)
	}
	if err := os.Remove(journal); err != nil {
		t.Fatal(err)
	}
	wantJournalError("witness.journal does not exist")
	if err := files(u.path).Renew(); err != nil {
		t.Fatal(err)
	}
	u.open(OpenState)
	u.want(503, u.log.grow(t, trunk, u.size, u.size+1))
	u.close()
	put(current) // found again, too late
	wantJournalError("belongs to another database")
	if err := os.Remove(journal); err != nil {
		t.Fatal(err)
	}
	if err := files(u.path).Renew(); err != nil {
		t.Fatal(err)
	}
	u.open(OpenState)
	if err := u.witness.config.State.Accept(u.log.origin, uint64(u.size)); err != nil {
		t.Fatal(err)
	}
	u.grow(1)
}

// TestDatabaseIsAlone shows that a journal without its database is not taken for that of a new witness.
func TestDatabaseIsAlone(t *testing.T) {
	r := newRig(t)
	copied := copyState(t, r.path)
	if err := os.Remove(copied); err != nil {
		t.Fatal(err)
	}
	if err := files(copied).Create(); err == nil || !strings.Contains(err.Error(), "put the database back") {
		t.Errorf("created beside a journal: %v", err)
	}
}

// TestDoubtAndPeers lets peers that were peers before end the doubt, and no others, whatever they have
// been brought meanwhile.
func TestDoubtAndPeers(t *testing.T) {
	server := func() string {
		s := httptest.NewServer(newPeer(t))
		t.Cleanup(s.Close)
		return s.URL
	}
	first, second := server(), server()
	u := newRunning(t, false, first)
	b := u.copy(database(u)...)
	u.grow(2)
	forgotten := u.get(monitorPath(u.log.origin)).Body.String()
	u.grow(40)
	u.restore(b)
	if why := u.settle(); why != ready {
		t.Errorf("with the same peers: %q", why)
	}
	u.grow(1)
	b = u.copy(database(u)...)
	u.grow(40)
	u.peers = []string{second}
	u.restore(b)
	for range 2 {
		if why := u.settle(); why != doubtful {
			t.Errorf("with another peer: %q", why)
		}
		path := second + keptPath(u.keys[0], u.log.origin)
		if status, _, err := u.witness.peers.send(t.Context(), http.MethodPut, path, []byte(forgotten)); status != 204 {
			t.Fatal(status, err)
		}
		u.start()
	}
	u.settle()
	u.want(503, u.log.grow(t, trunk, u.size, u.size+1))
}

// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"crypto/rand"
	mathrand "math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
	"cocket.example/witness"
)

// What TestKill tells the process that it kills.
const (
	killDir  = "COCKET_WATCH_DIR"
	killURL  = "COCKET_WATCH_URL"
	killSKey = "COCKET_WATCH_SKEY"
	killVKey = "COCKET_WATCH_VKEY"
)

// killSize is the size of the log in TestKill.
const killSize = 40_000

// TestKill kills a witness that watches, again and again. Whenever that is, every byte that the mirror's
// checkpoint covers is there, and the next process goes on.
func TestKill(t *testing.T) {
	soak.NoRace(t)
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, "log.example/a")
	if err != nil {
		t.Fatal(err)
	}
	p := paperOf(t, skey, vkey, killSize)
	p.size = killSize
	server := httptest.NewServer(p)
	defer server.Close()
	dir := t.TempDir()
	if err := witness.CreateState(filepath.Join(dir, "witness.db")); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	mirror := filepath.Join(dir, "mirror")
	checked, last := 0, uint64(0)
	for range soak.Rounds(25, 1000) {
		cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), killDir+"="+dir, killURL+"="+server.URL, killSKey+"="+skey, killVKey+"="+vkey)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(40*time.Millisecond + mathrand.N(150*time.Millisecond))
		_ = cmd.Process.Kill() // it may have come to its end
		_ = cmd.Wait()
		if _, err := os.Stat(filepath.Join(mirror, "checkpoint")); err != nil {
			continue
		}
		checked++
		report := checkMirror(t, mirror, p.key)
		if report.Size < last {
			t.Fatalf("the mirror went back from %d to %d", last, report.Size)
		}
		if last = report.Size; last == killSize {
			if err := os.RemoveAll(dir); err != nil { // and again from the start
				t.Fatal(err)
			}
			if err := witness.CreateState(filepath.Join(dir, "witness.db")); err != nil {
				t.Fatal(err)
			}
			last = 0
		}
	}
	if checked == 0 {
		t.Error("there was never a mirror to check")
	}
	t.Logf("%d mirrors checked, the last one of size %d", checked, last)
}

// TestKilled is the process that TestKill kills: it has sizes cosigned, one after the other.
func TestKilled(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("runs in a process of its own")
	}
	p := paperOf(t, os.Getenv(killSKey), os.Getenv(killVKey), killSize)
	s := &site{t: t, dir: dir, config: quick, logs: []Log{{
		Log:    witness.Log{Keys: []receipt.VerifierKey{p.key}, URL: os.Getenv(killURL)},
		Mirror: filepath.Join(dir, "mirror"),
	}}}
	s.start()
	c, _, _, err := s.state.Latest(p.key.Name)
	if err != nil {
		t.Fatal(err)
	}
	for size := c.Size; size < killSize; {
		next := min(size+mathrand.N(uint64(1500)), killSize)
		s.want(200, p, size, next)
		size = next
		if mathrand.N(2) == 0 {
			s.await(p, size)
		}
	}
	s.await(p, killSize)
	s.idle(p)
}

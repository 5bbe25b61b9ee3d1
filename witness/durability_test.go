// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cocket.example/internal/soak"
	"cocket.example/receipt"
	"cocket.example/witness/journal"
)

// childEnv names the database that this test binary serves, if it was started as the witness that
// TestKill kills.
const childEnv = "COCKET_TEST_WITNESS_STATE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		fmt.Fprintln(os.Stderr, serveChild(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serveChild serves until the process is killed. It prints its address first.
func serveChild(path string) error {
	state, err := OpenState(path)
	if err != nil {
		return err
	}
	skey, _, err := receipt.GenerateKey(seed("witness witness.example/w1"), receipt.Cosignature,
		"witness.example/w1")
	if err != nil {
		return err
	}
	key, err := receipt.NewCosigner(skey)
	if err != nil {
		return err
	}
	_, vkey, err := receipt.GenerateKey(seed("log log.example/a"), receipt.Ed25519, "log.example/a")
	if err != nil {
		return err
	}
	log, err := receipt.ParseVerifierKey(vkey)
	if err != nil {
		return err
	}
	w, err := New(Config{
		State: state, Keys: []Signer{key}, Logs: []Log{{Keys: []receipt.VerifierKey{log}}},
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, w.Handler())
}

// TestKill is W17: the witness is killed right after each answer, by a signal that it cannot catch.
// It knows then what it has answered, and cosigns nothing older.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "witness.db")
	if err := files(path).Create(); err != nil {
		t.Fatal(err)
	}
	log := newTestLog(t, "log.example/a")
	_, key := newCosigner(t, "witness.example/w1")
	for size := 1; size <= soak.Rounds(10, 1000); size++ {
		url, kill := startChild(t, path)
		if size > 1 {
			status, body := postTo(t, url, log.grow(t, branch{"fork", size - 2}, size-2, size))
			if want := fmt.Sprintf("%d\n", size-1); status != 409 || body != want {
				t.Fatalf("after a kill at size %d: %d %q, want 409 %q", size-1, status, body, want)
			}
		}
		status, lines := postTo(t, url, log.grow(t, trunk, size-1, size))
		kill()
		if status != 200 {
			t.Fatalf("size %d: %d %q", size, status, lines)
		}
		verifyLines(t, []receipt.VerifierKey{key}, log.head(trunk, size), lines)
	}
	checkDatabase(t, path)
}

// startChild starts a witness in a process of its own.
func startChild(t *testing.T, path string) (url string, kill func()) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}
	t.Cleanup(kill)
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + strings.TrimSpace(address), kill
}

func postTo(t *testing.T, url string, body []byte) (int, string) {
	t.Helper()
	answer, err := http.Post(url+"/add-checkpoint", "", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// TestReopen shows that after a restart the witness goes on where it was.
func TestReopen(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	shown := r.get(monitorPath(r.log.origin)).Body.String()
	r.close()
	r.open(OpenState)
	if again := r.get(monitorPath(r.log.origin)).Body.String(); again != shown {
		t.Errorf("after a restart the witness shows\n%s, want\n%s", again, shown)
	}
	r.want(409, r.log.grow(t, trunk, 0, 5))
	r.want(200, r.log.grow(t, trunk, 5, 6))
}

// TestCopy copies the file right after each answer, while the witness runs: what was answered is in
// it.
func TestCopy(t *testing.T) {
	r := newRig(t)
	for size := 1; size <= 10; size++ {
		r.want(200, r.log.grow(t, trunk, size-1, size))
		path := copyState(t, r.path)
		checkDatabase(t, path)
		state, err := OpenState(path)
		if err != nil {
			t.Fatal(err)
		}
		if held, _ := state.latest(r.log.origin); held.checkpoint != r.log.head(trunk, size) {
			t.Errorf("copy holds size %d, want %d", held.checkpoint.Size, size)
		}
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestFailedCommit takes the journal away under the witness. Nothing that was signed for the failed
// commit gets out, and the witness does not try again.
func TestFailedCommit(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	r.close()
	var file journal.File
	r.open(func(path string) (*State, error) {
		f := files(path)
		f.openJournal = func(path string) (opened journal.File, err error) {
			file, err = journal.OpenFile(path)
			return file, err
		}
		return f.Open()
	})
	if err := r.witness.Health(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		body := r.want(503, r.log.grow(t, trunk, 5, 6))
		if strings.Contains(body, "— ") {
			t.Errorf("a signature got out: %q", body)
		}
	}
	if err := r.witness.Health(t.Context()); err == nil {
		t.Error("the witness is in good health")
	}
	if answer := r.get(monitorPath(r.log.origin)); answer.Code != 503 {
		t.Errorf("monitoring GET: status %d, want 503", answer.Code)
	}
	_ = r.witness.config.State.Close() // complains of the file
	r.open(OpenState)
	if held := r.held(); held != 5 {
		t.Errorf("after a restart the witness holds size %d, want 5", held)
	}
	r.want(200, r.log.grow(t, trunk, 5, 6))
}

// TestChangedUnderneath shows that a database that another has written meanwhile is not written.
func TestChangedUnderneath(t *testing.T) {
	r := newRig(t)
	r.want(200, r.log.grow(t, trunk, 0, 5))
	s := r.witness.config.State
	s.absorbed.Seq++
	size := 5
	for ; s.Fault() == nil && size < 100; size++ { // until the journal is full
		r.post(r.log.grow(t, trunk, size, size+1))
	}
	if s.Fault() == nil {
		t.Error("the state goes on")
	}
	r.want(503, r.log.grow(t, trunk, size, size+1))
}

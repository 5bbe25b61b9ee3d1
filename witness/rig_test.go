// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cocket.example/receipt"
	"cocket.example/witness/journal"
	"github.com/prometheus/client_golang/prometheus"
	bolt "go.etcd.io/bbolt"
)

// clock is a clock that tests set.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

// start is when the tests' clocks begin.
var start = time.Unix(1_800_000_000, 0)

// rig is a witness with two keys, of one log, on a database of its own. After every test the whole
// database is checked.
type rig struct {
	t        testing.TB
	path     string
	log      testLog
	keys     []receipt.VerifierKey
	clock    *clock
	logged   *lockedBuffer
	registry *prometheus.Registry
	witness  *Witness

	configure func(*Config) // of the next open; may be nil
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, path: filepath.Join(t.TempDir(), "witness.db"), log: newTestLog(t, "log.example/a")}
	if err := files(r.path).Create(); err != nil {
		t.Fatal(err)
	}
	r.clock = &clock{t: start}
	r.open(OpenState)
	t.Cleanup(func() {
		r.close()
		checkDatabase(t, r.path)
	})
	return r
}

// files is a state with a short journal, which is soon full.
func files(path string) StateFiles { return StateFiles{Database: path, JournalSize: journal.MinSize} }

// open opens the database as after a restart.
func (r *rig) open(open func(string) (*State, error)) {
	r.t.Helper()
	state, err := open(r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	r.logged, r.registry, r.keys = new(lockedBuffer), prometheus.NewRegistry(), nil
	c := Config{
		State: state, Logs: []Log{{Keys: []receipt.VerifierKey{r.log.key}}}, Now: r.clock.now,
		Registerer: r.registry,
		Logger: slog.New(slog.NewTextHandler(r.logged,
			&slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, name := range []string{"witness.example/w1", "witness.example/w2"} {
		cosigner, key := newCosigner(r.t, name)
		c.Keys, r.keys = append(c.Keys, cosigner), append(r.keys, key)
	}
	if r.configure != nil {
		r.configure(&c)
	}
	if r.witness, err = New(c); err != nil {
		r.t.Fatal(err)
	}
}

// setLogs replaces the logs that are witnessed.
func (r *rig) setLogs(logs ...Log) {
	r.t.Helper()
	if err := r.witness.SetLogs(logs); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) close() {
	if err := r.witness.config.State.Close(); err != nil {
		r.t.Error(err)
	}
}

func newCosigner(t testing.TB, name string) (*receipt.Cosigner, receipt.VerifierKey) {
	t.Helper()
	skey, vkey, err := receipt.GenerateKey(seed("witness "+name), receipt.Cosignature, name)
	if err != nil {
		t.Fatal(err)
	}
	cosigner, err := receipt.NewCosigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := receipt.ParseVerifierKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return cosigner, key
}

// checkDatabase runs bbolt's own checker and reads every record.
func checkDatabase(t testing.TB, path string) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Error(err)
		return
	}
	defer db.Close()
	_ = db.View(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("database: %v", err)
		}
		return nil
	})
	if err := db.View(emptyState().load); err != nil {
		t.Error(err)
	}
}

// post sends a body to add-checkpoint.
func (r *rig) post(body []byte) *httptest.ResponseRecorder {
	return r.do(httptest.NewRequest(http.MethodPost, "/add-checkpoint", bytes.NewReader(body)))
}

func (r *rig) get(path string) *httptest.ResponseRecorder {
	return r.do(httptest.NewRequest(http.MethodGet, path, nil))
}

func (r *rig) do(request *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	r.witness.Handler().ServeHTTP(answer, request)
	return answer
}

// want posts the body and checks the status; it returns the body of the answer.
func (r *rig) want(status int, body []byte) string {
	r.t.Helper()
	answer := r.post(body)
	if answer.Code != status {
		r.t.Fatalf("status %d %q, want %d", answer.Code, answer.Body, status)
	}
	return answer.Body.String()
}

// time verifies the lines of an answer: one of each key, and nothing else. It returns their time.
func (r *rig) time(c receipt.Checkpoint, lines string) time.Time {
	r.t.Helper()
	return verifyLines(r.t, r.keys, c, lines)
}

func verifyLines(t testing.TB, keys []receipt.VerifierKey, c receipt.Checkpoint, lines string,
) (at time.Time) {
	t.Helper()
	signatures, err := receipt.ParseSignatures([]byte(lines))
	if err != nil || len(signatures) != len(keys) {
		t.Fatalf("%d signature lines (%v), want %d", len(signatures), err, len(keys))
	}
	for i, key := range keys {
		when, err := key.VerifyCosignature(c, signatures[i])
		if err != nil || i > 0 && !when.Equal(at) {
			t.Fatalf("cosignature %d at %v: %v", i, when, err)
		}
		at = when
	}
	return at
}

// monitorPath is the path of the monitoring GET of an origin.
func monitorPath(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return "/" + hex.EncodeToString(sum[:]) + "/checkpoint"
}

// held returns the size that the witness shows, or -1 if it has cosigned nothing.
func (r *rig) held() int {
	r.t.Helper()
	answer := r.get(monitorPath(r.log.origin))
	if answer.Code == http.StatusNotFound {
		return -1
	}
	c, _, err := receipt.ParseCheckpoint(answer.Body.Bytes())
	if err != nil {
		r.t.Fatal(err)
	}
	return int(c.Size)
}

// lockedBuffer is a buffer that handlers may write to at the same time.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// journalOf is the path of the journal beside a database.
func journalOf(path string) string { return filepath.Join(filepath.Dir(path), "witness.journal") }

// copyState copies a database and its journal as they lie on disk, and returns the path of the copy.
func copyState(t testing.TB, path string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "witness.db")
	copyFile(t, path, copied)
	copyFile(t, journalOf(path), journalOf(copied))
	return copied
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

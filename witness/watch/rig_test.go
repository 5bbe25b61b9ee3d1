// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cocket.example/internal/tamper"
	"cocket.example/internal/tile"
	"cocket.example/receipt"
	"cocket.example/witness"
)

// paper is a log whose every answer a test can change. It signs what it is told to.
type paper struct {
	t      testing.TB
	tree   tamper.Tree
	signer receipt.LogSigner
	key    receipt.VerifierKey

	mu       sync.Mutex
	size     uint64                        // that it has signed
	change   func(tile.Ref, []byte) []byte // of an answer; nil: none
	status   map[tile.Ref]int              // instead of an answer
	requests map[tile.Ref]int
	down     int // status of every answer; 0: it is up
}

func newPaper(t testing.TB, origin string, most uint64) *paper {
	t.Helper()
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, origin)
	if err != nil {
		t.Fatal(err)
	}
	return paperOf(t, skey, vkey, most)
}

func paperOf(t testing.TB, skey, vkey string, most uint64) *paper {
	t.Helper()
	p := &paper{t: t, tree: tamper.New(most), requests: make(map[tile.Ref]int), status: make(map[tile.Ref]int)}
	var err error
	if p.signer, err = receipt.NewLogSigner(skey); err != nil {
		t.Fatal(err)
	}
	if p.key, err = receipt.ParseVerifierKey(vkey); err != nil {
		t.Fatal(err)
	}
	return p
}

// sign signs the tree of a size, and shows it from then on.
func (p *paper) sign(size uint64) []byte {
	p.t.Helper()
	note, err := receipt.Checkpoint{Origin: p.key.Name, Size: size, Root: p.tree.Root(size)}.Sign(p.signer)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size = max(p.size, size)
	return note
}

// set changes how the log behaves.
func (p *paper) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *paper) asked(ref tile.Ref) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[ref]
}

// ServeHTTP serves tiles and bundles of the exact width that the signed tree has or had.
func (p *paper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ref, err := tile.ParsePath(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil || ref.Width > tile.WidthAt(ref.Level, ref.Index, p.size) {
		http.Error(w, "no such resource", http.StatusNotFound)
		return
	}
	p.requests[ref]++
	if status := max(p.status[ref], p.down); status > 0 {
		http.Error(w, "not now", status)
		return
	}
	whole := tamper.Log{Tree: p.tree, Size: p.size}
	var b []byte
	if ref.Entries {
		b, err = whole.ReadBundle(r.Context(), ref.Index, ref.Width)
	} else {
		b, err = whole.ReadTile(r.Context(), ref.Level, ref.Index, ref.Width)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if p.change != nil {
		b = p.change(ref, bytes.Clone(b))
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(b)
}

// RoundTrip answers in the same goroutine, so that synctest knows of every wait.
func (p *paper) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	p.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// site is a witness that watches.
type site struct {
	t       testing.TB
	dir     string
	config  Config
	logs    []Log
	state   *witness.State
	witness *witness.Witness
	watcher *Watcher
	stop    func()
	logged  *lockedBuffer
}

// newSite starts a witness of these logs in a directory of its own. c says what is not default.
func newSite(t testing.TB, c Config, logs ...Log) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), config: c, logs: logs}
	if err := witness.CreateState(s.path()); err != nil {
		t.Fatal(err)
	}
	s.start()
	return s
}

func (s *site) path() string { return filepath.Join(s.dir, "witness.db") }

// start opens all as after a restart, and runs the watcher until stop.
func (s *site) start() {
	s.t.Helper()
	var err error
	if s.state, err = witness.OpenState(s.path()); err != nil {
		s.t.Fatal(err)
	}
	s.logged = new(lockedBuffer)
	c := s.config
	c.State, c.Dir = s.state, filepath.Join(s.dir, "watch")
	c.Logger = slog.New(slog.NewTextHandler(s.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if s.watcher, err = New(c, s.logs); err != nil {
		s.t.Fatal(err)
	}
	w := witness.Config{State: s.state, Keys: []witness.Signer{cosigner(s.t)}, Watcher: s.watcher}
	for _, l := range s.logs {
		l.URL = "" // what was cosigned before is the state's: these tests are of the watcher
		w.Logs = append(w.Logs, l.Log)
	}
	if s.witness, err = witness.New(w); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.watcher.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
		if err := s.state.Close(); err != nil {
			s.t.Error(err)
		}
	})
	s.t.Cleanup(s.stop)
}

var witnessKey = sync.OnceValues(func() (skey, vkey string) {
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/w1")
	if err != nil {
		panic(err)
	}
	return skey, vkey
})

func cosigner(t testing.TB) *receipt.Cosigner {
	t.Helper()
	skey, _ := witnessKey()
	c, err := receipt.NewCosigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// offer has the witness cosign the tree of a size after that of old, and returns the answer.
func (s *site) offer(p *paper, old, size uint64) *httptest.ResponseRecorder {
	s.t.Helper()
	add := receipt.AddCheckpoint{Old: old, Checkpoint: p.sign(size)}
	if old > 0 && old < size {
		add.Proof = p.tree.Consistency(old, size)
	}
	answer := httptest.NewRecorder()
	s.witness.Handler().ServeHTTP(answer, httptest.NewRequest("POST", "/add-checkpoint", bytes.NewReader(add.Bytes())))
	return answer
}

// want offers, and wants this status.
func (s *site) want(status int, p *paper, old, size uint64) string {
	s.t.Helper()
	answer := s.offer(p, old, size)
	if answer.Code != status {
		s.t.Fatalf("%d to %d: status %d %q, want %d", old, size, answer.Code, answer.Body, status)
	}
	return answer.Body.String()
}

// await waits until the proven size is that.
func (s *site) await(p *paper, size uint64) {
	s.t.Helper()
	s.until(func() bool { return s.proven(p) == size }, "size is not proven")
}

func (s *site) proven(p *paper) uint64 {
	size, _ := s.watcher.follower(p.key.Name).progress(time.Now())
	return size
}

// idle waits until nothing is left to do.
func (s *site) idle(p *paper) {
	s.t.Helper()
	s.until(func() bool {
		f := s.watcher.follower(p.key.Name)
		st, found, err := readState(f.path, p.key.Name)
		f.mu.Lock()
		defer f.mu.Unlock()
		return err == nil && found && len(f.queue) == 0 && st.Proven.Size == f.proven.Size
	}, "not idle")
}

func (s *site) until(f func() bool, what string) {
	s.t.Helper()
	for range 3000 {
		if f() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("%s after a long time; logged:\n%s", what, s.logged)
}

func (s *site) evidence() []witness.Evidence {
	s.t.Helper()
	all, err := s.state.Evidence()
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// quick makes the pauses short.
var quick = Config{Pause: 5 * time.Millisecond, MaxPause: 20 * time.Millisecond}

// publish serves a handler and returns the log that is watched there.
func publish(t testing.TB, p *paper, mirror string) Log {
	t.Helper()
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return Log{Log: witness.Log{Keys: []receipt.VerifierKey{p.key}, URL: server.URL}, Mirror: mirror}
}

// lockedBuffer is a buffer that several goroutines write to.
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

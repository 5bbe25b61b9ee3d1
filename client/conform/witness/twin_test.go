// SPDX-License-Identifier: Apache-2.0

package witness_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/mldsa"
	"golang.org/x/mod/sumdb/tlog"

	"cocket.example/internal/strict"
	"cocket.example/receipt"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// hooks are where a twin can be made to do one thing wrong.
type hooks struct {
	before   func(body []byte) []byte
	special  func(w *twin, body []byte) (a reply, ok bool) // instead of add
	origin   func(origin string) string
	verified func(keys []receipt.VerifierKey, cp receipt.Checkpoint, lines []receipt.Signature) (string, int)
	judge    func(held state, r receipt.AddCheckpoint, cp receipt.Checkpoint) int
	gap      func() // between judging and storing, without the lock
	now      func(held state, cp receipt.Checkpoint, now time.Time) time.Time
	lines    func(w *twin, held state, cp receipt.Checkpoint, lines string) string
	note     func(note string) string // that monitors read
	subtree  func(start, end uint64) bool
	timeOf   int64 // of subtrees
	wrap     func(http.Handler) http.Handler
}

func right() hooks {
	return hooks{
		before:   func(body []byte) []byte { return body },
		special:  func(*twin, []byte) (a reply, ok bool) { return a, false },
		origin:   func(origin string) string { return origin },
		verified: verified,
		judge:    judge,
		now:      func(_ state, _ receipt.Checkpoint, now time.Time) time.Time { return now },
		lines:    func(_ *twin, _ state, _ receipt.Checkpoint, lines string) string { return lines },
		note:     func(note string) string { return note },
		subtree:  isSubtree,
		wrap:     func(h http.Handler) http.Handler { return h },
	}
}

// twin is a witness in memory that does everything right, one request at a time, written for these tests
// alone. Its clock is ahead by a second for each cosignature, so that nobody waits to see time go on.
type twin struct {
	hooks
	keys    []receipt.VerifierKey
	ed25519 *receipt.Cosigner
	mldsa   *mldsa.PrivateKey
	logs    map[string][]receipt.VerifierKey
	asked   http.Handler

	mu     sync.Mutex
	states map[string]state
	clock  time.Time
}

type state struct {
	size  uint64
	root  tlog.Hash
	note  string // "" before the first
	lines string // of the witness, in it
}

func newTwin(vkeys []string) *twin {
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/w")
	w := &twin{hooks: right(), ed25519: must(receipt.NewCosigner(must(skey, err))), mldsa: must(mldsa.GenerateKey(mldsa.MLDSA44())),
		logs: make(map[string][]receipt.VerifierKey), states: make(map[string]state), clock: time.Now()}
	pq := must(strict.NewKey("witness.example/pq", strict.MLDSA44, w.mldsa.PublicKey().Bytes()))
	for _, text := range []string{vkey, pq.String()} {
		w.keys = append(w.keys, must(receipt.ParseVerifierKey(text)))
	}
	for _, text := range vkeys {
		k := must(receipt.ParseVerifierKey(text))
		w.logs[k.Name] = append(w.logs[k.Name], k)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", func(rw http.ResponseWriter, r *http.Request) { answer(rw, r, w.add) })
	mux.HandleFunc("POST /sign-subtree", func(rw http.ResponseWriter, r *http.Request) { answer(rw, r, w.sign) })
	mux.HandleFunc("GET /{hash}/checkpoint", w.checkpoint)
	w.asked = mux
	return w
}

func (w *twin) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.wrap(w.asked).ServeHTTP(rw, r)
}

// reply is a status and a body.
type reply struct {
	status int
	body   string
}

// answer reads a bounded body, within a second.
func answer(rw http.ResponseWriter, r *http.Request, do func([]byte) reply) {
	_ = http.NewResponseController(rw).SetReadDeadline(time.Now().Add(time.Second))
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, 128<<10))
	a := reply{http.StatusRequestEntityTooLarge, ""}
	if err == nil {
		a = do(body)
	}
	if a.status == http.StatusConflict {
		rw.Header().Set("Content-Type", "text/x.tlog.size")
	}
	rw.WriteHeader(a.status)
	_, _ = io.WriteString(rw, a.body)
}

func (w *twin) add(body []byte) reply {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a, ok := w.special(w, body); ok {
		return a
	}
	r, err := receipt.ParseAddCheckpoint(w.before(body))
	if err != nil && !errors.Is(err, receipt.ErrEmptyRoot) {
		return reply{statusOf(err), ""}
	}
	cp, lines, err := receipt.ParseCheckpoint(r.Checkpoint)
	if err != nil && !errors.Is(err, receipt.ErrEmptyRoot) {
		return reply{statusOf(err), ""}
	}
	keys, ok := w.logs[w.origin(cp.Origin)]
	if !ok {
		return reply{http.StatusNotFound, ""}
	}
	own, status := w.verified(keys, cp, lines)
	if status != http.StatusOK {
		return reply{status, ""}
	}
	held := w.states[cp.Origin]
	if status := w.judge(held, r, cp); status != http.StatusOK {
		return reply{status, fmt.Sprintf("%d\n", held.size)}
	}
	if w.gap != nil {
		w.mu.Unlock()
		w.gap()
		w.mu.Lock()
	}
	text := w.lines(w, held, cp, w.cosign(held, cp))
	w.states[cp.Origin] = state{cp.Size, cp.Root, string(cp.Body()) + "\n" + own + text, text}
	return reply{http.StatusOK, text}
}

func statusOf(err error) int {
	if errors.Is(err, receipt.ErrOrigin) {
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}

func verified(keys []receipt.VerifierKey, cp receipt.Checkpoint, lines []receipt.Signature) (own string, status int) {
	for _, k := range keys {
		for _, line := range lines {
			if line.Name != k.Name || line.ID != k.ID {
				continue
			}
			if k.VerifyLog(cp, []receipt.Signature{line}) != nil || strings.Contains(own, line.String()) {
				return "", http.StatusForbidden
			}
			own += line.String()
		}
	}
	if own == "" {
		return "", http.StatusForbidden
	}
	return own, http.StatusOK
}

// judge is rows 4 to 9 of the table.
func judge(held state, r receipt.AddCheckpoint, cp receipt.Checkpoint) int {
	proof := make(tlog.TreeProof, len(r.Proof))
	for i, h := range r.Proof {
		proof[i] = h
	}
	root := held.root
	switch {
	case r.Old > cp.Size:
		return http.StatusBadRequest
	case cp.Size == 0 && cp.Root != sha256.Sum256(nil):
		return http.StatusUnprocessableEntity
	case r.Old != held.size:
		return http.StatusConflict
	case r.Old == 0 && len(proof) > 0, r.Old == cp.Size && r.Old > 0 && (cp.Root != root || len(proof) > 0):
		return http.StatusUnprocessableEntity
	case r.Old > 0 && tlog.CheckTree(proof, int64(cp.Size), cp.Root, int64(r.Old), root) != nil:
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// cosign states a time that is a second later than the last one.
func (w *twin) cosign(held state, cp receipt.Checkpoint) string {
	if w.clock = w.clock.Add(time.Second); time.Until(w.clock) > time.Minute {
		w.clock = w.clock.Add(-time.Second)
	}
	now := w.hooks.now(held, cp, w.clock)
	return must(w.ed25519.Cosign(cp, now)).String() + w.tree(cp.Origin, 0, cp.Size, cp.Root, now.Unix())
}

// tree makes the line of ML-DSA-44, field by field.
func (w *twin) tree(origin string, start, end uint64, hash tlog.Hash, unix int64) string {
	name := w.keys[1].Name
	message := fmt.Sprintf("subtree/v1\n\x00%c%s%s%c%s%s%s%s", len(name), name, u64(uint64(unix)), len(origin), origin,
		u64(start), u64(end), hash[:])
	sig := must(w.mldsa.Sign(nil, []byte(message), nil))
	return receipt.Signature{Name: name, ID: w.keys[1].ID, Sig: append([]byte(u64(uint64(unix))), sig...)}.String()
}

func u64(n uint64) string {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(n >> (56 - 8*i))
	}
	return string(b)
}

func (w *twin) checkpoint(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for origin, held := range w.states {
		digest := sha256.Sum256([]byte(origin))
		if strings.HasPrefix(r.URL.EscapedPath(), "/"+hex.EncodeToString(digest[:])+"/") {
			rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
			rw.Header().Set("Cache-Control", "max-age=1")
			_, _ = io.WriteString(rw, w.note(held.note))
			return
		}
	}
	http.NotFound(rw, r)
}

func serve(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

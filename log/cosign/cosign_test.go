// SPDX-License-Identifier: Apache-2.0

package cosign

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"cocket.example/log"
	"cocket.example/receipt"
)

var _ log.Cosigner = (*Gatherer)(nil)

const origin = "log.example/a"

// bench is a log's key and some witnesses behind real HTTP servers.
type bench struct {
	t      *testing.T
	signer *receipt.Signer
	policy receipt.Policy
	keys   map[string]*receipt.Cosigner
	out    *lines // what the gatherer logged
}

// lines are what a logger wrote; it may be read meanwhile.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newBench(t *testing.T) *bench {
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Ed25519, origin)
	b := &bench{t: t, keys: make(map[string]*receipt.Cosigner), out: new(lines)}
	b.must(err)
	b.signer, err = receipt.NewSigner(skey)
	b.must(err)
	key, err := receipt.ParseVerifierKey(vkey)
	b.must(err)
	b.policy.Logs = []receipt.Log{{Key: key}}
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// add puts a witness into the policy.
func (b *bench) add(name string, handler func(c *receipt.Cosigner) http.HandlerFunc) {
	skey, vkey, err := receipt.GenerateKey(rand.Reader, receipt.Cosignature, "witness.example/"+name)
	b.must(err)
	c, err := receipt.NewCosigner(skey)
	b.must(err)
	key, err := receipt.ParseVerifierKey(vkey)
	b.must(err)
	server := httptest.NewServer(handler(c))
	b.t.Cleanup(server.Close)
	b.keys[name] = c
	b.policy.Witnesses = append(b.policy.Witnesses, receipt.Witness{Name: name, Key: key, URL: server.URL})
}

// quorum makes k of all witnesses the quorum and starts a gatherer.
func (b *bench) quorum(k int) *Gatherer {
	g := receipt.Group{Name: "all-of-them", Threshold: k}
	for _, w := range b.policy.Witnesses {
		g.Members = append(g.Members, w.Name)
	}
	b.policy.Groups, b.policy.Quorum = []receipt.Group{g}, g.Name
	gatherer, err := New(Config{
		Policy: b.policy, Timeout: 500 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(b.out, nil)),
		Prove: func(context.Context, uint64, uint64) ([]receipt.Hash, error) { return nil, nil },
		Root:  func(_ context.Context, size uint64) (receipt.Hash, error) { return root(size), nil },
	})
	b.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- gatherer.Run(ctx) }()
	b.t.Cleanup(func() { cancel(); <-done })
	return gatherer
}

func root(size uint64) receipt.Hash {
	if size == 0 {
		return receipt.Hash(rfc6962.DefaultHasher.EmptyRoot())
	}
	return sha256.Sum256(fmt.Append(nil, size))
}

func (b *bench) signed(size uint64) []byte {
	signed, err := receipt.Checkpoint{Origin: origin, Size: size, Root: root(size)}.Sign(b.signer)
	b.must(err)
	return signed
}

// cosign answers a request as an honest witness does.
func cosign(r *http.Request, c *receipt.Cosigner) (line string, cp receipt.Checkpoint, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", cp, err
	}
	a, err := receipt.ParseAddCheckpoint(body)
	if err != nil {
		return "", cp, err
	}
	if cp, _, err = receipt.ParseCheckpoint(a.Checkpoint); err != nil {
		return "", cp, err
	}
	s, err := c.Cosign(cp, time.Now())
	return s.String(), cp, err
}

func honest(c *receipt.Cosigner) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		line, _, err := cosign(r, c)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		io.WriteString(w, line)
	}
}

// answers makes a witness of a function from the honest line to an answer.
func answers(f func(w http.ResponseWriter, line string, cp receipt.Checkpoint, c *receipt.Cosigner)) func(*receipt.Cosigner) http.HandlerFunc {
	return func(c *receipt.Cosigner) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			line, cp, err := cosign(r, c)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			f(w, line, cp, c)
		}
	}
}

func text(answer func(line string) string) func(*receipt.Cosigner) http.HandlerFunc {
	return answers(func(w http.ResponseWriter, line string, _ receipt.Checkpoint, _ *receipt.Cosigner) {
		io.WriteString(w, answer(line))
	})
}

func conflict(size string) func(*receipt.Cosigner) http.HandlerFunc {
	return answers(func(w http.ResponseWriter, _ string, _ receipt.Checkpoint, _ *receipt.Cosigner) {
		w.Header().Set("Content-Type", sizeType)
		w.WriteHeader(http.StatusConflict)
		io.WriteString(w, size)
	})
}

// verifies checks with this program's policy and, as other clients do, with x/mod's note.
func (b *bench) verifies(cosigned []byte, absent string) {
	b.t.Helper()
	trusted, err := b.policy.Verify(cosigned)
	b.must(err)
	for _, w := range trusted.Report().Witnesses {
		if w.Witness.Name == absent && !errors.Is(w.Err, receipt.ErrNoCosignature) {
			b.t.Errorf("a line of the adversary was taken: %v", w.Err)
		}
	}
	v, err := note.NewVerifier(b.signer.VerifierKey())
	b.must(err)
	if _, err := note.Open(cosigned, note.VerifierList(v)); err != nil {
		b.t.Error(err)
	}
}

// TestNoQuorum says who is missing, and why.
func TestNoQuorum(t *testing.T) {
	b := newBench(t)
	b.add("w1", honest)
	b.add("evil", adversaries["409 with a huge size"])
	g := b.quorum(2)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := g.Cosign(ctx, b.signed(7))
	if err == nil || !strings.Contains(err.Error(), "evil: ") || !strings.Contains(err.Error(), "larger tree") {
		t.Fatalf("%v", err)
	}
}

// TestLearnsSize: the size that a witness holds is learnt from its 409, and proved from.
func TestLearnsSize(t *testing.T) {
	b := newBench(t)
	var asked []uint64
	b.add("w1", func(c *receipt.Cosigner) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			a, err := receipt.ParseAddCheckpoint(body)
			if err != nil {
				t.Error(err)
				return
			}
			asked = append(asked, a.Old)
			if a.Old != 4 {
				w.Header().Set("Content-Type", sizeType)
				w.WriteHeader(http.StatusConflict)
				io.WriteString(w, "4\n")
				return
			}
			cp, _, _ := receipt.ParseCheckpoint(a.Checkpoint)
			s, _ := c.Cosign(cp, time.Now())
			io.WriteString(w, s.String())
		}
	})
	g := b.quorum(1)
	cosigned, err := g.Cosign(t.Context(), b.signed(9))
	b.must(err)
	b.verifies(cosigned, "")
	if fmt.Sprint(asked) != "[0 4]" {
		t.Fatalf("asked with old %v, want [0 4]", asked)
	}
}

// TestConfirm: a witness's bare claim does not stop the log, its checkpoint with the log's own
// signature does.
func TestConfirm(t *testing.T) {
	for name, theirs := range map[string]uint64{"behind": 3, "level": 5, "ahead": 8} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.add("w1", func(c *receipt.Cosigner) http.HandlerFunc {
				add := honest(c)
				return func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						add(w, r)
						return
					}
					if want := fmt.Sprintf("/%x/checkpoint", sha256.Sum256([]byte(origin))); r.URL.Path != want {
						t.Errorf("path %s, want %s", r.URL.Path, want)
					}
					w.Write(b.signed(theirs))
				}
			})
			g := b.quorum(1)
			g.endpoints[0].monitor = b.policy.Witnesses[0].URL
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			err := g.Confirm(ctx, b.signed(5))
			if (name == "ahead") != errors.Is(err, log.ErrAhead) || name != "ahead" && err != nil {
				t.Fatal(err)
			}
		})
	}
}

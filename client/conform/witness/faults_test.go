// SPDX-License-Identifier: Apache-2.0

package witness_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"cocket.example/client/conform/witness"
	"cocket.example/internal/soak"
	"cocket.example/receipt"
)

// fault is one thing that a witness does wrong, and the cases that see it.
type fault struct {
	name  string
	sees  []string
	plant func(w *twin, c *witness.Config)
}

type (
	added = receipt.AddCheckpoint
	point = receipt.Checkpoint
)

// judging is a fault of the decision: where it applies, the status is another.
func judging(status int, where func(held state, r added, cp point) bool) func(*twin, *witness.Config) {
	return func(w *twin, _ *witness.Config) {
		w.judge = func(held state, r added, cp point) int {
			if where(held, r, cp) {
				return status
			}
			return judge(held, r, cp)
		}
	}
}

func wrapping(wrap func(next http.Handler, rw http.ResponseWriter, r *http.Request)) func(*twin, *witness.Config) {
	return func(w *twin, _ *witness.Config) {
		w.wrap = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { wrap(next, rw, r) })
		}
	}
}

func growingLines(change func(w *twin, cp point, lines []string) string) func(*twin, *witness.Config) {
	return func(w *twin, _ *witness.Config) {
		w.lines = func(w *twin, held state, cp point, text string) string {
			if held.size == 0 || held.size == cp.Size {
				return text
			}
			return change(w, cp, slices.Collect(strings.Lines(text)))
		}
	}
}

var faults = []fault{
	{"a first time of an hour ago", []string{"W01"}, func(w *twin, _ *witness.Config) {
		w.hooks.now = func(held state, cp point, now time.Time) time.Time {
			if held.note == "" && cp.Size > 0 {
				return now.Add(-time.Hour)
			}
			return now
		}
	}},
	{"trust on first use", []string{"W02"}, judging(200, func(held state, r added, cp point) bool {
		return held.note == "" && r.Old > 0 && r.Old <= cp.Size
	})},
	{"a first old size beyond the checkpoint is stale", []string{"W03"}, judging(409, func(held state, r added, cp point) bool {
		return held.note == "" && r.Old > cp.Size
	})},
	{"size 0 not again", []string{"W04"}, judging(422, func(held state, _ added, cp point) bool {
		return held.note != "" && held.size == 0 && cp.Size == 0
	})},
	{"any root of the empty tree", []string{"W05"}, judging(200, func(_ state, r added, cp point) bool {
		return cp.Size == 0 && r.Old == 0 && cp.Root != sha256.Sum256(nil)
	})},
	{"the proof ignored where old is 0", []string{"W06"}, judging(200, func(held state, r added, _ point) bool {
		return held.size == 0 && r.Old == 0 && len(r.Proof) > 0
	})},
	{"old 0 is no proof of a log that is known", []string{"W07"}, judging(422, func(held state, r added, _ point) bool {
		return held.size > 0 && r.Old == 0
	})},
	{"an old size beyond the checkpoint is stale", []string{"W08"}, judging(409, func(held state, r added, cp point) bool {
		return held.size > 0 && r.Old > cp.Size
	})},
	{"another root of one size", []string{"W09"}, judging(200, func(held state, r added, cp point) bool {
		return held.size > 0 && r.Old == held.size && cp.Size == held.size && cp.Root != held.root
	})},
	{"the same lines again", []string{"W09"}, func(w *twin, _ *witness.Config) {
		w.lines = func(_ *twin, held state, cp point, lines string) string {
			if held.size > 0 && held.size == cp.Size {
				return held.lines
			}
			return lines
		}
	}},
	{"a proof for the same size", []string{"W10"}, judging(200, func(held state, r added, cp point) bool {
		return r.Old == held.size && cp.Size == r.Old && cp.Root == held.root && r.Old > 0
	})},
	{"lines after the proof", []string{"W11"}, judging(200, func(held state, r added, cp point) bool {
		proof := make(tlog.TreeProof, len(r.Proof))
		for i, h := range r.Proof {
			proof[i] = h
		}
		for n := range len(proof) {
			if r.Old == held.size && r.Old > 0 && r.Old < cp.Size &&
				tlog.CheckTree(proof[:n], int64(cp.Size), cp.Root, int64(r.Old), held.root) == nil {
				return true
			}
		}
		return false
	})},
	{"steps of three refused", []string{"W11"}, judging(422, func(held state, r added, cp point) bool {
		return r.Old == 1 && cp.Size == 9 // W11 alone takes it
	})},
	{"one good line is enough", []string{"W12"}, func(w *twin, _ *witness.Config) {
		w.verified = func(keys []receipt.VerifierKey, cp point, lines []receipt.Signature) (string, int) {
			status := http.StatusForbidden
			for _, line := range lines {
				if own, s := verified(keys, cp, []receipt.Signature{line}); s == http.StatusOK {
					return own, s
				}
			}
			return "", status
		}
	}},
	{"16 KiB are enough", []string{"W12"}, wrapping(func(next http.Handler, rw http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 16<<10 {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		next.ServeHTTP(rw, r)
	})},
	{"a bad signature is the server's fault", []string{"W12"}, func(w *twin, _ *witness.Config) {
		w.verified = func(keys []receipt.VerifierKey, cp point, lines []receipt.Signature) (string, int) {
			own, status := verified(keys, cp, lines)
			if status == http.StatusForbidden {
				status = http.StatusInternalServerError
			}
			return own, status
		}
	}},
	{"origins in any case", []string{"W13"}, func(w *twin, _ *witness.Config) { w.origin = strings.ToLower }},
	{"a leading zero", []string{"W14"}, func(w *twin, _ *witness.Config) {
		w.before = func(body []byte) []byte {
			if bytes.HasPrefix(body, []byte("old 0")) && !bytes.HasPrefix(body, []byte("old 0\n")) {
				return bytes.Replace(body, []byte("old 0"), []byte("old "), 1)
			}
			return body
		}
	}},
	{"CRLF", []string{"W14"}, func(w *twin, _ *witness.Config) {
		w.before = func(body []byte) []byte { return bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")) }
	}},
	{"an extension line dropped before the signature is checked", []string{"W15"}, func(w *twin, _ *witness.Config) {
		w.before = func(body []byte) []byte { return bytes.Replace(body, []byte("an extension line\n"), nil, 1) }
	}},
	{"an extension line dropped before it is cosigned", []string{"W15"}, func(w *twin, _ *witness.Config) {
		w.special = func(w *twin, body []byte) (reply, bool) {
			plain := bytes.Replace(body, []byte("an extension line\n"), nil, 1)
			r, err := receipt.ParseAddCheckpoint(plain)
			if err != nil || bytes.Equal(plain, body) {
				return reply{}, false
			}
			cp, _, err := receipt.ParseCheckpoint(r.Checkpoint)
			return reply{http.StatusOK, w.cosign(state{}, cp)}, err == nil
		}
	}},
	{"judging and storing apart", []string{"W16"}, func(w *twin, _ *witness.Config) {
		w.gap = func() { time.Sleep(time.Millisecond) }
	}},
	{"forgets on restart", []string{"W17"}, func(w *twin, c *witness.Config) {
		c.Restart = func(context.Context) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			clear(w.states)
			return nil
		}
	}},
	{"time goes back now and then", []string{"W18"}, func(w *twin, _ *witness.Config) {
		n := 0
		w.hooks.now = func(held state, cp point, now time.Time) time.Time {
			if n++; held.size == cp.Size && n%7 == 0 {
				return now.Add(-90 * time.Second)
			}
			return now
		}
	}},
	{"no log's line for monitors", []string{"W19"}, func(w *twin, _ *witness.Config) {
		w.note = func(note string) string {
			text, lines, _ := strings.Cut(note, "\n\n")
			_, lines, _ = strings.Cut(lines, "\n")
			return text + "\n\n" + lines
		}
	}},
	{"nothing for monitors", []string{"W19"}, wrapping(func(next http.Handler, rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/checkpoint") {
			http.NotFound(rw, r)
			return
		}
		next.ServeHTTP(rw, r)
	})},
	{"hashes in any case", []string{"W19"}, wrapping(func(next http.Handler, rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/checkpoint") && r.URL.RawPath == "" {
			r.URL.Path = strings.ToLower(r.URL.Path)
		}
		next.ServeHTTP(rw, r)
	})},
	{"any range is a subtree", []string{"W20"}, func(w *twin, _ *witness.Config) {
		w.subtree = func(start, end uint64) bool { return start < end }
	}},
	{"subtrees with a time", []string{"W20"}, func(w *twin, _ *witness.Config) { w.timeOf = 1_700_000_000 }},
	{"GET is not found", []string{"W21"}, wrapping(func(next http.Handler, rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == "/add-checkpoint" {
			http.NotFound(rw, r)
			return
		}
		next.ServeHTTP(rw, r)
	})},
	{"reads every body to its end", []string{"W22"}, wrapping(func(next http.Handler, rw http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(io.LimitReader(r.Body, 128<<10))
		_, _ = io.Copy(io.Discard, r.Body)
		if err != nil || len(b) == 128<<10 {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		next.ServeHTTP(rw, r)
	})},
	{"waits for slow bodies", []string{"W22"}, func(_ *twin, c *witness.Config) { c.Slow = 100 * time.Millisecond }},
	{"ML-DSA-44 over the next size", []string{"W23"}, growingLines(func(w *twin, cp point, lines []string) string {
		return lines[0] + w.tree(cp.Origin, 0, cp.Size+1, cp.Root, w.clock.Unix())
	})},
	{"Ed25519 over the next size", []string{"W24"}, growingLines(func(w *twin, cp point, lines []string) string {
		cp.Size++
		return must(w.ed25519.Cosign(cp, w.clock)).String() + lines[1]
	})},
	{"Ed25519 at first alone", []string{"W24"}, growingLines(func(_ *twin, _ point, lines []string) string { return lines[1] })},
	{"a type of 409 with a charset", []string{"W02", "W07", "W16", "W17"}, wrapping(
		func(next http.Handler, rw http.ResponseWriter, r *http.Request) { next.ServeHTTP(charset{rw}, r) })},
}

// charset adds what a framework may add.
type charset struct{ http.ResponseWriter }

func (c charset) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c charset) WriteHeader(status int) {
	if status == http.StatusConflict {
		c.Header().Set("Content-Type", "text/x.tlog.size; charset=utf-8")
	}
	c.ResponseWriter.WriteHeader(status)
}

// TestFaults: each fault is seen by the cases that are made for it, and by no other.
func TestFaults(t *testing.T) {
	soak.NoRace(t)
	t.Parallel()
	var g errgroup.Group
	g.SetLimit(4)
	for _, f := range faults {
		g.Go(func() error {
			t.Run(f.name, f.test)
			return nil
		})
	}
	_ = g.Wait()
}

func (f fault) test(t *testing.T) {
	w, c := known()
	c.Slow = -1
	f.plant(w, &c)
	c.URL = serve(t, w)
	r, err := witness.Run(t.Context(), c.Quick())
	if got := failed(r); err != nil || !slices.Equal(got, f.sees) {
		t.Errorf("failed %v, want %v, error %v", got, f.sees, err)
		tell(t, r)
	}
	for _, result := range r.Results {
		for _, p := range result.Problems {
			if !slices.Contains(result.Items, p.Item) {
				t.Errorf("%s is not about %s", result.ID, p.Item)
			}
		}
	}
}

// TestEveryCaseSees: a case for which there is no fault that it alone sees would be no case.
func TestEveryCaseSees(t *testing.T) {
	for _, c := range witness.Cases() {
		if !slices.ContainsFunc(faults, func(f fault) bool { return slices.Equal(f.sees, []string{c.ID}) }) {
			t.Errorf("no fault is seen by %s alone", c.ID)
		}
	}
}

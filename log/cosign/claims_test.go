// SPDX-License-Identifier: Apache-2.0

package cosign

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"cocket.example/log"
	"cocket.example/receipt"
)

const huge = "1152921504606846976\n" // 2^60

// claims is a witness that says that it holds 2^60 entries, and shows a checkpoint of its own making
// to whoever reads what it holds; nil: it has none to show.
func claims(shown func() []byte) func(*receipt.Cosigner) http.HandlerFunc {
	return func(c *receipt.Cosigner) http.HandlerFunc {
		add := conflict(huge)(c)
		return func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPost:
				add(w, r)
			case shown == nil:
				http.NotFound(w, r)
			default:
				w.Write(shown())
			}
		}
	}
}

// TestBareClaim: with a quorum of one a start needs every witness. One that only claims to hold more
// is left out, with an alarm; as many as confirm are not outvoted by it.
func TestBareClaim(t *testing.T) {
	other := func(b *bench) func() []byte {
		return func() []byte { return []byte(strings.Replace(string(b.signed(9)), "\n9\n", "\n99\n", 1)) }
	}
	for name, shown := range map[string]func(b *bench) func() []byte{
		"shows nothing":            func(*bench) func() []byte { return nil },
		"shows junk":               func(*bench) func() []byte { return func() []byte { return []byte("junk") } },
		"shows a broken signature": other,
		"shows what is not larger": func(b *bench) func() []byte { return func() []byte { return b.signed(5) } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.add("evil", claims(shown(b)))
			b.add("w1", honest)
			b.add("w2", honest)
			g := b.quorum(1)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			b.must(g.Confirm(ctx, b.signed(7)))
			cosigned, err := g.Cosign(ctx, b.signed(8))
			b.must(err)
			b.verifies(cosigned, "evil")
			b.must(g.Err())
			if !strings.Contains(b.out.String(), "level=ERROR") || !strings.Contains(b.out.String(), "larger tree") {
				t.Errorf("no alarm: %s", b.out.String())
			}
		})
	}
}

// TestManyClaims: where as many claim to hold more as cosign, the start waits.
func TestManyClaims(t *testing.T) {
	b := newBench(t)
	b.add("claims", claims(nil))
	b.add("cosigns", honest)
	g := b.quorum(1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := g.Confirm(ctx, b.signed(7)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v, want a wait", err)
	}
}

// TestProvenClaim: a witness that shows a larger checkpoint with the log's own signature ends
// signing, at the start and at any time later, whatever the quorum says.
func TestProvenClaim(t *testing.T) {
	for name, monitor := range map[string]bool{"at its own address": false, "at its monitoring address": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.add("w1", honest)
			b.add("w2", honest)
			b.add("w3", claims(func() []byte { return b.signed(1 << 60) }))
			g := b.quorum(2)
			if monitor {
				g.endpoints[2].monitor = b.policy.Witnesses[2].URL
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, _ = g.Cosign(ctx, b.signed(7)) // the quorum of the others may be faster than the proof
			for g.Err() == nil && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			for _, ask := range []func() error{
				func() error { return g.Confirm(ctx, b.signed(7)) },
				func() error { _, err := g.Cosign(ctx, b.signed(8)); return err },
				g.Err,
			} {
				if err := ask(); !errors.Is(err, log.ErrAhead) || !strings.Contains(err.Error(), "witness w3 holds size") {
					t.Errorf("%v, want ErrAhead and who showed it", err)
				}
			}
		})
	}
}

// SPDX-License-Identifier: Apache-2.0

package log_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cocket.example/log"
	"cocket.example/receipt"
)

// conflict plays a witness that says that it holds 2^60 entries of the log, and shows a checkpoint
// to whoever reads what it holds; nil: it has none.
func conflict(shown []byte) *http.HandlerFunc {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && shown == nil {
			http.NotFound(w, r)
			return
		}
		if r.Method == http.MethodGet {
			w.Write(shown)
			return
		}
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/x.tlog.size")
		w.WriteHeader(http.StatusConflict)
		io.WriteString(w, "1152921504606846976\n")
	})
	return &handler
}

// TestBareClaim: a witness that answers 409 with 2^60, while the log runs and when it starts, is an
// alarm and no more; publication goes on with the others.
func TestBareClaim(t *testing.T) {
	s := newSite(t, siteWitnesses)
	s.grow(10, "entry")
	s.witnesses[1].play.Store(conflict(nil))
	for range 2 {
		if got := s.try("more"); got.refused != "" {
			t.Fatalf("refused: %s", got.refused)
		}
	}
	if out := s.said(); !strings.Contains(out, "level=ERROR") || !strings.Contains(out, "witness=w1") ||
		!strings.Contains(out, "1152921504606846976") {
		t.Errorf("no alarm: %s", out)
	}
}

// TestProvenClaim: a witness that shows a larger checkpoint with the log's own signature ends signing,
// when it starts and while it runs. Reads go on.
func TestProvenClaim(t *testing.T) {
	ahead := receipt.Checkpoint{Origin: origin, Size: 1 << 60, Root: tree(3)}
	t.Run("at the start", func(t *testing.T) {
		s := newSite(t, siteWitnesses)
		s.grow(10, "entry")
		s.witnesses[1].play.Store(conflict(s.forge(ahead)))
		s.away(0) // so that the start hears the others
		if got := s.try("more"); !strings.Contains(got.refused, "witness w1 holds size 1152921504606846976") {
			t.Errorf("refused: %q", got.refused)
		}
	})
	t.Run("while it runs", func(t *testing.T) {
		s := newSite(t, siteWitnesses)
		l, stop, _, err := s.start(s.config.Interval)
		must(t, err)
		defer stop()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		index := make([]uint64, 5)
		must(t, l.Append(ctx, s.batch(5, "entry"), index))
		must(t, l.Wait(ctx, index[4]))
		s.witnesses[1].play.Store(conflict(s.forge(ahead)))
		for err == nil {
			err = l.Append(ctx, s.batch(5, "more"), index)
		}
		if !errors.Is(err, log.ErrPushback) {
			t.Error(err)
		}
		for !strings.Contains(s.said(), "witness w1 holds size 1152921504606846976") { // it refuses first, and then says why
			must(t, ctx.Err())
			time.Sleep(time.Millisecond)
		}
		before := len(s.signed())
		time.Sleep(20 * s.config.Interval)
		if n := len(s.signed()) - before; n > 0 {
			t.Errorf("signed %d times more", n)
		}
		if _, err := l.ReadBundle(ctx, 0, 5); err != nil {
			t.Errorf("reads do not go on: %v", err)
		}
	})
}

// forge signs with the log's key, as an instance elsewhere would.
func (s *site) forge(c receipt.Checkpoint) []byte {
	s.t.Helper()
	signed, err := c.Sign(s.config.Signers[0].(keeper).Signer)
	must(s.t, err)
	return signed
}
